"""Days of a disturbed ionosphere: a table of ROTI, the days it keeps, and what as many random days give."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake._array import check_number, check_positive_int

__all__ = ["SubsetControl", "filter_days", "random_subset_control", "roti_series"]


def roti_series(table: str | os.PathLike[str] | pd.DataFrame, /) -> pd.Series[float]:
    """Daily ROTI (rate of TEC index) from a table with the columns ``date`` and ``roti``.

    Parameters
    ----------
    table : path or DataFrame
        CSV file in UTF-8 with a header, or the same as a frame. Dates as 2022-09-05 (UTC); ROTI in TECU/min,
        empty where unknown. Other columns are not read.

    Returns
    -------
    Series of float64
        Called "roti", with the dates (datetime64[ns]) as its index, ascending.

    Raises
    ------
    ValueError
        Naming the file, and the row where there is one: a column is missing, a date cannot be read or stands twice, a
        value is no number or negative.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> roti_series(pd.DataFrame({"date": ["2022-09-02", "2022-09-01"], "roti": [0.41, 0.12]})).tolist()
    [0.12, 0.41]
    """
    if isinstance(table, pd.DataFrame):
        name, frame = "the ROTI table", table
    else:
        name = f"the ROTI table {os.fspath(table)}"
        try:
            # Without a header, as pandas would rename a column that stands twice.
            rows = pd.read_csv(table, header=None, dtype=str, skipinitialspace=True, encoding="utf-8-sig")
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise ValueError(f"{name} is no CSV file with the columns date and roti: {error}") from None
        frame = rows.iloc[1:].set_axis(rows.iloc[0].tolist(), axis="columns").reset_index(drop=True)
    frame = frame.rename(columns=lambda column: str(column).strip().lower())
    lacking = [column for column in ("date", "roti") if list(frame.columns).count(column) != 1]
    if lacking:
        raise ValueError(f"{name} must have one column {' and one '.join(lacking)}, but has {list(frame.columns)}")
    dates = _dates(frame["date"], name)
    values = pd.to_numeric(frame["roti"], errors="coerce").astype(float)
    given = frame["roti"].notna() & (frame["roti"].astype(str).str.strip() != "")
    for wrong, what in (
        (dates.duplicated(), "a date that stood before"),
        (given & ~np.isfinite(values), "a ROTI that is no number"),
        (values < 0, "a negative ROTI"),
    ):
        if wrong.any():
            row = int(np.argmax(wrong.to_numpy()))
            found = frame.iloc[row][["date", "roti"]].tolist()
            raise ValueError(f"{name}, row {row + 1} after the header: {what}, {found}; mend or remove the row")
    series = pd.Series(values.to_numpy(), index=pd.DatetimeIndex(dates, name="date"), name="roti")
    return series.sort_index()


def _dates(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    if pd.api.types.is_datetime64_dtype(column.dtype):
        dates = column
    else:
        # One unambiguous form: a guess at 03/04/2022 would be wrong half of the time.
        dates = pd.to_datetime(column.astype(str).str.strip(), format="%Y-%m-%d", errors="coerce")
    wrong = (dates.isna() | (dates != dates.dt.normalize())).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{name}, row {row + 1} after the header: {column.iloc[row]!r} is no date; write it as 2022-09-05"
        )
    return dates.astype("datetime64[ns]").reset_index(drop=True)


def filter_days(track: xr.Dataset, roti: pd.Series[float], /, *, threshold: float = 0.3) -> xr.Dataset:
    """The days of a track on which the ionosphere was disturbed.

    Parameters
    ----------
    track : Dataset
        With a time dim, as `daily_maxima` makes it.
    roti : Series
        From `roti_series`, TECU/min.
    threshold : float
        A day stays if its ROTI is at least this. 0.3 is the value of Zhao et al. (2022).

    Returns
    -------
    Dataset
        `track` on those days. A day whose ROTI is not known goes. ``attrs``: ``roti_threshold``, ``n_days_kept``,
        ``n_days_below``, ``n_days_unknown``.

    Raises
    ------
    TypeError
        If `track` is not a Dataset or `roti` no Series with dates.
    ValueError
        If `track` has no time dim with dates, or `threshold` is not finite.

    See Also
    --------
    random_subset_control : What as many random days give. Never report a filtered track without it.

    Notes
    -----
    Choosing days leaves fewer points, and fewer points are fitted better by anything.

    Zhao Yi et al. (2022), Advances in Geosciences 12(12), doi:10.12677/ag.2022.1212164. ROTI: Pi et al. (1997),
    doi:10.1029/97GL02273.

    Examples
    --------
    >>> time = np.array(["2022-09-01", "2022-09-02", "2022-09-03"], "datetime64[ns]")
    >>> track = xr.Dataset({"x": ("time", [1.0, 2.0, 3.0])}, {"time": time})
    >>> roti = roti_series(pd.DataFrame({"date": ["2022-09-01", "2022-09-02"], "roti": [0.12, 0.3]}))
    >>> kept = filter_days(track, roti)
    >>> kept.x.values.tolist(), kept.attrs["n_days_unknown"]
    ([2.0], 1)
    """
    time = _time(track)
    level = check_number(threshold, "threshold")
    index = roti.index if isinstance(roti, pd.Series) else None
    if not (isinstance(index, pd.DatetimeIndex) and index.tz is None and index.is_unique):
        raise TypeError("roti must be a Series with each date once, without a time zone, as roti_series makes it")
    days = _labelled.calendar_days(track[time], time)
    known = roti.reindex(pd.DatetimeIndex(days.astype("datetime64[ns]"))).to_numpy(dtype=np.float64)
    kept = track.isel({time: np.flatnonzero(known >= level)})
    return kept.assign_attrs(
        roti_threshold=level,
        n_days_kept=int((known >= level).sum()),
        n_days_below=int((known < level).sum()),
        n_days_unknown=int(np.isnan(known).sum()),
        history=_labelled.history(track, f"filter_days(threshold={level:g})"),
    )


def _time(track: object) -> Any:
    if not isinstance(track, xr.Dataset):
        raise TypeError(f"track must be an xarray.Dataset, as daily_maxima makes it, got {type(track).__name__}")
    return _labelled.find_dim(track, "time", "track")


@dataclass(frozen=True, slots=True, eq=False)
class SubsetControl:
    """What `random_subset_control` finds.

    Attributes
    ----------
    statistic : float
        Of the chosen days.
    null_statistics : ndarray of float64, shape (n,)
        Of as many random days, draw by draw.
    p_value : float
        (1 + how many of them reach the statistic) / (1 + n); NaN where the statistic is NaN.
    n_kept, n_days : int
        Days chosen, and days to choose from; both count only days with a position.
    """

    statistic: float
    null_statistics: NDArray[np.float64]
    p_value: float
    n_kept: int
    n_days: int


def random_subset_control(
    track: xr.Dataset,
    kept: xr.Dataset,
    statistic: Callable[[xr.Dataset], float],
    /,
    *,
    seed: int,
    n: int = 999,
) -> SubsetControl:
    """How often as many random days give as large a statistic as the days that a filter kept.

    Parameters
    ----------
    track : Dataset
        All the days that the filter could have kept: leave out the days whose ROTI is not known, as
        ``filter_days(track, roti, threshold=0)`` does.
    kept : Dataset
        The days it did keep.
    statistic : callable
        Takes a track and returns a number; large means a better track, as 1 - cost ratio of a spiral does.
    seed : int
        Seed of the random numbers, at least 0.
    n : int
        How many random subsets.

    Returns
    -------
    SubsetControl
        Statistic, null statistics, p-value and the numbers of days.

    Raises
    ------
    TypeError
        If a track is not a Dataset, or `n` or `seed` is no integer.
    ValueError
        If `track` has no time dim with dates, `kept` has days that `track` has not, or `n` < 1 or `seed` < 0.

    Notes
    -----
    Subsets have as many days with a position (an ``x``, or ``lon``, anywhere on that day) as `kept` has, drawn
    without replacement and left in the order of time. A random subset whose statistic is NaN counts as reaching the
    observed one: what cannot be told is no evidence.

    Examples
    --------
    >>> time = np.datetime64("2022-09-01", "ns") + np.arange(9) * np.timedelta64(1, "D")
    >>> track = xr.Dataset({"x": ("time", np.arange(9.0))}, {"time": time})
    >>> found = random_subset_control(track, track.isel(time=[6, 7, 8]), lambda a: float(a.x.mean()), n=99, seed=1)
    >>> found.statistic, found.n_kept, found.n_days, found.p_value < 0.1
    (7.0, 3, 9, True)
    """
    time = _time(track)
    draws = check_positive_int(n, "n")
    generator = np.random.Generator(np.random.Philox(check_positive_int(seed, "seed", minimum=0)))
    all_days, kept_days = _days_with_position(track, time), _days_with_position(kept, _time(kept))
    strange = np.setdiff1d(kept_days, all_days)
    if strange.size:
        raise ValueError(
            f"kept has {strange.size} day(s) that track has not, the first {strange[0]}; pass both of one track"
        )
    stamps = _labelled.calendar_days(track[time], time)
    observed = float(statistic(kept))
    null = np.empty(draws)
    for i in range(draws):
        chosen = generator.choice(all_days, kept_days.size, replace=False)
        null[i] = float(statistic(track.isel({time: np.flatnonzero(np.isin(stamps, chosen))})))
    reached = int(np.count_nonzero(~(null < observed)))
    p_value = math.nan if math.isnan(observed) else (1 + reached) / (1 + draws)
    return SubsetControl(observed, null, p_value, int(kept_days.size), int(all_days.size))


def _days_with_position(track: xr.Dataset, time: Any) -> NDArray[Any]:
    name = "x" if "x" in track else "lon"
    if name not in track:
        raise ValueError(f"track must have x, or lon, as daily_maxima makes them, got {sorted(map(str, track))}")
    position = track[name]
    good = position.notnull().any([d for d in position.dims if d != time]).values
    days: NDArray[Any] = np.unique(_labelled.calendar_days(track[time], time)[good])
    return days
