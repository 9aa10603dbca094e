"""Files of science data, read in a process of their own: a damaged file can kill that process, but not this one.

pyhdf and h5py are C libraries, and byte-mutated files make both crash, hang or ask for all memory. So every file is
read by a child process (`_child`), which this module starts when it is first needed and keeps: one that loads the
libraries and forks for each file. HDF5's lack of thread safety is solved on the way: one file is open at a time, and
threads wait for one another. To read in parallel use processes: each has a reader of its own, also after a fork.

A plain pipe and `subprocess` are used rather than `multiprocessing` or `concurrent.futures`: these run the user's main
module again in every spawned process, refuse to start processes from a daemonic one, and cannot end a single worker.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gasquake._optional import install_hint
from gasquake.errors import GranuleError

__all__ = ["DataFile", "Variable", "is_missing", "open_data_file"]

#: [D] Seconds that one file may take: far more than any real granule needs, so that it only ends what hangs.
TIMEOUT = 120.0

_MAGIC = {
    b"\x0e\x03\x13\x01": "hdf4",
    b"\x89HDF\r\n\x1a\n": "hdf5",
    b"CDF\x01": "netcdf3",
    b"CDF\x02": "netcdf3",
}
_FOREIGN = {
    b"\x89PNG": "a PNG image",
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"\x1f\x8b": "a gzip file; unpack it first",
    b"CDF\x05": "a netCDF file in the CDF-5 format, which is not supported",
    b"GRIB": "a GRIB file",
    b"<": "a web page or XML text; a login page instead of the data, perhaps",
}
_LIBRARIES = {"pyhdf": "HDF4", "h5py": "HDF5 and netCDF-4"}
_READ_BY = {"hdf4": "the HDF4 library", "hdf5": "the HDF5 library", "netcdf3": "SciPy's netCDF reader"}
#: How a file is mended that no library can read: none of its parts can be trusted.
_MEND = "download it again"


class _Failed(Exception):
    """The file could not be read."""


class _Reader:
    """The reading process and its two pipes."""

    def __init__(self) -> None:
        # One thread for the linear algebra that nobody asks of it: it starts faster, and a process with one thread may
        # fork. Archives often lie on file systems that cannot lock, and reading needs no lock.
        settings = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "HDF5_USE_FILE_LOCKING": "FALSE"}
        self._waiting = False  # a request is under way: its answer is, or will be, in the pipe
        self._late = False
        self._read_by = "the library"  # of the file that is open
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("_child.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **settings},
            start_new_session=True,  # with its forks it is ended as one; Ctrl-C is for us
        )

    @property
    def usable(self) -> bool:
        """Whether it can be asked: it lives, and owes no answer."""
        return self._process.poll() is None and not self._waiting

    def ask(self, *request: Any) -> Any:
        """Send a request and wait for its answer."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
        self._waiting = True
        if request[0] == "open":
            self._read_by = _READ_BY[request[1]]
        try:
            pickle.dump(request, process.stdin, protocol=5)
            process.stdin.flush()
            state, answer = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            if self._late:
                raise _Failed(f"reading took more than {TIMEOUT:g} s, and was ended") from None
            raise _Failed(
                f"the file is damaged, or memory ran out: the process that read it was killed; {_MEND}, or free memory"
            ) from error
        self._waiting = False
        if state == "done":
            return answer
        if state == "missing":
            raise ImportError(
                f"{answer} is needed to read {_LIBRARIES.get(answer, 'such')} files; {install_hint('study')}",
                name=answer,
            )
        if state == "died":
            raise _Failed(f"the file is damaged: it killed the process that read it (signal {answer}); {_MEND}")
        what = "open it" if request[0] == "open" else f"read {request[1]}"
        raise _Failed(
            f"the file is damaged or cut short: {self._read_by} could not {what}; {_MEND} "
            f"(the library's words: {answer})"
        )

    @contextmanager
    def watched(self) -> Iterator[None]:
        """End the process if the block takes too long."""
        timer = threading.Timer(TIMEOUT, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end_late(self) -> None:
        self._late = True
        self._kill()

    def stop(self) -> None:
        """End the process; a second time is harmless."""
        self._kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()

    def _kill(self) -> None:
        if self._process.poll() is not None:
            return
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()


_reader: _Reader | None = None
_inherited: list[_Reader] = []  # a forked child must neither use nor end its parent's reader
_lock = threading.RLock()


def _current() -> _Reader:
    global _reader
    if _reader is not None and not _reader.usable:
        _discard()
    if _reader is None:
        _reader = _Reader()
    return _reader


def _discard() -> None:
    global _reader
    if _reader is not None:
        _reader.stop()
        _reader = None


def _after_fork() -> None:
    global _reader, _lock
    _lock = threading.RLock()
    if _reader is not None:
        _inherited.append(_reader)
        _reader = None


atexit.register(_discard)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@dataclass(frozen=True, slots=True)
class Variable:
    """What a file says about one of its variables.

    Attributes
    ----------
    name : str
        Full name, as "location/Topography" in a file with groups.
    dims : tuple of str
        Names of its dimensions.
    shape : tuple of int
        Their lengths.
    dtype : str
        As "f4", without the byte order.
    attributes : dict
        Its attributes: text, numbers, or lists of these.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that is open in the reading process.

    Attributes
    ----------
    path : Path
        The file.
    format : {"hdf4", "hdf5", "netcdf3"}
        By its first bytes.
    attributes : dict
        Attributes of the file and, as "group/name", of its groups and HDF-EOS2 grids.
    shapes : dict of str to tuple of int
        Full names of the variables, and their shapes.
    """

    path: Path
    format: str
    attributes: dict[str, Any]
    shapes: dict[str, tuple[int, ...]]
    _reader: _Reader = field(repr=False)

    def variable(self, name: str) -> Variable:
        """What the file says about a variable.

        Parameters
        ----------
        name : str
            Its full name, one of `shapes`.

        Returns
        -------
        Variable
            Its dimensions, type and attributes.

        Raises
        ------
        GranuleError
            If the file is damaged.
        """
        dims, dtype, attributes = self._ask("info", name)
        if len(dims) != len(self.shapes[name]):
            raise GranuleError(self.path, f"the file is damaged: {name} has {self.shapes[name]} cells along {dims}")
        return Variable(name, dims, self.shapes[name], dtype, attributes)

    def read(self, name: str, window: tuple[tuple[int, int], ...] | None = None) -> NDArray[Any]:
        """The numbers of a variable, as they are stored.

        Parameters
        ----------
        name : str
            Its full name.
        window : tuple of (start, stop), optional
            One pair for each dimension; only these cells are read.

        Returns
        -------
        ndarray
            Contiguous, in the machine's byte order.

        Raises
        ------
        GranuleError
            If the file is damaged.
        """
        wanted = self.shapes[name] if window is None else tuple(b - a for a, b in window)
        values: NDArray[Any] = self._ask("read", name, window)
        if values.shape != wanted:
            raise GranuleError(self.path, f"the file is damaged: {name} gave {values.shape} cells, not {wanted}")
        return values

    def _ask(self, *request: Any) -> Any:
        try:
            return self._reader.ask(*request)
        except _Failed as error:
            raise GranuleError(self.path, str(error)) from None


@contextmanager
def open_data_file(path: str | os.PathLike[str], /) -> Iterator[DataFile]:
    """Open an HDF4, HDF5 (netCDF-4) or classic netCDF file in the reading process.

    Parameters
    ----------
    path : path-like
        The file; its format is told by its first bytes, not by its name.

    Yields
    ------
    DataFile
        To be used inside the block. Another thread that opens a file waits until the block ends.

    Raises
    ------
    GranuleError
        If there is no such file, it is empty, of another format, or damaged.
    ImportError
        If the library for its format is not installed.
    """
    found = Path(path)
    kind = _format(found)
    with _lock:
        reader = _current()
        with reader.watched():
            try:
                attributes, shapes = reader.ask("open", kind, str(found))
                yield DataFile(found, kind, attributes, shapes, reader)
            except _Failed as error:
                raise GranuleError(found, str(error)) from None
            finally:
                # Otherwise, and after an interrupt, the next file gets a new reader.
                if reader.usable:
                    with suppress(_Failed):
                        reader.ask("close")


def _format(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError:
        raise GranuleError(path, "there is no such file") from None
    except IsADirectoryError:
        raise GranuleError(path, "it is a directory, not a file") from None
    except OSError as error:
        raise GranuleError(path, f"it cannot be read: {error.strerror}") from None
    if not head:
        raise GranuleError(path, "the file is empty")
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    foreign = next((what for magic, what in _FOREIGN.items() if head.startswith(magic)), "of another kind")
    raise GranuleError(path, f"it is no HDF4, HDF5 or netCDF file but {foreign}; it begins with {head!r}")


def is_missing(values: NDArray[Any], attributes: dict[str, Any], *, also: tuple[float, ...] = ()) -> NDArray[np.bool_]:
    """Where stored numbers stand for a gap.

    Parameters
    ----------
    values : ndarray
        As stored.
    attributes : dict
        Of their variable: its _FillValue, missing_value and MissingValue are looked at.
    also : tuple of float
        More fill values.

    Returns
    -------
    ndarray of bool
        Where `values` hold a fill value or no finite number.
    """
    fills = [attributes.get(key) for key in ("_FillValue", "missing_value", "MissingValue")]
    missing = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=bool)
    for fill in [*fills, *also]:
        if isinstance(fill, int | float):
            missing |= values == np.asarray(fill).astype(values.dtype)
    return missing
