"""AIRS granules in their real layouts, read into slices of a gas cube."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import airs_files as af
import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from gasquake.io import GranuleError, Refused, open_airs, open_granules
from gasquake.io.airs_writer import granule_name, write_granule
from gasquake.io.backend import AirsBackend
from gasquake.places import Region

WRITERS: dict[str, Callable[[Path], Path]] = {
    af.NAME_7: af.write_v7,
    af.NAME_6: af.write_v6,
    "subset.nc4": af.write_opendap_v7,
}
LAT, LON = np.arange(-85.0, 90.0, 10.0), np.arange(-175.0, 180.0, 10.0)


@pytest.fixture(scope="module")
def granules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("granules")
    return {name: write(folder / name) for name, write in WRITERS.items()}


@pytest.fixture(scope="module")
def whole(granules: dict[str, Path]) -> dict[str, xr.Dataset]:
    return {name: open_airs(path, gases=["co"]) for name, path in granules.items()}


@pytest.mark.parametrize("name", WRITERS)
def test_the_cube_keeps_its_contract(granules: dict[str, Path], name: str) -> None:
    cube = open_airs(granules[name])
    assert dict(cube.sizes) == {"time": 1, "orbit": 2, "level": 24, "lat": 18, "lon": 36}
    assert cube["co"].dims == ("time", "orbit", "level", "lat", "lon")
    assert list(cube["orbit"].values) == ["ascending", "descending"]
    np.testing.assert_array_equal(cube["level"], af.LEVELS)
    np.testing.assert_array_equal(cube["lat"], LAT)
    np.testing.assert_array_equal(cube["lon"], LON)
    assert cube["level"].attrs["units"] == "hPa"
    for gas in ("co", "ch4"):
        assert cube[gas].dtype == np.float32
        assert cube[gas].attrs["units"] == "mol mol-1"
        for orbit, letter in (("ascending", "A"), ("descending", "D")):
            np.testing.assert_array_equal(
                cube[gas].sel(orbit=orbit).values[0], af.truth(gas.upper(), letter, lat=LAT, lon=LON)
            )
        assert cube[gas].sel(lat=35, level=[1000, 925, 850, 700]).isnull().all()  # below ground
        assert cube[gas].sel(lat=35, lon=-95, level=600).notnull().all()
    for variable in cube.variables.values():
        if variable.dtype.kind == "f":
            assert not (variable.values == af.FILL).any()


@pytest.mark.parametrize("name", [af.NAME_7, af.NAME_6])
def test_both_grids_and_the_counts(granules: dict[str, Path], name: str) -> None:
    cube = open_airs(granules[name], gases=["ch4"], orbits=["descending"], grid="TqJoint", with_counts=True)
    expected = af.truth("CH4", "D", grid="TqJoint", lat=LAT, lon=LON)
    np.testing.assert_array_equal(cube["ch4"].values[0, 0], expected)
    assert cube["ch4_count"].dtype == np.int32
    np.testing.assert_array_equal(cube["ch4_count"].values[0, 0], np.where(np.isnan(expected), 0, 3))
    np.testing.assert_allclose(cube["ch4_sdev"].values[0, 0], expected * 0.1, rtol=1e-6)
    assert "co" not in cube


def test_the_times_are_those_of_the_soundings(granules: dict[str, Path]) -> None:
    for name in (af.NAME_7, "subset.nc4"):
        cube = open_airs(granules[name])
        assert cube["time"].values[0] == np.datetime64("2024-01-01")
        windows = {
            o: (cube["window_start"].sel(orbit=o), cube["window_end"].sel(orbit=o)) for o in cube["orbit"].values
        }
        assert windows["ascending"][0] == np.datetime64("2024-01-01T01:30")
        assert windows["ascending"][1] == np.datetime64("2024-01-02T01:30")
        assert windows["descending"][0] == np.datetime64("2023-12-31T13:30")
        assert windows["descending"][1] == np.datetime64("2024-01-01T13:30")
        assert cube.attrs["window_source"] == "attributes of the granule"
    nominal = open_airs(granules[af.NAME_6])
    assert nominal["window_start"].sel(orbit="descending") == np.datetime64("2015-12-29T13:30")
    assert nominal["window_end"].sel(orbit="ascending") == np.datetime64("2015-12-31T01:30")
    assert "nominal" in nominal.attrs["window_source"]


def test_surface_pressure_from_the_forecast_else_the_topography(granules: dict[str, Path]) -> None:
    forecast = open_airs(granules[af.NAME_7])["surface_pressure"]
    assert forecast.sel(lat=-5, lon=5).values[0] == pytest.approx([1010.0, 1010.0])
    assert forecast.sel(lat=5, lon=175).values[0] == pytest.approx([1013.25, 1013.25])  # fill in the forecast
    assert "forecast" in forecast.attrs["source"]
    assert "topography" in forecast.attrs["source"]
    standard = open_airs(granules[af.NAME_6])
    assert standard["surface_pressure"].attrs["source"].startswith("the standard atmosphere")
    assert not standard["surface_pressure"].isnull().any()
    assert standard["topography"].attrs["units"] == "m"


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "region",
    [Region(97, 27, 127, 54), Region(150, -40, -130, 40), Region(-180, 60, 180, 90), Region(340, -10, 360, 10)],
)
def test_a_region_is_the_same_cells_of_the_whole(granules: dict[str, Path], name: str, region: Region) -> None:
    part = open_airs(granules[name], region=region, with_counts=True)
    whole = region.select(open_airs(granules[name], with_counts=True))
    xr.testing.assert_identical(part.drop_attrs(deep=False), whole.drop_attrs(deep=False))
    assert (np.diff(part["lon"]) > 0).all()


EDGES = st.tuples(st.floats(-180, 180), st.floats(-90, 79), st.floats(11, 349), st.floats(11, 180))


@given(name=st.sampled_from(sorted(WRITERS)), edges=EDGES)
def test_any_region_is_the_same_cells_of_the_whole(
    granules: dict[str, Path], whole: dict[str, xr.Dataset], name: str, edges: tuple[float, float, float, float]
) -> None:
    west, south, width, height = edges
    east = west + width if west + width <= 360 else west + width - 360
    region = Region(west, south, east, min(90.0, south + height))
    part = open_airs(granules[name], region=region, gases=["co"])
    xr.testing.assert_identical(part.drop_attrs(deep=False), region.select(whole[name]).drop_attrs(deep=False))
    assert (np.diff(part["lon"]) > 0).all()


def test_a_subset_may_be_one_level_of_one_cell(tmp_path: Path) -> None:
    path = af.write_v6(tmp_path / af.NAME_6, grids=("standard",))
    with h5py.File(path) as whole, h5py.File(tmp_path / "one.nc", "w") as one:
        for name, at in {"StdPressureLev": 5, "Latitude": 3, "Longitude": 20}.items():
            one.create_dataset(name, data=whole[name][at : at + 1]).make_scale(name)
        data = one.create_dataset("CH4_VMR_D", data=whole["CH4_VMR_D"][5:6, 3:4, 20:21])
        for axis, name in enumerate(("StdPressureLev", "Latitude", "Longitude")):
            data.dims[axis].attach_scale(one[name])
        one.attrs["location.Year"], one.attrs["location.Month"], one.attrs["location.Day"] = 2015, 12, 30
        expected = whole["CH4_VMR_D"][5, 3, 20]
    cube = open_airs(tmp_path / "one.nc", gases=["ch4"], orbits=["descending"])
    assert cube["ch4"].shape == (1, 1, 1, 1, 1)
    assert cube["ch4"].item() == expected
    assert (cube["level"].item(), cube["lat"].item(), cube["lon"].item()) == (500.0, 55.0, 25.0)
    assert cube["time"].values[0] == np.datetime64("2015-12-30")


def test_one_layer_without_a_pressure_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / af.NAME_6, "w") as file:
        for name, values in {"Latitude": LAT, "Longitude": LON}.items():
            file.create_dataset(name, data=values).make_scale(name)
        data = file.create_dataset("CO_VMR_A", data=np.full((18, 36), 1e-7, dtype="f4"))
        for axis, name in enumerate(("Latitude", "Longitude")):
            data.dims[axis].attach_scale(file[name])
    with pytest.raises(GranuleError, match="does not say at which pressure"):
        open_airs(tmp_path / af.NAME_6, gases=["co"], orbits=["ascending"])


@pytest.mark.parametrize("version", [7, 6])
def test_what_the_writer_writes_is_read_back(tmp_path: Path, version: int) -> None:
    lat, lon = np.arange(20.5, 40), np.arange(170.5, 190)
    values = np.stack([af.truth("CO", orbit, lat=lat, lon=lon) for orbit in "AD"])[None]
    dims = ("time", "orbit", "level", "lat", "lon")
    start = np.array([["2022-09-05T01:30", "2022-09-04T13:30"]], dtype="datetime64[ns]")
    cube = xr.Dataset(
        {
            "co": (dims, values),
            "co_count": (dims, np.where(np.isnan(values), 0, 7).astype("i4")),
            "surface_pressure": (("lat", "lon"), np.full((20, 20), 900.0, dtype="f4")),
            "topography": (("lat", "lon"), np.full((20, 20), 1000.0, dtype="f4")),
        },
        {
            "time": np.array(["2022-09-05"], dtype="datetime64[ns]"), "orbit": ["ascending", "descending"],
            "level": af.LEVELS, "lat": lat, "lon": lon,
            "window_start": (("time", "orbit"), start),
            "window_end": (("time", "orbit"), start + np.timedelta64(1, "D")),
        },
        {"simulated": 1},
    )  # fmt: skip
    cube["co_sdev"] = cube["co"] * np.float32(0.5)
    path = tmp_path / granule_name("2022-09-05", version)
    write_granule(cube, path, version=version)
    region = Region(170, 20, -170, 40)
    for grid in ("standard", "TqJoint"):
        read = open_airs(path, gases=["co"], region=region, grid=grid, with_counts=True)
        for name in ("co", "co_count", "co_sdev"):
            np.testing.assert_array_equal(read[name], cube[name])
        assert (read["surface_pressure"] == 900.0).all()
        for name in ("lon", "time", "window_start", "window_end"):
            np.testing.assert_array_equal(read[name], cube[name])
        assert read.attrs["simulated"] == 1
        assert read.attrs["window_source"].startswith("attributes" if version == 7 else "nominal")


def test_giovanni_has_one_field_and_says_so(tmp_path: Path) -> None:
    path = af.write_giovanni(tmp_path / "renamed.nc")
    cube = open_airs(path, gases=["co"], orbits=["ascending"])
    np.testing.assert_array_equal(cube["co"].values[0, 0], af.truth("CO", "A", lat=LAT, lon=LON))
    assert cube["time"].values[0] == np.datetime64("2015-10-01")
    assert cube["surface_pressure"].isnull().all()
    assert cube["surface_pressure"].attrs["source"].startswith("unknown")
    with pytest.raises(GranuleError, match=r"has no CO_VMR_D; of gases it holds CO_VMR_A"):
        open_airs(path)


def test_the_name_survives_in_the_metadata(tmp_path: Path) -> None:
    cube = open_airs(af.write_v7(tmp_path / "x", location=False, grids=("standard",)), gases=["co"])
    assert cube["time"].values[0] == np.datetime64("2024-01-01")
    assert cube.attrs["product_version"] == "7.0.7.0"
    with pytest.raises(GranuleError, match="does not say its date"):
        open_airs(af.write_v7(tmp_path / "y", location=False, metadata=False), gases=["co"])


def test_a_monthly_granule_is_refused(tmp_path: Path) -> None:
    path = af.write_v7(tmp_path / af.NAME_7, date=(2024, 1, 1, 31), grids=("standard",))
    with pytest.raises(GranuleError, match="a mean over 31 days"):
        open_airs(path)


def test_xarray_opens_a_granule(granules: dict[str, Path]) -> None:
    path = granules[af.NAME_7]
    with xr.open_dataset(path, engine=AirsBackend, gases=["co"], drop_variables="topography") as cube:
        assert "topography" not in cube
        xr.testing.assert_equal(cube["co"], open_airs(path)["co"])
    backend = AirsBackend()
    assert backend.guess_can_open(path)
    assert backend.guess_can_open(str(granules[af.NAME_6]))
    assert not backend.guess_can_open("MOD11A1.hdf")
    assert not backend.guess_can_open(b"AIRS")


def test_many_granules_make_one_cube(tmp_path: Path, granules: dict[str, Path]) -> None:
    other = af.write_giovanni(tmp_path / "wrong.nc")
    again = tmp_path / "again.hdf"
    again.write_bytes(granules[af.NAME_7].read_bytes())
    coarse = af.write_v7(tmp_path / "coarse.hdf", step=30, date=(2024, 1, 2, 1), windows={})
    refused: list[Refused] = []
    paths = [granules[af.NAME_7], again, other, granules[af.NAME_6], coarse, tmp_path / "absent.hdf"]
    cube = open_granules(paths, on_refused=refused.append)
    np.testing.assert_array_equal(cube["time"], np.array(["2015-12-30", "2024-01-01"], dtype="datetime64[ns]"))
    assert cube["topography"].dims == ("lat", "lon")
    assert cube["window_start"].dims == ("time", "orbit")
    assert cube.attrs["product_version"] == "6.0.31.0; 7.0.7.0"
    assert [r.path for r in refused] == [again, other, coarse, tmp_path / "absent.hdf"]
    for reason, text in zip(refused, ("already", "no CO_VMR_D", "its lat", "no such file"), strict=True):
        assert text in reason.reason
    with pytest.raises(GranuleError, match="holds already"):
        open_granules(paths)
    with pytest.raises(GranuleError, match="none of 1 files"):
        open_granules([other], on_refused=refused.append)
    with pytest.raises(ValueError, match="paths is empty"):
        open_granules([])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gases": "co"}, "gases must be a sequence"),
        ({"gases": ["co2"]}, "gases must be a sequence"),
        ({"gases": []}, "gases must be a sequence"),
        ({"orbits": ["ascending", "ascending"]}, "each once"),
        ({"grid": "TqJ"}, "grid must be one of"),
        ({"region": Region(100.1, 31, 100.2, 31.1)}, "no cell lies in the region"),
    ],
)
def test_wrong_arguments_are_named(granules: dict[str, Path], arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        open_airs(granules[af.NAME_7], **arguments)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="region must be"):
        open_airs(granules[af.NAME_7], region=(97, 27, 107, 34))  # type: ignore[arg-type]


def test_errors_travel_between_processes() -> None:
    error = GranuleError("a.hdf", "it is empty")
    back = pickle.loads(pickle.dumps(error))
    assert (str(back), back.path, back.reason) == ("a.hdf: it is empty", Path("a.hdf"), "it is empty")


def test_it_reads_the_names_of_the_real_granule(shared_data: Path) -> None:
    """The fixture's fields, dimensions and groups are those of the structure of a real version-7 granule."""
    (dmr,) = (shared_data / "airs").glob("*.hdf.dmr")
    text = dmr.read_text(encoding="latin-1")
    for name in ("CO_VMR_A", "CO_VMR_A_ct", "CO_VMR_TqJ_D_sdev", "CH4_VMR_TqJ_A", "SurfPres_Forecast_TqJ_D"):
        assert f'<Float32 name="{name}">' in text
    for name in ("XDim_ascending", "YDim_ascending", "StdPressureLev_descending_TqJoint"):
        assert f'<Dimension name="{name}"' in text
    for name, value in af.WINDOWS.items():
        assert f'name="{name}"' in text
        assert value in text
