"""Fitted spirals as paths, and the helix: a spiral in the plane whose height changes steadily."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gasquake import kernels
from gasquake._array import check_choice, check_positive_int
from gasquake.motion._points import ANCHORS, KINDS, Anchor, Float64, Kind, valid_points

__all__ = ["HelixFit", "fit_helix", "spiral_path"]


def spiral_path(
    fit: kernels.SpiralFit, elapsed: ArrayLike, /, *, kind: Kind, anchor: Anchor
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where fitted spirals are at given times: the curve of `gasquake.kernels.fit_spirals`.

    Parameters
    ----------
    fit : SpiralFit
        Of one track, or of tracks of shape (...).
    elapsed : array_like of float, shape (..., times)
        Days since the first valid point of the track.
    kind, anchor : str
        As the fit was made with.

    Returns
    -------
    x, y : ndarray of float64, shape (..., times)
        km east and north of the origin; NaN where there is no fit, and for a logarithmic spiral that does not turn
        (rate exactly 0), whose pace the fit does not hold.

    Raises
    ------
    ValueError
        For an unknown kind or anchor.

    Examples
    --------
    >>> t = np.arange(20.0)
    >>> s = 0.5 + 0.2 * t
    >>> z = 40.0 * (1 - 1j * s) * np.exp(1j * s)
    >>> fit = kernels.fit_spirals(z.real, z.imag, t)
    >>> x, y = spiral_path(fit, [0.0, 19.0], kind="involute", anchor="centre")
    >>> np.allclose(x + 1j * y, z[[0, -1]])
    True
    """
    check_choice(kind, "kind", KINDS)
    check_choice(anchor, "anchor", ANCHORS)
    scale, phase, rate, offset, growth, chirality = (
        np.asarray(getattr(fit, name), dtype=np.float64)[..., None]
        for name in ("scale", "phase", "rate", "offset", "growth", "chirality")
    )
    s = offset + rate * np.asarray(elapsed, dtype=np.float64)
    # An infinite growth is no error here, nor is a spiral followed until it leaves the Earth.
    with np.errstate(invalid="ignore", over="ignore"):
        if kind == "logarithmic":
            curve = np.exp((growth + 1j) * s)
        else:
            curve = (s if kind == "archimedean" else 1 - 1j * s) * np.exp(1j * s)
        if anchor == "cusp" and kind != "archimedean":
            curve = curve - 1.0
        path = scale * np.exp(1j * phase) * np.where(chirality < 0, curve.conj(), curve)
    return path.real, path.imag


@dataclass(frozen=True, slots=True)
class HelixFit:
    """What `fit_helix` finds. NaN wherever the track has too few points.

    Attributes
    ----------
    spiral : SpiralFit
        In the plane, on the points that have a height too.
    kind, anchor : str
        Which spiral.
    zeta0 : float
        Height on the line at the first valid time, in the unit of `zeta`.
    climb : float
        Change of height a day.
    climb_se : float
        Its standard error from the residuals, as if the days were independent.
    zeta_rmse : float
        Root mean square distance of the heights from the line.
    zeta_r2 : float
        Share of the variance of the heights that the line explains; NaN for heights that are all one.
    p_value : float
        (1 + #{permuted days with as steep a line}) / (1 + n), two-sided.
    n : int
        Valid points.
    n_missing : int
        Points left out.
    reason : str
        Why there is no result; empty if there is one.
    """

    spiral: kernels.SpiralFit
    kind: Kind
    anchor: Anchor
    zeta0: float
    climb: float
    climb_se: float
    zeta_rmse: float
    zeta_r2: float
    p_value: float
    n: int
    n_missing: int
    reason: str


