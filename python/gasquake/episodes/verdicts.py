"""How often a verdict falls, with its interval, and how many days it lasts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from gasquake import _labelled
from gasquake.kernels import ProfileVerdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["base_rate", "run_lengths", "wilson_interval"]

# Verdicts that say nothing about roots: too few levels, or a kernel without shape.
_CANNOT_TELL = (ProfileVerdict.UNDETERMINED, ProfileVerdict.AMPLITUDE_ONLY)


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
