"""How often a verdict falls and how long it lasts, when an episode begins and ends, whether a place stands out.

Statistics of daily series, as `gasquake.profiles.scan_profiles` and `gasquake.anomalies` give them: the base rate of a
verdict on days without an earthquake, runs of days, onset and recovery with their uncertainty, the contrast of a place
with the ring around it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from gasquake import _labelled
from gasquake.kernels import ProfileVerdict
from gasquake.places import distance_km

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["base_rate", "lateral_contrast", "neighbourhood", "onset_recovery", "run_lengths", "wilson_interval"]

Cube = TypeVar("Cube", xr.Dataset, xr.DataArray)

# Verdicts that say nothing about roots: too few levels, or a kernel without shape.
_CANNOT_TELL = (ProfileVerdict.UNDETERMINED, ProfileVerdict.AMPLITUDE_ONLY)

_ONE_DAY = np.timedelta64(1, "D")
_NAT = np.datetime64("NaT", "ns")


# --- Base rates -------------------------------------------------------------------------------------------------------


def wilson_interval(rate: Any, n: Any, /, *, level: float = 0.95) -> tuple[Any, Any]:
    """Wilson's score interval of a proportion.

    Parameters
    ----------
    rate : array_like
        Observed proportion, 0..1.
    n : array_like
        Number of independent trials, more than 0; it need not be whole, so that an effective number can stand here
        (`scipy.stats.binomtest` takes whole numbers only).
    level : float
        Coverage, in 0..1.

    Returns
    -------
    low, high : float or ndarray of float64
        Bounds in 0..1; NaN where `n` is not positive.

    Raises
    ------
    ValueError
        If `level` does not lie in 0..1.

    Notes
    -----
    With z the normal quantile of (1 + level)/2: (rate + z²/2n ± z sqrt(rate (1 - rate)/n + z²/4n²)) / (1 + z²/n).
    Wilson, E. B. (1927), J. Am. Stat. Assoc. 22, 209, doi 10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> low, high = wilson_interval(0.1, 20)
    >>> print(f"{low:.3f} to {high:.3f}")
    0.028 to 0.301
    """
    z = _quantile(level)
    rate, n = np.asarray(rate, dtype=np.float64), np.asarray(n, dtype=np.float64)
    n = np.where(n > 0.0, n, np.nan)
    centre = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    low, high = np.minimum(np.maximum(centre - half, 0.0), rate), np.maximum(np.minimum(centre + half, 1.0), rate)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


def base_rate(
    verdict: xr.DataArray,
    reference: xr.DataArray | NDArray[np.bool_],
    /,
    *,
    classes: ProfileVerdict | Iterable[ProfileVerdict] = ProfileVerdict.ROOTED,
    level: float = 0.95,
    dim: Hashable | None = None,
) -> xr.Dataset:
    """How often a verdict falls on reference days: what it is worth when it falls on another.

    Parameters
    ----------
    verdict : DataArray
        `ProfileVerdict` of each day, with a time dim and any others.
    reference : DataArray or ndarray of bool
        Which days count, along time or on the grid of `verdict`: background days, or other years.
    classes : ProfileVerdict or iterable of ProfileVerdict
        What counts as a hit.
    level : float
        Coverage of the interval.
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    Dataset
        Without the time dim: ``rate``, ``low`` and ``high`` (float64), ``n`` (int64: reference days with a verdict),
        ``n_effective`` (float64), ``hits``, ``n_undetermined`` and ``n_amplitude_only`` (int64). Lazy if `verdict` is.

    Raises
    ------
    TypeError
        If `verdict` is not a DataArray.
    ValueError
        If time or `reference` do not fit, or UNDETERMINED is among the classes.

    Notes
    -----
    UNDETERMINED days are in no denominator; ``n_undetermined`` counts them. AMPLITUDE_ONLY days are in it: the rate is
    that of the test saying so, and where ``n_amplitude_only`` is not 0 it says little about roots. NaN if n is 0.

    [D] Neighbouring days are alike. n_effective = n (1 - r1)/(1 + r1), with the autocorrelation r1 of hit or no hit
    between neighbouring days; at least 1, at most n; n where r1 is undefined (all alike) or negative. The interval is
    Wilson's of the rate and n_effective.

    See Also
    --------
    wilson_interval : The formula of the interval.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-08-11", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> verdict = xr.DataArray(np.array([0, 0, 1, 0, -1, 0, 1, 0, 0, 0], dtype="i1"), {"time": time})
    >>> found = base_rate(verdict, np.ones(10, dtype=bool))
    >>> print(f"{found.hits.item()} of {found.n.item()} days: {found.low.item():.2f} to {found.high.item():.2f}")
    2 of 9 days: 0.06 to 0.55
    """
    time = _labelled.time_dim(verdict, dim=dim)
    days = _labelled.calendar_days(verdict, time)
    wanted = _classes(classes)
    if ProfileVerdict.UNDETERMINED in wanted:
        raise ValueError("UNDETERMINED cannot be a class: such days are left out of every rate")
    mask = _reference(verdict, reference, time)

    def count(values: NDArray[Any], used: NDArray[np.bool_]) -> tuple[Any, ...]:
        known = used & (values != ProfileVerdict.UNDETERMINED)
        hit = np.isin(values, wanted)
        n, hits = int(known.sum()), int((known & hit).sum())
        r1 = _labelled.lag_one(np.where(known, hit, np.nan), days)
        r1 = 0.0 if np.isnan(r1) else max(r1, 0.0)
        effective = max(n * (1 - r1) / (1 + r1), 1.0) if n else 0.0
        rate = hits / n if n else np.nan
        unknown = int((used & ~known).sum())
        shapeless = int((known & (values == ProfileVerdict.AMPLITUDE_ONLY)).sum())
        return rate, *wilson_interval(rate, effective, level=level), n, effective, hits, unknown, shapeless

    f8, i8 = np.float64, np.int64
    types = {
        "rate": f8, "low": f8, "high": f8, "n": i8, "n_effective": f8, "hits": i8, "n_undetermined": i8,
        "n_amplitude_only": i8,
    }  # fmt: skip
    result = _labelled.apply(
        lambda v, m: _labelled.over_series(count, list(types.values()), v, m), [verdict, mask], [[time], [time]], types
    )
    called = " or ".join(v.name for v in wanted)
    names = {
        "rate": f"share of reference days that are {called}",
        "low": f"lower bound of the share of {called}",
        "high": f"upper bound of the share of {called}",
        "n": "reference days with a verdict",
        "n_effective": "effective number of reference days",
        "hits": f"reference days that are {called}",
        "n_undetermined": "reference days that are UNDETERMINED",
        "n_amplitude_only": "reference days that are AMPLITUDE_ONLY",
    }
    for name, long_name in names.items():
        _labelled.with_attrs(result[name], "1", long_name)
    return result.assign_attrs(history=_labelled.history(verdict, f"base_rate(classes={called}, level={level:g})"))


def _classes(classes: ProfileVerdict | Iterable[ProfileVerdict]) -> list[ProfileVerdict]:
    if isinstance(classes, Iterable):
        return [ProfileVerdict(v) for v in classes]
    return [ProfileVerdict(classes)]


def _reference(verdict: xr.DataArray, reference: xr.DataArray | NDArray[np.bool_], time: Hashable) -> xr.DataArray:
    """The mask of reference days as a DataArray on the grid of the verdicts."""
    if isinstance(reference, xr.DataArray):
        mask = reference
    else:
        mask = xr.DataArray(np.asarray(reference), dims=[time] if np.ndim(reference) == 1 else verdict.dims)
    if mask.dtype != bool:
        raise ValueError(f"reference must be of type bool, got {mask.dtype}")
    if time not in mask.dims:
        raise ValueError(f"reference has no dimension {time!r}; it has {mask.dims}")
    _labelled.check_aligned(verdict, "verdict", reference=mask)
    return mask


def _quantile(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    return float(stats.norm.ppf((1.0 + level) / 2.0))


# --- Runs of days -----------------------------------------------------------------------------------------------------


def run_lengths(
    verdict: xr.DataArray,
    classes: ProfileVerdict | Iterable[ProfileVerdict],
    /,
    *,
    max_gap: int = 2,
    dim: Hashable | None = None,
) -> pd.DataFrame:
    """Runs of days with a verdict, bridged over days on which it is not known.

    Parameters
    ----------
    verdict : DataArray
        `ProfileVerdict` of each day, with a time dim and any others. It is computed if lazy.
    classes : ProfileVerdict or iterable of ProfileVerdict
        What makes a run.
    max_gap : int
        Most unknown days in a row inside a run.
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    DataFrame
        One row a run, in the order of the series and of time: a column for each other dim of `verdict`, ``start`` and
        ``end`` (first and last day of the class, datetime64[ns]), ``n_days`` (days of the class), ``n_unknown`` (days
        bridged), ``span_days`` (their sum).

    Raises
    ------
    TypeError
        If `verdict` is not a DataArray.
    ValueError
        If time does not fit or `max_gap` is negative.

    Notes
    -----
    [D] Unknown are days that are absent from time, UNDETERMINED or (unless asked for) AMPLITUDE_ONLY: they neither
    extend a run nor, up to `max_gap` in a row, break it. Any other verdict breaks it. Runs at the edge of the data may
    be longer than they look.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-08-09", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> verdict = xr.DataArray(np.array([0, 1, -1, 1, 1, 0, 1, 0], dtype="i1"), {"time": time})
    >>> run_lengths(verdict, ProfileVerdict.ROOTED)[["start", "n_days", "n_unknown"]]
           start  n_days  n_unknown
    0 2022-08-02       3          1
    1 2022-08-07       1          0
    """
    import pandas as pd

    time = _labelled.time_dim(verdict, dim=dim)
    days = _labelled.calendar_days(verdict, time)
    if max_gap < 0:
        raise ValueError(f"max_gap must not be negative, got {max_gap}")
    wanted = _classes(classes)
    others = [d for d in verdict.dims if d != time]
    values = verdict.transpose(*others, time).values
    rows: list[tuple[Any, ...]] = []
    for index in np.ndindex(values.shape[:-1]):
        place = tuple(verdict[d].values[i] for d, i in zip(others, index, strict=True))
        rows += [(*place, *run) for run in _runs(values[index], days, wanted, max_gap)]
    table = pd.DataFrame(rows, columns=[*map(str, others), "start", "end", "n_days", "n_unknown", "span_days"])
    return table.astype({
        "start": "datetime64[ns]", "end": "datetime64[ns]", "n_days": "int64", "n_unknown": "int64",
        "span_days": "int64",
    })  # fmt: skip


def _runs(
    values: NDArray[Any], days: NDArray[Any], wanted: list[ProfileVerdict], max_gap: int
) -> list[tuple[Any, ...]]:
    """(start, end, days of the class, unknown days, span) of each run."""
    hit = np.isin(values, wanted)
    breaks = np.cumsum(~hit & ~np.isin(values, _CANNOT_TELL))  # a known other verdict lies between where it rises
    at = np.flatnonzero(hit)
    if not at.size:
        return []
    gap = np.diff(days[at]).astype(np.int64) - 1
    cut = np.flatnonzero((gap > max_gap) | (np.diff(breaks[at]) > 0)) + 1
    runs = []
    for run in np.split(at, cut):
        span = int((days[run[-1]] - days[run[0]]).astype(np.int64)) + 1
        runs.append((days[run[0]], days[run[-1]], run.size, span - run.size, span))
    return runs


# --- Onset and recovery -----------------------------------------------------------------------------------------------


def onset_recovery(
    score: xr.DataArray,
    /,
    *,
    origin_time: np.datetime64 | None = None,
    search_days: tuple[int, int] = (-35, 5),
    min_days: int = 3,
    block_days: int | None = None,
    n_resamples: int = 999,
    seed: int = 0,
    alpha: float = 0.05,
    level: float = 0.9,
    dim: Hashable | None = None,
) -> xr.Dataset:
    """When a daily score rises to an elevated episode and when it falls back, with intervals and a p-value.

    Parameters
    ----------
    score : DataArray
        A z-score of each day, with a time dim and any others (orbits, gases). NaN and infinities are missing.
    origin_time : datetime64, optional
        Of the earthquake, UTC; `search_days` count from its date. Without it the whole series is searched.
    search_days : tuple of int
        First day, and day after the last, of the search.
    min_days : int
        Fewest observed days inside the episode, and fewest outside.
    block_days : int, optional
        Observed days resampled together for the intervals; by default 1.5 times the cube root of their number, rounded.
    n_resamples : int
        Series simulated for the p-value, and bootstrap samples for the intervals.
    seed : int
        Of the random numbers. Each series starts from it anew, so that it does not matter what stands beside it.
    alpha : float
        An episode counts if its p-value is at most this.
    level : float
        Coverage of the intervals.
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    Dataset
        Without the time dim. Lazy if `score` is.

        - ``onset``, ``onset_low``, ``onset_high`` (datetime64[ns]): first elevated day and its interval
        - ``recovery``, ``recovery_low``, ``recovery_high``: first day that is no longer elevated
        - ``elevation`` (float64): mean score inside the episode less that outside, of the best fit even where p > alpha
        - ``n`` (int64): observed days; ``p`` (float64) against no change

        All dates are NaT where there is no episode (p > alpha), p and elevation NaN where n is less than 2 `min_days`
        or the score is constant. An onset on the first observed day, or a recovery after the last, was not seen: NaT,
        as is a bound that lies there.

    Raises
    ------
    TypeError
        If `score` is not a DataArray of real numbers.
    ValueError
        If time does not fit, no day lies in the search window, or a number is out of range.

    Notes
    -----
    The model is one step up and one step down, x_t = a + b [onset <= t < recovery] + noise with b > 0, fitted to the
    observed days by maximum likelihood of normal noise: of all episodes that which explains the largest sum of squares
    S = b² k (n - k)/n, k days inside.

    [D] p = (1 + #{Q' >= Q}) / (1 + n_resamples), with Q = S / (sum of squares about the mean) and Q' that of series
    without an episode: AR(1) noise over the same observed days, its shocks drawn from those of the residuals about the
    fit, its coefficient (r1 + 5/n) / max(1 - 8.7/n, 0.3), within 0..0.95: the autocorrelation r1 of the residuals,
    corrected by simulation for what the fit takes away. (Shuffling blocks of the days themselves would need fewer
    assumptions, but 40 days are so few blocks that a release of ten days could not reach p = 0.05, however strong.)

    The intervals are percentiles over moving-block bootstraps of the residuals, refitted each; the lower bound reaches
    back over unobserved days before it. Dates are those of `time`, which for the descending orbit of AIRS can be a day
    late. Block bootstrap: Künsch (1989), Ann. Stat. 17, 1217, doi 10.1214/aos/1176347265. AR bootstrap: Bühlmann
    (1997), Bernoulli 3, 123, doi 10.2307/3318584.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-09-11", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> score = xr.DataArray(np.random.default_rng(1).normal(size=time.size), {"time": time})
    >>> score[22:40] += 3.0  # 23 August to 9 September
    >>> found = onset_recovery(score)
    >>> print(f"{found.onset.values:.10}, p = {found.p.item():.3f}")
    2022-08-23, p = 0.001
    """
    time = _labelled.time_dim(score, dim=dim)
    _labelled.float_dtype(score, "score")
    if min_days < 1 or n_resamples < 1 or (block_days is not None and block_days < 1):
        raise ValueError(
            f"min_days, n_resamples and block_days must be at least 1, got {min_days}, {n_resamples}, {block_days}"
        )
    if not 0.0 < alpha <= 1.0 or not 0.0 < level < 1.0:
        raise ValueError(f"alpha and level must lie between 0 and 1, got {alpha} and {level}")
    days = _labelled.calendar_days(score, time)
    if origin_time is not None:
        date = np.datetime64(origin_time).astype("datetime64[D]")
        first, last = date + search_days[0] * _ONE_DAY, date + search_days[1] * _ONE_DAY
        inside = np.flatnonzero((days >= first) & (days < last))
        if not inside.size:
            raise ValueError(
                f"no day of score lies in the search window {first} to {last} (search_days={search_days} about {date})"
            )
        score, days = score.isel({time: inside}), days[inside]

    def find(values: NDArray[Any]) -> tuple[Any, ...]:
        return _episode(values, days, min_days, block_days, n_resamples, seed, alpha, level)

    dates = ["onset", "onset_low", "onset_high", "recovery", "recovery_low", "recovery_high"]
    types: dict[str, Any] = dict.fromkeys(dates, np.dtype("datetime64[ns]"))
    types |= {"elevation": np.float64, "n": np.int64, "p": np.float64}
    result = _labelled.apply(lambda v: _labelled.over_series(find, list(types.values()), v), [score], [[time]], types)
    title = _labelled.describe(score)
    for name in dates:
        event, _, bound = name.partition("_")
        what = {"": "", "low": "lower bound of the ", "high": "upper bound of the "}[bound]
        _labelled.with_attrs(result[name], None, f"{what}{event} of the elevated episode of {title}")
    _labelled.with_attrs(result["elevation"], score.attrs.get("units", "1"), f"elevation of {title} in the episode")
    _labelled.with_attrs(result["n"], "1", f"observed days of {title}")
    _labelled.with_attrs(result["p"], "1", f"p-value of the episode of {title} against autocorrelated noise")
    call = (
        f"onset_recovery(search_days={search_days}, origin_time={origin_time}, min_days={min_days}, "
        f"block_days={block_days}, n_resamples={n_resamples}, seed={seed}, alpha={alpha:g}, level={level:g})"
    )
    return result.assign_attrs(history=_labelled.history(score, call))


def _episode(
    values: NDArray[Any], days: NDArray[Any], min_days: int, block_days: int | None, n_resamples: int, seed: int,
    alpha: float, level: float,
) -> tuple[Any, ...]:  # fmt: skip
    """The results of `onset_recovery` for one series."""
    seen = np.isfinite(values)
    x, days = values[seen].astype(np.float64), days[seen]
    n = x.size
    if n < 2 * min_days or np.ptp(x) == 0.0:
        return (*[_NAT] * 6, np.nan, n, np.nan)
    (start,), (stop,), (best,) = _two_steps(x[np.newaxis], min_days)
    if start < 0:  # no episode of this length lies above the rest
        return (*[_NAT] * 6, np.nan, n, 1.0)
    inside = np.zeros(n, dtype=bool)
    inside[start:stop] = True
    low_level, high_level = x[~inside].mean(), x[inside].mean()
    fit = np.where(inside, high_level, low_level)
    rng = np.random.default_rng(seed)
    noise = _noise(x - fit, days, n_resamples, rng)
    total = np.square(noise - noise.mean(axis=1, keepdims=True)).sum(axis=1)
    share = np.divide(_two_steps(noise, min_days)[2], total, out=np.ones(total.shape), where=total > 0.0)
    own = best / np.square(x - x.mean()).sum()
    p = (1 + np.count_nonzero(share >= own * (1 - 1e-9))) / (1 + n_resamples)
    if p > alpha:
        return (*[_NAT] * 6, high_level - low_level, n, p)

    block = min(block_days or _labelled.block_length(n), n)
    first = rng.integers(0, n - block + 1, (n_resamples, -(-n // block), 1))
    drawn = (first + np.arange(block)).reshape(n_resamples, -1)[:, :n]
    starts, stops, _ = _two_steps(fit + (x - fit)[drawn], min_days)
    found = starts >= 0
    tail = (1 - level) / 2
    dates: list[Any] = []
    for best_at, at in ((start, starts[found]), (stop, stops[found])):
        at = at if at.size else np.array([best_at])
        low = min(int(np.quantile(at, tail, method="lower")), int(best_at))
        high = max(int(np.quantile(at, 1 - tail, method="higher")), int(best_at))
        before = _NAT if low in (0, n) else days[low - 1] + _ONE_DAY
        dates += [_seen(days, best_at), before, _seen(days, high)]
    return (*dates, high_level - low_level, n, p)


def _noise(
    residual: NDArray[np.float64], days: NDArray[Any], count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """AR(1) series on the given days, as like to the residuals of an episode as their autocorrelation tells."""
    n = residual.size
    r1 = _labelled.lag_one(residual, days)
    # What the fit of an episode leaves of the autocorrelation, as simulations of 25 to 80 days have it.
    phi = 0.0 if np.isnan(r1) else float(np.clip((r1 + 5 / n) / max(1 - 8.7 / n, 0.3), 0.0, 0.95))
    at = (days - days[0]).astype(np.int64)
    pair = np.flatnonzero(np.diff(at) == 1)
    shocks = residual[pair + 1] - phi * residual[pair] if pair.size >= 5 else residual
    series: NDArray[np.float64] = rng.choice(shocks - shocks.mean(), (int(at[-1]) + 1, count))
    if not series.any():  # no noise at all: any is as good, and none is as good a fit
        series = rng.standard_normal(series.shape)
    series[0] = series[0] / np.sqrt(1 - phi**2)
    for t in range(1, len(series)):
        series[t] += phi * series[t - 1]
    observed: NDArray[np.float64] = series[at].T
    return observed


def _seen(days: NDArray[Any], at: int) -> Any:
    """The day of an index, NaT where the change would lie before the first day or after the last."""
    return days[at] if 0 < at < len(days) else _NAT


def _two_steps(x: NDArray[np.float64], min_days: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Start, stop and explained sum of squares of the best raised stretch of each row; start -1 where there is none."""
    rows, n = x.shape
    x = x - x.mean(axis=1, keepdims=True)
    total = np.concatenate([np.zeros((rows, 1)), np.cumsum(x, axis=1)], axis=1)
    best = np.zeros(rows)
    start, stop = np.full(rows, -1, dtype=np.intp), np.full(rows, -1, dtype=np.intp)
    for k in range(min_days, n - min_days + 1):
        # About the mean, a stretch of k days with sum s has b = s n / (k (n - k)), so S = s² n / (k (n - k)).
        sums = total[:, k:] - total[:, :-k]
        at = sums.argmax(axis=1)
        top = sums[np.arange(rows), at]
        explained = np.where(top > 0.0, top**2 * (n / (k * (n - k))), 0.0)
        better = explained > best
        best[better], start[better], stop[better] = explained[better], at[better], at[better] + k
    return start, stop, best


# --- A place and its surroundings -------------------------------------------------------------------------------------


def neighbourhood(cube: Cube, /, *, longitude: float, latitude: float, radius_cells: int = 1) -> Cube:
    """The cell that holds a place, and those around it.

    Parameters
    ----------
    cube : Dataset or DataArray
        With dims "lat" and "lon", cell centres in degrees; longitudes on any turn.
    longitude, latitude : float
        Of the place, degrees.
    radius_cells : int
        Cells on each side: 1 is 3 x 3, 0 the cell alone.

    Returns
    -------
    Dataset or DataArray
        Of the type of `cube`. At the edge of the grid there are fewer cells; on a grid all around the Earth longitudes
        go on past the edge.

    Raises
    ------
    ValueError
        If the place is off the grid: more than half a step from every cell centre.

    Examples
    --------
    >>> grid = xr.DataArray(np.zeros((7, 10)), {"lat": np.arange(27.5, 34), "lon": np.arange(97.5, 107)})
    >>> cells = neighbourhood(grid, longitude=102.08, latitude=29.59)
    >>> cells.lat.values.tolist(), cells.lon.values.tolist()
    ([28.5, 29.5, 30.5], [101.5, 102.5, 103.5])
    """
    if radius_cells < 0:
        raise ValueError(f"radius_cells must not be negative, got {radius_cells}")
    row, column = _cell(cube, longitude, latitude)
    lat, lon = cube["lat"].values, cube["lon"].values
    rows = np.arange(max(row - radius_cells, 0), min(row + radius_cells + 1, lat.size))
    columns = np.arange(column - radius_cells, column + radius_cells + 1)
    step = _step(lon)
    if np.isclose(lon.size * step, 360.0) and columns.size <= lon.size:
        turns = columns // lon.size
        attrs = cube["lon"].attrs
        picked = cube.isel(lat=rows, lon=columns % lon.size)
        picked = picked.assign_coords(lon=picked["lon"].values + 360.0 * turns) if turns.any() else picked
        picked["lon"].attrs = dict(attrs)
        return picked
    return cube.isel(lat=rows, lon=columns[(columns >= 0) & (columns < lon.size)])


def lateral_contrast(
    values: xr.DataArray,
    /,
    *,
    longitude: float,
    latitude: float,
    inner_deg: float = 1.0,
    outer_deg: float = 3.0,
    min_cells: int = 8,
    surface_pressure: xr.DataArray | None = None,
) -> xr.Dataset:
    """How far the cell of a place stands out from the ring around it, in robust standard deviations of the ring.

    Zhao et al. (2022, section 2.1, doi 10.12677/ag.2022.1212164) hold gas over the epicentre that is like its
    surroundings for gas from elsewhere; this puts a number to "like".

    Parameters
    ----------
    values : DataArray
        Of dims "lat" and "lon" and any others. NaN and infinities are missing.
    longitude, latitude : float
        Of the place, degrees.
    inner_deg, outer_deg : float
        The ring holds the cells whose centres are more than `inner_deg` and at most `outer_deg` degrees of arc from the
        centre of the place's cell.
    min_cells : int
        Fewest valid cells of the ring for a result, else NaN.
    surface_pressure : DataArray, optional
        With units of pressure. Levels within 5 hPa of the ground or below it do not count; `values` then needs a level
        dim with pressures (see `gasquake.profiles.scan_profiles`).

    Returns
    -------
    Dataset
        Without "lat" and "lon". Lazy if `values` is. Floats have the type of `values`.

        - ``contrast`` (1): (x - median of the ring) / (1.4826 MAD of the ring)
        - ``ring_median``, ``ring_spread`` (1.4826 MAD) in the units of `values`
        - ``n_ring`` (int32): valid cells of the ring

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If the place is off the grid, the ring is not a ring, or the grids differ.

    Notes
    -----
    [D] The radii of 1 and 3 degrees, the 8 cells and the robust spread are this project's: the paper compares two
    pictures. The contrast is NaN also where the place's own value is missing or the ring has no spread.

    Examples
    --------
    >>> rng = np.random.default_rng(5)
    >>> co = xr.DataArray(rng.normal(100, 2, (7, 10)), {"lat": np.arange(27.5, 34), "lon": np.arange(97.5, 107)})
    >>> co[2, 5] = 120.0
    >>> found = lateral_contrast(co, longitude=102.08, latitude=29.59)
    >>> print(f"{found.contrast.item():.0f} sigma above {found.n_ring.item()} cells")
    13 sigma above 27 cells
    """
    kind = _labelled.float_dtype(_labelled.require_dataarray(values, "values"), "values")
    if not 0.0 <= inner_deg < outer_deg:
        raise ValueError(f"inner_deg and outer_deg must rise from 0, got {inner_deg} and {outer_deg}")
    row, column = _cell(values, longitude, latitude)
    lat, lon = values["lat"].values.astype(np.float64), values["lon"].values.astype(np.float64)
    one_degree = distance_km(0.0, 0.0, 0.0, 1.0)
    arc = distance_km(lon[column], lat[row], lon, lat[:, np.newaxis]) / one_degree
    ring = (arc > inner_deg + 1e-6) & (arc <= outer_deg + 1e-6)
    # Only the rows and columns that the ring or the place touch are read.
    rows = np.union1d(np.flatnonzero(ring.any(axis=1)), row)
    columns = np.union1d(np.flatnonzero(ring.any(axis=0)), column)
    if surface_pressure is not None:
        values = _above_ground(values, surface_pressure)
    chosen = values.isel(lat=rows, lon=columns)
    ring = ring[np.ix_(rows, columns)]
    here = int(np.searchsorted(rows, row)), int(np.searchsorted(columns, column))

    def compare(array: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        around = np.where(np.isfinite(array), array, np.nan).astype(np.float64)[..., ring]
        n = np.isfinite(around).sum(axis=-1)
        middle = _median(around)
        spread = 1.4826 * _median(np.abs(around - middle[..., np.newaxis]))
        own = array[..., here[0], here[1]].astype(np.float64)
        usable = (n >= min_cells) & np.isfinite(own) & (spread > 0.0)
        contrast = np.divide(own - middle, spread, out=np.full(own.shape, np.nan), where=usable)
        return contrast.astype(kind), middle.astype(kind), spread.astype(kind), n.astype(np.int32)

    types = {"contrast": kind, "ring_median": kind, "ring_spread": kind, "n_ring": np.int32}
    result = _labelled.apply(compare, [chosen], [["lat", "lon"]], types)
    units, title = values.attrs.get("units"), _labelled.describe(values)
    _labelled.with_attrs(result["contrast"], "1", f"contrast of {title} with the ring around the place")
    _labelled.with_attrs(result["ring_median"], units, f"median of {title} in the ring")
    _labelled.with_attrs(result["ring_spread"], units, f"1.4826 MAD of {title} in the ring")
    _labelled.with_attrs(result["n_ring"], "1", f"valid cells of {title} in the ring")
    call = (
        f"lateral_contrast(longitude={longitude:g}, latitude={latitude:g}, inner_deg={inner_deg:g}, "
        f"outer_deg={outer_deg:g}, min_cells={min_cells})"
    )
    return result.assign_attrs(history=_labelled.history(values, call))


def _above_ground(values: xr.DataArray, surface_pressure: xr.DataArray) -> xr.DataArray:
    """Values with the levels at or below the ground missing; a missing surface pressure leaves none."""
    level = _labelled.find_dim(values, "level", "values")
    pressure = xr.DataArray(_labelled.pressure_levels(values, level, "values"), dims=[level])
    ground = _labelled.with_units(surface_pressure, "surface_pressure", "hPa")
    _labelled.check_aligned(values, "values", surface_pressure=ground)
    return values.where(pressure <= ground.drop_vars(list(ground.coords)) - 5.0).transpose(*values.dims)


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of the finite values along the last axis, NaN where there is none (np.nanmedian warns of those)."""
    count = np.isfinite(values).sum(axis=-1)[..., np.newaxis]
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    ordered = np.sort(values, axis=-1)  # NaN last
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), axis=-1)
    middle: NDArray[np.float64] = ((low + high) / 2.0)[..., 0]
    return middle


def _cell(cube: xr.Dataset | xr.DataArray, longitude: float, latitude: float) -> tuple[int, int]:
    """Row and column of the cell that holds a place."""
    for name in ("lat", "lon"):
        if name not in cube.dims or name not in cube.coords or not cube.sizes[name]:
            raise ValueError(f"the data have no cells along {name!r}; they have the dimensions {tuple(cube.dims)}")
    lat, lon = cube["lat"].values.astype(np.float64), cube["lon"].values.astype(np.float64)
    north = np.abs(lat - latitude)
    east = np.abs((lon - longitude + 180.0) % 360.0 - 180.0)
    row, column = int(north.argmin()), int(east.argmin())
    tolerance = 1e-6
    if not (north[row] <= _step(lat) / 2 + tolerance and east[column] <= _step(lon) / 2 + tolerance):
        raise ValueError(
            f"the place {longitude:g} E, {latitude:g} N lies off the grid, whose cell centres cover "
            f"{lon.min():g}..{lon.max():g} E, {lat.min():g}..{lat.max():g} N; choose a region that holds it"
        )
    return row, column


def _step(centres: NDArray[Any]) -> float:
    """Distance of cell centres in degrees; of a single cell, 1."""
    return float(np.abs(np.diff(centres)).min()) if centres.size > 1 else 1.0
