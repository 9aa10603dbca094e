"""Sources of known strength: mass in, mole fraction out, and the same mass back."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from gasquake.profiles import dry_mole_fraction, implied_mass
from gasquake.simulate.background import LEVELS
from gasquake.simulate.release import EPICENTRE, PLUME, RELEASE, Source
from gasquake.simulate.terrain import elevation, standard_pressure

SOURCES = pytest.mark.parametrize("source", [RELEASE, PLUME], ids=["release", "plume"])
LON, LAT = np.arange(93.5, 112.0), np.arange(20.5, 39.0)


def implied(gas: str, added: np.ndarray, lon: np.ndarray, lat: np.ndarray, ground: np.ndarray) -> np.ndarray:
    column = xr.Dataset(
        {
            gas: (("time", "level", "lat", "lon"), added, {"units": "mol mol-1"}),
            "surface_pressure": (("time", "lat", "lon"), ground, {"units": "hPa"}),
        },
        {"level": ("level", LEVELS, {"units": "hPa"}), "lat": lat, "lon": lon},
    )
    mean = dry_mole_fraction(column, gas)[f"x{gas}"]
    return implied_mass(mean, surface_pressure=column["surface_pressure"], gas=gas).values * 1e3


@SOURCES
@pytest.mark.parametrize("gas", ["co", "ch4"])
def test_the_mass_put_in_is_the_mass_implied(source: Source, gas: str) -> None:
    time = source.start[gas] + np.array([3, 30, 100, 200]) * np.timedelta64(1, "h")
    ground = np.repeat(standard_pressure(elevation(LON, LAT[:, np.newaxis]))[np.newaxis], 4, axis=0)
    added = source.added(gas, LON, LAT, time, ground)
    mass = implied(gas, added, LON, LAT, ground)
    np.testing.assert_allclose(mass.sum(axis=(1, 2)), source.resident_mass(gas, time), rtol=1e-6)
    np.testing.assert_allclose(
        mass, source.resident_mass(gas, time)[:, None, None] * source.footprint(LON, LAT, time), rtol=1e-9
    )


@given(st.floats(560.0, 1040.0), st.floats(0.0, 30.0))
def test_the_mass_holds_over_any_ground(pressure: float, days: float) -> None:
    time = RELEASE.start["co"] + np.array([int(days * 86400)]) * np.timedelta64(1, "s")
    ground = np.full((1, 2, 3), pressure)
    lon, lat = np.array([101.5, 102.5, 103.5]), np.array([29.5, 30.5])
    mass = implied("co", RELEASE.added("co", lon, lat, time, ground), lon, lat, ground)
    np.testing.assert_allclose(mass, RELEASE.resident_mass("co", time) * RELEASE.footprint(lon, lat, time), rtol=1e-9)


@SOURCES
def test_resident_mass_solves_its_equation(source: Source) -> None:
    start, day = source.start["ch4"], np.timedelta64(1, "D")
    length = float((source.end - start) / day)
    rate, tau = source.mass_per_day_kg["ch4"], source.residence_days

    def change(t: float, m: np.ndarray) -> np.ndarray:
        return rate * (t < length) - m / tau

    hours = np.arange(0, int((length + 3) * 24), 6)
    solved = solve_ivp(change, (0.0, length + 3), [0.0], t_eval=hours / 24.0, max_step=0.02, rtol=1e-8, atol=1.0)
    found = source.resident_mass("ch4", start + hours * np.timedelta64(1, "h"))
    np.testing.assert_allclose(found, solved.y[0], atol=rate * tau * 1e-3)
    assert source.resident_mass("ch4", np.array([start - day, start])).tolist() == [0.0, 0.0]


@SOURCES
def test_footprint_is_whole_and_does_not_depend_on_the_grid(source: Source) -> None:
    time = source.start["co"] + np.arange(0, 9, 2) * np.timedelta64(1, "D")
    whole = source.footprint(LON, LAT, time)
    np.testing.assert_allclose(whole.sum(axis=(1, 2)), 1.0, rtol=1e-6)
    part = source.footprint(LON[5:12], LAT[6:10], time)
    np.testing.assert_array_equal(part, whole[:, 6:10, 5:12])


def test_the_release_stays_near_its_fault_and_spreads_over_a_cell_or_two() -> None:
    time = RELEASE.start["ch4"] + np.arange(17) * np.timedelta64(1, "D")
    share = RELEASE.footprint(LON, LAT, time)
    row, column = np.argmin(np.abs(LAT - 29.5)), np.argmin(np.abs(LON - 102.5))
    assert (share[:, row, column] > 0.5 * share.max(axis=(1, 2))).all()
    x = (share.sum(axis=1) * LON).sum(axis=1)
    spread = np.sqrt((share.sum(axis=1) * (LON - x[:, None]) ** 2).sum(axis=1))
    assert ((spread > 1.0) & (spread < 1.6)).all()
    # The largest cell moves, and not only once.
    most = share.reshape(17, -1).argmax(axis=1)
    assert 3 <= len(set(most.tolist())) <= 9


def test_the_release_circles_and_does_not_spiral() -> None:
    time = RELEASE.start["ch4"] + np.arange(17) * np.timedelta64(1, "D")
    centre = RELEASE.centre(time)
    middle = RELEASE.strength @ RELEASE.points
    np.testing.assert_allclose(np.hypot(*(centre - middle).T), 0.5, rtol=1e-9)
    np.testing.assert_allclose(centre[12:], centre[:5], atol=1e-9)
    assert np.hypot(*(middle - EPICENTRE)) < 0.3


def test_the_release_falls_with_height_from_any_ground() -> None:
    for ground in (620.0, 755.0, 960.0, 1013.0):
        shape = RELEASE.shape(np.array([ground]))[0]
        assert (shape[ground < LEVELS] == 0.0).all()
        seen = shape[ground >= LEVELS]
        assert (np.diff(seen) < 0.0).all()
        # Log-pressure height 1.7 km above the ground: e-folding.
        assert np.interp(-np.log(ground * np.exp(-1.7 / 7.5)), -np.log(LEVELS), shape) == pytest.approx(
            np.exp(-1.0), abs=0.06
        )


def test_the_plume_is_aloft_and_nowhere_else() -> None:
    shape = PLUME.shape(np.array([755.0]))[0]
    assert LEVELS[shape > 0.0].tolist() == [500.0, 400.0, 300.0]
    assert LEVELS[shape.argmax()] == 400.0
    assert (PLUME.shape(np.array([450.0]))[0][LEVELS > 450.0] == 0.0).all()


def test_the_plume_reaches_from_dujiangyan_over_luding() -> None:
    time = PLUME.start["co"] + np.arange(1, 9) * np.timedelta64(1, "D")
    share = PLUME.footprint(LON, LAT, time)
    for lon, lat in ((103.5, 30.5), (102.5, 29.5)):
        cell = share[:, np.argmin(np.abs(LAT - lat)), np.argmin(np.abs(LON - lon))]
        assert (cell > 0.5 * share.max(axis=(1, 2))).all()
    far = share[:, np.argmin(np.abs(LAT - 35.5)), np.argmin(np.abs(LON - 95.5))]
    assert (far < 1e-3 * share.max(axis=(1, 2))).all()


def test_the_ground_is_that_of_the_standard_atmosphere() -> None:
    assert standard_pressure(0.0) == pytest.approx(1013.25)
    np.testing.assert_allclose(standard_pressure([1560.0, 3500.0, 4000.0, 4206.0]), [839, 658, 616, 600], atol=0.7)
    lon, lat = np.meshgrid(np.linspace(84, 120, 73), np.linspace(16, 44, 57))
    height = elevation(lon, lat)
    assert height.min() >= 0.0
    assert 4200.0 < height.max() < 4500.0
    assert elevation(100.5, 30.5) == pytest.approx(4014.0, abs=100.0)  # AIRS has 4014 m