def fit_helix(
    x: ArrayLike,
    y: ArrayLike,
    zeta: ArrayLike,
    t: ArrayLike,
    /,
    *,
    seed: int,
    n: int = 999,
    kind: Kind = "involute",
    anchor: Anchor = "centre",
    sigma: float = 50.0,
    loss: Literal["huber", "square"] = "huber",
    max_turns: float = 4.0,
    n_threads: int | None = None,
) -> HelixFit:
    r"""Fit a spiral in the plane and a straight line in height to one track.

    Parameters
    ----------
    x, y : array_like of float, shape (points,)
        Positions in km east and north of the epicentre.
    zeta : array_like of float, shape (points,)
        Heights in any unit, as km. Of the pressure of a maximum take -7 ln(p / 1013.25) or so, not the pressure.
    t : array_like, shape (points,)
        Times in days, or dates (datetime64).
    seed : int
        Seed of the random numbers, at least 0 and below 2**128.
    n : int
        How many permutations of the days.
    kind, anchor, sigma, loss, max_turns, n_threads
        As in `gasquake.kernels.fit_spirals`.

    Returns
    -------
    HelixFit
        The spiral, the line and its p-value. With fewer than 6 valid points [D], or all at one time, every number is
        NaN and ``reason`` says why.

    Raises
    ------
    TypeError
        If an array does not hold real numbers (`t`: or dates), or an argument is of the wrong type.
    ValueError
        If the arrays are not 1-d and of one length, or an argument is out of range.

    See Also
    --------
    spiral_tests : The p-values of the spiral.

    Notes
    -----
    The helix is the spiral with :math:`\zeta = \zeta_0 + c\,\tau`, :math:`\tau` in days since the first valid point. As
    the spiral's s grows linearly in time, a pitch in height per rad is c / rate: no other fit. Height and plane are
    independent given the times, so the plane is the fit of `gasquake.kernels.fit_spirals` and the height ordinary least
    squares.

    The p-value deals the heights out to the days anew. It tests "no order in time", which any slow change of the
    weather refutes too. A point counts if its x, y, zeta and t are all finite.

    Examples
    --------
    >>> t = np.arange(20.0)
    >>> s = 0.5 + 0.2 * t
    >>> z = 40.0 * (1 - 1j * s) * np.exp(1j * s)
    >>> found = fit_helix(z.real, z.imag, 1.0 + 0.25 * t, t, seed=1, n=99)
    >>> round(found.climb, 9), round(found.zeta0, 9), found.p_value, round(float(found.spiral.rate), 6)
    (0.25, 1.0, 0.01, 0.2)
    """
    points = valid_points(x, y, t, zeta)
    draws = check_positive_int(n, "n")
    generator = np.random.Generator(np.random.Philox(key=check_positive_int(seed, "seed", minimum=0)))
    enough = not points.too_few
    east, north, times = (a if enough else np.full(1, np.nan) for a in (points.x, points.y, points.t))
    spiral = kernels.fit_spirals(
        east,
        north,
        times,
        kind=kind,
        anchor=anchor,
        sigma=sigma,
        loss=loss,
        max_turns=max_turns,
        n_threads=n_threads,
    )
    line = _line(points.zeta, points.t, draws, generator) if enough else (math.nan,) * 6
    zeta0, climb, climb_se, rmse, r2, p_value = line
    return HelixFit(
        spiral=spiral,
        kind=kind,
        anchor=anchor,
        zeta0=zeta0,
        climb=climb,
        climb_se=climb_se,
        zeta_rmse=rmse,
        zeta_r2=r2,
        p_value=p_value,
        n=points.t.size,
        n_missing=points.n_missing,
        reason=points.too_few,
    )


def _line(zeta: Float64, t: Float64, draws: int, generator: np.random.Generator) -> tuple[float, ...]:
    off, height = t - t.mean(), zeta - zeta.mean()
    power, spread = float(off @ off), float(height @ height)
    climb = float(off @ height) / power
    residual = height - climb * off
    sse = float(residual @ residual)
    p_value, r2 = math.nan, math.nan
    if spread > 1e-24 * max(1.0, float(zeta @ zeta)):
        r2 = 1.0 - sse / spread
        permuted = generator.permuted(np.broadcast_to(height, (draws, height.size)), axis=1)
        steepness = np.abs(permuted @ off)
        # Levels are few, so many permutations tie; rounding must not break the ties.
        reached = np.count_nonzero(steepness >= abs(float(off @ height)) - 1e-9 * math.sqrt(power * spread))
        p_value = (1 + int(reached)) / (1 + draws)
    zeta0 = float(zeta.mean()) - climb * float(t.mean() - t[0])
    return zeta0, climb, math.sqrt(sse / (t.size - 2) / power), math.sqrt(sse / t.size), r2, p_value
