"""A simulated scene as files, so that the readers can be run end to end."""

from __future__ import annotations

import os
from pathlib import Path

import xarray as xr

from gasquake.io import granule_name, write_granule

__all__ = ["write_granules"]


def write_granules(cube: xr.Dataset, /, folder: str | os.PathLike[str], *, version: int = 7) -> list[Path]:
    """Write each day of a gas cube as a granule of AIRS level 3, under the name that it would have in an archive.

    Parameters
    ----------
    cube : Dataset
        A gas cube on the grid and the levels of AIRS.
    folder : path-like
        Where to; it is made if it is not there.
    version : {7, 6}
        7 for HDF4-EOS2 (needs pyhdf), 6 for netCDF4 (needs h5netcdf).

    Returns
    -------
    list of Path
        The files, in the order of time.

    Raises
    ------
    ValueError
        If the cube does not fit the layout, or holds no day.
    ImportError
        If the library that writes this version is missing.

    Notes
    -----
    AIRS level 3 has no field for averaging kernels: they are not written, and a reader cannot bring them back.

    Examples
    --------
    >>> import tempfile
    >>> from gasquake import simulate
    >>> from gasquake.places import Region
    >>> scene = simulate.luding(years=0, region=Region(101.0, 29.0, 104.0, 31.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simulate.write_granules(scene.cube.isel(time=[0]), folder)[0].name
    'AIRS.2022.08.01.L3.RetStd_IR001.v7.0.7.0.G22214120000.hdf'
    """
    if cube.sizes.get("time", 0) == 0:
        raise ValueError(f"cube must hold at least one day along 'time', got {dict(cube.sizes)}")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for i, date in enumerate(cube["time"].values):
        path = target / granule_name(date, version)
        write_granule(cube.isel(time=[i]), path, version=version)
        written.append(path)
    return written
