"""The trend from year to year, beside scipy's Theil-Sen slope."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from gasquake.trend import remove_trend


def archive(years: int = 11, days: int = 20, cells: int = 3, *, slope: float = 8e-9, seed: int = 0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    time = np.concatenate(
        [np.arange(days) + np.datetime64(f"{2012 + y}-08-01", "ns").astype("datetime64[D]") for y in range(years)]
    )
    values = 1.85e-6 + slope * np.repeat(np.arange(years), days) + 2e-8 * rng.normal(size=(cells, years * days))
    values[rng.random(values.shape) < 0.3] = np.nan
    return xr.DataArray(
        values, {"time": time.astype("datetime64[ns]")}, ("cell", "time"), name="ch4", attrs={"units": "mol mol-1"}
    )


def test_the_slope_is_that_of_theil_and_sen_on_yearly_means() -> None:
    values = archive()
    year = values.time.dt.year
    found = remove_trend(values)
    for cell in range(values.sizes["cell"]):
        means = values[cell].groupby(year).mean()
        slope = stats.theilslopes(means.values, means.year.values).slope
        expected = values[cell] - slope * (year - np.unique(year).mean())
        np.testing.assert_allclose(found[cell], expected, rtol=1e-12)


def test_an_episode_in_one_year_hardly_moves_it() -> None:
    calm = archive()
    shaken = calm.copy()
    shaken[:, -15:] += 1e-7  # five times the noise, on most days of the last year
    moved = remove_trend(shaken) - remove_trend(calm)
    assert float(moved[:, -15:].min()) > 0.9e-7
    assert float(abs(moved[:, :-20]).max()) < 0.1e-7


def test_few_years_and_missing_years_leave_the_values() -> None:
    values = archive(years=3)
    np.testing.assert_array_equal(remove_trend(values), values)
    gappy = archive()
    gappy[0] = np.nan
    gappy[1, 60:] = np.nan  # three years left
    found = remove_trend(gappy)
    assert bool(found[0].isnull().all())
    np.testing.assert_array_equal(found[1], gappy[1])


def test_attributes_type_and_order_are_kept() -> None:
    values = archive().astype(np.float32).transpose("time", "cell")
    found = remove_trend(values)
    assert found.dims == ("time", "cell") and found.dtype == np.float32 and found.name == "ch4"  # noqa: PT018
    assert found.attrs["units"] == "mol mol-1"
    assert "remove_trend" in found.attrs["history"]


def test_chunked_is_lazy_and_the_same() -> None:
    values = archive()
    lazy = remove_trend(values.chunk({"cell": 1, "time": -1}))
    assert lazy.chunks is not None
    np.testing.assert_array_equal(lazy.compute(), remove_trend(values))


def test_without_dates_it_says_so() -> None:
    with pytest.raises(ValueError, match="time"):
        remove_trend(xr.DataArray(np.zeros(4), dims="x"))
