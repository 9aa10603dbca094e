"""Columns, mole fractions and implied masses against exact integrals and the check values of their definitions."""

from __future__ import annotations

import itertools
from typing import Any

import mpmath
import numpy as np
import pytest
import xarray as xr
from laziness import assert_lazy_and_equal, no_compute

from gasquake import profiles
from gasquake.units import AVOGADRO, EARTH_RADIUS_KM

PRESSURE = np.array(
    [1000.0, 925.0, 850.0, 700.0, 600.0, 500.0, 400.0, 300.0, 250.0, 200.0, 150.0, 100.0, 50.0, 10.0, 1.0]
)


def cube(values: Any, ps: Any, q: Any = None, pressure: np.ndarray = PRESSURE) -> xr.Dataset:
    level = ("level", pressure, {"units": "hPa"})
    values, ps = np.asarray(values), np.asarray(ps)
    dims = ("time", "lat", "lon")[: values.ndim - 1]
    ds = xr.Dataset(
        {
            "co": (("level", *dims), values, {"units": "mol mol-1", "long_name": "carbon monoxide"}),
            "surface_pressure": (dims[: ps.ndim], ps, {"units": "hPa"}),
        },
        {"level": level},
    )
    if q is not None:
        ds["q"] = (("level", *dims), np.asarray(q), {"units": "kg kg-1"})
    return ds


def exact(
    x: list[float], ps: float, q: list[float] | None = None, pressure: np.ndarray = PRESSURE
) -> tuple[float, float]:
    """Integrals of x (1 - q) dp and (1 - q) dp in 40 digits, level by level, by quadrature in ln p."""
    q = [0.0] * len(x) if q is None else q
    with mpmath.workdps(40):
        above = [k for k in np.argsort(-pressure) if pressure[k] <= ps]
        low = above[0]
        dry = (mpmath.mpf(ps) - mpmath.mpf(pressure[low])) * (1 - mpmath.mpf(q[low]))
        gas = dry * mpmath.mpf(x[low])
        for a, b in itertools.pairwise(above):
            la, lb = mpmath.log(pressure[a]), mpmath.log(pressure[b])

            def at(v: list[float], s: Any, ends: Any = (a, b, la, lb)) -> Any:
                a, b, la, lb = ends
                return mpmath.mpf(v[b]) + (mpmath.mpf(v[a]) - mpmath.mpf(v[b])) * (s - lb) / (la - lb)

            dry += mpmath.quad(lambda s, at=at: (1 - at(q, s)) * mpmath.exp(s), [lb, la])
            gas += mpmath.quad(lambda s, at=at: at(x, s) * (1 - at(q, s)) * mpmath.exp(s), [lb, la])
        return float(gas), float(dry)


@pytest.mark.parametrize("ps", [1013.25, 1000.0, 957.3, 853.0, 612.4])
@pytest.mark.parametrize("humid", [False, True])
def test_integral_is_exact(ps: float, humid: bool, rng: np.random.Generator) -> None:
    x = rng.uniform(5e-8, 2e-7, PRESSURE.size).tolist()
    q = rng.uniform(0.0, 0.02, PRESSURE.size).tolist() if humid else None
    gas, dry = exact(x, ps, q)
    ds = cube(x, ps, q)
    found = profiles.dry_mole_fraction(ds, "co")
    assert found.xco.item() == pytest.approx(gas / dry, rel=1e-13)
    assert found.co_observed_fraction.item() == 1.0
    moles = profiles.column(ds, "co").co_column_moles.item()
    assert moles == pytest.approx(gas * 100 / (9.80665 * 0.0289644), rel=1e-13)


def test_a_profile_linear_in_ln_p_has_a_closed_form() -> None:
    # x = a + b ln p: int x dp = [p (a - b + b ln p)]
    a, b, ps = 1.0e-7, -8e-9, 1000.0
    x = a + b * np.log(PRESSURE)
    whole = ps * (a - b + b * np.log(ps)) - 1.0 * (a - b)
    assert profiles.dry_mole_fraction(cube(x, ps), "co").xco.item() == pytest.approx(whole / 999.0, rel=1e-14)


