"""Placebos: the statistics against plain loops, the choice against its own rules, and p-values that are uniform."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from gasquake.places import Event, distance_km
from gasquake.profiles import ProfileVerdict
from gasquake.study import placebo, screening
from gasquake.study.config import PlaceboConfig

EVENT = Event(np.datetime64("2022-09-05T04:52:18"), 102.08, 29.59, magnitude=6.8)
YEARS = np.arange(2012, 2023)
finite = st.floats(-1e6, 1e6, width=32)


def grid(lat: tuple[float, float], lon: tuple[float, float], step: float = 1.0) -> dict[str, Any]:
    return {"lat": np.arange(lat[0], lat[1], step) + step / 2, "lon": np.arange(lon[0], lon[1], step) + step / 2}


def scores_on(coords: dict[str, Any], *, seed: int = 0, years: Any = YEARS) -> xr.DataArray:
    shape = (len(years), coords["lat"].size, coords["lon"].size)
    values = np.random.default_rng(seed).normal(size=shape)
    return xr.DataArray(values, {"year": years, **coords}, ("year", "lat", "lon"))


# --- Rank -------------------------------------------------------------------------------------------------------------


def test_rank_by_hand() -> None:
    found = placebo.rank(2.0, np.array([0.0, 1.0, 2.0, 3.0, np.nan]), n_effective=5.0)
    assert found.n == 4
    assert found.n_effective == 4.0  # the missing one is worth nothing
    assert found.p_value == pytest.approx(3 / 5)  # two of four have as much, and the event itself
    assert found.smallest_p == pytest.approx(1 / 5)
    low, high = stats.binomtest(2, 4).proportion_ci(0.95, method="exact")
    assert (found.p_low, found.p_high) == pytest.approx((low, high))


def test_the_effective_number_is_the_floor() -> None:
    found = placebo.rank(9.0, np.zeros(199), n_effective=19.0)
    assert found.p_value == found.smallest_p == pytest.approx(0.05)
    assert found.p_low == 0.0
    assert placebo.rank(9.0, np.zeros(199), n_effective=199.0).p_value == pytest.approx(1 / 200)


@pytest.mark.parametrize(("statistic", "null"), [(np.nan, np.zeros(9)), (1.0, np.full(9, np.nan)), (1.0, np.array([]))])
def test_no_rank_without_numbers(statistic: float, null: np.ndarray) -> None:
    found = placebo.rank(statistic, null, n_effective=9.0)
    assert np.isnan([found.p_value, found.p_low, found.p_high]).all()
    assert 0 < found.smallest_p <= 1


@given(finite, hnp.arrays(np.float64, st.integers(1, 60), elements=finite), st.floats(0.01, 1.0))
def test_rank_laws(statistic: float, null: np.ndarray, worth: float) -> None:
    n_effective = max(1.0, worth * null.size)
    found = placebo.rank(statistic, null, n_effective=n_effective)
    plain = (1 + sum(float(v) >= statistic for v in null)) / (1 + null.size)
    assert found.p_value == pytest.approx(max(plain, 1 / (1 + n_effective)))
    assert 0 < found.smallest_p <= found.p_value <= 1
    assert 0 <= found.p_low <= (null >= statistic).mean() <= found.p_high <= 1
    # The order of placebos tells nothing, and more is never less unusual.
    assert placebo.rank(statistic, null[::-1], n_effective=n_effective).p_value == found.p_value
    assert placebo.rank(statistic + 1.0, null, n_effective=n_effective).p_value <= found.p_value


# --- Scores -----------------------------------------------------------------------------------------------------------


def loop_standardised(scores: np.ndarray) -> np.ndarray:
    """`placebo.standardised` one number at a time."""
    years, rows, columns = scores.shape
    mean, variance = (np.full(scores.shape, np.nan) for _ in range(2))
    for y in range(years):
        for i in range(rows):
            for j in range(columns):
                others = [scores[k, i, j] for k in range(years) if k != y and np.isfinite(scores[k, i, j])]
                if len(others) >= 5:
                    mean[y, i, j], variance[y, i, j] = np.mean(others), np.var(others, ddof=1)
    result = np.full(scores.shape, np.nan)
    for y in range(years):
        known = variance[y][np.isfinite(variance[y])]
        for i in range(rows):
            for j in range(columns):
                spread = np.sqrt((variance[y, i, j] + known.mean()) / 2) if known.size else np.nan
                result[y, i, j] = (scores[y, i, j] - mean[y, i, j]) / spread if spread > 0 else np.nan
    return result


@given(st.integers(0, 10**6), st.integers(6, 12), st.floats(0.0, 0.6))
def test_standardised_by_a_loop(seed: int, years: int, gaps: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(3.0, 2.0, (years, 3, 4))
    values[rng.random(values.shape) < gaps] = np.nan
    scores = scores_on(grid((0, 3), (0, 4)), years=np.arange(years)).copy(data=values)
    np.testing.assert_allclose(placebo.standardised(scores).values, loop_standardised(values), rtol=1e-6, atol=1e-9)


def test_few_years_are_left_as_they_are() -> None:
    scores = scores_on(grid((0, 3), (0, 4)), years=np.arange(2018, 2023))
    assert placebo.standardised(scores).identical(scores)


def test_places_that_never_vary_have_no_score() -> None:
    scores = scores_on(grid((0, 2), (0, 2)))
    assert placebo.standardised(xr.zeros_like(scores)).isnull().all()


@given(st.integers(0, 10**6), st.integers(0, 2))
def test_window_scores_by_a_loop(seed: int, radius: int) -> None:
    rng = np.random.default_rng(seed)
    time = pd.date_range("2020-08-20", "2020-09-10").append(pd.date_range("2021-08-20", "2021-09-10"))
    values = rng.normal(size=(time.size, 2, 5, 6)).astype(np.float32)
    values[rng.random(values.shape) < 0.5] = np.nan
    values[:, :, :2, :3] = np.nan  # a place that is never seen
    inside = rng.random((time.size, 2)) < 0.4
    array = xr.DataArray(values, {"time": time, **grid((0, 5), (0, 6))}, ("time", "orbit", "lat", "lon"))
    mask = xr.DataArray(inside, {"time": time}, ("time", "orbit"))
    origin = np.datetime64("2021-09-05")
    found = placebo.window_scores(array, mask, radius_cells=radius, origin_time=origin)
    assert found["year"].values.tolist() == [2020, 2021]
    for year in (2020, 2021):
        for i in range(5):
            for j in range(6):
                cells = [
                    values[:, :, a, b][inside & (time.year == year)[:, np.newaxis]]
                    for a in range(max(0, i - radius), min(5, i + radius + 1))
                    for b in range(max(0, j - radius), min(6, j + radius + 1))
                ]
                seen = sum(np.isfinite(cell).any() for cell in cells)
                pool = np.concatenate(cells)
                enough = seen >= (2 * radius + 1) ** 2 / 2
                expected = np.nanmean(pool.astype(np.float64)) if enough else np.nan
                np.testing.assert_allclose(found.sel(year=year).values[i, j], expected, rtol=1e-6, atol=1e-6)


def test_evidence_of_each_verdict() -> None:
    verdict = np.array([[v.value for v in ProfileVerdict]], dtype=np.int8)
    size = verdict.shape
    judged = xr.Dataset(
        {
            "verdict": (("gas", "time"), verdict),
            "z_below": (("gas", "time"), np.full(size, 3.0)),
            "z_above": (("gas", "time"), np.full(size, 4.0)),
            "amplitude": (("gas", "time"), np.full(size, 5.0)),
        }
    )
    by = {v.name: k for k, v in enumerate(ProfileVerdict)}
    for kind, name, value in (("rooted", "ROOTED", 3.0), ("rootless", "ROOTLESS", 4.0)):
        found = placebo.evidence(judged, kind).values[0]
        assert found[by[name]] == value
        assert np.isnan(found[by["UNDETERMINED"]])
        others = [found[k] for other, k in by.items() if other not in (name, "UNDETERMINED")]
        assert others == [0.0] * len(others)
    assert (placebo.evidence(judged, "amplitude").values == 5.0).all()


# --- Days -------------------------------------------------------------------------------------------------------------


def days_of(origin: str, years: range, before: int, after: int) -> pd.DatetimeIndex:
    """Each year's days around the anniversary of an event."""
    dates = [
        pd.Timestamp(origin).normalize() + pd.DateOffset(years=y - pd.Timestamp(origin).year) + pd.Timedelta(days=d)
        for y in years
        for d in range(-before, after)
    ]
    return pd.DatetimeIndex(dates)


