"""What chance makes of a track: every spiral against every null, corrected for all that was tried."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from gasquake import _labelled, kernels
from gasquake._array import as_float, check_choice, check_number, check_positive_int
from gasquake.motion._points import ANCHORS, KINDS, Anchor, Float64, Kind, Points, distinct_spirals, valid_points
from gasquake.motion.maxima import MaximaFrequency

__all__ = ["holm", "spiral_tests"]

Null = Literal["permute_days", "rotate", "move_anchor", "climatology"]
Loss = Literal["huber", "square"]

_HUBER = 1.345  # as in the kernel


def spiral_tests(
    x: ArrayLike,
    y: ArrayLike,
    t: ArrayLike,
    /,
    *,
    seed: int,
    n: int = 999,
    kinds: Sequence[Kind] = KINDS,
    anchors: Sequence[Anchor] = ANCHORS,
    nulls: Sequence[Null] | None = None,
    climatology: MaximaFrequency | None = None,
    sigma: float = 50.0,
    loss: Loss = "huber",
    max_turns: float = 4.0,
    n_threads: int | None = None,
) -> xr.Dataset:
    """Test every spiral on one track against every null, and correct for the number of tests.

    Parameters
    ----------
    x, y : array_like of float, shape (points,)
        Positions in km east and north of the epicentre.
    t : array_like, shape (points,)
        Times in days, or dates (datetime64).
    seed : int
        Seed of the random numbers, at least 0 and below 2**128. All spirals meet the same random tracks.
    n : int
        Random tracks for each null. No p-value can be less than 1 / (1 + n), none corrected less than the number of
        tests times that: with the 15 tests of the defaults 999 leaves 0.015, and 99 leaves 0.15.
    kinds, anchors : sequence of str
        Which spirals. The Archimedean one is tried once, as both its anchors are the same point.
    nulls : sequence of {"permute_days", "rotate", "move_anchor", "climatology"}, optional
        What chance does. By default the first three, and the fourth if `climatology` is given.
    climatology : MaximaFrequency, optional
        For "climatology": how often each place holds the maximum in other years, by `maxima_frequency`.
    sigma, loss, max_turns, n_threads
        As in `gasquake.kernels.fit_spirals`. The square loss takes a third of the time.

    Returns
    -------
    Dataset
        ``statistic`` (spiral), 1 - cost / cost of the best constant point; ``p_value`` and ``p_holm`` (spiral, null).
        The coordinates ``kind`` and ``anchor`` go with ``spiral``. ``attrs``: ``n_points``, ``n_missing``, ``n_draws``,
        ``seed``, ``n_tests`` (those with a p-value), ``smallest_p_holm`` (that this `n` can give) and ``reason``: with
        fewer than 6 valid points [D], or all at one time or place, all is NaN and it says why; else it is empty.

    Raises
    ------
    TypeError
        If an array does not hold real numbers (`t`: or dates), or an argument is of the wrong type.
    ValueError
        If the arrays are not 1-d and of one length, an argument is out of range, or "climatology" is asked for without
        one.

    See Also
    --------
    gasquake.kernels.spiral_null : What the first three nulls keep and break.
    holm : To correct over several tracks together.
    compare_models : Whether a straight line or a random walk does as well.

    Notes
    -----
    "climatology" puts each day's maximum at a place drawn by how often that place holds the maximum in other years. It
    keeps the places that terrain, noise and permanent sources prefer, and breaks, as "permute_days" does, the order in
    time: a drifting maximum passes it without being a spiral. p = (1 + #{null >= observed}) / (1 + n); a random
    track that stays at one place has no statistic and counts as reaching the observed one.

    Positions that a wind carries need a null made of winds, which is not one of these.

    ``p_holm`` corrects over the tests of this call alone. Whoever tests several levels, gases, orbits or choices
    of days must pass all their ``p_value`` to `holm` at once.

    Nulls (b), (a), (c) and (d) of the design; p-value with the observed track counted in: Phipson and Smyth (2010),
    doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> t = np.arange(20.0)
    >>> s = 0.5 + 0.25 * t
    >>> z = 100.0 * (1 - 1j * s) * np.exp(1j * s)
    >>> found = spiral_tests(z.real, z.imag, t, seed=1, n=99, kinds=["involute"], loss="square")
    >>> found.p_value.sel(spiral="involute_centre", null="permute_days").item(), found.attrs["n_tests"]
    (0.01, 6)
    """
    spirals = distinct_spirals(kinds, anchors)
    chosen = _chosen_nulls(nulls, climatology)
    points = valid_points(x, y, t)
    draws = check_positive_int(n, "n")
    key = check_positive_int(seed, "seed", minimum=0)
    options: dict[str, Any] = {
        "sigma": check_number(sigma, "sigma", positive=True),
        "loss": check_choice(loss, "loss", ("huber", "square")),
        "max_turns": check_number(max_turns, "max_turns", positive=True),
        "n_threads": n_threads,
    }
    statistic = np.full(len(spirals), np.nan)
    p_value = np.full((len(spirals), len(chosen)), np.nan)
    if not points.too_few:
        drawn = _draw(points, climatology, draws, key) if "climatology" in chosen and climatology else None
        floor = None if drawn is None else _constant_cost(*drawn, sigma=options["sigma"], loss=options["loss"])
        for i, (_, kind, anchor) in enumerate(spirals):
            how = {**options, "kind": kind, "anchor": anchor}
            statistic[i] = _statistic(points, how)
            for j, null in enumerate(chosen):
                if drawn is not None and floor is not None and null == "climatology":
                    costs = kernels.fit_spirals(*drawn, points.t, **how).cost
                    ratio = np.divide(costs, floor, out=np.full(draws, np.nan), where=floor > 0)
                    p_value[i, j] = _p_value(statistic[i], 1.0 - ratio)
                else:
                    found = kernels.spiral_null(points.x, points.y, points.t, n=draws, null=null, seed=key, **how)
                    p_value[i, j] = found.p_value
    return _as_dataset(spirals, chosen, statistic, p_value, points, draws, key, options)


def _chosen_nulls(nulls: Sequence[Null] | None, climatology: MaximaFrequency | None) -> tuple[Any, ...]:
    plain = ("permute_days", "rotate", "move_anchor")
    if climatology is not None and not isinstance(climatology, MaximaFrequency):
        raise TypeError(
            f"climatology must be a MaximaFrequency, got {type(climatology).__name__}; see maxima_frequency"
        )
    if nulls is None:
        return plain if climatology is None else (*plain, "climatology")
    if isinstance(nulls, str):
        raise TypeError(f"nulls must be a sequence of names, got the text {nulls!r}; write ({nulls!r},)")
    chosen = tuple(dict.fromkeys(nulls))
    for null in chosen:
        check_choice(null, "nulls", (*plain, "climatology"))
    if not chosen:
        raise ValueError("nulls must name at least one null")
    if "climatology" in chosen and climatology is None:
        raise ValueError("the null 'climatology' needs climatology, how often each place holds the maximum; pass it")
    return chosen


def _statistic(points: Points, how: dict[str, Any]) -> float:
    # The null of one draw: it gives the statistic that all of them are held against.
    return kernels.spiral_null(points.x, points.y, points.t, n=1, seed=0, **how).statistic


def _p_value(statistic: float, null: Float64) -> float:
    reached = int(np.count_nonzero(~(null < statistic - 1e-12)))
    return (1 + reached) / (1 + null.size) if math.isfinite(statistic) else math.nan


def _draw(points: Points, climatology: MaximaFrequency, draws: int, key: int) -> tuple[Float64, Float64]:
    """Places for every day, drawn by their weight. The stream is none that the kernel's nulls use."""
    generator = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 1, 0]))
    share = climatology.weight / climatology.weight.sum()
    at = generator.choice(share.size, size=(draws, points.t.size), p=share)
    return climatology.x[at], climatology.y[at]


