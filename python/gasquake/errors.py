"""Exceptions that gasquake raises beside the built-in ones."""

from __future__ import annotations

from pathlib import Path

__all__ = ["ConfigError", "GranuleError", "InternalError", "OtherCube"]


class InternalError(RuntimeError):
    """A defect of gasquake itself, caught before it could harm the interpreter. Please report it."""


class ConfigError(ValueError):
    """A study's configuration asks for what does not exist or contradicts itself."""


class GranuleError(ValueError):
    """A file that cannot be read as what it should be: damaged, cut short, foreign, of the wrong type.

    Parameters
    ----------
    path : path-like
        The file.
    reason : str
        What is wrong with it, and how to mend it where that is known.

    Examples
    --------
    >>> error = GranuleError("AIRS.hdf", "the file is empty")
    >>> print(error)
    AIRS.hdf: the file is empty
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(path, reason)  # both, so that the error can be pickled on its way out of a process
        self._path = Path(path)
        self._reason = reason

    def __str__(self) -> str:
        return f"{self._path}: {self._reason}"

    @property
    def path(self) -> Path:
        """The file that was refused.

        Returns
        -------
        Path
            As it was given.
        """
        return self._path

    @property
    def reason(self) -> str:
        """What is wrong with the file.

        Returns
        -------
        str
            Without the file's name.
        """
        return self._reason


class OtherCube(ValueError):
    """The staged cube that is there was made for another choice of gases, region or grid.

    Parameters
    ----------
    found : str
        The cube, what it was made for, and what is wanted.

    Attributes
    ----------
    found : str
        The same, without what to do about it in Python.
    """

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(f"{found}; give another out, or resume=False to replace it")
