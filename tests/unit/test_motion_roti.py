"""A table of ROTI, the days it keeps, and the control by random days."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from gasquake.motion import filter_days, random_subset_control, roti_series


def days(n: int) -> np.ndarray:
    return np.datetime64("2022-08-01", "ns") + np.arange(n) * np.timedelta64(1, "D")


def track(n: int, seed: int = 0) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    return xr.Dataset({"x": ("time", rng.normal(size=n)), "y": ("time", rng.normal(size=n))}, {"time": days(n)})


def test_a_table_is_read_and_sorted(tmp_path: Path) -> None:
    path = tmp_path / "roti.csv"
    path.write_text("Date, ROTI ,station\n2022-08-03,0.5,A\n2022-08-01, 0.1,A\n2022-08-02,,A\n", encoding="utf-8")
    found = roti_series(path)
    assert found.index.tolist() == [pd.Timestamp(f"2022-08-0{d}") for d in (1, 2, 3)]
    assert found.index.dtype == "datetime64[ns]"
    np.testing.assert_array_equal(found, [0.1, np.nan, 0.5])
    pd.testing.assert_series_equal(found, roti_series(str(path)))
    frame = pd.DataFrame({"date": days(3)[::-1], "roti": [3, 2, 1]})
    assert roti_series(frame).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day,roti\n2022-08-01,0.1\n", r"must have one column date, but has \['day', 'roti'\]"),
        ("date,roti,roti\n2022-08-01,0.1,2\n", "must have one column roti"),
        ("date,roti\n2022-08-01,0.1,2\n", "is no CSV file"),
        ("date,roti\n2022-08-01,0.1\n2022-08-01,0.2\n", "row 2 after the header: a date that stood before"),
        ("date,roti\n03/04/2022,0.1\n", "row 1 after the header: '03/04/2022' is no date"),
        ("date,roti\n2022-02-30,0.1\n", "'2022-02-30' is no date"),
        ("date,roti\n2022-08-01,high\n", "a ROTI that is no number"),
        ("date,roti\n2022-08-01,inf\n", "a ROTI that is no number"),
        ("date,roti\n2022-08-01,-0.1\n", "a negative ROTI"),
        ("", "is no CSV file"),
    ],
)
def test_a_bad_table_is_an_error_that_names_file_and_row(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        roti_series(path)
    assert "bad.csv" in str(caught.value)


def test_a_time_of_day_is_no_date() -> None:
    with pytest.raises(ValueError, match="is no date"):
        roti_series(pd.DataFrame({"date": [pd.Timestamp("2022-08-01 06:00")], "roti": [0.1]}))


def test_days_are_kept_from_the_threshold_on() -> None:
    roti = roti_series(pd.DataFrame({"date": days(5), "roti": [0.1, 0.3, np.nan, 0.9, 0.2999]}))
    found = filter_days(track(7), roti)
    assert found.time.values.tolist() == days(7)[[1, 3]].tolist()
    names = ("n_days_kept", "n_days_below", "n_days_unknown", "roti_threshold")
    assert [found.attrs[k] for k in names] == [2, 2, 3, 0.3]
    assert found.attrs["history"].endswith("filter_days(threshold=0.3)")
    assert filter_days(track(7), roti, threshold=0.0).sizes["time"] == 4
    assert filter_days(track(7), roti, threshold=5.0).sizes["time"] == 0
    noon = track(7).assign_coords(time=days(7) + np.timedelta64(12, "h"))
    assert filter_days(noon, roti).sizes["time"] == 2
    with pytest.raises(TypeError, match="roti must be a Series"):
        filter_days(track(3), pd.DataFrame())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="without a time zone"):
        filter_days(track(3), roti.tz_localize("UTC"))
    with pytest.raises(TypeError, match="track must be"):
        filter_days(track(3).x, roti)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threshold must be finite"):
        filter_days(track(3), roti, threshold=np.nan)


def test_random_days_are_as_many_and_have_positions() -> None:
    whole = track(30)
    whole["x"][::3] = np.nan
    kept = whole.isel(time=slice(4, 16))
    n_kept = int(kept.x.notnull().sum())
    sizes = []

    def size(part: xr.Dataset) -> float:
        sizes.append(int(part.x.notnull().sum()))
        assert part.time.to_index().is_monotonic_increasing
        return float(part.x.sum())

    found = random_subset_control(whole, kept, size, n=50, seed=3)
    assert set(sizes) == {n_kept}
    assert (found.n_kept, found.n_days) == (n_kept, 20)
    assert found.p_value == (1 + (found.null_statistics >= found.statistic).sum()) / 51
    again = random_subset_control(whole, kept, size, n=50, seed=3)
    np.testing.assert_array_equal(again.null_statistics, found.null_statistics)


def test_a_random_choice_of_days_has_uniform_p() -> None:
    whole, rng, found = track(24), np.random.default_rng(8), []
    for seed in range(60):
        kept = whole.isel(time=np.sort(rng.choice(24, 8, replace=False)))
        found.append(random_subset_control(whole, kept, lambda part: float(part.x.mean()), n=29, seed=seed).p_value)
    p = np.array(found)
    assert 0.38 < p.mean() < 0.62
    assert (p <= 0.1).mean() < 0.22
    assert (p >= 0.9).mean() < 0.22


def test_the_days_that_make_the_statistic_have_small_p() -> None:
    whole = track(24)
    best = whole.isel(time=np.sort(np.argsort(whole.x.values)[-8:]))
    assert random_subset_control(whole, best, lambda part: float(part.x.mean()), n=99, seed=1).p_value == 0.01


def test_what_cannot_be_told_is_no_evidence() -> None:
    whole = track(9)
    kept = whole.isel(time=[1, 2])
    unknown = random_subset_control(whole, kept, lambda part: np.nan, n=9, seed=1)
    assert np.isnan(unknown.p_value)
    chosen = kept.time.values.tolist()
    only = random_subset_control(
        whole, kept, lambda part: 1.0 if part.time.values.tolist() == chosen else np.nan, n=9, seed=1
    )
    assert only.p_value == 1.0
    with pytest.raises(ValueError, match=r"kept has 1 day\(s\) that track has not"):
        random_subset_control(whole.isel(time=slice(3)), whole.isel(time=[2, 5]), lambda part: 0.0, n=9, seed=1)
