"""Written granules have the layout of the real ones, whose structure lies beside the project, and hold the cube."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from pyhdf.HDF import HDF
from pyhdf.SD import SD, SDC
from pyhdf.V import V  # noqa: F401 gives HDF its vgstart
from pyhdf.VS import VS  # noqa: F401 gives HDF its vstart

from gasquake import io
from gasquake.io import granule_name, write_granule
from gasquake.io.products import LEVELS
from gasquake.places import Region

DAP = "{http://xml.opendap.org/ns/DAP/4.0#}"
DMRPP = "{http://xml.opendap.org/dap/dmrpp/1.0.0#}"
LON, LAT = np.arange(97.5, 107), np.arange(27.5, 34)


def a_day(
    lon: np.ndarray = LON, lat: np.ndarray = LAT, *, level: Sequence[float] = LEVELS, date: str = "2022-09-05"
) -> xr.Dataset:
    rng = np.random.default_rng(7)
    dims, shape = ("time", "orbit", "level", "lat", "lon"), (1, 2, len(level), len(lat), len(lon))
    profile = {}
    for gas, typical in (("co", 1e-7), ("ch4", 1.9e-6)):
        values = (typical * rng.normal(1, 0.1, shape)).astype(np.float32)
        values[rng.random(shape) < 0.3] = np.nan
        profile[gas] = (dims, values, {"units": "mol mol-1"})
        profile[f"{gas}_count"] = (dims, np.where(np.isnan(values), np.nan, rng.integers(1, 30, shape)))
        profile[f"{gas}_sdev"] = (dims, (values / 10).astype(np.float32))
    cells = ("lat", "lon")
    start = np.datetime64(date, "ns") + np.array([[90, -630]]) * np.timedelta64(1, "m")
    return xr.Dataset(
        {
            **profile,
            "surface_pressure": (("time", "orbit", *cells), rng.normal(700, 9, (1, 2, *shape[3:])).astype(np.float32)),
            "topography": (cells, rng.normal(3000, 500, shape[3:]).astype(np.float32)),
            "land_sea_mask": (cells, rng.integers(0, 2, shape[3:]).astype(np.int16)),
        },
        {
            "time": [np.datetime64(date, "ns")],
            "orbit": ["ascending", "descending"],
            "level": np.array(level, np.float64),
            "lat": lat,
            "lon": lon,
            "window_start": (("time", "orbit"), start),
            "window_end": (("time", "orbit"), start + np.timedelta64(1, "D")),
        },
        {"simulated": 1},
    )


@pytest.fixture(scope="module")
def v7(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("v7") / granule_name("2022-09-05")
    write_granule(a_day(), path)
    return path


@pytest.fixture(scope="module")
def v6(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("v6") / granule_name("2022-09-05", 6)
    write_granule(a_day(), path, version=6)
    return path


@pytest.fixture(scope="module")
def real_v7(shared_data: Path) -> ET.Element:
    return ET.parse(next((shared_data / "airs").glob("*.v7.*.dmr"))).getroot()


@pytest.fixture(scope="module")
def real_v6(shared_data: Path) -> ET.Element:
    return ET.parse(next((shared_data / "airs").glob("*.v6.*.dmrpp"))).getroot()


def find(element: ET.Element, name: str) -> ET.Element:
    return next(child for child in element if child.get("name") == name and not child.tag.endswith("Dimension"))


def attributes(element: ET.Element) -> dict[str, list[str]]:
    return {a.get("name"): [v.text for v in a.findall(f"{DAP}Value")] for a in element.findall(f"{DAP}Attribute")}


def kind(element: ET.Element) -> str:
    return element.tag.removeprefix(DAP)


# --- Version 7 --------------------------------------------------------------------------------------------------------

HDF4_TYPES = {SDC.FLOAT32: "Float32", SDC.FLOAT64: "Float64", SDC.INT16: "Int16"}


def test_v7_datasets_are_those_of_a_real_granule(v7: Path, real_v7: ET.Element) -> None:
    file = SD(str(v7))
    fields = 0
    for name, (dims, shape, number, _) in file.datasets().items():
        sds = file.select(name)
        grid = dims[0].partition(":")[2]
        if ":" in name:  # a scale, which the .dmr spells with an underscore
            real = find(real_v7, name.replace(":", "_"))
            wanted = attributes(real)
            assert sds.attributes() == {key: wanted[key][0] for key in ("long_name", "units", "format")}
        else:
            real = find(find(find(real_v7, grid), "Data_Fields"), name)
            assert sds.attributes() == {"_FillValue": float(attributes(real)["_FillValue"][0])}
            assert sds.getcompress() == (SDC.COMP_DEFLATE, 5)
            fields += 1
        assert HDF4_TYPES[number] == kind(real)
        assert [f"/{dim.replace(':', '_')}" for dim in dims] == [d.get("name") for d in real.findall(f"{DAP}Dim")]
        sizes = {d.get("name"): int(d.get("size")) for d in real_v7.findall(f"{DAP}Dimension")}
        assert list(np.atleast_1d(shape)) == [sizes[dim.replace(":", "_")] for dim in dims]
        sds.endaccess()
    assert fields == 4 * 7 + 4
    file.end()


def test_v7_global_attributes_are_those_of_a_real_granule(v7: Path, real_v7: ET.Element) -> None:
    file = SD(str(v7))
    real, ours = attributes(real_v7), file.attributes()
    assert ours.pop("simulated") == 1  # the one thing a real granule lacks
    assert {key.replace(".", "_") for key in ours} <= set(real)
    for name in ("HDFEOSVersion", "identifier_product_doi", "identifier_product_doi_authority"):
        assert ours[name] == real[name][0]
    assert f'"{v7.name}"' in ours["coremetadata"]
    assert file.attributes(full=1)["StructMetadata.0"][3] == 32000
    file.end()


def objects(text: str) -> dict[tuple[str, str], list[str]]:
    """What StructMetadata says of each (grid, field) and of each (grid, ""), without the running numbers."""
    found: dict[tuple[str, str], list[str]] = {}
    grid = field = ""
    for line in (line.strip().rstrip("\0") for line in text.splitlines()):
        key, _, value = line.partition("=")
        if key == "GridName":
            grid, field = value.strip('"'), ""
        elif key == "DataFieldName":
            field = value.strip('"')
        elif key == "END_GROUP" and value == "DataField":
            field = ""
        elif key not in ("OBJECT", "END_OBJECT", "GROUP", "END_GROUP", "Size", "DimensionName", ""):
            found.setdefault((grid, field), []).append(line)
    return found


def test_v7_struct_metadata_says_what_a_real_one_says(v7: Path, real_v7: ET.Element) -> None:
    file = SD(str(v7))
    ours = objects(file.attributes()["StructMetadata.0"])
    file.end()
    parts = attributes(real_v7)
    real = objects("".join(parts[f"StructMetadata_{n}"][0] for n in range(3)))
    assert len(ours) == 5 + 4 * 7 + 4
    for key, said in ours.items():
        # The last lines of the real text close the file after its last grid.
        assert said == real[key] or (key[0] == "location" and set(said) <= {*real[key], "END"}), key


def test_v7_groups_hold_their_fields_and_the_location_its_times(v7: Path, real_v7: ET.Element) -> None:
    sd, file = SD(str(v7)), HDF(str(v7))
    names = {sd.select(name).ref(): name for name in sd.datasets()}
    groups, tables = file.vgstart(), file.vstart()
    for grid in ("ascending", "descending", "ascending_TqJoint", "descending_TqJoint", "location"):
        top = groups.attach(groups.find(grid))
        assert top._class == "GRID"
        parts = {}
        for _, reference in top.tagrefs():
            part = groups.attach(reference)
            assert part._class == "GRID Vgroup"
            parts[part._name] = [reference for _, reference in part.tagrefs()]
            part.detach()
        top.detach()
        held = {names[reference] for reference in parts["Data Fields"]}
        dims = {name: dims[0] for name, (dims, *_) in sd.datasets().items() if ":" not in name}
        assert held == {name for name, dim in dims.items() if dim.endswith(f":{grid}")}
        found = {}
        for reference in parts["Grid Attributes"]:
            table = tables.attach(reference)
            (name, _, _, _, _), value = table.fieldinfo()[0][:5], table.read(1)[0][0]
            assert (name, table._class) == ("AttrValues", "Attr0.0")
            found[table._name] = value
            table.detach()
        real = attributes(find(find(real_v7, grid), "Grid_Attributes"))
        assert set(found) <= set(real)
        if grid == "location":
            assert found["AscendingGridStartTimeUTC"] == "2022-09-05T01:30:00.000000Z"
            assert found["AscendingGridEndTimeUTC"] == "2022-09-06T01:29:59.999999Z"
            assert found["DescendingGridStartTimeUTC"] == "2022-09-04T13:30:00.000000Z"
            assert found["DescendingGridEndTimeUTC"] == "2022-09-05T13:29:59.999999Z"
            assert [found[name] for name in ("Year", "Month", "Day", "NumOfDays")] == [2022, 9, 5, 1]
            assert found["StdPressureLev"] == [float(text) for text in real["StdPressureLev"]]
    groups.end()
    tables.end()
    file.close()
    sd.end()


def test_v7_values_lie_where_they_belong(v7: Path) -> None:
    file, day = SD(str(v7)), a_day()
    lat, lon = file.select("Latitude")[:], file.select("Longitude")[:]
    assert lat[0, 0] == 89.5
    assert lon[0, 0] == -179.5
    for infix in ("", "_TqJ"):
        for orbit, letter in (("ascending", "A"), ("descending", "D")):
            here = day.sel(orbit=orbit).isel(time=0)
            for field, variable in (("CO_VMR", "co"), ("CH4_VMR", "ch4")):
                for part, suffix in (("", ""), ("_ct", "_count"), ("_sdev", "_sdev")):
                    found = file.select(f"{field}{infix}_{letter}{part}")[:]
                    wanted = here[variable + suffix].values
                    rows, columns = np.isin(lat[:, 0], LAT), np.isin(lon[0], LON)
                    box = found[:, rows][:, ::-1][:, :, columns]
                    np.testing.assert_array_equal(np.where(box == -9999, np.nan, box), wanted.astype(np.float32))
                    assert np.count_nonzero(found != -9999) == np.count_nonzero(~np.isnan(wanted))
    file.end()


# --- Version 6 --------------------------------------------------------------------------------------------------------


def test_v6_variables_are_those_of_a_real_granule(v6: Path, real_v6: ET.Element) -> None:
    names = {np.dtype("f4"): "Float32", np.dtype("f8"): "Float64", np.dtype("i2"): "Int16"}
    bookkeeping = {"DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Coordinates", "_Netcdf4Dimid", "CLASS", "NAME"}
    with h5py.File(v6) as file:
        assert len(file) == 4 * 7 + 2 + 3
        assert file.attrs["HDFEOSVersion"] == attributes(real_v6)["HDFEOSVersion"][0]
        for name, dataset in file.items():
            real = find(real_v6, name)
            assert names[dataset.dtype] == kind(real)
            wanted = {key: value for key, value in attributes(real).items() if key not in bookkeeping}
            found = {key: value for key, value in dataset.attrs.items() if key not in bookkeeping}
            assert set(found) == set(wanted)
            if "_FillValue" in found:
                assert found["_FillValue"] == float(wanted["_FillValue"][0])
            else:
                assert found == {key: value[0] for key, value in wanted.items()}
                assert dataset.is_scale
            chunks = real.find(f"{DMRPP}chunks")
            assert dataset.chunks == tuple(map(int, chunks.findtext(f"{DMRPP}chunkDimensionSizes").split()))
            assert (dataset.compression_opts, dataset.shuffle) == (int(chunks.get("deflate_level")), True)
            axes = [scale.name for dim in dataset.dims for scale in dim.values()]
            assert (axes or [f"/{name}"]) == [d.get("name") for d in real.findall(f"{DAP}Dim")]


def test_v6_values_lie_where_they_belong(v6: Path) -> None:
    day = a_day()
    with xr.open_dataset(v6, engine="h5netcdf", mask_and_scale=False) as file:
        box = file.sortby("Latitude").sel(Latitude=LAT, Longitude=LON)
        here = day.sel(orbit="descending").isel(time=0)
        np.testing.assert_array_equal(box.CO_VMR_TqJ_D, here.co.fillna(-9999))
        np.testing.assert_array_equal(box.CH4_VMR_D_ct, here.ch4_count.fillna(0))
        assert int((file.CO_VMR_TqJ_D != -9999).sum()) == int(here.co.notnull().sum())
        assert file.Latitude.values[[0, -1]].tolist() == [89.5, -89.5]


# --- Both -------------------------------------------------------------------------------------------------------------


def field(path: Path, name: str) -> np.ndarray:
    if path.suffix == ".hdf":
        file = SD(str(path))
        values = file.select(name)[:]
        file.end()
        return values
    with h5py.File(path) as file:
        return file[name][:]


@pytest.mark.parametrize("version", [7, 6])
def test_a_region_across_180_degrees_and_few_levels(tmp_path: Path, version: int) -> None:
    day = a_day(np.array([178.5, 179.5, 180.5]), np.array([-17.5, -16.5]), level=(850.0, 500.0))
    path = tmp_path / granule_name("2022-09-05", version)
    write_granule(day, path, version=version)
    found = field(path, "CO_VMR_A")
    wanted = day.co.sel(orbit="ascending").isel(time=0).fillna(-9999).values[:, ::-1]
    np.testing.assert_array_equal(found[np.ix_([2, 5], [106, 107], [358, 359, 0])], wanted)
    assert (found[np.setdiff1d(np.arange(24), [2, 5])] == -9999).all()


@pytest.mark.parametrize("version", [7, 6])
def test_a_missing_orbit_is_fill_and_one_pressure_serves_both(tmp_path: Path, version: int) -> None:
    day = a_day().sel(orbit=["descending"]).drop_vars(["ch4", "ch4_count", "ch4_sdev"])
    day["surface_pressure"] = day.surface_pressure.isel(time=0, orbit=0, drop=True)
    path = tmp_path / granule_name("2022-09-05", version)
    write_granule(day, path, version=version)
    assert (field(path, "CO_VMR_A") == -9999).all()
    assert (field(path, "CO_VMR_A_ct") == (-9999 if version == 7 else 0)).all()
    assert (field(path, "CO_VMR_D") != -9999).any()
    np.testing.assert_array_equal(field(path, "SurfPres_Forecast_A"), field(path, "SurfPres_Forecast_D"))


@pytest.mark.parametrize("grid", ["standard", "TqJoint"])
@pytest.mark.parametrize("version", [7, 6])
def test_what_is_written_is_read(tmp_path: Path, version: int, grid: str) -> None:
    day, path = a_day(), tmp_path / granule_name("2022-09-05", version)
    write_granule(day, path, version=version)
    found = io.open_airs(path, region=Region(97.0, 27.0, 107.0, 34.0), grid=grid, with_counts=True)
    assert found.sizes == day.sizes
    assert found.attrs["simulated"] == 1
    assert found.attrs["product_version"] == {7: "7.0.7.0", 6: "6.0.31.0"}[version]
    for name in ("time", "orbit", "level", "lat", "lon", "window_start", "window_end"):
        np.testing.assert_array_equal(found[name], day[name])
    for name in ("co", "ch4", "co_sdev", "ch4_sdev", "surface_pressure", "topography"):
        np.testing.assert_array_equal(found[name], day[name])
    for name in ("co_count", "ch4_count"):
        np.testing.assert_array_equal(found[name], day[name].fillna(0))


@pytest.mark.parametrize("version", [7, 6])
def test_what_is_read_is_written_again_to_the_same_bytes(tmp_path: Path, version: int) -> None:
    name = granule_name("2022-09-05", version)
    write_granule(a_day().drop_vars("land_sea_mask"), tmp_path / name, version=version)
    (tmp_path / "again").mkdir()
    found = io.open_airs(tmp_path / name, region=Region(97.0, 27.0, 107.0, 34.0), with_counts=True)
    write_granule(found, tmp_path / "again" / name, version=version)
    assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_globe_goes_there_and_back(tmp_path: Path) -> None:
    lat, lon = np.arange(-89.5, 90), np.arange(-179.5, 180)
    day, path = a_day(lon, lat)[["co", "surface_pressure"]], tmp_path / granule_name("2022-09-05")
    write_granule(day, path)
    found = io.open_airs(path, gases=["co"])
    np.testing.assert_array_equal(found.co, day.co)
    np.testing.assert_array_equal(found.surface_pressure, day.surface_pressure)
    np.testing.assert_array_equal(found.lon, lon)


def test_a_window_of_its_own_is_kept(tmp_path: Path) -> None:
    day = a_day()
    day["window_start"] = day.window_start + np.timedelta64(90, "m")
    write_granule(day, tmp_path / "a.hdf")
    found = io.open_airs(tmp_path / "a.hdf")
    np.testing.assert_array_equal(found.window_start, day.window_start)
    write_granule(day.drop_vars(["window_start", "window_end"]), tmp_path / "b.hdf")
    np.testing.assert_array_equal(io.open_airs(tmp_path / "b.hdf").window_start, a_day().window_start)


@pytest.mark.parametrize("version", [7, 6])
def test_the_same_cube_gives_the_same_bytes(tmp_path: Path, version: int) -> None:
    name = granule_name("2022-09-05", version)
    for folder in ("a", "longer"):
        (tmp_path / folder).mkdir()
        write_granule(a_day(), tmp_path / folder / name, version=version)
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "longer" / name).read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == [name]


def test_real_data_are_not_called_simulated(tmp_path: Path) -> None:
    day = a_day()
    del day.attrs["simulated"]
    write_granule(day, tmp_path / "a.hdf")
    file = SD(str(tmp_path / "a.hdf"))
    assert "simulated" not in file.attributes()
    file.end()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda day: xr.concat([day, day.assign_coords(time=day.time + np.timedelta64(1, "D"))], "time"), "one time"),
        (lambda day: day.assign_coords(lat=day.lat + 0.25), "lat of cube holds 27.75"),
        (lambda day: day.assign_coords(lat=day.lat + 90), "lat of cube holds 117.5"),
        (lambda day: day.assign_coords(lon=day.lon + 0.5), "lon of cube holds 98"),
        (lambda day: day.assign_coords(level=day.level * 100), "level of cube holds 100000"),
        (lambda day: day.assign_coords(orbit=["up", "down"]), "orbit of cube .* got 'up'"),
        (lambda day: day.isel(level=0, drop=True), "no dimension 'level'"),
        (lambda day: day.assign(co2=day.co), "co2"),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of xarray's concat, on its defaults to come
def test_what_does_not_fit_is_named_and_nothing_is_left(tmp_path: Path, change, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        write_granule(change(a_day()), tmp_path / "a.hdf")
    assert not list(tmp_path.iterdir())


def test_unknown_version(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="version must be one of"):
        write_granule(a_day(), tmp_path / "a.hdf", version=5)
    with pytest.raises(ValueError, match="version must be one of"):
        granule_name("2022-09-05", 8)