@pytest.mark.parametrize(
    ("origin", "first", "last"),
    [
        ("2022-09-05T04:52:18", "2022-08-23", "2022-09-06"),
        ("2024-03-02T10:00:00", "2024-02-18", "2024-03-03"),  # a leap year
        ("2023-03-02T10:00:00", "2023-02-18", "2023-03-03"),  # leap years among the others
        ("2023-01-03T10:00:00", "2022-12-22", "2023-01-04"),  # across New Year
        ("2022-12-30T23:00:00", "2022-12-18", "2023-01-02"),
        ("2024-02-29T12:00:00", "2024-02-20", "2024-03-01"),
    ],
)
def test_matched_days(origin: str, first: str, last: str) -> None:
    event = np.datetime64(origin)
    year = pd.Timestamp(origin).year
    dates = days_of(origin, range(year - 6, year + 3), 25, 10)
    window = (dates >= first) & (dates <= last)
    inside = xr.DataArray(np.stack([window, window], axis=1), {"time": dates}, ("time", "orbit"))
    found = placebo.matched_days(inside, origin_time=event)
    assert found.dims == ("time", "orbit")
    calendar = {(d.month, d.day) for d in dates[window]}
    expected = np.array([(d.month, d.day) in calendar for d in dates])
    # 29 February of another year has no match in a year without one, and the window itself is as it was.
    own = placebo.occurrence(inside["time"], event) == year
    assert (found.values[own] == inside.values[own]).all()
    leap = np.array([(d.month, d.day) == (2, 29) for d in dates]) & ~own
    assert (found.values[~leap & ~own, 0] == expected[~leap & ~own]).all()
    assert (found.values[:, 0] == found.values[:, 1]).all()
    if year % 4:
        assert not found.values[leap].any()
    # Each year has the same days but for leap days.
    years = placebo.occurrence(inside["time"], event)
    counts = {int(y): int(found.values[years == y, 0].sum()) for y in np.unique(years)}
    assert max(counts.values()) - min(counts.values()) <= 1


