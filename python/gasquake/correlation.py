"""Do two gases go together, and more so in one stage than in another? Correlations with what their n allows.

Zhao et al. (2022, doi 10.12677/ag.2022.1212164) correlate daily XCO and XCH4 in the stages of one earthquake from 4, 7
and 29 days. Here each coefficient comes with its effective n, an interval, a p-value that keeps the days' likeness,
and a test of the difference between stages.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from gasquake import _labelled

__all__ = [
    "ZHAO2022_TABLE_1", "PublishedCorrelation", "detrend", "fisher_interval", "rolling_correlation",
    "stage_correlation", "stage_difference",
]  # fmt: skip

_YEAR_DAYS = 365.25


def fisher_interval(r: Any, n: Any, /, *, level: float = 0.95) -> tuple[Any, Any]:
    """Fisher's interval of a correlation coefficient.

    Parameters
    ----------
    r : array_like
        Pearson's coefficient, -1..1.
    n : array_like
        Number of independent pairs; it need not be whole.
    level : float
        Coverage, in 0..1.

    Returns
    -------
    low, high : float or ndarray of float64
        Bounds in -1..1; NaN where ``n <= 3``, of which no interval can be had.

    Raises
    ------
    ValueError
        If `level` does not lie between 0 and 1.

    Notes
    -----
    tanh(atanh r ± z / sqrt(n - 3)), with z the normal quantile of (1 + level)/2. Fisher, R. A. (1921), Metron 1, 3.

    Examples
    --------
    >>> low, high = fisher_interval(0.91, 4)
    >>> print(f"{low:.2f} to {high:.2f}")
    -0.41 to 1.00
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    z = float(stats.norm.ppf((1.0 + level) / 2.0))
    r, n = np.asarray(r, dtype=np.float64), np.asarray(n, dtype=np.float64)
    with np.errstate(divide="ignore"):  # r = ±1 has the interval ±1..±1
        centre, half = np.arctanh(r), z / np.sqrt(np.where(n > 3.0, n - 3.0, np.nan))
    low, high = np.tanh(centre - half), np.tanh(centre + half)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


@dataclass(frozen=True, slots=True)
class PublishedCorrelation:
    """A coefficient of a publication, with the number of days it can rest on at most.

    Attributes
    ----------
    stage, orbit : str
        As "before" and "descending".
    r : float
        The coefficient as printed.
    n : int
        Days of the stage; valid ones may be fewer, which the publication does not say.

    Examples
    --------
    >>> PublishedCorrelation("before", "ascending", -0.38, 7).interval
    (-0.88, 0.52)
    """

    stage: str
    orbit: str
    r: float
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """Fisher's 95 % interval, if all days were valid and independent: the narrowest that can be claimed.

        Returns
        -------
        tuple of float
            Bounds, rounded like the coefficient.
        """
        low, high = fisher_interval(self.r, self.n)
        return round(low, 2), round(high, 2)


#: Table 1 of Zhao et al. (2022): XCO with XCH4, background 1-29 August, before 30 August - 5 September, during 6-9
#: September 2022. Of the six only that of 7 days differs from 0 at 95 %, before any correction for six looks.
ZHAO2022_TABLE_1: tuple[PublishedCorrelation, ...] = (
    PublishedCorrelation("background", "ascending", -0.17, 29),
    PublishedCorrelation("background", "descending", -0.20, 29),
    PublishedCorrelation("before", "ascending", -0.38, 7),
    PublishedCorrelation("before", "descending", 0.93, 7),
    PublishedCorrelation("during", "ascending", 0.91, 4),
    PublishedCorrelation("during", "descending", 0.02, 4),
)