def test_thin_layers_do_not_cancel() -> None:
    pressure = np.linspace(1000.0, 900.0, 2001)
    x, q = 1e-7 * pressure / 1000.0, 0.02 * pressure / 1000.0
    found = profiles.dry_mole_fraction(cube(x, 1000.0, q, pressure), "co").xco.item()
    # x linear in p (in ln p between levels 0.05 hPa apart: 1e-10 of it), (1 - q) too
    primitive = [p**2 / 2 * 1e-10 - p**3 / 3 * 2e-15 for p in (1000.0, 900.0)]
    dry = [p - p**2 / 2 * 2e-5 for p in (1000.0, 900.0)]
    assert found == pytest.approx((primitive[0] - primitive[1]) / (dry[0] - dry[1]), rel=1e-9)


def test_check_values_of_the_definition() -> None:
    ds = cube(np.ones((PRESSURE.size,)), 101.0, pressure=np.linspace(101.0, 1.0, PRESSURE.size))
    result = profiles.column(ds, "co")
    assert result.co_column.item() / 100.0 == pytest.approx(2.1201e22, rel=3e-5)
    assert result.co_column_moles.item() == pytest.approx(result.co_column.item() * 1e4 / AVOGADRO, rel=1e-15)
    assert result.co_column.attrs["units"] == "molecules cm-2"
    assert result.co_column_moles.attrs["units"] == "mol m-2"
    assert "column('co'" in result.attrs["history"]


def test_below_ground_is_ignored_whatever_it_holds() -> None:
    x = np.full((PRESSURE.size, 4), 1e-7)
    x[0], x[1] = [np.nan, 9999.0, np.inf, -np.inf], [np.inf, np.nan, 1.0, 0.0]
    found = profiles.dry_mole_fraction(cube(x, np.full(4, 900.0)), "co")
    np.testing.assert_allclose(found.xco, 1e-7, rtol=1e-15)
    np.testing.assert_array_equal(found.co_observed_fraction, 1.0)


def test_the_lowest_level_is_held_to_the_ground() -> None:
    x = np.full(PRESSURE.size, 1e-7)
    x[2] = 3e-7  # 850 hPa
    ground = (
        profiles.column(cube(x, 860.0), "co").co_column_moles - profiles.column(cube(x, 850.0), "co").co_column_moles
    )
    assert ground.item() == pytest.approx(3e-7 * 10 * 100 / (9.80665 * 0.0289644), rel=1e-9)


def test_missing_levels_are_neither_bridged_nor_hidden() -> None:
    x = np.full((PRESSURE.size, 4), 1e-7)
    x[4:] *= 2.0  # 600 hPa and above
    x[5, 1] = np.nan  # 500 hPa: nothing known between 600 and 400
    x[1, 2] = np.inf  # 925 hPa, the lowest above the ground: nothing known below 850
    x[:, 3] = np.nan
    ds = cube(x, np.full(4, 950.0))
    found = profiles.dry_mole_fraction(ds, "co", min_observed=0.0)
    np.testing.assert_allclose(found.co_observed_fraction, [1.0, 1 - 200 / 949, 1 - 100 / 949, 0.0], rtol=1e-14)
    layer = (1e-7 * 700 - 2e-7 * 600 + 1e-7 * 100 / np.log(7 / 6)) / 1.0
    parts = {"low": 100 * 1e-7, "850-700": 150e-7, "700-600": layer, "600-400": 200 * 2e-7, "400-1": 399 * 2e-7}
    assert found.xco[0].item() == pytest.approx(sum(parts.values()) / 949, rel=1e-12)
    assert found.xco[1].item() == pytest.approx((sum(parts.values()) - parts["600-400"]) / 749, rel=1e-12)
    assert found.xco[2].item() == pytest.approx((sum(parts.values()) - parts["low"]) / 849, rel=1e-12)
    assert np.isnan(found.xco[3])
    strict = profiles.dry_mole_fraction(ds, "co")  # 0.79 observed is not enough
    np.testing.assert_array_equal(np.isnan(strict.xco), [False, True, False, True])
    whole = profiles.column(ds, "co", min_observed=0.5)
    np.testing.assert_allclose(
        whole.co_column_moles,
        found.xco.where([True, True, True, False]) * 949 * 100 / (9.80665 * 0.0289644),
        rtol=1e-13,
    )