def test_years_are_not_cut_at_new_year() -> None:
    dates = xr.DataArray(pd.date_range("2021-12-20", "2022-01-10"), dims="time")
    assert set(placebo.occurrence(dates, np.datetime64("2023-01-02T00:00")).tolist()) == {2022}
    assert set(placebo.occurrence(dates, np.datetime64("2022-12-30T00:00")).tolist()) == {2021}


@given(st.dates(pd.Timestamp("1990-01-01").date(), pd.Timestamp("2035-12-31").date()), st.integers(-150, 150),
       st.integers(-15, 15))  # fmt: skip
def test_the_nearest_anniversary(origin: Any, away: int, back: int) -> None:
    event = pd.Timestamp(origin)
    near = event + pd.DateOffset(years=back) + pd.Timedelta(days=away)
    time = xr.DataArray(np.array([near], "datetime64[ns]"), dims="time")
    assert placebo.occurrence(time, event.to_datetime64()).tolist() == [event.year + back]


# --- Choice -----------------------------------------------------------------------------------------------------------

WIDE = grid((10, 50), (80, 125))
COARSE = grid((10, 50), (80, 125), 5.0)


def chosen_of(scores: xr.DataArray, catalogue: pd.DataFrame | None = None, *, seed: int = 1, **config: Any) -> Any:
    return placebo.choose_placebos(
        scores, EVENT, config=PlaceboConfig(**config), catalogue=catalogue, seed=seed
    )  # fmt: skip