def _constant_cost(x: Float64, y: Float64, *, sigma: float, loss: str) -> Float64:
    """Least cost of a point that never moves, for each track; 0 for a track that stays at one place.

    Huber's loss is convex, so the reweighted mean goes down to its minimum from anywhere.
    """
    z = (x + 1j * y) / sigma
    centre = z.mean(axis=-1, keepdims=True)
    still = np.abs(z - centre).max(axis=-1) <= 1e-12 * np.maximum(1.0, np.abs(z).max(axis=-1))
    u = np.abs(z - centre)
    if loss == "square":
        return np.where(still, 0.0, np.sum(u**2, axis=-1) / 2)
    cost = _huber(u)
    for _ in range(500):
        weight = _HUBER / np.maximum(u, _HUBER)
        centre = np.sum(weight * z, axis=-1, keepdims=True) / np.sum(weight, axis=-1, keepdims=True)
        u = np.abs(z - centre)
        before, cost = cost, _huber(u)
        if np.all(before - cost <= 1e-13 * before):
            break
    return np.where(still, 0.0, cost)


def _huber(u: Float64) -> Float64:
    loss = np.where(u <= _HUBER, 0.5 * u**2, _HUBER * (u - 0.5 * _HUBER))
    return np.asarray(loss.sum(axis=-1), dtype=np.float64)


