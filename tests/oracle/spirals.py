"""Twin of the spiral fits: a dense grid over the domain, then SciPy's bounded least squares from its best places.

It shares no formula with the kernel but the definitions: amplitudes by (reweighted) linear least squares on the curve's
points, minima by `scipy.optimize.least_squares` with numerical derivatives.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy.optimize import least_squares

TAU = 2 * np.pi
HUBER = 1.345
LOG_RADIUS = np.log(1000)
FLOATS = ("scale", "phase", "rate", "offset", "growth", "cost", "rmse", "r2", "aicc")
NAMES = ("chirality", *FLOATS, "n", "converged")


def shape(kind, anchor, s, growth=0.0):
    """The curve of size 1, without rotation: b(s) as complex numbers."""
    if kind == "involute":
        return (1 - 1j * s) * np.exp(1j * s) - (anchor == "cusp")
    if kind == "archimedean":
        return s * np.exp(1j * s)
    return np.exp((growth + 1j) * s) - (anchor == "cusp")


def loss_of(u, loss):
    if loss == "square":
        return u**2 / 2
    return np.where(u <= HUBER, u**2 / 2, HUBER * u - HUBER**2 / 2)


def curve(fit, kind, anchor, tau):
    """Positions of one fit (scalars of a SpiralFit), km, `tau` days after the first point."""
    s = fit.offset + fit.rate * tau
    b = shape(kind, anchor, s, fit.growth)
    return fit.scale * np.exp(1j * fit.phase) * (b if fit.chirality > 0 else b.conj())


def _unit_shape(kind, anchor, q, t):
    """b for parameters per time span, t from 0 to 1: rate and offset, or rate, growth times rate, and lag."""
    q = np.asarray(q)[..., None]
    if kind == "logarithmic":
        lag = q[2] if anchor == "cusp" else 0.0
        return np.exp((q[1] + 1j * q[0]) * (t + lag)) - (anchor == "cusp")
    return shape(kind, anchor, q[1] + q[0] * t)


def _bounds(kind, anchor, max_turns):
    if kind != "logarithmic":
        return np.array([TAU * max_turns] * 2)
    return np.array([TAU * max_turns, LOG_RADIUS, 1.0][: 3 if anchor == "cusp" else 2])


def _amplitudes(b, z, loss, passes):
    """The best complex amplitude for each row of b."""
    w = np.ones(b.shape)
    for _ in range(passes if loss == "huber" else 1):
        norm = (w * abs(b) ** 2).sum(-1, keepdims=True)
        c = (w * b.conj() * z).sum(-1, keepdims=True) / np.where(norm > 0, norm, 1)
        u = abs(z - c * b)
        w = np.where(u <= HUBER, 1, HUBER / np.where(u > 0, u, 1))
    return c[..., 0], loss_of(u, loss).sum(-1)


def refine(kind, anchor, z, t, c, q, loss, max_turns, tolerance=1e-13):
    """`least_squares` from one start; z in sigma, t from 0 to 1."""
    bounds = np.r_[np.inf, np.inf, _bounds(kind, anchor, max_turns)]
    # The amplitude in the unit of the curve's mean size: otherwise the problem is badly scaled.
    size = np.sqrt(np.mean(abs(_unit_shape(kind, anchor, q, t)) ** 2)) + 1e-12

    def miss(p):
        return z - (p[0] + 1j * p[1]) / size * _unit_shape(kind, anchor, p[2:], t)

    # For the square loss both coordinates, for Huber's the distances: |P - C| is not smooth where it vanishes.
    def fun(p):
        r = miss(p)
        return abs(r) if loss == "huber" else np.r_[r.real, r.imag]

    start = np.clip(np.r_[c.real * size, c.imag * size, q], -0.999999 * bounds, 0.999999 * bounds)
    options = {"ftol": tolerance, "xtol": tolerance, "gtol": tolerance, "max_nfev": 200}
    found = least_squares(
        fun, start, bounds=(-bounds, bounds), loss="huber" if loss == "huber" else "linear", f_scale=HUBER, **options
    )
    return float(loss_of(abs(miss(found.x)), loss).sum()), found.x / np.r_[size, size, np.ones(len(q))]


def grid(kind, anchor, max_turns, steps):
    """All combinations of so many values of each nonlinear parameter."""
    bounds = _bounds(kind, anchor, max_turns)
    axes = [np.linspace(-b, b, n) for b, n in zip(bounds, steps, strict=False)]
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")])


def minimum(kind, anchor, z, t, loss, max_turns, steps=(121, 61, 21), starts=10):
    """Least cost that the grid and the best `starts` of it lead to, with the parameters per span."""
    return min(minima(kind, anchor, z, t, loss, max_turns, steps, starts), key=lambda pair: pair[0])


def minima(kind, anchor, z, t, loss, max_turns, steps, starts, tolerance=1e-13):
    """Where the best `starts` of the grid that lie apart lead to."""
    q = grid(kind, anchor, max_turns, steps if kind != "logarithmic" else (steps[0], 15, steps[2]))
    c, cost = _amplitudes(_unit_shape(kind, anchor, q, t), z, loss, passes=6)
    chosen: list[int] = []
    for i in np.argsort(cost):
        near = [np.all(abs(q[:, i] - q[:, k]) <= (0.9, 0.9, 0.2)[: len(q)]) for k in chosen]
        if not any(near):
            chosen.append(int(i))
        if len(chosen) == starts:
            break
    return [refine(kind, anchor, z, t, c[i], q[:, i], loss, max_turns, tolerance) for i in chosen]


def multi_start(kind, anchor, z, t, loss, max_turns, rates=401, phases=12):
    """Least cost of `least_squares` from a grid of rates and phases: what methods C5 asks for. Minutes a track."""
    bound = _bounds(kind, anchor, max_turns)
    best = np.inf
    for rate in np.linspace(-bound[0], bound[0], rates):
        for phase in TAU * np.arange(phases) / phases:
            q = np.r_[rate, 1.0, 0.1][: len(bound)]
            b = _unit_shape(kind, anchor, q, t)
            scale = np.sqrt(np.mean(abs(z) ** 2) / np.mean(abs(b) ** 2))
            cost, _ = refine(kind, anchor, z, t, scale * np.exp(1j * phase), q, loss, max_turns, tolerance=1e-8)
            best = min(best, cost)
    return best


def normalised(x, y, t, sigma):
    """The valid points: complex positions in sigma, times from 0 to 1, first time and span."""
    valid = np.isfinite(x) & np.isfinite(y) & np.isfinite(t)
    z, t = (x[valid] + 1j * y[valid]) / sigma, t[valid]
    first, span = (t.min(), np.ptp(t)) if len(t) else (0.0, 0.0)
    return z, (t - first) / (span or 1.0), span


def _fit_one(x, y, t, kind, anchor, sigma, loss, max_turns):
    z, t, span = normalised(x, y, t, sigma)
    parameters = 5 if (kind, anchor) == ("logarithmic", "cusp") else 4
    out = dict.fromkeys(FLOATS, np.nan)
    out |= {"chirality": 0, "n": len(z), "converged": False}
    if 2 * len(z) <= parameters or span == 0:
        return out
    cost, p = minimum(kind, anchor, z, t, loss, max_turns)
    c, rate = (p[0] + 1j * p[1]) * sigma, p[2] / span
    if kind == "logarithmic":
        chirality, growth = (-1 if rate < 0 else 1), p[3] / abs(p[2])
        rate = abs(rate)
        offset = rate * span * p[4] if anchor == "cusp" else 0.0
    else:
        growth, offset = np.nan, p[3]
        chirality = 1 if offset + p[2] * t.mean() >= 0 else -1
        rate, offset = rate * chirality, offset * chirality
        if kind == "archimedean":
            c *= chirality
    miss = abs(z - (p[0] + 1j * p[1]) * _unit_shape(kind, anchor, p[2:], t))
    total = (abs(z - z.mean()) ** 2).sum()
    n, k = 2 * len(z), parameters + 1
    sse = (miss**2).sum()
    return out | {
        "chirality": chirality,
        "scale": abs(c),
        "phase": np.angle(c),
        "rate": rate,
        "offset": offset,
        "growth": growth,
        "cost": cost,
        "rmse": sigma * np.sqrt((miss**2).mean()),
        "r2": 1 - sse / total if total > 0 else np.nan,
        "aicc": n * np.log(sse * sigma**2 / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.nan,
        "converged": True,
    }


def fit_spirals(x, y, t, /, *, kind="involute", anchor="centre", sigma=50.0, loss="huber", max_turns=4.0):
    arrays = np.broadcast_arrays(*(np.ma.filled(np.ma.asarray(a, dtype=np.float64), np.nan) for a in (x, y, t)))
    batch = arrays[0].shape[:-1]
    flat = [a.reshape(-1, a.shape[-1]) for a in arrays]
    fits = [_fit_one(*points, kind, anchor, sigma, loss, max_turns) for points in zip(*flat, strict=True)]
    dtypes = {"chirality": np.int8, "n": np.int32, "converged": np.bool_}
    return SimpleNamespace(
        **{
            name: np.array([fit[name] for fit in fits], dtypes.get(name, np.float64)).reshape(batch)
            for name in [
                "chirality",
                "scale",
                "phase",
                "rate",
                "offset",
                "growth",
                "cost",
                "rmse",
                "r2",
                "aicc",
                "n",
                "converged",
            ]
        }
    )


def rearranged(x, y, t, *, null, seed, item):
    """The valid points of a track as the null hypothesis deals them, by NumPy's own Philox."""
    valid = np.isfinite(x) & np.isfinite(y) & np.isfinite(t)
    x, y, t = x[valid].copy(), y[valid].copy(), t[valid]
    bits = np.random.Philox(key=seed, counter=[0, item, 0, 0])
    if null == "permute_days":
        for i in range(len(x) - 1, 0, -1):
            j = (int(bits.random_raw()) * (i + 1)) >> 64
            x[[i, j]], y[[i, j]] = x[[j, i]], y[[j, i]]
        return x, y, t
    uniform = np.random.Generator(bits).random
    if null == "rotate":
        z = (x + 1j * y) * np.exp(1j * TAU * uniform(len(x)))
        return z.real, z.imag, t
    for axis in (x, y):
        low, high = min(axis.min(), 0), max(axis.max(), 0)
        axis -= low + (high - low) * uniform()
    return x, y, t


def constant_cost(z, loss):
    """Cost of the best constant point; z in sigma."""
    centre = complex(z.mean())
    for _ in range(3000 if loss == "huber" else 0):
        u = abs(z - centre)
        w = np.where(u <= HUBER, 1, HUBER / np.maximum(u, 1e-300))
        centre = (w * z).sum() / w.sum()
    return loss_of(abs(z - centre), loss).sum()