def detrend(values: xr.DataArray, /, *, harmonics: int = 0, dim: Hashable | None = None) -> xr.DataArray:
    """What is left of daily series without a straight line and, from two years on, without the seasons.

    Parameters
    ----------
    values : DataArray
        With a time dim of dates and any others. NaN and infinities are missing.
    harmonics : int
        0 for the line alone; k for the seasons too, as waves of 1 to k a year (3 is usual).
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    DataArray
        With the shape, chunks, units and type of `values`, missing where they are. All NaN where fewer than twice as
        many days are valid as there are coefficients.

    Raises
    ------
    TypeError
        If `values` is not a DataArray of real numbers.
    ValueError
        If time does not fit, or `harmonics` is negative or asked of less than two years.

    Notes
    -----
    Least squares of x = b0 + b1 t + sum over k of (c_k cos + d_k sin)(2 pi k t / 365.25 d). [D] Two years: of less, the
    waves take the signal with them. The line takes part of a lasting step too.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-08-06", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> co = xr.DataArray([1.0, 2.0, np.nan, 4.0, 5.0], {"time": time})
    >>> abs(detrend(co)).round(6).values.tolist()
    [0.0, 0.0, nan, 0.0, 0.0]
    """
    time = _labelled.time_dim(values, dim=dim)
    kind = _labelled.float_dtype(values, "values")
    t = (_labelled.calendar_days(values, time) - np.datetime64("2000-01-01")).astype(np.float64)
    if harmonics < 0:
        raise ValueError(f"harmonics must not be negative, got {harmonics}")
    span = float(np.ptp(t)) + 1.0 if t.size else 0.0
    if harmonics and span < 2 * _YEAR_DAYS - 1:
        raise ValueError(
            f"harmonics={harmonics} needs at least two years of days, got {span:g} days; use harmonics=0, or values "
            "that are anomalies from other years already (gasquake.anomalies.seasonal_zscore)"
        )
    phase = 2 * np.pi * np.arange(1, harmonics + 1) * t[:, np.newaxis] / _YEAR_DAYS
    line = (t - t.mean()) / max(span, 1.0) if t.size else t
    model = np.column_stack([np.ones_like(t), line, np.cos(phase), np.sin(phase)])

    def residual(series: NDArray[Any]) -> tuple[NDArray[np.float64]]:
        result, valid = np.full(series.size, np.nan), np.isfinite(series)
        if valid.sum() >= 2 * model.shape[1]:
            y = series[valid].astype(np.float64)
            centred = y - y.mean()  # a small signal on a large constant keeps its digits
            result[valid] = centred - model[valid] @ np.linalg.lstsq(model[valid], centred, rcond=None)[0]
        return (result,)

    found = _labelled.apply(
        lambda v: _labelled.over_series(residual, [kind], v, extra=(t.size,)),
        [values], [[time]], {"anomaly": kind}, out_core=[time],
    )["anomaly"]  # fmt: skip
    what = "line and seasons" if harmonics else "line"
    return _labelled.with_attrs(
        found.rename(values.name),
        values.attrs.get("units"),
        f"{_labelled.describe(values)} less its {what}",
        history=_labelled.history(values, f"detrend(harmonics={harmonics})"),
    )


