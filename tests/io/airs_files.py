"""Small files in the layout of real AIRS granules (of the .dmr and .dmrpp in the shared data), for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import netcdf_file

FILL = -9999.0
LEVELS = np.array(
    [1000, 925, 850, 700, 600, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30, 20, 15, 10, 7, 5, 3, 2, 1.5, 1]
)
NAME_7 = "AIRS.2024.01.01.L3.RetStd_IR001.v7.0.7.0.G24002230956.hdf"
NAME_6 = "AIRS.2015.12.30.L3.RetStd_IR001.v6.0.31.0.G16116184203.nc"
ORBITS = {"A": "ascending", "D": "descending"}
WINDOWS = {
    "AscendingGridStartTimeUTC": "2024-01-01T01:30:00.000000Z",
    "AscendingGridEndTimeUTC": "2024-01-02T01:29:59.999999Z",
    "DescendingGridStartTimeUTC": "2023-12-31T13:30:00.000000Z",
    "DescendingGridEndTimeUTC": "2024-01-01T13:29:59.999999Z",
}


def truth(gas: str, orbit: str, *, grid: str = "standard", lat: Any, lon: Any) -> np.ndarray:
    """(level, lat, lon) float32 with the value of each cell telling where it is; NaN below ground and in a hole."""
    base = {"CO": 1e-7, "CH4": 1.8e-6, "O3": 5e-8}[gas] * (1.0 if orbit == "A" else 1.1)
    base *= 1.0 if grid == "standard" else 1.3
    lat, lon = np.asarray(lat, dtype=float), np.asarray(lon, dtype=float)
    values = base * (1.0 + 1e-2 * np.arange(24)[:, None, None] + 1e-3 * lat[:, None] + 1e-5 * lon)
    values[:4, (lat > 30) & (lat < 40)] = np.nan  # a plateau
    values[:, :, (lon > 100) & (lon < 102)] = np.nan  # a gap between swaths
    return values.astype(np.float32)


def topography(lat: Any, lon: Any) -> np.ndarray:
    high = (np.asarray(lat) > 30) & (np.asarray(lat) < 40)
    return np.where(high[:, None], 4014.0, 0.0).astype(np.float32) * np.ones(len(lon), dtype=np.float32)


def filled(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), FILL, values).astype(np.float32)


def fields_of(gas: str, orbit: str, grid: str, lat: Any, lon: Any, *, version: int) -> dict[str, np.ndarray]:
    infix = "TqJ_" if grid == "TqJoint" else ""
    values = truth(gas, orbit, grid=grid, lat=lat, lon=lon)
    counts = np.where(np.isnan(values), FILL if version == 7 else 0, 3).astype("f4" if version == 7 else "i2")
    name = f"{gas}_VMR_{infix}{orbit}"
    return {name: filled(values), f"{name}_ct": counts, f"{name}_sdev": filled(values * 0.1)}


def write_v7(
    path: Path,
    *,
    gases: tuple[str, ...] = ("CO", "CH4"),
    orbits: tuple[str, ...] = ("A", "D"),
    grids: tuple[str, ...] = ("standard", "TqJoint"),
    step: int = 10,
    location: bool = True,
    windows: dict[str, str] = WINDOWS,
    date: tuple[int, int, int, int] = (2024, 1, 1, 1),
    surface_pressure: bool = True,
    metadata: bool = True,
    replace: dict[str, np.ndarray] | None = None,
) -> Path:
    """Version 7 as HDF4-EOS2: rows north to south, all float32, grids as Vgroups, times in Vdatas.

    `step` coarsens the grid, so that a file is small: the layout is the same.
    """
    from pyhdf.HDF import HC, HDF
    from pyhdf.SD import SD, SDC
    from pyhdf.V import V  # noqa: F401
    from pyhdf.VS import VS  # noqa: F401

    lat, lon = np.arange(90 - step / 2, -90, -step), np.arange(-180 + step / 2, 180, step)
    sd = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    scales = {"StdPressureLev": LEVELS.astype("f4"), "YDim": lat, "XDim": lon}
    members: dict[str, list[int]] = {}

    def put(grid: str, name: str, values: np.ndarray) -> None:
        values = (replace or {}).get(name, values)
        kinds = {"f4": SDC.FLOAT32, "f8": SDC.FLOAT64, "i2": SDC.INT16, "u2": SDC.UINT16}
        data = sd.create(name, kinds[values.dtype.str[1:]], values.shape)
        dims = ("StdPressureLev", "YDim", "XDim")[-values.ndim :]
        for axis, dim in enumerate(dims):
            wrong = values.shape[axis] != scales[dim].size  # HDF4 holds one length for each name of a dimension
            data.dim(axis).setname(f"{dim}:{name if wrong else grid}")
        data.setcompress(SDC.COMP_DEFLATE, 5)
        fill = 0 if values.dtype.kind in "iu" else FILL
        data.attr("_FillValue").set(kinds[values.dtype.str[1:]], fill)
        data[:] = values
        members.setdefault(grid, []).append(data.ref())
        data.endaccess()

    for grid in grids:
        for orbit in orbits:
            name = ORBITS[orbit] + ("_TqJoint" if grid == "TqJoint" else "")
            infix = "TqJ_" if grid == "TqJoint" else ""
            for gas in gases:
                for field, values in fields_of(gas, orbit, grid, lat, lon, version=7).items():
                    put(name, field, values)
            if surface_pressure:
                pressure = np.where(topography(lat, lon) > 0, 616.0, 1010.0).astype("f4")
                pressure[:, lon > 160] = FILL
                put(name, f"SurfPres_Forecast_{infix}{orbit}", pressure)
    if location:
        put("location", "Latitude", np.repeat(lat[:, None], lon.size, axis=1).astype("f4"))
        put("location", "Longitude", np.repeat(lon[None], lat.size, axis=0).astype("f4"))
        put("location", "LandSeaMask", (topography(lat, lon) > 0).astype("i2"))
        put("location", "Topography", topography(lat, lon))
    for grid in members:
        if grid == "location":
            continue
        first = sd.select(next(n for n, v in sd.datasets().items() if f"StdPressureLev:{grid}" in v[0]))
        for axis, (dim, values) in enumerate(scales.items()):
            handle = first.dim(axis)
            if handle.length() != len(values):
                continue
            handle.setscale(SDC.FLOAT32 if dim == "StdPressureLev" else SDC.FLOAT64, values.tolist())
        first.endaccess()
    sd.attr("HDFEOSVersion").set(SDC.CHAR, "HDFEOS_V2.20")
    if metadata:
        granule = 'OBJECT = LOCALGRANULEID\n  VALUE = "' + NAME_7 + '"\nEND_OBJECT = LOCALGRANULEID\n'
        sd.attr("CoreMetadata.0").set(SDC.CHAR, granule)
    sd.end()

    hdf = HDF(str(path), HC.WRITE)
    vgroups, vdatas = hdf.vgstart(), hdf.vstart()
    for grid, references in members.items():
        group = vgroups.create(grid)
        group._class = "GRID"
        data_fields, grid_attributes = vgroups.create("Data Fields"), vgroups.create("Grid Attributes")
        for part in (data_fields, grid_attributes):
            part._class = "GRID Vgroup"
            group.insert(part)
        for reference in references:
            data_fields.add(HC.DFTAG_NDG, reference)
        if grid == "location":
            values = dict(zip(("Year", "Month", "Day", "NumOfDays"), date, strict=True)) | dict(windows)
            for name, value in values.items():
                order = 1 if isinstance(value, int) else len(value)
                kind = HC.INT32 if isinstance(value, int) else HC.CHAR8
                vdata = vdatas.create(name, (("AttrValues", kind, order),))
                vdata._class = "Attr0.0"
                vdata.write([[value]])
                grid_attributes.insert(vdata)
                vdata.detach()
        for part in (data_fields, grid_attributes, group):
            part.detach()
    vgroups.end()
    vdatas.end()
    hdf.close()
    return path


def write_v6(
    path: Path, *, step: int = 10, columns: bool = True, grids: tuple[str, ...] = ("standard", "TqJoint")
) -> Path:
    """Version 6 as flat netCDF-4: 1-D float64 coordinates, north to south, counts int16 with fill 0, also _err."""
    lat, lon = np.arange(90 - step / 2, -90, -step), np.arange(-180 + step / 2, 180, step)
    with h5py.File(path, "w") as file:
        scales = {"StdPressureLev": LEVELS.astype("f4"), "Latitude": lat, "Longitude": lon}
        for name, values in scales.items():
            scale = file.create_dataset(name, data=values)
            scale.make_scale(name)
            scale.attrs["units"] = {"StdPressureLev": "hPa", "Latitude": "degrees_north"}.get(name, "degrees_east")

        def put(name: str, values: np.ndarray) -> None:
            data = file.create_dataset(name, data=values, compression=2, shuffle=True)
            data.attrs["_FillValue"] = values.dtype.type(0 if values.dtype.kind == "i" else FILL)
            for axis, dim in enumerate(("StdPressureLev", "Latitude", "Longitude")[-values.ndim :]):
                data.dims[axis].attach_scale(file[dim])

        for grid in grids:
            for orbit in ORBITS:
                for gas in ("CO", "CH4"):
                    for name, values in fields_of(gas, orbit, grid, lat, lon, version=6).items():
                        put(name, values)
                    put(
                        f"{gas}_VMR_{'TqJ_' if grid == 'TqJoint' else ''}{orbit}_err",
                        filled(truth(gas, orbit, lat=lat, lon=lon)),
                    )
        if columns:
            put("TotCO_A", np.full((lat.size, lon.size), 2e18, dtype="f4"))
        put("Topography", topography(lat, lon))
        put("LandSeaMask", (topography(lat, lon) > 0).astype("i2"))
        file.attrs["HDFEOSVersion"] = "HDFEOS_V2.18"
    return path


def write_opendap_v7(path: Path, *, step: int = 10) -> Path:
    """An OPeNDAP subset of version 7 with the groups and dimensions of the .dmr: ":" has become "_"."""
    lat, lon = np.arange(90 - step / 2, -90, -step), np.arange(-180 + step / 2, 180, step)
    with h5py.File(path, "w") as file:
        for letter, orbit in ORBITS.items():
            for name, values in {"StdPressureLev": LEVELS.astype("f4"), "YDim": lat, "XDim": lon}.items():
                file.create_dataset(f"{name}_{orbit}", data=values).make_scale(f"{name}_{orbit}")
            for gas in ("CO", "CH4"):
                for name, values in fields_of(gas, letter, "standard", lat, lon, version=7).items():
                    data = file.create_dataset(f"{orbit}/Data_Fields/{name}", data=values, compression=4)
                    data.attrs["_FillValue"] = np.float32(FILL)
                    for axis, dim in enumerate(("StdPressureLev", "YDim", "XDim")):
                        data.dims[axis].attach_scale(file[f"{dim}_{orbit}"])
            file.create_group(f"{orbit}/Grid_Attributes")
        location = file.create_group("location/Grid_Attributes")
        for name, value in {"Year": 2024, "Month": 1, "Day": 1, "NumOfDays": 1}.items():
            location.attrs[name] = np.int32(value)
        for name, value in WINDOWS.items():
            location.attrs[name] = value
        file.create_dataset("location/Data_Fields/Topography", data=topography(lat, lon))
    return path


def write_giovanni(path: Path, *, field: str = "CO_VMR_A", step: int = 10, date: str = "2015-10-01") -> Path:
    """A Giovanni subset: classic netCDF, one field, south to north, level dimension TempPrsLvls_A."""
    lat, lon = np.arange(-90 + step / 2, 90, step), np.arange(-180 + step / 2, 180, step)
    seconds = int(np.datetime64(date).astype("datetime64[s]").astype(np.int64))
    with netcdf_file(path, "w") as file:
        for name, size in {"time": None, "TempPrsLvls_A": 24, "lat": lat.size, "lon": lon.size}.items():
            file.createDimension(name, size)
        gas, orbit = field.partition("_")[0], field[-1]
        data = file.createVariable(f"AIRX3STD_006_{field}", "f", ("time", "TempPrsLvls_A", "lat", "lon"))
        data[:] = filled(truth(gas, orbit, lat=lat, lon=lon))[None]
        data._FillValue = np.float32(FILL)
        data.product_short_name = "AIRX3STD"
        data.product_version = "006"
        for name, values, units in (
            ("TempPrsLvls_A", LEVELS, "hPa"),
            ("lat", lat, "degrees_north"),
            ("lon", lon, "degrees_east"),
        ):
            coordinate = file.createVariable(name, "f", (name,))
            coordinate[:] = values
            coordinate.units = units
        time = file.createVariable("time", "i", ("time",))
        time[:] = [seconds]
        time.units = "seconds since 1970-01-01 00:00:00"
        file.start_time = f"{date}T00:00:00Z"
    return path