def test_humidity_that_is_missing_hides_the_layer() -> None:
    q = np.full(PRESSURE.size, 0.01)
    q[5] = np.nan
    found = profiles.dry_mole_fraction(cube(np.full(PRESSURE.size, 1e-7), 950.0, q), "co", min_observed=0.0)
    assert found.xco.item() == pytest.approx(1e-7, rel=1e-14)
    assert found.co_observed_fraction.item() == pytest.approx(0.79, abs=0.01)


@pytest.mark.parametrize("ps", [np.nan, np.inf, 0.5])
def test_no_ground_no_column(ps: float) -> None:
    found = profiles.column(cube(np.full((PRESSURE.size, 2), 1e-7), np.array([950.0, ps])), "co")
    for variable in found.data_vars.values():
        assert np.isfinite(variable[0])
        assert np.isnan(variable[1])


def test_order_of_levels_units_and_dims_do_not_matter(rng: np.random.Generator) -> None:
    x = rng.uniform(5e-8, 2e-7, (PRESSURE.size, 2, 3, 4))
    ps = rng.uniform(700, 1000, (2, 3, 4))
    ds = cube(x, ps, rng.uniform(0, 0.02, x.shape))
    wanted = profiles.dry_mole_fraction(ds, "co")
    assert wanted.xco.dims == ("time", "lat", "lon")
    xr.testing.assert_identical(profiles.dry_mole_fraction(ds.isel(level=slice(None, None, -1)), "co"), wanted)
    other = ds.copy()
    other["co"] = (ds.co * 1e9).assign_attrs(ds.co.attrs, units="ppb")
    other["surface_pressure"] = (ds.surface_pressure * 100).assign_attrs(units="Pa")
    other["q"] = (ds.q * 1000).assign_attrs(units="g/kg")
    other = other.assign_coords(level=("level", PRESSURE * 100, {"units": "Pa"})).transpose("lon", "level", ...)
    found = profiles.dry_mole_fraction(other, "co").transpose("time", "lat", "lon")
    np.testing.assert_allclose(found.xco, wanted.xco, rtol=1e-14)
    assert found.xco.attrs["units"] == "mol mol-1"
    renamed = profiles.dry_mole_fraction(ds.rename(q="humidity", level="plev"), "co", humidity="humidity")
    np.testing.assert_array_equal(renamed.xco, wanted.xco)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("function", [profiles.column, profiles.dry_mole_fraction])
def test_lazy_in_lazy_out_with_the_same_numbers(function: Any, dtype: str, rng: np.random.Generator) -> None:
    x = rng.uniform(5e-8, 2e-7, (PRESSURE.size, 4, 3, 5)).astype(dtype)
    x[rng.random(x.shape) < 0.02] = np.nan
    ds = cube(x, rng.uniform(700, 1000, (4, 3)).astype(dtype), rng.uniform(0, 0.02, x.shape).astype(dtype))
    eager = function(ds, "co", min_observed=0.5)
    for variable in eager.data_vars.values():
        assert variable.dtype == dtype
    for chunks in ({"time": 1, "level": 4}, {"lon": 2}):
        with no_compute():
            lazy = function(ds.chunk(chunks), "co", min_observed=0.5)
        assert_lazy_and_equal(lazy, eager)


def test_errors_name_what_is_missing() -> None:
    ds = cube(np.full(PRESSURE.size, 1e-7), 950.0)
    with pytest.raises(KeyError, match=r"no variable 'surface_pressure'; it has \['co'\]"):
        profiles.column(ds.drop_vars("surface_pressure"), "co")
    with pytest.raises(KeyError, match="no variable 'ch4'"):
        profiles.column(ds, "ch4")
    with pytest.raises(ValueError, match="surface_pressure must have units that convert to 'hPa', got 'K'"):
        profiles.column(ds.assign(surface_pressure=ds.surface_pressure.assign_attrs(units="K")), "co")
    with pytest.raises(ValueError, match="co must have units that convert to 'mol mol-1', got 'molecules cm-2'"):
        profiles.column(ds.assign(co=ds.co.assign_attrs(units="molecules cm-2")), "co")
    with pytest.raises(ValueError, match="co has no level dimension"):
        profiles.column(ds.rename(level="x").drop_vars("x"), "co")
    with pytest.raises(ValueError, match=r"min_observed must lie in 0\.\.1, got 2"):
        profiles.column(ds, "co", min_observed=2)
    with pytest.raises(ValueError, match="surface_pressure must not have the level dimension"):
        profiles.column(ds.assign(surface_pressure=xr.full_like(ds.co, 950.0).assign_attrs(units="hPa")), "co")
    with pytest.raises(ValueError, match="must be distinct and > 0"):
        profiles.column(ds.assign_coords(level=("level", PRESSURE - 1, {"units": "hPa"})), "co")
    with pytest.raises(ValueError, match="co must have at least one level"):
        profiles.column(ds.isel(level=slice(0, 0)), "co")
    with pytest.raises(TypeError, match=r"ds must be an xarray\.Dataset with 'co' and .*, got DataArray"):
        profiles.column(ds.co, "co")
    with pytest.raises(TypeError, match="min_observed must be a number, got 'half'"):
        profiles.column(ds, "co", min_observed="half")


