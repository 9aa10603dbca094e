"""What runs in the reading process: opens HDF4, HDF5 and netCDF-3 files and sends names, attributes and arrays back.

This file is run as a script (see `worker`) and imports nothing of gasquake, so that it starts quickly. The libraries
that read files are C code, which damaged files can kill, hang, or leave in a state where the next file is misread. So,
where the system can fork, each file is read by a fork of this process, which has the libraries loaded and never opens a
file itself.
"""

from __future__ import annotations

import os
import pickle
import sys
from importlib import import_module
from typing import Any, BinaryIO

MEMORY_LIMIT = 4 << 30  # bytes of address space: a damaged header must not ask for all the memory there is
CPU_LIMIT = 600  # seconds

Window = tuple[tuple[int, int], ...]


def _plain(value: Any) -> Any:
    """An attribute as str, number, or list of these."""
    import numpy as np

    if isinstance(value, bytes | np.bytes_):
        return value.decode("utf-8", "replace").rstrip("\0")
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufSUO":
            return str(value)
        items = [_plain(v) for v in value.ravel().tolist()]
        return items[0] if len(items) == 1 else items
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | bool) else str(value)


class Hdf4:
    """HDF4 scientific data sets by pyhdf, with the attributes of HDF-EOS2 grids, which are Vdatas in Vgroups."""

    def __init__(self, path: str) -> None:
        from pyhdf.SD import SD, SDC

        self.path = path
        self.sd = SD(path, SDC.READ)
        self.types = {
            SDC.INT8: "i1", SDC.UINT8: "u1", SDC.INT16: "i2", SDC.UINT16: "u2", SDC.INT32: "i4", SDC.UINT32: "u4",
            SDC.FLOAT32: "f4", SDC.FLOAT64: "f8", SDC.CHAR: "S1", SDC.UCHAR: "u1",
        }  # fmt: skip

    def header(self) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        # pyhdf makes text of its bytes one at a time: half the time of a granule would go into what dims say already.
        every = [self.sd.attr(number) for number in range(self.sd.info()[1])]
        wanted = [a for a in every if not a.info()[0].startswith(("StructMetadata", "ArchiveMetadata"))]
        attributes = {attribute.info()[0]: _plain(attribute.get()) for attribute in wanted}
        attributes |= self._grid_attributes()
        shapes = {}
        for name, (_, shape, _, _) in self.sd.datasets().items():
            shapes[name] = tuple(shape) if isinstance(shape, tuple) else (shape,)
        return attributes, shapes

    def _grid_attributes(self) -> dict[str, Any]:
        from pyhdf.HDF import HC, HDF
        from pyhdf.V import V  # noqa: F401 (gives HDF its vgstart)
        from pyhdf.VS import VS  # noqa: F401 (gives HDF its vstart)

        found: dict[str, Any] = {}
        hdf = HDF(self.path, HC.READ)
        vgroups, vdatas = hdf.vgstart(), hdf.vstart()
        try:
            ref = -1
            while True:
                try:
                    ref = vgroups.getid(ref)
                except Exception:  # pyhdf says "no more" by an HDF4Error without a code
                    break
                group = vgroups.attach(ref)
                if group._class == "GRID":
                    for tag, child in group.tagrefs():
                        if tag == HC.DFTAG_VG:
                            self._vdata(vgroups.attach(child), vdatas, group._name, found)
                group.detach()
        finally:
            vdatas.end()
            vgroups.end()
            hdf.close()
        return found

    @staticmethod
    def _vdata(part: Any, vdatas: Any, grid: str, found: dict[str, Any]) -> None:
        from pyhdf.HDF import HC

        if part._name == "Grid Attributes":
            for tag, ref in part.tagrefs():
                if tag == HC.DFTAG_VH:
                    vdata = vdatas.attach(ref)
                    records = vdata.read(vdata._nrecs)
                    found[f"{grid}/{vdata._name}"] = Hdf4._text(records[0][0] if records and records[0] else None)
                    vdata.detach()
        part.detach()

    @staticmethod
    def _text(value: Any) -> Any:
        return value.rstrip("\0") if isinstance(value, str) else _plain(value)

    def info(self, name: str) -> tuple[tuple[str, ...], str, dict[str, Any]]:
        data = self.sd.select(name)
        _, rank, _, kind, _ = data.info()
        dims = tuple(data.dim(axis).info()[0] for axis in range(rank))
        attributes = {key: _plain(value) for key, value in data.attributes().items()}
        data.endaccess()
        return dims, self.types.get(kind, "?"), attributes

    def read(self, name: str, window: Window | None) -> Any:
        data = self.sd.select(name)
        if window is None:
            values = data.get()
        else:
            values = data.get([a for a, _ in window], [b - a for a, b in window])
        data.endaccess()
        return values

    def close(self) -> None:
        self.sd.end()


