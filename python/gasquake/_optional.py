"""Libraries that only some users need: imported when asked for, with an error that says what to install."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["attempt_import"]


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
    >>> attempt_import("no_such_library", extra="maps", purpose="to draw maps")
    Traceback (most recent call last):
    ImportError: no_such_library is needed to draw maps; install it with: pip install "gasquake[maps]"
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != library:
            raise
        message = f'{library} is needed {purpose}; install it with: pip install "gasquake[{extra}]"'
        raise ImportError(message, name=library) from error