def quakes(rows: list[tuple[str, float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["time", "longitude", "latitude", "magnitude"]).astype({"time": "datetime64[ns]"})


def test_places_are_far_and_apart() -> None:
    chosen = chosen_of(scores_on(WIDE), n=200)
    away = distance_km(EVENT.longitude, EVENT.latitude, chosen["longitude"], chosen["latitude"])
    own = (chosen["row"] == 19) & (chosen["column"] == 22)
    assert (away[~own] >= 500.0).all()
    places = chosen.loc[~own, ["longitude", "latitude"]].drop_duplicates().to_numpy()
    apart = distance_km(places[:, :1], places[:, 1:], places[:, 0], places[:, 1])
    assert apart[~np.eye(len(places), dtype=bool)].min() >= 500.0
    assert chosen.attrs["places"] == 1 + len(places)
    assert len(chosen) == 200
    assert not chosen.duplicated(["year", "row", "column"]).any()
    lat, lon = WIDE["lat"][chosen["row"]], WIDE["lon"][chosen["column"]]
    assert (lat == chosen["latitude"]).all()
    assert (lon == chosen["longitude"]).all()


def test_the_event_is_no_placebo_of_its_own() -> None:
    chosen = chosen_of(scores_on(COARSE), n=10_000)
    own = (chosen["row"] == 3) & (chosen["column"] == 4)
    assert sorted(chosen.loc[own, "year"]) == list(range(2012, 2022))
    assert 2022 in chosen.loc[~own, "year"].to_numpy()


@pytest.mark.parametrize(("dates", "places"), [(True, False), (False, True), (False, False)])
def test_only_dates_or_only_places(dates: bool, places: bool) -> None:
    chosen = chosen_of(scores_on(WIDE), n=500, dates=dates, places=places)
    if not dates:
        assert set(chosen["year"]) <= {2022}
    if not places:
        assert set(zip(chosen["row"], chosen["column"], strict=True)) <= {(19, 22)}
    assert len(chosen) == {(True, False): 10, (False, True): len(chosen), (False, False): 0}[dates, places]
    assert placebo.effective_number(chosen, min_distance_km=500.0) <= len(chosen)


def test_too_few_places_are_set_closer_and_count_less() -> None:
    small = scores_on(grid((20, 40), (94, 112)))
    chosen = chosen_of(small, n=499)
    worth = placebo.effective_number(chosen, min_distance_km=500.0)
    assert len(chosen) > 200
    assert 1.0 <= worth < len(chosen) / 1.5


def test_an_earthquake_spoils_what_is_near_it() -> None:
    scores = scores_on(COARSE)
    clean = chosen_of(scores, n=10_000)
    first = clean[clean["year"] == 2016].iloc[3]
    place = float(first["longitude"]), float(first["latitude"])
    at = [
        ("2016-09-20", *place, 5.0),  # spoils
        ("2015-11-20", *place, 7.0),  # too long after
        ("2014-09-01", *place, 4.9),  # too small
        ("2013-09-01", place[0], place[1] + 3.0, 8.0),  # too far, but near the next place to the north or none
    ]
    chosen = chosen_of(scores, quakes(at), n=10_000)
    assert chosen.attrs["screened"] >= 3
    assert clean.attrs["screened"] is None
    lost = set(zip(clean["year"], clean["row"], clean["column"], strict=True)) - set(
        zip(chosen["year"], chosen["row"], chosen["column"], strict=True)
    )
    here = int(first["row"]), int(first["column"])
    assert (2016, *here) in lost
    assert {year for year, *_ in lost} <= {2016, 2013}
    assert (2013, *here) not in lost
    assert chosen.attrs["spoiled"] == len(lost)


@pytest.mark.parametrize(
    ("rows", "screened"),
    [
        ([("2016-02-20", 95.0, 40.0, 3.0), ("2012-08-10", 95.0, 40.0, 6.0)], 2),  # any season and magnitude
        ([("1975-09-05", 95.0, 40.0, 7.0), ("2023-09-05", 95.0, 40.0, 7.0)], 0),  # other years
        ([("2016-09-05", -70.0, -30.0, 8.0)], 0),  # elsewhere
        ([("2016-09-05", 95.0, 40.0, np.nan)], 0),  # may be of any size
        ([("2022-09-05T04:52:30", 102.3, 29.7, 6.6)], 0),  # the tested one, as another catalogue has it
        ([], 0),
    ],
)
def test_what_was_screened_is_counted(rows: list[tuple[str, float, float, float]], screened: int) -> None:
    assert chosen_of(scores_on(COARSE), quakes(rows), n=10_000).attrs["screened"] == screened


def monthly(first: str, last: str) -> list[tuple[str, float, float, float]]:
    return [(f"{date:%Y-%m-%d}", 95.0, 40.0, 3.0) for date in pd.date_range(first, last, freq="MS")]


@pytest.mark.parametrize(
    ("rows", "years", "covered"),
    [
        (monthly("2012-01-01", "2022-12-31"), [], [("2012-01-01", "2022-12-01")]),
        # The window of 2017 ends on 5 October: the month between two earthquakes is what it may lie beyond the last.
        (monthly("2015-01-01", "2017-09-10"), [2012, 2013, 2014, *range(2017, 2023)], [("2015-01-01", "2017-09-01")]),
        (monthly("2015-01-01", "2017-10-01"), [2012, 2013, 2014, *range(2018, 2023)], [("2015-01-01", "2017-10-01")]),
        (
            monthly("2012-01-01", "2014-12-31") + monthly("2018-01-01", "2022-12-31"),
            [2015, 2016, 2017],
            [("2012-01-01", "2014-12-01"), ("2018-01-01", "2022-12-01")],
        ),
        # Two a year leave out two years by chance: no hole.
        (monthly("2012-01-01", "2022-12-31")[::6][:6] + monthly("2012-01-01", "2022-12-31")[::6][10:], [], None),
        ([("2016-09-05", 95.0, 40.0, 3.0)], range(2012, 2023), [("2016-09-05", "2016-09-05")]),
        ([("2016-09-05", -70.0, -30.0, 8.0)], range(2012, 2023), None),  # elsewhere
        ([], range(2012, 2023), []),
    ],
)
def test_dates_that_the_catalogue_does_not_cover_are_not_screened(
    rows: list[tuple[str, float, float, float]], years: Any, covered: list[tuple[str, str]] | None
) -> None:
    chosen = chosen_of(scores_on(COARSE), quakes(rows), n=10_000)
    assert chosen.attrs["unscreened"] == chosen["year"].isin(years).sum()
    assert len(chosen) == len(chosen_of(scores_on(COARSE), n=10_000)), "they stay placebos"
    if covered is not None:
        assert chosen.attrs["covered"] == [list(stretch) for stretch in covered]


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 1.0) | st.floats(30.0, 200.0), st.integers(2, 30))
def test_a_catalogue_without_a_hole_has_none(seed: int, a_year: float, years: int) -> None:
    """However sparse: of a Poisson process the stretch is one, and begins where it was asked for, give or take."""
    chance = np.random.default_rng(seed)
    n = int(chance.poisson(a_year * years))
    assume(n > 1)
    times = pd.Timestamp("1990-01-01") + pd.to_timedelta(chance.uniform(0.0, 365.25 * years, n), unit="D")
    catalogue = pd.DataFrame({"time": times, "magnitude": 5.0})
    [(start, end, first, last)] = screening.covered(catalogue)
    assert (start, end) != (first, last)
    assert start < first == times.min()
    assert end > last == times.max()
    shuffled = catalogue.sample(frac=1.0, random_state=seed)
    assert screening.covered(shuffled) == [(start, end, first, last)]
    unknown = pd.DataFrame({"time": [pd.Timestamp("1950-01-01")], "magnitude": [np.nan]})
    assert screening.covered(pd.concat([catalogue, unknown])) == [(start, end, first, last)]