class Hdf5:
    """HDF5 and netCDF-4 by h5py: variables under their full paths, as "location/Topography"."""

    def __init__(self, path: str) -> None:
        import h5py

        self.dataset = h5py.Dataset
        self.file = h5py.File(path, "r")

    def header(self) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        attributes = {name: _plain(value) for name, value in self.file.attrs.items()}
        shapes: dict[str, tuple[int, ...]] = {}

        def visit(name: str, item: Any) -> None:
            if isinstance(item, self.dataset):
                # netCDF-4 keeps a dimension without a coordinate as a variable of zeros.
                if not _plain(item.attrs.get("NAME", "")).startswith("This is a netCDF dimension but not"):
                    shapes[name] = tuple(item.shape or ())
            else:
                attributes.update({f"{name}/{key}": _plain(value) for key, value in item.attrs.items()})

        self.file.visititems(visit)
        return attributes, shapes

    def info(self, name: str) -> tuple[tuple[str, ...], str, dict[str, Any]]:
        data = self.file[name]
        dims = []
        for axis, dim in enumerate(data.dims):
            # A dimension scale is its own and only dimension.
            scale = dim[0].name if len(dim) else (data.name if data.ndim == 1 else f"dim{axis}")
            dims.append(scale.rpartition("/")[2])
        hidden = {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME", "_Netcdf4Dimid", "_Netcdf4Coordinates"}
        attributes = {key: _plain(data.attrs[key]) for key in data.attrs if key not in hidden}
        return tuple(dims), data.dtype.str[1:], attributes

    def read(self, name: str, window: Window | None) -> Any:
        return self.file[name][() if window is None else tuple(slice(a, b) for a, b in window)]

    def close(self) -> None:
        self.file.close()


class NetCdf3:
    """Classic netCDF by SciPy, which reads all of it at once."""

    def __init__(self, path: str) -> None:
        from scipy.io import netcdf_file

        self.file: Any = netcdf_file(path, "r", mmap=False)

    def header(self) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        attributes = {name: _plain(value) for name, value in self.file._attributes.items()}
        return attributes, {name: tuple(v.shape) for name, v in self.file.variables.items()}

    def info(self, name: str) -> tuple[tuple[str, ...], str, dict[str, Any]]:
        data = self.file.variables[name]
        attributes = {key: _plain(value) for key, value in data._attributes.items()}
        return tuple(data.dimensions), data.data.dtype.str[1:], attributes

    def read(self, name: str, window: Window | None) -> Any:
        data = self.file.variables[name].data
        return data if window is None else data[tuple(slice(a, b) for a, b in window)]

    def close(self) -> None:
        self.file.close()


FORMATS = {"hdf4": Hdf4, "hdf5": Hdf5, "netcdf3": NetCdf3}
LIBRARIES = {"hdf4": ("pyhdf.SD", "pyhdf.HDF", "pyhdf.V", "pyhdf.VS"), "hdf5": ("h5py",), "netcdf3": ("scipy.io",)}


def _answer(file: Any, request: tuple[Any, ...]) -> tuple[Any, Any]:
    """The open file after the request, and what to send back."""
    import numpy as np

    kind, *arguments = request
    if kind == "open":
        file = FORMATS[arguments[0]](arguments[1])
        return file, file.header()
    if kind == "close":
        file.close()
        return None, None
    if kind == "info":
        return file, file.info(*arguments)
    values = np.asarray(file.read(*arguments))
    return file, np.asarray(values, dtype=values.dtype.newbyteorder("="), order="C")


def _serve(request: tuple[Any, ...], requests: BinaryIO, replies: BinaryIO) -> bool:
    """Answer all requests about one file, until it is closed (True) or there is trouble with it (False)."""
    file = None
    while True:
        try:
            file, answer = _answer(file, request)
        except BaseException as error:
            _send(replies, "refused", f"{type(error).__name__}: {error}".strip())
            return False
        _send(replies, "done", answer)
        if file is None:
            return True
        request = pickle.load(requests)


def _send(replies: BinaryIO, state: str, answer: Any) -> None:
    pickle.dump((state, answer), replies, protocol=5)
    replies.flush()


def _set_limits() -> None:
    """Limits for one file, also if nobody is left to watch the time."""
    try:
        import resource
    except ImportError:
        return  # no such limits on this system
    for kind, wanted in (
        (resource.RLIMIT_AS, MEMORY_LIMIT),
        (resource.RLIMIT_CPU, CPU_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def main() -> None:
    """Answer requests from standard input until it ends."""
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a C library prints must not get between the replies
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        if request[0] != "open":  # the file it is about met with trouble before, and is gone
            _send(replies, "done" if request[0] == "close" else "refused", None)
            continue
        try:
            for module in LIBRARIES[request[1]]:
                import_module(module)
        except ModuleNotFoundError as error:
            _send(replies, "missing", error.name)
            continue
        if not hasattr(os, "fork"):
            if not _serve(request, requests, replies):
                return  # the library may be in any state: the next file gets a new process
            continue
        child = os.fork()
        if child == 0:
            try:
                _set_limits()
                _serve(request, requests, replies)
            finally:
                os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code:
            _send(replies, "died", -code)


if __name__ == "__main__":
    main()
