"""When an elevated episode of a daily score begins and ends, how sure that is, and whether it could be noise."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled

__all__ = ["onset_recovery"]

_ONE_DAY = np.timedelta64(1, "D")
_NAT = np.datetime64("NaT", "ns")


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
