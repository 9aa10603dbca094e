"""Correlation in each stage with an exact p-value, and whether two stages differ."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from gasquake import _labelled
from gasquake.correlation._pairs import checked_pair, masked_correlation
from gasquake.correlation.published import fisher_interval

__all__ = ["stage_correlation", "stage_difference"]


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
    x, y, time = checked_pair(x, y, harmonics, dim)
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
    x, y, time = checked_pair(x, y, harmonics, dim)
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
    return float(masked_correlation(a, b, np.ones(a.shape, dtype=bool)))


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
    one, other = (np.clip(masked_correlation(a, b, used), -limit, limit) for used in (is_first, ~is_first))
    difference: NDArray[np.float64] = np.arctanh(one) - np.arctanh(other)
    return difference
