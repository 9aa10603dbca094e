"""The accessor is opt-in, and says what the functions say."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

import gasquake.accessor  # noqa: F401
from gasquake import anomalies, profiles, simulate, stages
from gasquake.places import Region


@pytest.fixture(scope="module")
def cube() -> xr.Dataset:
    return simulate.luding(years=0, region=Region(100.0, 28.0, 104.0, 31.0)).cube


def test_importing_gasquake_registers_nothing() -> None:
    code = "import xarray, gasquake.study, gasquake.profiles; print(hasattr(xarray.Dataset, 'gasquake'))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_methods_are_the_functions(cube: xr.Dataset) -> None:
    mine = cube.gasquake
    assert mine.gases == ["co", "ch4"]
    xr.testing.assert_identical(mine.dry_mole_fraction("co"), profiles.dry_mole_fraction(cube, "co")["xco"])
    found = mine.rolling_zscore("co", 7, min_count=4)
    xr.testing.assert_identical(found, anomalies.rolling_zscore(cube["co"], 7, min_count=4))
    judged = mine.scan_profiles(found)
    assert judged["verdict"].dims == ("time", "orbit", "lat", "lon")
    small = mine.select(Region(101.0, 29.0, 103.0, 31.0))
    assert small.sizes["lat"] == 2
    origin = np.datetime64("2022-09-05T04:52:18")
    windows = stages.stages_from_preset("default", origin_time=origin)
    means = mine.stage_means(windows, longitude=102.08, origin_time=origin)
    xr.testing.assert_identical(means, stages.stage_means(cube, windows, longitude=102.08, origin_time=origin))


def test_seasonal(cube: xr.Dataset) -> None:
    found = cube.gasquake.seasonal_zscore("ch4", min_count=3, exclude_own_year=False)
    xr.testing.assert_identical(found, anomalies.seasonal_zscore(cube["ch4"], min_count=3, exclude_own_year=False))
