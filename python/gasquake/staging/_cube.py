"""The cube on disk: put together from finished blocks, exchanged for the one before, opened."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gasquake import _labelled
from gasquake._optional import attempt_import
from gasquake.io.files import write_aside
from gasquake.staging._block import _WINDOW, chunks_of, create_array
from gasquake.staging._plan import DAYS, Choice, day_number

_TEXTS = ("granule_name", "granule_sha256", "granule_version")
_NO_TIME = np.iinfo(np.int64).min
_LONG_NAMES = {
    "granule_name": "file name of the granule of this day; empty: there is none",
    "granule_size": "size of the granule's file",
    "granule_sha256": "SHA-256 of the granule's file",
    "granule_version": "version of the product",
}


def is_cube(path: Path) -> bool:
    try:
        attrs = json.loads((path / "zarr.json").read_text())["attributes"]
    except (OSError, ValueError, KeyError):
        return False
    return "gasquake_staging" in attrs


class Cube:
    """What a staged cube says of itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _open(path, chunks=None) as whole:
            self.choice = str(whole.attrs["gasquake_staging"])
            self.axes = {name: _plain(whole[name]) for name in ("orbit", "level", "lat", "lon") if name in whole.dims}
            self.variables = {
                str(name): tuple(map(str, v.dims)) for name, v in whole.data_vars.items() if "time" in v.dims
            }
            self.first_day = day_number(whole["time"].values[0])
            self.days = self._days(whole)
            static = {str(name): v for name, v in whole.data_vars.items() if "time" not in v.dims}
            self.unchanging = {
                "attrs": {name: value for name, value in whole.attrs.items() if name not in _OWN_ATTRS},
                "variable_attrs": {str(name): dict(v.attrs) for name, v in whole.variables.items()},
                "static": {name: [list(v.dims), v.values.tolist()] for name, v in static.items()},
            }

    def _days(self, whole: xr.Dataset) -> dict[int, dict[str, Any]]:
        columns = {name: whole[f"granule_{name}"].values.tolist() for name in ("name", "size", "sha256", "version")}
        windows = {
            name: whole[name].values.astype("datetime64[us]").astype(np.int64).tolist()
            for name in _WINDOW
            if name in whole.coords
        }
        simulated = bool(whole.attrs.get("simulated"))
        return {
            self.first_day + slot: {
                **{key: values[slot] for key, values in (columns | windows).items()},
                "simulated": simulated,
            }
            for slot, name in enumerate(columns["name"])
            if name
        }

    @property
    def first_block(self) -> int:
        return self.first_day // DAYS


_OWN_ATTRS = ("gasquake_staging", "granule_versions", "comment", "simulated", "history")


def _plain(axis: xr.DataArray) -> np.ndarray[Any, Any]:
    """Zarr gives text as objects or as NumPy's text of variable length, which few libraries know."""
    return np.array(axis.values.tolist(), dtype="U") if axis.dtype.kind in "OT" else axis.values


def _open(path: Path, *, chunks: Any) -> xr.Dataset:
    attempt_import("zarr", extra="study", purpose="to open a staged cube")
    whole: xr.Dataset = xr.open_zarr(path, consolidated=False, zarr_format=3, chunks=chunks)
    return whole


# --- Putting together -------------------------------------------------------------------------------------------------