def test_the_tested_earthquake_does_not_spoil_far_places() -> None:
    own = quakes([(str(EVENT.time), EVENT.longitude, EVENT.latitude, 6.8)])
    assert chosen_of(scores_on(COARSE), own, n=10_000).attrs["spoiled"] == 0


def test_spoiled_placebos_are_replaced_where_there_are_more() -> None:
    scores = scores_on(COARSE)
    everywhere = quakes([("2016-09-05", lon, lat, 6.0) for lon in range(80, 126, 2) for lat in range(10, 51, 2)])
    chosen = chosen_of(scores, everywhere, n=100)
    assert 2016 not in set(chosen["year"])
    assert len(chosen) == 100


@pytest.mark.parametrize("pad", [(0, 0, 30, 0), (20, 5, 0, 40), (0, 0, 0, 200)])
def test_the_choice_does_not_depend_on_the_grid_around(pad: tuple[int, int, int, int]) -> None:
    scores = scores_on(WIDE)
    south, north, west, east = pad
    larger = grid((10 - south, 50 + north), (80 - west, 125 + east))
    embedded = scores.reindex(lat=larger["lat"], lon=larger["lon"], method="nearest", tolerance=0.01)
    one, other = (chosen_of(s, n=300) for s in (scores, embedded))
    columns = ["year", "longitude", "latitude"]
    pd.testing.assert_frame_equal(one[columns], other[columns])


