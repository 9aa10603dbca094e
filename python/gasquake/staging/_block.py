"""One block of days: granules in, the chunks of the cube out, in a folder that is complete or not there."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake._optional import attempt_import
from gasquake.io.files import sha256
from gasquake.io.products import GRANULE_NAME
from gasquake.staging._plan import DAYS, Reader, Source, Task, day_number, reason_of

#: [D] Cells along a side of a chunk: a region of some degrees is one chunk, the globe 162.
CELLS = 20

_PER_FILE = ("history", "product_version", "date_source", "window_source", "simulated")
_WINDOW = ("window_start", "window_end")


def varying(cells: xr.Dataset) -> dict[str, tuple[str, ...]]:
    """The dims of each variable that changes with time."""
    return {str(name): tuple(map(str, v.dims)) for name, v in cells.data_vars.items() if "time" in v.dims}


def cells_of(granule: xr.Dataset) -> dict[str, Any]:
    """What all granules of a cube must have in common."""
    axes = {name: granule[name].values for name in ("orbit", "level", "lat", "lon") if name in granule.dims}
    return {"axes": axes, "variables": varying(granule)}


def chunks_of(dims: tuple[str, ...], axes: Mapping[str, NDArray[Any]]) -> tuple[int, ...]:
    sizes = {"time": DAYS, "orbit": 1}
    sizes |= {name: min(len(axes[name]), CELLS) for name in ("lat", "lon")}
    return tuple(sizes.get(dim) or len(axes[dim]) for dim in dims)


def create_array(
    group: Any,
    name: str,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    dims: tuple[str, ...],
    attrs: Mapping[str, Any] | None = None,
) -> Any:
    """An array of the cube or of a part, with the same codecs in both: the chunks of one are chunks of the other."""
    codecs = attempt_import("zarr.codecs", extra="study", purpose="to stage granules")
    pack = codecs.BloscCodec(typesize=4, cname="zstd", clevel=1, shuffle="shuffle")
    return group.create_array(
        name,
        shape=shape,
        chunks=chunks,
        dtype="float32",
        fill_value=np.nan,
        dimension_names=dims,
        compressors=pack,
        attributes=dict(attrs or {}),
        # Files "c.0.1.0.0.0" in one folder: a folder for each axis would take longer to sync than the bytes.
        chunk_key_encoding={"name": "default", "separator": "."},
    )


def stage_block(task: Task, reader: Reader, tell: Callable[[], object]) -> dict[str, Any]:
    """Read the granules of a block and write its part, unless an earlier run has; return the part's record."""
    zarr = attempt_import("zarr", extra="study", purpose="to stage granules")
    finished = _finished(task.folder)
    if finished is not None:
        for _ in task.sources:
            tell()
        return finished
    axes, variables = task.cells["axes"], task.cells["variables"]
    values = {name: _empty(dims, axes) for name, dims in variables.items()}
    if task.kept:
        _copy_kept(zarr, task, values)
    record = _read_days(task, values, reader, tell)
    aside = Path(tempfile.mkdtemp(dir=task.folder.parent))
    group = zarr.create_group(aside, zarr_format=3)
    for name, dims in variables.items():
        create_array(group, name, values[name].shape, chunks_of(dims, axes), dims)[...] = values[name]
    record["files"] = {str(path.relative_to(aside)): sha256(path) for path in aside.rglob("*") if path.is_file()}
    (aside / "record.json").write_text(json.dumps(record))
    aside.rename(task.folder)
    # As the next run will read it: JSON makes text of the days.
    return json.loads(json.dumps(record))  # type: ignore[no-any-return]


def _finished(folder: Path) -> dict[str, Any] | None:
    """The record of a part that an earlier run has finished.

    Parts are not synced, which would take longer than to write them: after a power cut some may be there and empty.
    """
    try:
        record: dict[str, Any] = json.loads((folder / "record.json").read_text())
        if all(sha256(folder / name) == digest for name, digest in record["files"].items()):
            return record
    except (OSError, ValueError):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    return None


