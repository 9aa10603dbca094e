"""Granules in the exact layout of AIRS level 3, so that what reads a real archive can be run on a simulated one.

Taken from the structure of real granules (AIRS3STD 7.0 of 2024-01-01 and 6.0 of 2015-12-30). Version 7 is HDF4-EOS2,
for which pyhdf is the only maintained Python library; it knows plain HDF4 alone, so the few vgroups and the
``StructMetadata.0`` text that make a file HDF-EOS2 are written here. Version 6 is netCDF4, written by xarray.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gasquake._optional import attempt_import
from gasquake.io import products
from gasquake.io.files import write_aside

__all__ = ["granule_name", "write_granule"]

_VERSIONS = {7: ("7.0.7.0", ".hdf"), 6: ("6.0.31.0", ".hdf.nc4")}
# In the order of a real granule.
_VARIABLES = {
    products.SURFACE_PRESSURE.stem: "surface_pressure",
    **{products.GASES[gas].stem: gas for gas in ("o3", "co", "ch4")},
}
_LOCATION = {products.LAND_SEA_MASK: "land_sea_mask", products.TOPOGRAPHY.stem: "topography"}
# Level, latitude and longitude: their numbers and attributes.
_SCALES = (
    (products.LEVELS.astype(np.float32), {"long_name": "Pressure", "units": "hPa", "format": "F7.2"}),
    (products.LATITUDES, {"long_name": "Latitude", "units": "degrees_north", "format": "F5.1"}),
    (products.LONGITUDES, {"long_name": "Longitude", "units": "degrees_east", "format": "F6.1"}),
)
_STRUCT_METADATA_BYTES = 32000  # HDF-EOS2 pads it to this length
_PATH_LENGTH = 500


class _Field(NamedTuple):
    """One field of a granule, rows north to south, NaN where there is nothing."""

    name: str
    values: NDArray[np.float32]

    @property
    def is_count(self) -> bool:
        return self.name.endswith("_ct")


def granule_name(date: object, version: int = 7) -> str:
    """The name that a granule of `date` has in an archive.

    Parameters
    ----------
    date : datetime-like
        The granule's nominal UTC date.
    version : {7, 6}
        Version of the product.

    Returns
    -------
    str
        Such as ``AIRS.2022.09.05.L3.RetStd_IR001.v7.0.7.0.G22249120000.hdf``. [D] The production stamp after the "G"
        (year, day of year, time) is noon of the day after, so that the same date has always the same name.

    Raises
    ------
    ValueError
        If there is no such version.

    Examples
    --------
    >>> granule_name("2024-01-01")
    'AIRS.2024.01.01.L3.RetStd_IR001.v7.0.7.0.G24002120000.hdf'
    >>> granule_name("2015-12-30", 6)
    'AIRS.2015.12.30.L3.RetStd_IR001.v6.0.31.0.G15365120000.hdf.nc4'
    """
    number, ending = _product(version)
    day = pd.Timestamp(date).normalize()  # type: ignore[arg-type]
    produced = day + pd.Timedelta(days=1, hours=12)
    return f"AIRS.{day:%Y.%m.%d}.L3.RetStd_IR001.v{number}.G{produced:%y%j%H%M%S}{ending}"


def write_granule(cube: xr.Dataset, /, path: str | os.PathLike[str], *, version: int = 7) -> None:
    """Write one day of a gas cube as a granule of AIRS level 3.

    Parameters
    ----------
    cube : Dataset
        A gas cube with one time, its `co`, `ch4`, `o3` (mol mol-1, dims "orbit", "level", "lat", "lon"), their
        `_count` and `_sdev`, `surface_pressure` (hPa), `topography` (m), `land_sea_mask` (1 land, 0 sea), as far as
        it has them. Cells must lie on the centres of the one-degree grid and levels must be standard levels.
    path : path-like
        Where to. It is written aside and renamed: what is under this name is whole.
    version : {7, 6}
        7 for HDF4-EOS2 (needs pyhdf), 6 for netCDF4 (needs h5netcdf).

    Raises
    ------
    ValueError
        If `cube` does not fit the layout.
    ImportError
        If the library that writes this version is missing.

    Notes
    -----
    A granule is global, 180 rows from north to south by 360 columns: what the cube does not cover is fill (-9999; 0
    for the int16 counts of version 6 and the land-sea mask). A missing orbit is all fill. Standard and TqJoint grids
    get the same values. Only fields that the cube has are written; a real granule has some hundred more. Version 6
    has no place for the time windows. Simulated data say so in a global attribute `simulated`, which real granules
    lack. The same cube gives the same bytes.

    Examples
    --------
    >>> cube = gasquake.simulate.luding().cube  # doctest: +SKIP
    >>> write_granule(cube.isel(time=[0]), granule_name(cube.time.values[0]))  # doctest: +SKIP
    """
    _product(version)
    day = _one_day(cube)
    with write_aside(path) as aside:
        if version == 7:
            _write_hdf4(day, aside, Path(path).name)
        else:
            _write_netcdf(day, aside)


def _product(version: int) -> tuple[str, str]:
    if version not in _VERSIONS:
        raise ValueError(f"version must be one of {sorted(_VERSIONS, reverse=True)}, got {version!r}")
    return _VERSIONS[version]


# --- From the cube to global fields -----------------------------------------------------------------------------------


def _one_day(cube: xr.Dataset) -> xr.Dataset:
    """The slice without its time dim, checked."""
    if "time" not in cube.coords or cube["time"].size != 1:
        raise ValueError(f"cube must hold one time, got {cube.sizes.get('time', 0)}; write a day at a time")
    day = cube.isel(time=0) if "time" in cube.dims else cube
    missing = [name for name in ("orbit", "level", "lat", "lon") if name not in day.dims]
    if missing:
        raise ValueError(f"cube has no dimension {missing[0]!r}; it has {tuple(day.dims)}")
    for orbit in day["orbit"].values:
        if orbit not in products.ORBITS:
            raise ValueError(f"orbit of cube must be one of {tuple(products.ORBITS)}, got {str(orbit)!r}")
    if "co2" in day:
        raise ValueError("cube has co2, for which AIRS level 3 has no field; drop it first")
    return day


def _places(day: xr.Dataset) -> dict[str, NDArray[np.intp]]:
    """Where each level, lat and lon of the slice lies in a granule."""
    pressure = np.asarray(day["level"].values, np.float64)
    levels = np.abs(products.LEVELS - pressure[:, None]).argmin(axis=1)
    _check(pressure, products.LEVELS[levels], "level", "a standard level in hPa")
    lat, lon = (np.asarray(day[name].values, np.float64) for name in ("lat", "lon"))
    north, west = products.LATITUDES[0], products.LONGITUDES[0]
    rows, columns = np.rint(north - lat), np.rint(lon - west)
    _check(lat, np.clip(north - rows, -north, north), "lat", "the centre of a one-degree cell")
    _check(lon, columns + west, "lon", "the centre of a one-degree cell")
    return {"level": levels, "lat": rows.astype(np.intp), "lon": columns.astype(np.intp) % products.LONGITUDES.size}


def _check(found: NDArray[np.float64], wanted: NDArray[np.float64], name: str, what: str) -> None:
    wrong = ~(np.abs(found - wanted) <= 1e-3)
    if wrong.any():
        raise ValueError(f"{name} of cube holds {found[wrong][0]:g}, which is not {what}")


def _globe(array: xr.DataArray, places: dict[str, NDArray[np.intp]]) -> NDArray[np.float32]:
    dims = [dim for dim in ("level", "lat", "lon") if dim in array.dims]
    shape = {"level": products.LEVELS.size, "lat": products.LATITUDES.size, "lon": products.LONGITUDES.size}
    whole = np.full([shape[dim] for dim in dims], np.nan, np.float32)
    whole[np.ix_(*(places[dim] for dim in dims))] = array.transpose(*dims).values
    return whole


def _orbit_fields(day: xr.Dataset, orbit: str, grid: str) -> Iterator[_Field]:
    """The fields of one grid, in the order of a real granule."""
    places = _places(day)
    for stem, variable in _VARIABLES.items():
        for suffix, kind in products.PARTS.items():
            array = day.get(variable + kind)
            if array is None:
                continue
            if "orbit" in array.dims:
                array = array.reindex(orbit=[orbit]).isel(orbit=0)
            if kind == "_count":
                array = array.where(array > 0)
            yield _Field(products.field_name(stem, orbit, grid=grid, part=suffix), _globe(array, places))


def _location_fields(day: xr.Dataset) -> Iterator[_Field]:
    places = _places(day)
    for name, variable in _LOCATION.items():
        if variable in day:
            array = day[variable]
            yield _Field(name, _globe(array.isel(orbit=0) if "orbit" in array.dims else array, places))


def _window(day: xr.Dataset, orbit: str) -> tuple[str, str]:
    """First and last microsecond of an orbit's window, as the attributes of a real granule spell them."""
    start = day["time"].values.astype("datetime64[D]") + products.WINDOW_OPENS[orbit]
    end = start + np.timedelta64(1, "D")
    if "window_start" in day.coords and "window_end" in day.coords and orbit in day["orbit"].values:
        start, end = (day[name].sel(orbit=orbit).values for name in ("window_start", "window_end"))
    first, last = pd.DatetimeIndex(np.array([start, end], "datetime64[ns]"))
    if last == last.floor("s"):  # a half-open window; the granule says the last microsecond within
        last -= pd.Timedelta(microseconds=1)
    return f"{first:%Y-%m-%dT%H:%M:%S.%f}Z", f"{last:%Y-%m-%dT%H:%M:%S.%f}Z"


