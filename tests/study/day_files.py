"""A world as one small file a day, and their reader: what staging does, without the size of real granules."""

from __future__ import annotations

import pickle
from pathlib import Path

import stand_in
import xarray as xr

from gasquake.errors import GranuleError
from gasquake.places import Region


def write(cube: xr.Dataset, folder: Path) -> list[Path]:
    """Every day of `cube`, without its averaging kernels, which AIRS files do not hold either."""
    folder.mkdir(parents=True, exist_ok=True)
    bare = cube.drop_vars(["co_kernel", "ch4_kernel", "level_true"], errors="ignore")
    paths = []
    for i, date in enumerate(bare["time"].values):
        paths.append(folder / stand_in.name_of(date))
        paths[-1].write_bytes(pickle.dumps(bare.isel(time=[i]), protocol=5))
    return paths


def read(path, /, *, gases=("co", "ch4"), region: Region | None = None, grid: str = "standard") -> xr.Dataset:
    try:
        cube = pickle.loads(Path(path).read_bytes())
    except Exception as error:
        raise GranuleError(path, "the file is damaged") from error
    cube = cube.drop_vars([gas for gas in ("co", "ch4") if gas not in gases])
    return cube if region is None else region.select(cube)