def test_the_choice_does_not_depend_on_the_turn_of_longitudes() -> None:
    scores = scores_on(WIDE)
    turned = scores.assign_coords(lon=scores["lon"] - 360.0)
    one, other = (chosen_of(s, n=300) for s in (scores, turned))
    pd.testing.assert_frame_equal(one[["year", "row", "column"]], other[["year", "row", "column"]])


def test_the_seed_chooses() -> None:
    scores = scores_on(WIDE)
    assert chosen_of(scores, seed=1, n=99).equals(chosen_of(scores, seed=1, n=99))
    assert not chosen_of(scores, seed=1, n=99).equals(chosen_of(scores, seed=2, n=99))


@given(st.integers(0, 10**6), st.integers(1, 400), st.floats(0.0, 0.95), st.sampled_from([200.0, 500.0, 2000.0]))
def test_choice_laws(seed: int, n: int, gaps: float, km: float) -> None:
    rng = np.random.default_rng(seed)
    scores = scores_on(grid((20, 40), (90, 115), 5.0), seed=seed, years=np.arange(2018, 2023))
    scores = scores.where(rng.random(scores.shape) >= gaps)
    chosen = chosen_of(scores, n=n, min_distance_km=km, seed=seed)
    assert len(chosen) <= n
    assert chosen.attrs["places"] == len(chosen[["row", "column"]].drop_duplicates())
    assert list(chosen.columns) == ["year", "longitude", "latitude", "row", "column"]
    picked = scores.values[chosen["year"] - 2018, chosen["row"].astype(int), chosen["column"].astype(int)]
    assert np.isfinite(picked).all()
    own = np.abs(scores["lat"].values - EVENT.latitude).argmin(), np.abs(scores["lon"].values - 102.08).argmin()
    here = (chosen["row"] == own[0]) & (chosen["column"] == own[1])
    assert not (here & (chosen["year"] == 2022)).any()
    away = distance_km(EVENT.longitude, EVENT.latitude, chosen["longitude"], chosen["latitude"])
    assert (away[~here] >= km).all()
    worth = placebo.effective_number(chosen, min_distance_km=km)
    assert (worth == 0.0) if chosen.empty else (1.0 <= worth <= len(chosen) + 1e-9)


def test_effective_number_by_hand() -> None:
    def of(rows: list[tuple[int, float, float]]) -> float:
        return placebo.effective_number(
            pd.DataFrame(rows, columns=["year", "longitude", "latitude"]), min_distance_km=500.0
        )

    assert of([]) == 0.0
    assert of([(2020, 100.0, 30.0)]) == 1.0
    assert of([(2020, 100.0, 30.0), (2021, 100.0, 30.0)]) == 2.0  # other years are other weather
    assert of([(2020, 100.0, 30.0), (2020, 100.0, 30.0)]) == 1.0
    assert of([(2020, 100.0, 30.0), (2020, 120.0, 30.0)]) == 2.0
    half = np.degrees(250.0 / 6371.0)
    assert of([(2020, 100.0, 30.0), (2020, 100.0, 30.0 + half)]) == pytest.approx(4 / 3)


def test_without_an_earthquake_the_p_value_is_uniform() -> None:
    # The event is one more draw of the same noise: each place with a level of its own, which `standardised` takes out.
    chosen = chosen_of(scores_on(COARSE), n=199)
    index = tuple(chosen[name].to_numpy() for name in ("year", "row", "column"))
    row, column = np.abs(COARSE["lat"] - EVENT.latitude).argmin(), np.abs(COARSE["lon"] - EVENT.longitude).argmin()
    worth = placebo.effective_number(chosen, min_distance_km=500.0)
    p_values = []
    for world in range(200):
        rng = np.random.default_rng([41, world])
        level, size = rng.normal(0, 3, (8, 9)), rng.uniform(0.8, 1.25, (8, 9))
        scores = placebo.standardised(scores_on(COARSE, seed=world) * size + level).values
        null = scores[index[0] - YEARS[0], index[1], index[2]]
        p_values.append(placebo.rank(scores[-1, row, column], null, n_effective=worth).p_value)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    assert 0.015 <= np.mean(np.array(p_values) <= 0.05) <= 0.10