# --- Version 7: HDF4-EOS2 ---------------------------------------------------------------------------------------------


def _write_hdf4(day: xr.Dataset, path: Path, name: str) -> None:
    pyhdf = attempt_import("pyhdf.SD", extra="study", purpose="to write AIRS version 7 granules")
    grids = {
        products.grid_name(orbit, grid): list(_orbit_fields(day, orbit, grid))
        for grid in products.GRIDS
        for orbit in products.ORBITS
    }
    lat, lon = np.meshgrid(products.LATITUDES.astype(np.float32), products.LONGITUDES.astype(np.float32), indexing="ij")
    grids["location"] = [_Field("Latitude", lat), _Field("Longitude", lon), *_location_fields(day)]

    # HDF4 keeps the path under which a file was made. Slashes bring it to one length, so that it can be overwritten and
    # the bytes are the same wherever the granule is written.
    made_as = f"{path.parent}/".ljust(_PATH_LENGTH - len(path.name), "/") + path.name
    file = pyhdf.SD(made_as, pyhdf.SDC.WRITE | pyhdf.SDC.CREATE | pyhdf.SDC.TRUNC)
    try:
        texts = {
            "HDFEOSVersion": "HDFEOS_V2.18",
            "StructMetadata.0": _struct_metadata(grids).ljust(_STRUCT_METADATA_BYTES, "\0"),
            "identifier_product_doi": "10.5067/UO3Q64CTTS1U",
            "identifier_product_doi_authority": "http://dx.doi.org/",
            "coremetadata": _core_metadata(name),
        }
        for key, text in texts.items():
            file.attr(key).set(pyhdf.SDC.CHAR, text)
        if day.attrs.get("simulated"):
            file.attr("simulated").set(pyhdf.SDC.INT32, 1)
        references = {grid: _write_grid(pyhdf.SDC, file, grid, fields) for grid, fields in grids.items()}
    finally:
        file.end()
    _write_groups(day, path, references)
    path.write_bytes(path.read_bytes().replace(made_as.encode(), name.ljust(len(made_as)).encode()))


