"""Libraries that only some users need: imported when asked for, with an error that says what to install."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["attempt_import", "install_hint"]


def install_hint(extra: str) -> str:
    """What to type for an extra, from a package index or from a wheel that was built or downloaded.

    Parameters
    ----------
    extra : str
        Name of the extra.

    Returns
    -------
    str
        To end a sentence with.

    Examples
    --------
    >>> print(install_hint("maps"))
    install the extra "maps": pip install "gasquake[maps]", or from a wheel: pip install "path/to/gasquake-...whl[maps]"
    """
    commands = [f'pip install "{package}[{extra}]"' for package in ("gasquake", "path/to/gasquake-...whl")]
    return f'install the extra "{extra}": {commands[0]}, or from a wheel: {commands[1]}'


def attempt_import(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import `module`, or say which extra of gasquake brings it.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    extra : str
        The extra that installs it.
    purpose : str
        What it is needed for, as the end of "... is needed ".

    Returns
    -------
    module
        The imported module (the innermost of a dotted name).

    Raises
    ------
    ImportError
        If the library is not installed. An error inside an installed library is passed on as it is.

    Examples
    --------
    >>> attempt_import("no_such_library", extra="maps", purpose="to draw maps")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ImportError: no_such_library is needed to draw maps; install the extra "maps": pip install "gasquake[maps]", or ...
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != library:
            raise
        raise ImportError(f"{library} is needed {purpose}; {install_hint(extra)}", name=library) from error