def assemble(
    folder: Path, records: Mapping[int, tuple[Path, Mapping[str, Any]]], old: Cube | None, choice: Choice, cells: Any
) -> None:
    """Write the whole cube to `folder`: chunks by reference to those that exist, the rest anew.

    `records` holds, by block, the folder of each part and its record; blocks that only `old` has are taken from it.
    """
    zarr = attempt_import("zarr", extra="study", purpose="to stage granules")
    days = dict(old.days) if old else {}
    for _, record in records.values():
        days |= {int(day): known for day, known in record["days"].items()}
    first, last = min(days), max(days)
    first_block = first // DAYS
    start = first_block * DAYS
    part = records.get(first_block)
    newest = part[1]["first"] if part else None
    unchanging = newest or (old.unchanging if old else None)
    assert unchanging is not None  # noqa: S101 - the earliest day was either read now or is the old cube's
    n = last - start + 1
    axes, variables = cells["axes"], cells["variables"]
    with write_aside(folder, directory=True) as aside:
        _write_small(aside, days, start, n, axes, unchanging, choice)
        group = zarr.open_group(aside, mode="r+", zarr_format=3)
        for name, dims in variables.items():
            shape = tuple(n if dim == "time" else len(axes[dim]) for dim in dims)
            attrs = unchanging["variable_attrs"].get(name, {})
            create_array(group, name, shape, chunks_of(dims, axes), dims, attrs)
            for block, path in _chunk_files(name, records, old):
                inner = path.name.split(".", 2)[2]
                _link(path, aside / name / f"c.{block - first_block}.{inner}")


def _chunk_files(
    name: str, records: Mapping[int, tuple[Path, Mapping[str, Any]]], old: Cube | None
) -> Iterator[tuple[int, Path]]:
    """The files that hold the chunks of a variable, and the block of each."""
    if old:
        for path in (old.path / name).glob("c.*"):
            block = old.first_block + int(path.name.split(".")[1])
            if block not in records:
                yield block, path
    for block, (folder, _) in records.items():
        for path in (folder / name).glob("c.*"):
            yield block, path


def _link(path: Path, other: Path) -> None:
    """The same file under another name, without copying its bytes where the file system can."""
    try:
        os.link(path, other)
    except OSError:
        shutil.copyfile(path, other)


def _write_small(
    folder: Path, days: Mapping[int, Any], start: int, n: int, axes: Any, unchanging: Any, choice: Choice
) -> None:
    """All but the large arrays: axes, what each granule says of itself, and what does not change with time."""
    texts = {name: np.full(n, "", dtype=object) for name in _TEXTS}
    sizes = np.zeros(n, np.int64)
    windows = {
        name: np.full((n, len(axes["orbit"])), _NO_TIME, np.int64)
        for name in _WINDOW
        if "orbit" in axes and any(name in known for known in days.values())
    }
    for day, known in days.items():
        slot = day - start
        sizes[slot] = known["size"]
        for name, column in texts.items():
            column[slot] = known[name.removeprefix("granule_")]
        for name, edges in windows.items():
            edges[slot] = known.get(name, _NO_TIME)
    time = (start + np.arange(n)).astype("datetime64[D]").astype("datetime64[ns]")
    small = xr.Dataset(
        {name: (dims, np.asarray(values, np.float32)) for name, (dims, values) in unchanging["static"].items()},
        {
            "time": time,
            **{name: axis.astype(object) if axis.dtype.kind == "U" else axis for name, axis in axes.items()},
            **{name: ("time", values) for name, values in texts.items()},
            "granule_size": ("time", sizes),
            **{
                name: (("time", "orbit"), e.astype("datetime64[us]").astype("datetime64[ns]"))
                for name, e in windows.items()
            },
        },
        _attrs(days, unchanging["attrs"], choice),
    )
    for name, attrs in unchanging["variable_attrs"].items():
        if name in small.variables:
            small[name].attrs = attrs
    for name, long_name in _LONG_NAMES.items():
        small[name].attrs = {"long_name": long_name}
    small["granule_size"].attrs["units"] = "byte"
    encoding: dict[str, Any] = {
        str(name): {"chunks": small[name].shape} for name in small.variables if small[name].ndim
    }
    encoding["time"] |= {"units": "days since 1970-01-01", "dtype": "int64"}
    for name in windows:
        encoding[name] |= {"units": "microseconds since 1970-01-01", "dtype": "int64", "_FillValue": _NO_TIME}
    small.to_zarr(folder, mode="w", zarr_format=3, consolidated=False, encoding=encoding)