def _write_grid(types: Any, file: Any, grid: str, fields: list[_Field]) -> list[int]:
    """Write the fields and dimension scales of a grid; returns the fields' reference numbers."""
    references = []
    # The scales of a grid's dims are set once, through its last field that has them all, which puts them after it.
    profiles = [field.name for field in fields if field.values.ndim == 3]
    for field in fields:
        is_mask = field.name == products.LAND_SEA_MASK
        kind, fill = (types.INT16, 0) if is_mask else (types.FLOAT32, products.FILL)
        sds = file.create(field.name, kind, field.values.shape)
        sds.setcompress(types.COMP_DEFLATE, 5)
        sds.setfillvalue(fill)
        for axis, dim in enumerate(products.HDF4_DIMS[-field.values.ndim :]):
            sds.dim(axis).setname(f"{dim}:{grid}")
        sds[:] = np.nan_to_num(field.values, nan=fill).astype(np.int16 if is_mask else np.float32)
        references.append(sds.ref())
        if field.name in profiles[-1:]:
            _write_scales(types, sds)
        sds.endaccess()
    return references


def _write_scales(types: Any, sds: Any) -> None:
    kinds = types.FLOAT32, types.FLOAT64, types.FLOAT64
    for axis, (kind, (values, texts)) in enumerate(zip(kinds, _SCALES, strict=True)):
        dim = sds.dim(axis)
        dim.setscale(kind, values.tolist())
        dim.setstrs(*texts.values())