# --- implied mass -----------------------------------------------------------------------------------------------------


def anomaly(
    value: float, unit: str = "ppb", *, lat: Any = (29.5, 30.5), lon: Any = (102.5, 103.5), name: str = "xco"
) -> xr.DataArray:
    coords = {"lat": list(lat), "lon": list(lon)}
    return xr.DataArray(np.full((len(lat), len(lon)), value), coords, ("lat", "lon"), name, {"units": unit})


def ground(like: xr.DataArray, value: float = 850.0) -> xr.DataArray:
    return xr.full_like(like, value).assign_attrs(units="hPa")


def test_check_values_of_implied_mass() -> None:
    co, ch4 = anomaly(1.0, lat=(29.5, 30.5)), anomaly(20.0, name="ch4")
    tonnes = profiles.implied_mass(co, surface_pressure=ground(co))
    assert tonnes.attrs["units"] == "t"
    assert tonnes.mean().item() == pytest.approx(90.0, abs=0.5)
    assert tonnes.mean().item() * 1e6 / 28.010 == pytest.approx(3.2e6, rel=0.01)
    kilotonnes = profiles.implied_mass(ch4, surface_pressure=ground(ch4)).mean().item() / 1e3
    assert kilotonnes == pytest.approx(1.0, abs=0.05)
    assert kilotonnes * 1e9 / 16.043 == pytest.approx(6.4e7, rel=0.01)


@pytest.mark.parametrize("lat", [np.arange(-89.5, 90), np.arange(89.5, -90, -1), np.arange(-90.0, 91)])
def test_cells_tile_the_sphere(lat: np.ndarray) -> None:
    grid = xr.Dataset(coords={"lat": lat, "lon": np.arange(-179.5, 180)})
    assert profiles.cell_area(grid).sum().item() == pytest.approx(4 * np.pi * 6.371e6**2, rel=1e-12)


@pytest.mark.parametrize("lon", [[178.5, 179.5, -179.5, -178.5], [-178.5, -179.5, 179.5], [358.5, 359.5, 0.5]])
def test_cells_across_the_seam_of_longitudes_are_as_wide_as_others(lon: list[float]) -> None:
    wanted = profiles.cell_area(xr.Dataset(coords={"lat": [29.5, 30.5], "lon": [102.5, 103.5]}))[:, :1].values
    found = profiles.cell_area(xr.Dataset(coords={"lat": [29.5, 30.5], "lon": lon}))
    np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), rtol=1e-12)
    np.testing.assert_array_equal(found.lon, lon)


def test_a_grid_whose_cells_have_no_area_is_refused() -> None:
    def area(lat: Any, lon: Any = None) -> xr.DataArray:
        return profiles.cell_area(xr.Dataset(coords={"lat": lat, "lon": lon or [102.5, 103.5]}))

    for lat in ([1.0, 3.0, 2.0], [1.0, 1.0], [1.0, np.nan, 3.0]):
        with pytest.raises(ValueError, match="coordinate 'lat' of the grid must be strictly monotonic"):
            area(lat)
    with pytest.raises(ValueError, match=r"coordinate 'lat' of the grid must lie in -90\.\.90, got 100"):
        area([100.0, 101.0])
    with pytest.raises(ValueError, match="coordinate 'lat' of the grid must hold degrees, got dtype <U1"):
        area(["a", "b"])
    radians = ("lat", [0.1, 0.2], {"units": "radians", "standard_name": "latitude"})
    with pytest.raises(ValueError, match="must hold degrees, got dtype float64 with units 'radians'"):
        area(radians)
    with pytest.raises(ValueError, match="coordinate 'lon' of the grid must be strictly monotonic"):
        area([1.0, 2.0], [102.5, 103.5, 103.5])


