"""One-layer AIRS maps: columns of CO and CH4, outgoing longwave radiation; of one day, or means over years."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import xarray as xr

from gasquake import _labelled
from gasquake.errors import GranuleError
from gasquake.io import products
from gasquake.io.cells import Cells
from gasquake.io.layout import find_date, find_layout, plain_name
from gasquake.io.worker import open_data_file
from gasquake.places import Region

__all__ = ["open_column_map"]


def open_column_map(path: str | os.PathLike[str], /, *, region: Region | None = None) -> xr.Dataset:
    """Read the one-layer fields of an AIRS file: total columns and outgoing longwave radiation.

    Parameters
    ----------
    path : path-like
        A daily version-6 or 7 granule or a subset of one (netCDF or HDF4), or a Giovanni map: of one day, or a mean.
    region : Region, optional
        Cells whose centres lie in it; all by default.

    Returns
    -------
    Dataset
        In memory, with those of ``co_column`` and ``ch4_column`` (molecules cm-2), ``olr`` and ``clear_sky_olr``
        (W m-2) that the file has, float32 over (time: 1, orbit, lat, lon), latitude ascending, missing as NaN. A mean
        has no ``time``; the attributes ``time_coverage_start`` and ``time_coverage_end`` say over what.

    Raises
    ------
    GranuleError
        If the file is missing, damaged, or holds no such field.

    Notes
    -----
    The files of version 6 give the unit of columns as "mol/cm2", but the numbers, as 2e18 for CO, can only be
    molecules: 2e18 mol/cm2 would weigh more than the atmosphere. The attribute ``comment`` says that it was corrected.

    Examples
    --------
    >>> maps = open_column_map("scrubbed.AIRX3STD_006_TotCO_A.20151001.nc")  # doctest: +SKIP
    """
    with open_data_file(path) as file:
        held = {plain_name(name) for name in file.shapes}
        pairs = [
            (name, orbit) for name, field in products.COLUMNS.items() for orbit in products.ORBITS
            if products.field_name(field.stem, orbit) in held
        ]  # fmt: skip
        if not pairs:
            known = ", ".join(field.stem for field in products.COLUMNS.values())
            some = ", ".join(sorted(held)[:6])
            raise GranuleError(file.path, f"it has none of the one-layer fields {known}; it holds {some}")
        names = {pair: products.field_name(products.COLUMNS[pair[0]].stem, pair[1]) for pair in pairs}
        layout = find_layout(file, list(names.values()))
        cells = Cells(file, layout, region)
        orbits = [orbit for orbit in products.ORBITS if any(orbit == o for _, o in pairs)]
        maps = xr.Dataset(
            coords={
                "orbit": orbits,
                "lat": ("lat", cells.lat, {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"}),
                "lon": ("lon", cells.lon, {"units": "degrees_east", "standard_name": "longitude", "axis": "X"}),
            }
        )
        for name in dict.fromkeys(name for name, _ in pairs):
            field = products.COLUMNS[name]
            values = np.full((len(orbits), cells.lat.size, cells.lon.size), np.nan, dtype=np.float32)
            attrs: dict[str, Any] = {"units": field.units, "long_name": field.long_name}
            if field.standard_name:
                attrs["standard_name"] = field.standard_name
            for row, orbit in enumerate(orbits):
                if (name, orbit) in names:
                    values[row] = cells.read(names[name, orbit], field).reshape(values.shape[1:])
                    said = file.variable(layout.fields[names[name, orbit]]).attributes.get("units")
                    if said not in (None, field.units):
                        attrs["comment"] = f"the file says {said!r}, but its numbers are {field.units}: corrected"
            maps[name] = ("orbit", "lat", "lon"), values, attrs
        begin, end = (file.attributes.get(key) for key in ("start_time", "end_time"))
        if isinstance(begin, str) and isinstance(end, str) and begin[:10] != end[:10]:
            maps.attrs = {"time_coverage_start": begin, "time_coverage_end": end}
        else:
            date, source = find_date(file, layout)
            maps = maps.expand_dims(time=[date])
            maps["time"].attrs = {"standard_name": "time", "axis": "T", "long_name": "nominal date, UTC"}
            maps.attrs = {"date_source": source}
    maps.attrs |= {"Conventions": "CF-1.11", "source": f"AIRS (Aqua) level 3, version {layout.version or 'unknown'}"}
    maps.attrs["history"] = _labelled.history(maps, f"open_column_map({file.path.name!r})")
    return maps if region is None else region.select(maps)