def _write_groups(day: xr.Dataset, path: Path, references: dict[str, list[int]]) -> None:
    """The vgroups that make the datasets of each grid one, and the attributes of the location grid."""
    types, hdf, _, _ = (
        attempt_import(f"pyhdf.{part}", extra="study", purpose="to write AIRS version 7 granules")
        for part in ("HC", "HDF", "V", "VS")  # the last two give the second its vgstart and vstart
    )
    file = hdf.HDF(str(path), types.HC.WRITE)
    groups, tables = file.vgstart(), file.vstart()
    try:
        for grid, members in references.items():
            top, fields, attributes = (groups.create(name) for name in (grid, "Data Fields", "Grid Attributes"))
            top._class, fields._class, attributes._class = "GRID", "GRID Vgroup", "GRID Vgroup"
            for reference in members:
                fields.add(types.HC.DFTAG_NDG, reference)
            if grid == "location":
                for name, (kind, values) in _location_attributes(day, types.HC).items():
                    # One record of many values, as HDF-EOS2 keeps an attribute.
                    table = tables.storedata("AttrValues", [list(values)], kind, name, "Attr0.0")
                    attributes.add(types.HC.DFTAG_VH, table)
            for part in (fields, attributes):
                top.insert(part)
                part.detach()
            top.detach()
    finally:
        tables.end()
        groups.end()
        file.close()


def _location_attributes(day: xr.Dataset, types: Any) -> dict[str, tuple[int, Any]]:
    date = pd.Timestamp(day["time"].values.item())
    numbers = dict(zip(products.DATE_ATTRIBUTES, (date.year, date.month, date.day), strict=True))
    numbers[products.DAYS_ATTRIBUTE] = 1
    found: dict[str, tuple[int, Any]] = {name: (types.INT32, [value]) for name, value in numbers.items()}
    for orbit in products.ORBITS:
        for edge, moment in zip(("Start", "End"), _window(day, orbit), strict=True):
            found[products.window_attribute(orbit, edge)] = types.CHAR8, moment
    found[products.HDF4_DIMS[0]] = types.FLOAT32, products.LEVELS.tolist()
    return found