def stage_correlation(
    x: xr.DataArray,
    y: xr.DataArray,
    stage: xr.DataArray,
    /,
    *,
    harmonics: int | None = 0,
    level: float = 0.95,
    dim: Hashable | None = None,
) -> xr.Dataset:
    """Correlation of two daily series in each stage, with what n allows to say of it.

    Parameters
    ----------
    x, y : DataArray
        Daily values, as XCO and XCH4, with a time dim and the same others (orbit). NaN and infinities are missing.
    stage : DataArray
        Labels of the days as `gasquake.stages.stage_labels` gives them: integers from 0 on, negative in no stage;
        names from ``flag_values`` and ``flag_meanings`` where they are there.
    harmonics : int or None
        Of `detrend`, which is done first over all days; None takes the values as they are.
    level : float
        Coverage of the interval.
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    Dataset
        Of (stage, ...), float64, NaN where there is nothing to say; lazy if `x` is.

        - ``pearson``, ``spearman``: NaN for fewer than 3 pairs or a constant series
        - ``n`` (int64): days with both values
        - ``n_effective``; ``low``, ``high``: Fisher's interval of ``pearson``, NaN where n_effective <= 3
        - ``pearson_p``, ``spearman_p``: from circular shifts, NaN for fewer than 4 pairs

    Raises
    ------
    TypeError
        If an argument is not a DataArray of real numbers.
    ValueError
        If grids or time do not fit.

    Notes
    -----
    n_effective = n (1 - r1 r1') / (1 + r1 r1'), at most n, with the autocorrelations r1 of x and r1' of y between
    neighbouring days. [D] They are taken over all days, not those of the stage: four days have no autocorrelation to
    speak of. Where there is none to be had n_effective is NaN.

    p is exact: the pairs of the stage in the order of time, x shifted around against y by every number of days;
    p = (1 + number of the n - 1 shifts with abs(r) at least that found) / n. With n days it cannot fall below 1/n: of 4
    days no p is less than 0.25. No correction for several stages, orbits or coefficients is made here.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-08-09", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> co = xr.DataArray([1.0, 3.0, 2.0, 5.0, 4.0, 7.0, 8.0, 6.0], {"time": time})
    >>> ch4 = xr.DataArray([2.0, 3.0, 1.0, 6.0, 4.0, 7.0, 9.0, 5.0], {"time": time})
    >>> found = stage_correlation(co, ch4, xr.zeros_like(co, dtype="i1"), harmonics=None)
    >>> print(f"r = {found.pearson.item():.2f}, n = {found.n.item()}, p = {found.pearson_p.item():.3f}")
    r = 0.95, n = 8, p = 0.125
    """
    x, y, time = _pairs(x, y, harmonics, dim)
    days = _labelled.calendar_days(x, time)
    codes, names = _stage_names(stage, time, x)

    def correlate(a: NDArray[Any], b: NDArray[Any], label: NDArray[Any]) -> tuple[Any, ...]:
        both = np.isfinite(a) & np.isfinite(b)
        shared = _labelled.lag_one(np.where(both, a, np.nan), days) * _labelled.lag_one(np.where(both, b, np.nan), days)
        per_stage = []
        for code in codes:
            used = both & (label == code)
            n = int(used.sum())
            effective = min(n * (1 - shared) / (1 + shared), float(n)) if abs(shared) < 1 else np.nan
            r, p = _shift_test(a[used], b[used])
            rank_r, rank_p = _shift_test(stats.rankdata(a[used]), stats.rankdata(b[used]))
            per_stage.append((r, rank_r, n, effective, *fisher_interval(r, effective, level=level), p, rank_p))
        return tuple(np.array(values) for values in zip(*per_stage, strict=True))

    f8 = np.float64
    types = {
        "pearson": f8, "spearman": f8, "n": np.int64, "n_effective": f8, "low": f8, "high": f8, "pearson_p": f8,
        "spearman_p": f8,
    }  # fmt: skip
    result = _labelled.apply(
        lambda *arrays: _labelled.over_series(correlate, list(types.values()), *arrays, extra=(len(codes),)),
        [x, y, stage], [[time]] * 3, types, out_core=["stage"], out_sizes={"stage": len(codes)},
    )  # fmt: skip
    result = result.transpose("stage", ...).assign_coords(stage=("stage", names))
    pair = f"{_labelled.describe(x)} with {_labelled.describe(y)}"
    long_names = {
        "pearson": f"Pearson correlation of {pair}",
        "spearman": f"Spearman rank correlation of {pair}",
        "n": "days with both values",
        "n_effective": "effective number of days",
        "low": f"lower bound of the Pearson correlation of {pair}",
        "high": f"upper bound of the Pearson correlation of {pair}",
        "pearson_p": "p-value of the Pearson correlation against circular shifts",
        "spearman_p": "p-value of the Spearman correlation against circular shifts",
    }
    for name, long_name in long_names.items():
        _labelled.with_attrs(result[name], "1", long_name)
    call = f"stage_correlation(harmonics={harmonics}, level={level:g})"
    return result.assign_attrs(history=_labelled.history(x, call))


