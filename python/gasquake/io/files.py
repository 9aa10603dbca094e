"""Files that are either complete or not there, and their fingerprints."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["sha256", "write_aside"]


@contextmanager
def write_aside(path: str | os.PathLike[str], /, *, directory: bool = False) -> Iterator[Path]:
    """Write a file or a directory aside, and give it its name only when it is complete and on the disk.

    A run that is killed leaves nothing under the final name that could pass for finished: at most a hidden
    ``.<name>.<random>.part`` beside it, which nobody reads.

    Parameters
    ----------
    path : path-like
        The final name. Its folder must exist.
    directory : bool
        Yield an empty directory to fill, as for a Zarr store, instead of the path of a file to create.

    Yields
    ------
    Path
        The temporary path, in the same folder. A file's has the suffix of `path`, for libraries that look at it.

    Raises
    ------
    FileNotFoundError
        If the folder of `path` does not exist, or the block wrote no file.

    Notes
    -----
    On success everything is synced (fsync), renamed over `path` (``os.replace``; an old file goes on being there until
    that moment), and the folder synced. An old *directory* cannot be replaced in one step: it is moved aside first and
    removed afterwards, so that a crash between the two leaves nothing under the final name. If the block raises, the
    temporary is removed and `path` stays as it was.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with write_aside(folder / "summary.json") as aside:
    ...     _ = aside.write_text("{}")
    >>> [p.name for p in folder.iterdir()]
    ['summary.json']
    """
    final = Path(path)
    if not final.parent.is_dir():
        raise FileNotFoundError(f"cannot write {final}: the folder {final.parent} does not exist")
    # A directory of one's own: whatever a library leaves beside the file (journals, locks) goes with it.
    room = Path(tempfile.mkdtemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent))
    aside = room / final.name
    try:
        if directory:
            aside.mkdir()
        yield aside
        if not aside.exists():
            raise FileNotFoundError(f"nothing was written to {aside}, so {final} was left as it was")
        _sync_tree(aside)
        if directory and final.is_dir():
            final.rename(room / "old")
        os.replace(aside, final)
        _sync(final.parent)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _sync_tree(path: Path) -> None:
    if path.is_dir():
        for child in path.iterdir():
            _sync_tree(child)
    _sync(path)


def _sync(path: Path) -> None:
    # Windows cannot open a directory; there the rename alone has to do.
    with suppress(PermissionError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sha256(path: str | os.PathLike[str], /) -> str:
    """The SHA-256 of a file's bytes, for provenance.

    Parameters
    ----------
    path : path-like
        A file, of any size: it is read in pieces.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> empty = Path(tempfile.mkdtemp()) / "empty"
    >>> empty.touch()
    >>> sha256(empty)[:16]
    'e3b0c44298fc1c14'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
