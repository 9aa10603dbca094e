"""Spirals beside the plain explanations: a point that stays, a straight line, a random walk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from gasquake import kernels
from gasquake._array import check_bool, check_number
from gasquake.motion._points import ANCHORS, KINDS, Anchor, Float64, Kind, Points, distinct_spirals, valid_points
from gasquake.motion.spirals import spiral_path

__all__ = ["ModelComparison", "ModelFit", "compare_models"]

Complex = NDArray[np.complex128]

# [D] A track pinned to one cell leaves no residuals; its likelihood is that of an error of one metre, not infinite.
_LEAST_ERROR_KM = 1e-3


@dataclass(frozen=True, slots=True)
class ModelFit:
    """One model of the motion, fitted to a track. NaN wherever the track has too few points.

    Attributes
    ----------
    name : str
        "constant", "line", "random_walk", or a spiral's kind and anchor as in "involute_centre".
    k : int
        Parameters, with the variance.
    rmse_km : float
        Root mean square distance between positions and curve; of the random walk, between positions and what it
        predicts from all earlier days.
    r2 : float
        1 - sum of those squares / sum of squared distances from the mean position, over the same points.
    aicc : float
        Akaike's criterion corrected for few points; only differences on the same points mean anything.
    delta_aicc : float
        `aicc` less that of the best model: 0 for the best, and above 10 for one with practically no support.
    weight : float
        Akaike weight: exp(-delta_aicc / 2), scaled so that the models sum to 1.
    loo_rmse_km : float
        Root mean square distance between each day's positions and what the model, without that day, says about them.
    ambiguous : bool
        Whether a spiral turns more than half a turn over the median step between points: its rate can then not be
        told from a turn more or less per step.
    steps_over_half_turn : int
        Over how many steps it does.
    parameters : mapping of str to float
        "constant": ``x``, ``y`` (km). "line": these on the first valid day, ``vx``, ``vy`` (km/day). "random_walk":
        ``x``, ``y`` on the first valid day, ``step`` (km per square root of a day and axis). Spirals: ``chirality``,
        ``scale``, ``phase``, ``rate``, ``offset``, ``growth`` as in `gasquake.kernels.fit_spirals`.
    """

    name: str
    k: int
    rmse_km: float = math.nan
    r2: float = math.nan
    aicc: float = math.nan
    delta_aicc: float = math.nan
    weight: float = math.nan
    loo_rmse_km: float = math.nan
    ambiguous: bool = False
    steps_over_half_turn: int = 0
    parameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """All models of one track, on the same points.

    Attributes
    ----------
    models : tuple of ModelFit
        "constant", "line", "random_walk", then the spirals.
    best : str
        The plain model (constant, line, random walk) of least `aicc`; a spiral only if it beats that by more than the
        margin. Empty where there is none.
    least_aicc : str
        Name of the model of least `aicc`, whatever the margin.
    margin : float
        As it was asked for.
    n : int
        Valid points.
    n_missing : int
        Points left out.
    n_days : int
        Different days among the valid points.
    reason : str
        Why there is no result; empty if there is one.
    """

    models: tuple[ModelFit, ...]
    best: str
    least_aicc: str
    margin: float
    n: int
    n_missing: int
    n_days: int
    reason: str

    def __getitem__(self, name: str) -> ModelFit:
        for model in self.models:
            if model.name == name:
                return model
        raise KeyError(f"no model {name!r}; there are {', '.join(model.name for model in self.models)}")


def compare_models(
    x: ArrayLike,
    y: ArrayLike,
    t: ArrayLike,
    /,
    *,
    kinds: Sequence[Kind] = KINDS,
    anchors: Sequence[Anchor] = ANCHORS,
    sigma: float = 50.0,
    max_turns: float = 4.0,
    margin: float = 10.0,
    leave_one_out: bool = True,
    n_threads: int | None = None,
) -> ModelComparison:
    r"""Set spirals beside a point that stays, a straight line and a random walk, on the same points.

    Parameters
    ----------
    x, y : array_like of float, shape (points,)
        Positions in km east and north of the epicentre.
    t : array_like, shape (points,)
        Times in days, or dates (datetime64).
    kinds, anchors : sequence of str
        Which spirals. The Archimedean one is fitted once, as both its anchors are the same point.
    sigma : float
        Standard error of a position along each axis in km, for the random walk alone: half a cell of a one-degree grid
        is 50 [D].
    max_turns : float
        Most turns that the search for spirals allows over the track.
    margin : float
        By how much the AICc of a spiral must be less than that of every plain model for it to be called ``best``. 10,
        where the loser has practically no support (Burnham and Anderson 2004), is a design choice [D].
    leave_one_out : bool
        Whether to find ``loo_rmse_km``, which fits every spiral once for each day.
    n_threads : int, optional
        At most this many threads. The result does not depend on it.

    Returns
    -------
    ModelComparison
        One `ModelFit` a model. With fewer than 6 valid points [D], or all at one time, every number is NaN and
        ``reason`` says why.

    Raises
    ------
    TypeError
        If an array does not hold real numbers (`t`: or dates), or an argument is of the wrong type.
    ValueError
        If the arrays are not 1-d and of one length, or an argument is out of range.

    See Also
    --------
    spiral_tests : How often chance fits as well. A spiral that beats a line here is not yet one.

    Notes
    -----
    A point counts if its x, y and t are finite.

    **Likelihood.** Every model is a Gaussian density of the same 2 n numbers. Curves (point, line, spirals): errors are
    independent between days and axes, with one unknown variance; all are fitted by least squares, whose sum of squares
    SSE gives, with N = 2 n, :math:`-2 \ln L = N \ln(SSE/N)` up to a constant that all share. The random walk:

    .. math:: P_j = X_j + e_j, \quad X_j = X_{j-1} + d_j, \quad e_j \sim N(0, \sigma^2 I), \quad
              d_j \sim N(0, q\,(t_j - t_{j-1})\,I)

    with :math:`X_1` and q unknown (3 parameters) and `sigma` known, by the density of all points, which is the
    product of the densities of its innovations. `sigma` cannot be unknown too: with a free :math:`X_1` the density
    would grow without bound as it goes to 0. Where `sigma` is far too large or too small, the random walk is judged too
    harshly.

    AICc adds 2 k + 2 k (k + 1)/(N - k - 1) and is NaN for N <= k + 1; that of a spiral is the kernel's own. It counts
    the rate of a spiral as one parameter, though the search over many turns is worth more, five spirals try their luck,
    and a spiral that hardly turns is a line or a point. So by AICc alone more than half of tracks of pure noise "are" a
    spiral: hence `margin`. With 10 that is rare; it is still no test, for which there are the nulls.

    **Leaving a day out** leaves out all points of that date. Point, line and walk by the closed form, with q as all
    days give it; spirals by a fit to the other days, which can go far astray before the first and after the last day.

    AICc: Hurvich and Tsai (1989), doi:10.1093/biomet/76.2.297. Weights: Burnham and Anderson (2004),
    doi:10.1177/0049124104268644. The random walk with noise is the local level model of Harvey (1989),
    doi:10.1017/CBO9781107049994.

    Examples
    --------
    >>> t = np.arange(20.0)
    >>> noise = np.random.default_rng(1).normal(0.0, 30.0, (2, 20))
    >>> found = compare_models(15.0 * t + noise[0], -10.0 * t + noise[1], t)
    >>> found.best, found["constant"].delta_aicc > 10
    ('line', True)
    """
    spirals = distinct_spirals(kinds, anchors)
    points = valid_points(x, y, t)
    error = check_number(sigma, "sigma", positive=True)
    leave = check_bool(leave_one_out, "leave_one_out")
    turns = check_number(max_turns, "max_turns", positive=True)
    edge = check_number(margin, "margin")
    days = np.floor(points.t)
    n_days = int(np.unique(days).size)
    if points.too_few:
        names = {"constant": 3, "line": 5, "random_walk": 3} | {name: _SPIRAL_K[k, a] for name, k, a in spirals}
        empty = tuple(ModelFit(name, k) for name, k in names.items())
        return ModelComparison(empty, "", "", edge, points.t.size, points.n_missing, n_days, points.too_few)
    z = points.x + 1j * points.y
    models = [
        _polynomial(z, points.t, days, 0),
        _polynomial(z, points.t, days, 1),
        _random_walk(z, points.t, days, error),
    ]
    models += [_spiral(points, days if leave else None, *spiral, turns, n_threads) for spiral in spirals]
    if not leave:
        models = [replace(model, loo_rmse_km=math.nan) for model in models]
    ranked = _weigh(models)
    plain = min(ranked[:3], key=lambda model: model.aicc)
    known = [model for model in ranked if not math.isnan(model.aicc)]
    least = min(known, key=lambda model: model.aicc)
    best = least if plain.aicc - least.aicc > edge else plain
    return ModelComparison(
        tuple(ranked), best.name, least.name, edge, points.t.size, points.n_missing, n_days, points.too_few
    )


# Parameters of the spirals, with the variance.
_SPIRAL_K: dict[tuple[str, str], int] = {
    (kind, anchor): 6 if (kind, anchor) == ("logarithmic", "cusp") else 5 for kind in KINDS for anchor in ANCHORS
}


def _weigh(models: list[ModelFit]) -> list[ModelFit]:
    aicc = np.array([model.aicc for model in models])
    delta = aicc - np.nanmin(aicc)
    share = np.exp(-0.5 * delta)
    weight = share / np.nansum(share)
    return [replace(m, delta_aicc=float(d), weight=float(w)) for m, d, w in zip(models, delta, weight, strict=True)]


def _aicc(minus_two_log: float, k: int, n: int) -> float:
    return minus_two_log + 2 * k + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else math.nan


def _curve_aicc(sse: float, k: int, n_points: int) -> float:
    """AICc without the constant N (1 + ln 2 pi), which `_random_walk` leaves out too."""
    n = 2 * n_points
    variance = max(sse / n, _LEAST_ERROR_KM**2)
    return _aicc(n * math.log(variance) + sse / variance - n, k, n)


def _r2(sse: float, spread: float) -> float:
    return 1.0 - sse / spread if spread > 0 else math.nan


def _spread(z: Complex) -> float:
    return float(np.sum(np.abs(z - z.mean()) ** 2))


def _polynomial(z: Complex, t: Float64, days: Float64, degree: int) -> ModelFit:
    """The point that stays (degree 0) or the straight line (degree 1), x and y at once."""
    design = np.vander(t - t[0], degree + 1, increasing=True)
    basis, triangle = np.linalg.qr(design)
    coefficients = np.linalg.solve(triangle, basis.T @ z)
    residual = z - design @ coefficients
    sse = float(np.sum(np.abs(residual) ** 2))
    left_out = _leave_out(np.eye(z.size) - basis @ basis.T, residual, days)
    names = ("x", "y", "vx", "vy")
    parts = [part for c in coefficients for part in (c.real, c.imag)]
    return ModelFit(
        name=("constant", "line")[degree],
        k=(k := 2 * degree + 3),
        rmse_km=math.sqrt(sse / z.size),
        r2=_r2(sse, _spread(z)),
        aicc=_curve_aicc(sse, k, z.size),
        loo_rmse_km=left_out,
        parameters={name: float(part) for name, part in zip(names, parts, strict=False)},
    )


def _leave_out(q: Float64, qz: Complex, days: Float64) -> float:
    """Root mean square error of predicting each day from the others.

    With the covariance S, the design A and Q = S^-1 - S^-1 A (A' S^-1 A)^-1 A' S^-1 the errors of a day B, whose
    points are left out together, are Q_BB^-1 (Q z)_B. NaN where the other days do not determine the model.
    """
    total = 0.0
    for day in np.unique(days):
        at = np.flatnonzero(days == day)
        block = q[np.ix_(at, at)]
        if np.linalg.eigvalsh(block)[0] <= 1e-10 * np.diag(q).max():
            return math.nan
        total += float(np.sum(np.abs(np.linalg.solve(block, qz[at])) ** 2))
    return math.sqrt(total / days.size)


def _random_walk(z: Complex, t: Float64, days: Float64, sigma: float) -> ModelFit:
    """The local level model from an unknown first position: step variance by maximum likelihood.

    Dense, as one factorisation serves every step variance: for tracks of up to some hundred points.
    """
    tau = t - t[0]
    shared = np.minimum.outer(tau, tau)  # covariance of the walk for q = 1
    roots, vectors = np.linalg.eigh(shared)
    ones, data = vectors.sum(axis=0), vectors.T @ z

    def minus_two_log(q: float) -> float:
        variance = sigma**2 + q * np.maximum(roots, 0.0)
        centre = np.sum(ones * data / variance) / np.sum(ones**2 / variance)
        chi2 = np.sum(np.abs(data - ones * centre) ** 2 / variance)
        return float(2.0 * np.sum(np.log(variance)) + chi2 - 2 * z.size)

    # From a walk that noise hides altogether to steps as large as any seen; the likelihood may have several tops.
    gaps = np.diff(tau)
    least = 1e-4 * sigma**2 / tau[-1]
    most = 10.0 * max(sigma**2, float(np.max(np.abs(np.diff(z)) ** 2))) / gaps[gaps > 0].min()
    grid = np.linspace(math.log(least), math.log(most), 121)
    scores = [minus_two_log(math.exp(g)) for g in grid]
    top = int(np.argmin(scores))
    bounds = (grid[max(top - 1, 0)], grid[min(top + 1, grid.size - 1)])
    fine = minimize_scalar(lambda g: minus_two_log(math.exp(g)), bounds=bounds, method="bounded")
    q = min((0.0, math.exp(grid[top]), math.exp(float(fine.x))), key=minus_two_log)

    covariance = sigma**2 * np.eye(z.size) + q * shared
    inverse = np.linalg.inv(covariance)
    weights = inverse.sum(axis=0)
    centre = weights @ z / weights.sum()
    projected = inverse - np.outer(weights, weights) / weights.sum()
    # The innovations: what each point adds to the prediction from all earlier ones.
    lower = np.linalg.cholesky(covariance)
    innovations = (np.diag(lower) * np.linalg.solve(lower, z - centre))[1:]
    sse = float(np.sum(np.abs(innovations) ** 2))
    return ModelFit(
        name="random_walk",
        k=3,
        rmse_km=math.sqrt(sse / innovations.size),
        r2=_r2(sse, float(np.sum(np.abs(z - z.mean())[1:] ** 2))),
        aicc=_aicc(minus_two_log(q), 3, 2 * z.size),
        loo_rmse_km=_leave_out(projected, projected @ z, days),
        parameters={"x": float(centre.real), "y": float(centre.imag), "step": math.sqrt(q)},
    )


# --- Spirals ----------------------------------------------------------------------------------------------------------


def _spiral(
    points: Points, days: Float64 | None, name: str, kind: Kind, anchor: Anchor, max_turns: float, threads: int | None
) -> ModelFit:
    """A spiral by least squares, with all days and (if there are `days`) without each."""
    options: dict[str, Any] = {
        "kind": kind, "anchor": anchor, "loss": "square", "max_turns": max_turns, "n_threads": threads,
    }  # fmt: skip
    fit = kernels.fit_spirals(points.x, points.y, points.t, **options)
    k = _SPIRAL_K[kind, anchor]
    if not math.isfinite(float(fit.rmse)):
        return ModelFit(name, k)
    z = points.x + 1j * points.y
    sse = float(fit.rmse) ** 2 * z.size
    turned = np.abs(float(fit.rate)) * np.diff(points.t)
    error = math.nan
    if days is not None:
        out = days == np.unique(days)[:, None]
        folds = kernels.fit_spirals(np.where(out, np.nan, points.x), points.y, points.t, **options)
        first = np.where(out, np.inf, points.t).min(axis=1, keepdims=True)
        px, py = spiral_path(folds, points.t - first, kind=kind, anchor=anchor)
        error = float(np.sqrt(np.mean(np.hypot(points.x - px, points.y - py)[out] ** 2)))
    return ModelFit(
        name=name,
        k=k,
        rmse_km=float(fit.rmse),
        r2=_r2(sse, _spread(z)),
        aicc=_curve_aicc(sse, k, z.size),
        loo_rmse_km=error,
        ambiguous=bool(np.median(turned) > math.pi),
        steps_over_half_turn=int(np.count_nonzero(turned > math.pi)),
        parameters={p: float(getattr(fit, p)) for p in ("chirality", "scale", "phase", "rate", "offset", "growth")},
    )