def stage_difference(
    x: xr.DataArray,
    y: xr.DataArray,
    stage: xr.DataArray,
    /,
    *,
    first: str | int,
    second: str | int,
    block_days: int | None = None,
    n_permutations: int = 999,
    seed: int = 0,
    harmonics: int | None = 0,
    dim: Hashable | None = None,
) -> xr.Dataset:
    """Whether two series correlate otherwise in one stage than in another.

    Parameters
    ----------
    x, y, stage : DataArray
        See `stage_correlation`.
    first, second : str or int
        The two stages, by name or label.
    block_days : int, optional
        Days that are relabelled together; by default 1.5 times the cube root of their number, rounded.
    n_permutations : int
        Permutations of the labels.
    seed : int
        Of the random numbers; each series starts from it anew.
    harmonics : int or None
        See `stage_correlation`.
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    Dataset
        Without the time dim: ``difference`` (float64, atanh r of `first` less that of `second`), ``p`` (float64) and
        ``n_first``, ``n_second`` (int64). NaN where a stage has fewer than 4 pairs or a constant series. Lazy if `x`
        is.

    Raises
    ------
    TypeError
        If an argument is not a DataArray of real numbers.
    ValueError
        If grids or time do not fit, or there is no such stage.

    Notes
    -----
    The days of both stages in the order of time, the labels shuffled in blocks of neighbours, so that each stage keeps
    its number of days; p = (1 + number with abs(difference) at least that found) / (1 + n_permutations). [D] Before
    atanh, abs(r) is cut at 1 - 1e-12. A handful of blocks in a stage leaves
    few different permutations, and no small p.

    Examples
    --------
    >>> time = np.arange("2022-07-01", "2022-09-09", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> rng = np.random.default_rng(2)
    >>> co = xr.DataArray(rng.normal(size=70), {"time": time})
    >>> ch4 = xr.DataArray(np.where(np.arange(70) < 50, -1, 1) * co.values + 0.5 * rng.normal(size=70), {"time": time})
    >>> stage = xr.DataArray(np.repeat(np.array([0, 1], dtype="i1"), [50, 20]), {"time": time})
    >>> found = stage_difference(co, ch4, stage, first=1, second=0)
    >>> print(f"{found.difference.item():.1f}, p = {found.p.item():.3f}")
    3.1, p = 0.001
    """
    x, y, time = _pairs(x, y, harmonics, dim)
    codes, names = _stage_names(stage, time, x)
    wanted = []
    for name, chosen in (("first", first), ("second", second)):
        found = [code for code, known in zip(codes, names, strict=True) if chosen in (code, known)]
        if not found:
            raise ValueError(f"{name}={chosen!r} is no stage of these labels; there are {', '.join(map(str, names))}")
        wanted.append(found[0])
    if wanted[0] == wanted[1]:
        raise ValueError(f"first and second are the same stage, {first!r}")
    if n_permutations < 1 or (block_days is not None and block_days < 1):
        raise ValueError(f"n_permutations and block_days must be at least 1, got {n_permutations} and {block_days}")

    def compare(a: NDArray[Any], b: NDArray[Any], label: NDArray[Any]) -> tuple[Any, ...]:
        used = np.isfinite(a) & np.isfinite(b) & np.isin(label, wanted)
        a, b, is_first = a[used].astype(np.float64), b[used].astype(np.float64), label[used] == wanted[0]
        counts = int(is_first.sum()), int((~is_first).sum())
        if min(counts) < 4:
            return np.nan, np.nan, *counts
        a, b = a - a.mean(), b - b.mean()
        block = block_days or _labelled.block_length(a.size)
        orders = _labelled.shuffled_blocks(a.size, block, n_permutations, np.random.default_rng(seed))
        own = float(_differences(a, b, is_first[np.newaxis])[0])
        if np.isnan(own):
            return np.nan, np.nan, *counts
        # A stage that comes out constant by shuffling has no correlation: it counts against the finding.
        null = np.nan_to_num(np.abs(_differences(a, b, is_first[orders])), nan=np.inf)
        return own, (1 + np.count_nonzero(null >= abs(own) - 1e-9)) / (1 + n_permutations), *counts

    types = {"difference": np.float64, "p": np.float64, "n_first": np.int64, "n_second": np.int64}
    result = _labelled.apply(
        lambda *arrays: _labelled.over_series(compare, list(types.values()), *arrays),
        [x, y, stage], [[time]] * 3, types,
    )  # fmt: skip
    pair = f"{_labelled.describe(x)} with {_labelled.describe(y)}"
    _labelled.with_attrs(result["difference"], "1", f"atanh correlation of {pair}, {first} less {second}")
    _labelled.with_attrs(result["p"], "1", "p-value of the difference against shuffled blocks of labels")
    _labelled.with_attrs(result["n_first"], "1", f"days of {first} with both values")
    _labelled.with_attrs(result["n_second"], "1", f"days of {second} with both values")
    call = (
        f"stage_difference(first={first!r}, second={second!r}, block_days={block_days}, "
        f"n_permutations={n_permutations}, seed={seed}, harmonics={harmonics})"
    )
    return result.assign_attrs(history=_labelled.history(x, call))


