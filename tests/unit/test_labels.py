"""Finding dims, reading units, applying functions: `gasquake._labelled` and `gasquake.units`."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from laziness import assert_lazy_and_equal, no_compute

from gasquake import _labelled, units

DAYS = np.datetime64("2022-08-30", "ns") + np.arange(3) * np.timedelta64(1, "D")


def cube(**coords: object) -> xr.DataArray:
    return xr.DataArray(np.zeros((3, 2)), dims=("a", "b"), coords=coords)


@pytest.mark.parametrize(
    ("role", "attrs"),
    [
        ("time", {"axis": "T"}),
        ("time", {"standard_name": "time"}),
        ("level", {"axis": "Z"}),
        ("level", {"standard_name": "air_pressure"}),
        ("level", {"units": "Pa"}),
        ("level", {"units": "millibar"}),
        ("lat", {"axis": "Y"}),
        ("lat", {"standard_name": "latitude"}),
        ("lat", {"units": "degrees_north"}),
        ("lon", {"axis": "X"}),
        ("lon", {"standard_name": "longitude"}),
        ("lon", {"units": "degree_E"}),
    ],
)
def test_dim_is_found_by_cf_attributes_before_its_name(role: str, attrs: dict[str, str]) -> None:
    array = xr.DataArray(np.zeros((3, 2)), dims=("a", role), coords={"a": ("a", [1.0, 2.0, 3.0], attrs)})
    assert _labelled.find_dim(array, role, "values") == "a"


@pytest.mark.parametrize(
    ("role", "name"),
    [("time", "time"), ("time", "Day"), ("level", "lev"), ("level", "plev"), ("lat", "Latitude"), ("lon", "lon")],
)
def test_dim_is_found_by_name(role: str, name: str) -> None:
    array = xr.DataArray(np.zeros((3, 2)), dims=("other", name))
    assert _labelled.find_dim(array, role, "values") == name


def test_metres_are_no_latitude() -> None:
    with pytest.raises(ValueError, match="values has no lat dimension"):
        _labelled.find_dim(cube(a=("a", [0.0, 1e3, 2e3], {"axis": "Y", "units": "m"})), "lat", "values")


def test_time_is_found_by_the_type_of_its_coordinate() -> None:
    assert _labelled.find_dim(cube(a=DAYS), "time", "values") == "a"


def test_cftime_is_time() -> None:
    cftime = pytest.importorskip("cftime")
    dates = [cftime.DatetimeNoLeap(2020, 1, d) for d in (1, 2, 3)]
    assert _labelled.find_dim(cube(a=dates), "time", "values") == "a"


def test_another_coordinate_along_the_dim_is_the_last_resort() -> None:
    array = cube().assign_coords(pressure=("b", [900.0, 500.0], {"units": "hPa"}))
    assert _labelled.find_dim(array, "level", "values") == "b"
    # ... and does not make an installation date a time axis where there is a real one
    stations = xr.DataArray(np.zeros((3, 2)), dims=("time", "station"), coords={"installed": ("station", DAYS[:2])})
    assert _labelled.find_dim(stations, "time", "values") == "time"


def test_explicit_dim_wins_and_must_exist() -> None:
    array = cube(a=DAYS)
    assert _labelled.find_dim(array, "time", "values", dim="b") == "b"
    with pytest.raises(ValueError, match=r"values has no dimension 'z'; it has \('a', 'b'\)"):
        _labelled.find_dim(array, "time", "values", dim="z")


def test_no_dim_or_several_is_an_error_that_says_how_to_mend_it() -> None:
    with pytest.raises(ValueError, match=r"values has no time dimension.*\('a', 'b'\).*axis"):
        _labelled.find_dim(cube(), "time", "values")
    with pytest.raises(ValueError, match=r"several time dimensions: \('a', 'b'\)"):
        _labelled.find_dim(cube(a=DAYS, b=DAYS[:2]), "time", "values")


def test_pressure_is_converted_and_must_have_units() -> None:
    array = cube(a=("a", [92500.0, 85000.0, 70000.0], {"units": "Pa"}))
    np.testing.assert_array_equal(_labelled.pressure_levels(array, "a", "values"), [925.0, 850.0, 700.0])
    with pytest.raises(ValueError, match=r"no coordinate along 'a' with units of pressure \(found \{'a': None\}\)"):
        _labelled.pressure_levels(cube(a=[925.0, 850.0, 700.0]), "a", "values")
    with pytest.raises(ValueError, match=r"found \{'a': 'K'\}"):
        _labelled.pressure_levels(cube(a=("a", [1.0, 2.0, 3.0], {"units": "K"})), "a", "values")


def test_pressure_beside_the_level_index() -> None:
    beside = ("a", [925.0, 850.0, 700.0], {"units": "hPa"})
    array = cube(a=[0, 1, 2]).assign_coords(pressure=beside)
    np.testing.assert_array_equal(_labelled.pressure_levels(array, "a", "values"), [925.0, 850.0, 700.0])
    with pytest.raises(ValueError, match=r"several pressure coordinates along 'a': \['pressure', 'other'\]"):
        _labelled.pressure_levels(array.assign_coords(other=beside), "a", "values")
    with pytest.raises(ValueError, match=r"'pressure' is chunked; load it first"):
        _labelled.pressure_levels(array.assign_coords(pressure=array.pressure.chunk()), "a", "values")


@pytest.mark.parametrize(
    ("value", "unit", "to", "wanted"),
    [
        (92500.0, "Pa", "hPa", 925.0),
        (70.1, "kPa", "hPa", 701.0),
        (1.0, "mbar", "hPa", 1.0),
        (2.0, "ppm", "mol mol-1", 2e-6),
        (100.0, "nmol/mol", "mol mol-1", 1e-7),
        (1e-7, "mol mol^-1", "ppbv", 100.0),
        (1e-7, "mol.mol-1", "ppb", 100.0),
        (12.0, "g kg-1", "kg kg-1", 0.012),
        (3.0, "1e-9", "mole mole-1", 3e-9),
        (5.0, "K", "K", 5.0),
    ],
)
def test_units_convert_to_the_nearest_number(value: float, unit: str, to: str, wanted: float) -> None:
    assert units.convert(value, unit, to, "values") == wanted


@pytest.mark.parametrize(("unit", "to"), [("K", "hPa"), ("ppb", "hPa"), ("hPa", "mol mol-1"), ("", "hPa")])
def test_wrong_units_name_the_argument(unit: str, to: str) -> None:
    with pytest.raises(ValueError, match=f"surface_pressure must have units that convert to '{to}', got '{unit}'"):
        units.convert(1.0, unit, to, "surface_pressure")


def test_conversion_keeps_float32_and_laziness() -> None:
    array = xr.DataArray(np.float32([1, 2]), dims="x", attrs={"units": "Pa"})
    assert _labelled.with_units(array, "values", "hPa").dtype == np.float32
    with no_compute():
        assert _labelled.with_units(array.chunk(), "values", "hPa").chunks is not None


def test_missing_units_and_types_are_named() -> None:
    with pytest.raises(ValueError, match=r'surface_pressure has no units; .*attrs\["units"\] = "hPa"'):
        _labelled.with_units(cube(), "surface_pressure", "hPa")
    with pytest.raises(TypeError, match="got a Dataset; take one variable of it, as in ds\\['ch4'\\]"):
        _labelled.require_dataarray(xr.Dataset({"ch4": cube()}), "values")
    with pytest.raises(TypeError, match=r"got ndarray; for bare arrays use gasquake\.kernels"):
        _labelled.require_dataarray(np.zeros(3), "values")


@pytest.mark.parametrize("dtype", [bool, complex, "U3", object, "datetime64[ns]"])
def test_values_that_are_no_numbers_are_refused(dtype: object) -> None:
    with pytest.raises(TypeError, match=r"values must hold real numbers .* got dtype"):
        _labelled.float_dtype(xr.DataArray(np.zeros(2).astype(dtype), dims="x"), "values")


@pytest.mark.parametrize(
    ("dtype", "wanted"),
    [("f2", "f4"), ("f4", "f4"), (">f4", "f4"), ("f8", "f8"), (">f8", "f8"), ("i4", "f8"), ("u1", "f8")],
)
def test_float_type_of_the_answer(dtype: str, wanted: str) -> None:
    found = _labelled.float_dtype(xr.DataArray(np.zeros(2, dtype), dims="x"), "values")
    assert found == np.dtype(wanted)
    assert found.isnative


def test_grids_must_be_the_same() -> None:
    values = cube(a=[1.0, 2.0, 3.0])
    _labelled.check_aligned(values, "values", sigma=values.isel(b=0), ps=None)
    with pytest.raises(ValueError, match=r"sigma has dimension\(s\) \['c'\] which values has not"):
        _labelled.check_aligned(values, "values", sigma=values.expand_dims(c=2))
    with pytest.raises(ValueError, match="sigma has 2 elements along 'a', values has 3"):
        _labelled.check_aligned(values, "values", sigma=values.isel(a=[0, 1]))
    with pytest.raises(ValueError, match="sigma and values have different coordinates along 'a'"):
        _labelled.check_aligned(values, "values", sigma=values.assign_coords(a=[1.0, 2.0, 3.5]))


def test_apply_broadcasts_keeps_coordinates_and_dim_order_eager_as_lazy() -> None:
    rng = np.random.default_rng(1)
    values = xr.DataArray(
        rng.random((2, 3, 4, 5)),
        dims=("orbit", "level", "lat", "lon"),
        coords={
            "orbit": ["ascending", "descending"],
            "level": ("level", [3.0, 2.0, 1.0], {"units": "hPa"}),
            "lat": ("lat", np.arange(4.0), {"units": "degrees_north"}),
            "mask": (("lat", "lon"), np.ones((4, 5))),
            "height": (("level", "lat"), np.ones((3, 4))),
            "run": 7,
        },
    )
    weight = xr.DataArray(rng.random((3, 4)), dims=("level", "lat"))
    ground = xr.DataArray(rng.random((5, 2)), dims=("lon", "orbit"))

    def function(x: np.ndarray, w: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
        return [(x * w).sum(axis=-1) * g, np.broadcast_to(g > 0.5, x.shape[:-1])]

    outputs = {"total": np.float64, "flag": np.bool_}
    core = [["level"], ["level"], []]
    eager = _labelled.apply(function, [values, weight, ground], core, outputs)
    xr.testing.assert_allclose(
        eager["total"], ((values * weight).sum("level") * ground).transpose("orbit", "lat", "lon")
    )
    assert eager["total"].dims == ("orbit", "lat", "lon")
    assert set(eager.coords) == {"orbit", "lat", "mask", "run"}
    assert eager.lat.attrs == {"units": "degrees_north"}
    with no_compute():
        lazy = _labelled.apply(
            function, [values.chunk({"level": 1, "lon": 2}), weight.chunk({"lat": 3}), ground], core, outputs
        )
    assert_lazy_and_equal(lazy, eager)


def test_apply_keeps_a_core_dim_in_its_place() -> None:
    values = xr.DataArray(np.arange(6.0).reshape(3, 2), dims=("time", "x"), coords={"time": DAYS})
    eager = _labelled.apply(lambda a: (np.cumsum(a, -1),), [values], [["time"]], {"sum": float}, out_core=["time"])
    np.testing.assert_array_equal(eager["sum"], np.cumsum(values.values, axis=0))
    assert eager["sum"].dims == ("time", "x")
    with no_compute():
        lazy = _labelled.apply(
            lambda a: (np.cumsum(a, -1),), [values.chunk(time=1)], [["time"]], {"sum": float}, out_core=["time"]
        )
    assert_lazy_and_equal(lazy, eager)


def test_history_grows_by_one_line() -> None:
    array = cube().assign_attrs(history="read")
    first, second = _labelled.history(array, "f(x=1)").split("\n")
    assert first == "read"
    assert second.startswith("gasquake ")
    assert second.endswith(": f(x=1)")
    assert "\n" not in _labelled.history(cube(), "f(x=1)")


def test_a_coordinate_called_like_a_result_is_an_error_that_names_it() -> None:
    array = xr.DataArray(np.zeros((3, 2)), {"time": [0, 1, 2], "count": 7.0}, ("time", "lat"))
    with pytest.raises(
        ValueError, match=r"has a coordinate or dimension 'count', .* as in \.rename\(\{'count': 'count_'"
    ):
        _labelled.apply(lambda a: (a, a), [array], [["time"]], {"anomaly": float, "count": float}, out_core=["time"])
    with pytest.raises(ValueError, match="dimension 'lat'"):
        _labelled.apply(lambda a: (a,), [array], [["time"]], {"lat": float}, out_core=["time"])
    # One that goes with its dim is in nobody's way.
    wide = array.drop_vars("count").assign_coords(count=("time", [1, 2, 3]))
    assert "count" in _labelled.apply(lambda a: (a.sum(-1),), [wide], [["time"]], {"count": float})