def _struct_metadata(grids: dict[str, list[_Field]]) -> str:
    """What tells HDF-EOS2 libraries where the cells lie and which dims a field has."""
    lines = ["GROUP=SwathStructure", "END_GROUP=SwathStructure", "GROUP=GridStructure"]
    for number, (grid, fields) in enumerate(grids.items(), 1):
        lines += [
            f"\tGROUP=GRID_{number}",
            f'\t\tGridName="{grid}"',
            f"\t\tXDim={products.LONGITUDES.size}",
            f"\t\tYDim={products.LATITUDES.size}",
            "\t\tUpperLeftPointMtrs=(-180000000.000000,90000000.000000)",
            "\t\tLowerRightMtrs=(180000000.000000,-90000000.000000)",
            "\t\tProjection=GCTP_GEO",
            "\t\tGROUP=Dimension",
        ]
        if any(field.values.ndim == 3 for field in fields):
            size = [f'\t\t\t\tDimensionName="{products.HDF4_DIMS[0]}"', f"\t\t\t\tSize={products.LEVELS.size}"]
            lines += ["\t\t\tOBJECT=Dimension_1", *size, "\t\t\tEND_OBJECT=Dimension_1"]
        lines += ["\t\tEND_GROUP=Dimension", "\t\tGROUP=DataField"]
        for count, field in enumerate(fields, 1):
            dims = products.HDF4_DIMS[-field.values.ndim :]
            lines += [
                f"\t\t\tOBJECT=DataField_{count}",
                f'\t\t\t\tDataFieldName="{field.name}"',
                f"\t\t\t\tDataType=DFNT_{'INT16' if field.name == products.LAND_SEA_MASK else 'FLOAT32'}",
                "\t\t\t\tDimList=(" + ",".join(f'"{dim}"' for dim in dims) + ")",
                "\t\t\t\tCompressionType=HDFE_COMP_DEFLATE",
                "\t\t\t\tDeflateLevel=5",
                f"\t\t\tEND_OBJECT=DataField_{count}",
            ]
        lines += ["\t\tEND_GROUP=DataField", "\t\tGROUP=MergedFields", "\t\tEND_GROUP=MergedFields"]
        lines.append(f"\tEND_GROUP=GRID_{number}")
    lines += ["END_GROUP=GridStructure", "GROUP=PointStructure", "END_GROUP=PointStructure", "END", ""]
    return "\n".join(lines)


def _core_metadata(name: str) -> str:
    """Of the inventory of a real granule only the name under which it was made."""
    return f"""
GROUP                  = INVENTORYMETADATA
  GROUPTYPE            = MASTERGROUP

  GROUP                  = ECSDATAGRANULE

    OBJECT                 = LOCALGRANULEID
      NUM_VAL              = 1
      VALUE                = "{name}"
    END_OBJECT             = LOCALGRANULEID

  END_GROUP              = ECSDATAGRANULE

END_GROUP              = INVENTORYMETADATA

END
"""


# --- Version 6: netCDF4 -----------------------------------------------------------------------------------------------


def _write_netcdf(day: xr.Dataset, path: Path) -> None:
    attempt_import("h5netcdf", extra="study", purpose="to write AIRS version 6 granules")
    kinds = [(orbit, grid) for grid in products.GRIDS for orbit in products.ORBITS]
    fields = [*(field for kind in kinds for field in _orbit_fields(day, *kind)), *_location_fields(day)]
    granule = xr.Dataset(
        {field.name: (products.NETCDF_DIMS[-field.values.ndim :], field.values) for field in fields},
        {dim: (dim, values, texts) for dim, (values, texts) in zip(products.NETCDF_DIMS, _SCALES, strict=True)},
        {"HDFEOSVersion": "HDFEOS_V2.18"},
    )
    if day.attrs.get("simulated"):
        granule.attrs["simulated"] = np.int32(1)
    packed = {"zlib": True, "complevel": 2, "shuffle": True}
    encoding: dict[str, dict[str, Any]] = {name: {"_FillValue": None, **packed} for name in products.NETCDF_DIMS}
    for field in fields:
        whole = field.is_count or field.name == products.LAND_SEA_MASK
        # The chunks of the real file: a float field of all levels is cut in eight.
        chunks = field.values.shape if whole or field.values.ndim == 2 else (12, 90, 180)
        number: dict[str, Any] = {"dtype": "int16", "_FillValue": np.int16(0)}
        if not whole:
            number = {"dtype": "float32", "_FillValue": np.float32(products.FILL)}
        encoding[field.name] = {**number, **packed, "chunksizes": chunks}
    granule.to_netcdf(path, engine="h5netcdf", encoding=encoding)