def _attrs(days: Mapping[int, Any], given: Mapping[str, Any], choice: Choice) -> dict[str, Any]:
    versions = [known["version"] for known in days.values()]
    attrs = {"Conventions": "CF-1.11", "source": "granules of AIRS level 3", **given}
    if any(known["simulated"] for known in days.values()):
        attrs["simulated"] = 1
    counts = {version: versions.count(version) for version in sorted(set(versions))}
    attrs["granule_versions"] = "; ".join(f"{version}: {count} days" for version, count in counts.items())
    if len(counts) > 1:
        attrs["comment"] = (
            "Versions of the product are mixed, see granule_version: a step at the change may be the processing's, "
            "not the air's"
        )
    attrs["gasquake_staging"] = choice.text()
    call = f"stage(gases={choice.gases}, region={choice.region}, grid={choice.grid!r})"
    return {**attrs, "history": _labelled.history(xr.Dataset(), call)}


# --- Taking the place of the cube before ------------------------------------------------------------------------------


@contextmanager
def working_folder(out: Path) -> Iterator[Path]:
    """The folder beside `out` for what is under way, for one run at a time; repairs what a killed run left."""
    work = out.with_name(f".{out.name}.staging")
    work.mkdir(exist_ok=True)
    with (work / "lock").open("w") as lock:
        with suppress(ImportError):  # no such locks on Windows
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RuntimeError(f"another run is staging to {out}; wait for its end") from None
        if (work / "old").exists():
            if out.exists():  # the exchange was done
                shutil.rmtree(work / "old")
            else:  # killed between the two renames
                (work / "old").rename(out)
        yield work
        shutil.rmtree(work, ignore_errors=True)  # not after an error: what is finished serves the next run


def exchange(work: Path, out: Path) -> None:
    """Give ``work/new`` the name `out`. A directory cannot be replaced in one step: see `working_folder`."""
    if out.exists():
        out.rename(work / "old")
    (work / "new").rename(out)


# --- Opening ----------------------------------------------------------------------------------------------------------


def open_cube(path: str | os.PathLike[str], /) -> xr.Dataset:
    """Open a staged cube without reading it.

    Parameters
    ----------
    path : path-like
        What `stage` has written.

    Returns
    -------
    Dataset
        A gas cube, dims (time, orbit, level, lat, lon). `time` has the dates that have a granule and no others. With
        dask installed the variables are chunked as they are on disk (32 days of one orbit, all levels, at most 20 by
        20 cells); without it xarray reads what is asked for when it is used. The coordinates `granule_name`,
        `granule_size`, `granule_sha256` and `granule_version` (time) say which file each day came from.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`.
    ValueError
        If it is no staged cube.
    ImportError
        If zarr is missing.

    Examples
    --------
    >>> cube = open_cube("luding.zarr")  # doctest: +SKIP
    >>> cube.co.sel(lon=102.5, lat=29.5, orbit="ascending").load()  # doctest: +SKIP
    """
    found = Path(path)
    if not found.exists():
        raise FileNotFoundError(f"there is no staged cube at {found}; make one with: gasquake stage ... --out {found}")
    if not is_cube(found):
        raise ValueError(f"{found} is no cube that gasquake has staged; make one with: gasquake stage ... --out ...")
    whole = _open(found, chunks={} if find_spec("dask") else None)
    for name in ("orbit", *_TEXTS):
        if name in whole.coords:
            whole[name] = (whole[name].dims, _plain(whole[name]), whole[name].attrs)
    for name in ("granule_size", *_WINDOW):
        if name in whole.coords:
            whole[name].load()
    # On disk each day has its place, so that a block of days stays where it is when others are added.
    present = np.flatnonzero(whole["granule_name"].values != "")
    return whole if present.size == whole.sizes["time"] else whole.isel(time=present)