def _read_days(
    task: Task, values: dict[str, NDArray[np.float32]], reader: Reader, tell: Callable[[], object]
) -> dict[str, Any]:
    """Fill `values` from the granules, and say what became of each."""
    record: dict[str, Any] = {"days": {}, "staged": [], "refused": [], "first": None}
    # Hashing leaves the interpreter free, and takes a while for the 300 MB of a real granule.
    with ThreadPoolExecutor(1) as beside:
        for day in task.days:
            if day in task.kept:
                record["days"][day] = task.kept[day]
            counts: Source | None = None
            for source in task.sources.get(day, ()):
                digest = None if counts else beside.submit(sha256, source.path)
                try:
                    granule = task.choice.read(reader, source.path)
                    _check(granule, task.cells, day)
                    if digest is None:
                        continue  # superseded, and now known to be no damaged one
                    known = _describe(granule, source, digest.result())
                except (ValueError, OSError) as error:
                    record["refused"].append([str(source.path), reason_of(error)])
                    continue
                counts = source
                for name, dims in task.cells["variables"].items():
                    values[name][day - task.days[0]] = granule[name].transpose(*dims).values[0]
                record["days"][day] = known
                record["staged"].append(str(source.path))
                if min(record["days"]) == day:
                    record["first"] = _unchanging(granule)
            if day in task.sources:
                tell()
    return record


def _empty(dims: tuple[str, ...], axes: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    return np.full([DAYS if dim == "time" else len(axes[dim]) for dim in dims], np.nan, np.float32)


def _copy_kept(zarr: Any, task: Task, values: dict[str, NDArray[np.float32]]) -> None:
    cube = zarr.open_group(task.cube, mode="r", zarr_format=3)
    start = (task.block - task.cube_block) * DAYS
    for name, whole in values.items():
        there = cube[name][start : start + DAYS]
        whole[: len(there)] = there


def _check(granule: xr.Dataset, cells: Mapping[str, Any], day: int) -> None:
    found = day_number(granule["time"].values[0])
    if found != day:
        raise ValueError(f"its name says {np.datetime64(day, 'D')}, but it holds {np.datetime64(found, 'D')}")
    for name, wanted in cells["axes"].items():
        here = granule[name].values if name in granule.dims else np.empty(0)
        if not np.array_equal(here, wanted):
            raise ValueError(f"its {name} ({_span(here)}) differs from that of the cube ({_span(wanted)})")
    missing = set(cells["variables"]) - set(varying(granule))
    if missing:
        raise ValueError(f"it has no {min(missing)}, which the cube has")


def _span(axis: NDArray[Any]) -> str:
    return f"{axis.size} of {axis[0]}..{axis[-1]}" if axis.size else "none"


def _describe(granule: xr.Dataset, source: Source, digest: str) -> dict[str, Any]:
    """What the cube says of a granule."""
    name = source.path.name
    named = GRANULE_NAME.search(name)
    version = granule.attrs.get("product_version") or (named["version"] if named else "unknown")
    known: dict[str, Any] = {"name": name, "size": source.size, "sha256": digest, "version": version}
    for edge in _WINDOW:
        if edge in granule.coords:
            known[edge] = granule[edge].values[0].astype("datetime64[us]").astype(np.int64).tolist()
    known["simulated"] = bool(granule.attrs.get("simulated"))
    return known


def _unchanging(granule: xr.Dataset) -> dict[str, Any]:
    """What does not change with time: attributes, and variables without a time such as the topography."""
    static = {name: v for name, v in granule.data_vars.items() if "time" not in v.dims}
    return {
        "attrs": {name: value for name, value in granule.attrs.items() if name not in _PER_FILE},
        "variable_attrs": {str(name): dict(v.attrs) for name, v in granule.variables.items()},
        "static": {str(name): [list(v.dims), v.values.tolist()] for name, v in static.items()},
    }