def _as_dataset(
    spirals: list[tuple[str, Kind, Anchor]],
    nulls: tuple[str, ...],
    statistic: Float64,
    p_value: Float64,
    points: Points,
    draws: int,
    seed: int,
    options: dict[str, Any],
) -> xr.Dataset:
    names, kinds, anchors = (list(part) for part in zip(*spirals, strict=True))
    n_tests = int(np.isfinite(p_value).sum())
    reason = points.too_few
    if not reason and not n_tests:
        reason = f"all {points.t.size} valid points lie at one place"
    result = xr.Dataset(
        {
            "statistic": ("spiral", statistic),
            "p_value": (("spiral", "null"), p_value),
            "p_holm": (("spiral", "null"), holm(p_value)),
        },
        {"spiral": names, "kind": ("spiral", kinds), "anchor": ("spiral", anchors), "null": list(nulls)},
    )
    _labelled.with_attrs(result["statistic"], "1", "1 - cost of the spiral / cost of the best constant point")
    _labelled.with_attrs(result["p_value"], "1", "share of random tracks that a spiral fits as well")
    _labelled.with_attrs(result["p_holm"], "1", "p-value after Holm's correction over the tests of this call")
    call = (
        f"spiral_tests(seed={seed}, n={draws}, sigma={options['sigma']:g}, loss={options['loss']!r}, "
        f"max_turns={options['max_turns']:g})"
    )
    return result.assign_attrs(
        n_points=points.t.size,
        n_missing=points.n_missing,
        n_draws=draws,
        seed=str(seed),  # it may need 128 bits, which netCDF has not
        n_tests=n_tests,
        smallest_p_holm=min(1.0, max(n_tests, 1) / (1 + draws)),
        reason=reason,
        history=_labelled.history(result, call),
    )


# No library we depend on has it: scipy.stats.false_discovery_control is Benjamini-Hochberg and -Yekutieli, which bound
# another rate, and statsmodels is much to install for five lines.
def holm(p_values: ArrayLike, /) -> NDArray[np.float64]:
    r"""Holm's correction of p-values for having made several tests.

    Parameters
    ----------
    p_values : array_like of float, any shape
        All that were tried, in 0..1. NaN is a test that could not be made: it stays NaN and does not count.

    Returns
    -------
    ndarray of float64
        Corrected p-values, of the same shape, at most 1.

    Raises
    ------
    TypeError
        If they are no real numbers.
    ValueError
        If one lies outside 0..1.

    Notes
    -----
    With the m p-values in ascending order :math:`\tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\,p_{(j)})`.
    Rejecting where it is at most alpha makes any false rejection at all no more likely than alpha, however the tests
    depend on one another. Holm (1979), Scandinavian Journal of Statistics 6, 65-70,
    https://www.jstor.org/stable/4615733.

    Leaving out tests that were made but did not please makes the correction worthless.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    given = np.asarray(as_float(p_values, "p_values"), dtype=np.float64)
    known = np.flatnonzero(~np.isnan(given))
    flat = given.ravel()[known]
    if ((flat < 0) | (flat > 1)).any():
        raise ValueError(f"p_values must lie in 0..1, got {flat[(flat < 0) | (flat > 1)][0]}")
    order = np.argsort(flat, kind="stable")
    stepped = np.maximum.accumulate(np.minimum(1.0, np.arange(flat.size, 0, -1) * flat[order]))
    adjusted = np.full(given.size, np.nan)
    adjusted[known[order]] = stepped
    return adjusted.reshape(given.shape)