def test_bounds_spacing_and_given_areas_agree() -> None:
    one, two = anomaly(1.0, lat=(29.5,), lon=(102.5,)), anomaly(1.0)
    wanted = profiles.implied_mass(two, surface_pressure=ground(two))[0, 0].item()
    with pytest.raises(ValueError, match=r"1 cell\(s\) along 'lat', whose width is unknown; .* or give the area"):
        profiles.implied_mass(one, surface_pressure=ground(one))
    bounded = xr.Dataset(
        {"lat_bnds": (("lat", "nv"), [[29.0, 30.0]]), "lon_bnds": (("nv", "lon"), [[103.0], [102.0]])},
        {"lat": ("lat", [29.5], {"bounds": "lat_bnds"}), "lon": ("lon", [102.5], {"bounds": "lon_bnds"})},
    )
    area = profiles.cell_area(bounded)
    exact = (np.sin(np.deg2rad(30)) - np.sin(np.deg2rad(29))) * np.deg2rad(1) * EARTH_RADIUS_KM**2
    assert area.item() == pytest.approx(exact * 1e6, rel=1e-13)
    assert area.attrs["units"] == "m2"
    for given in (area, (area / 1e6).assign_attrs(units="km2"), xr.DataArray(exact, attrs={"units": "km2"})):
        found = profiles.implied_mass(one, surface_pressure=ground(one), area=given)
        assert found.item() == pytest.approx(wanted, rel=1e-12)
    with pytest.raises(ValueError, match="area must have units that convert to 'm2', got 'hPa'"):
        profiles.implied_mass(one, surface_pressure=ground(one), area=ground(one))
    with pytest.raises(ValueError, match="the grid has no coordinate 'lat'"):
        profiles.cell_area(two.drop_vars("lat"))


def test_implied_mass_lazy_dtype_and_sign(rng: np.random.Generator) -> None:
    co = anomaly(1.0, lat=np.arange(20.5, 25), lon=np.arange(100.5, 104)).expand_dims(time=3).copy()
    co = co.copy(data=rng.normal(size=co.shape)).astype("f4")
    eager = profiles.implied_mass(co, surface_pressure=ground(co[0]))
    assert eager.dtype == np.float32
    np.testing.assert_array_equal(np.sign(eager), np.sign(co))
    with no_compute():
        lazy = profiles.implied_mass(co.chunk(time=1, lat=2), surface_pressure=ground(co[0]).chunk(lon=2))
    assert_lazy_and_equal(lazy, eager)


def test_the_gas_must_be_known() -> None:
    for name, wanted in [("xco", 90), ("ch4", 51.6), ("xch4_anomaly", 51.6), ("CO2", 141.6), ("o3", 154.4)]:
        array = anomaly(1.0, name=name)
        assert profiles.implied_mass(array, surface_pressure=ground(array))[0, 0].item() == pytest.approx(
            wanted, rel=0.01
        )
    nameless = anomaly(1.0).rename(None)
    with pytest.raises(
        ValueError, match=r"gas must be one of 'co', 'ch4', 'co2', 'o3', and the name of anomaly \(None\)"
    ):
        profiles.implied_mass(nameless, surface_pressure=ground(nameless))
    with pytest.raises(ValueError, match="got 'so2'"):
        profiles.implied_mass(nameless, surface_pressure=ground(nameless), gas="so2")
    with pytest.raises(ValueError, match="anomaly must have units that convert to 'mol mol-1', got 'K'"):
        profiles.implied_mass(anomaly(1.0, "K"), surface_pressure=ground(nameless))
    with pytest.raises(ValueError, match="surface_pressure and anomaly have different coordinates along 'lat'"):
        profiles.implied_mass(anomaly(1.0), surface_pressure=ground(anomaly(1.0, lat=(30.5, 31.5))))