def rolling_correlation(
    x: xr.DataArray,
    y: xr.DataArray,
    window: int,
    /,
    *,
    min_count: int | None = None,
    dim: Hashable | None = None,
) -> xr.Dataset:
    """Pearson correlation of two daily series over the days up to each day.

    Parameters
    ----------
    x, y : DataArray
        Daily values on the same grid, with a time dim. NaN and infinities are missing.
    window : int
        Samples, at least 15: [t - window + 1, t]. If time skips days, reindex it to every day first.
    min_count : int, optional
        Fewest pairs for a result, at least 4, else NaN. By default `window`.
    dim : hashable, optional
        The time dim, where it cannot be found.

    Returns
    -------
    Dataset
        With the shape and chunks of `x`: ``correlation`` (float64; NaN too where a series is constant in the window)
        and ``count`` (int32, pairs in the window). Lazy if `x` is.

    Raises
    ------
    TypeError
        If an argument is not a DataArray of real numbers.
    ValueError
        If grids or time do not fit, or `window` or `min_count` is out of range.

    Notes
    -----
    The window is causal: no later day is in it. [D] At least 15 days: of unrelated noise one window of 7 days
    in 4 has abs(r) > 0.5, of 15 days one in 17. Neighbouring values share all but one of their days.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-09-01", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> co = xr.DataArray(np.random.default_rng(3).normal(size=31), {"time": time})
    >>> found = rolling_correlation(co, 2 - 3 * co, 15)
    >>> found.correlation.values[[13, 14, 30]].round(6).tolist()
    [nan, -1.0, -1.0]
    """
    x, y, time = _pairs(x, y, None, dim)
    if window < 15:
        raise ValueError(f"window must be at least 15 days, got {window}: of fewer the correlation is mostly chance")
    needed = window if min_count is None else min_count
    if not 4 <= needed <= window:
        raise ValueError(f"min_count must lie in 4..window ({window}), got {min_count}")

    def moving(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        both = np.isfinite(a) & np.isfinite(b)
        padding = [(0, 0)] * (a.ndim - 1) + [(window - 1, 0)]

        def windows(array: NDArray[Any]) -> NDArray[Any]:
            padded = np.ascontiguousarray(np.pad(array, padding))  # summed in one order, whatever the chunks
            return np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)

        used = windows(both)
        r = _masked_correlation(windows(np.where(both, a, 0.0)), windows(np.where(both, b, 0.0)), used)
        count = used.sum(axis=-1)
        return np.where(count >= needed, r, np.nan), count.astype(np.int32)

    result = _labelled.apply(
        moving, [x, y], [[time], [time]], {"correlation": np.float64, "count": np.int32}, out_core=[time]
    )
    pair = f"{_labelled.describe(x)} with {_labelled.describe(y)}"
    _labelled.with_attrs(result["correlation"], "1", f"correlation of {pair} over {window} samples")
    _labelled.with_attrs(result["count"], "1", f"pairs of {pair} in the window")
    call = f"rolling_correlation(window={window}, min_count={min_count})"
    return result.assign_attrs(history=_labelled.history(x, call))


# --- Shared -----------------------------------------------------------------------------------------------------------


def _pairs(
    x: xr.DataArray, y: xr.DataArray, harmonics: int | None, dim: Hashable | None
) -> tuple[xr.DataArray, xr.DataArray, Hashable]:
    """The two series, checked and detrended, and their time dim."""
    time = _labelled.time_dim(x, dim=dim)
    _labelled.require_dataarray(y, "y")
    for array, name in ((x, "x"), (y, "y")):
        _labelled.float_dtype(array, name)
    _labelled.check_aligned(x, "x", y=y)
    missing = [d for d in x.dims if d not in y.dims]
    if missing:
        raise ValueError(f"y has no dimension {missing[0]!r}, which x has; they must be on the same grid")
    if harmonics is not None:
        both = np.isfinite(x) & np.isfinite(y)  # one line for each, through the same days
        x, y = (detrend(a.where(both), harmonics=harmonics, dim=time) for a in (x, y))
    return x, y, time


def _stage_names(stage: xr.DataArray, time: Hashable, x: xr.DataArray) -> tuple[list[int], list[Any]]:
    """Labels and names of the stages."""
    _labelled.require_dataarray(stage, "stage")
    if stage.dtype.kind not in "iu":
        raise ValueError(f"stage must hold integer labels, as stages.stage_labels gives them, got {stage.dtype}")
    if time not in stage.dims:
        raise ValueError(f"stage has no dimension {time!r}; it has {stage.dims}")
    _labelled.check_aligned(x, "x", stage=stage)
    if "flag_values" in stage.attrs and "flag_meanings" in stage.attrs:
        flags = zip(np.ravel(stage.attrs["flag_values"]), stage.attrs["flag_meanings"].split(), strict=True)
        known = [(int(code), name) for code, name in flags if code >= 0]
    else:
        known = [(int(code), int(code)) for code in np.unique(stage.values) if code >= 0]
    if not known:
        raise ValueError("stage holds no stage: all its labels are negative")
    return [code for code, _ in known], [name for _, name in known]


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Pearson's coefficient; NaN where a series does not vary beyond its rounding."""
    return float(_masked_correlation(a, b, np.ones(a.shape, dtype=bool)))


def _masked_correlation(a: NDArray[Any], b: NDArray[Any], used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Pearson's coefficient over the last axis of the used pairs, NaN where a series is constant.

    `scipy.stats.pearsonr` has no mask along an axis and warns of constant series, which are common in clouds.
    """
    a, b, used = np.broadcast_arrays(a, b, used)
    n = used.sum(axis=-1, keepdims=True)

    def apart(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        total = np.sum(values, axis=-1, where=used, dtype=np.float64, keepdims=True)
        mean = np.divide(total, n, out=np.zeros(n.shape), where=n > 0)
        centred = np.where(used, values - mean, 0.0)
        size = np.sqrt(np.square(centred).sum(axis=-1))
        largest = np.abs(np.where(used, values, 0.0)).max(axis=-1, initial=0.0)
        return centred, size, size > 1e-13 * largest * np.sqrt(n[..., 0])

    (one, one_size, one_varies), (other, other_size, other_varies) = apart(a), apart(b)
    varies = one_varies & other_varies
    product = one_size * other_size
    r = np.divide((one * other).sum(axis=-1), product, out=np.full(product.shape, np.nan), where=varies & (product > 0))
    clipped: NDArray[np.float64] = np.clip(r, -1.0, 1.0)
    return clipped


def _shift_test(a: NDArray[Any], b: NDArray[Any]) -> tuple[float, float]:
    """Correlation of two series, and its p-value among all circular shifts of one of them."""
    n = a.size
    if n < 3:
        return np.nan, np.nan
    a, b = a.astype(np.float64), b.astype(np.float64)
    r = _pearson(a, b)
    if np.isnan(r) or n < 4:
        return r, np.nan
    shifted: Callable[[int], float] = lambda k: _pearson(np.roll(a, k), b)  # noqa: E731
    reached = sum(abs(shifted(k)) >= abs(r) - 1e-12 for k in range(1, n))
    return r, (1 + reached) / n


def _differences(a: NDArray[np.float64], b: NDArray[np.float64], is_first: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Atanh r of the days that are first less that of the others, for each row of labels."""
    limit = 1.0 - 1e-12
    one, other = (np.clip(_masked_correlation(a, b, used), -limit, limit) for used in (is_first, ~is_first))
    difference: NDArray[np.float64] = np.arctanh(one) - np.arctanh(other)
    return difference
