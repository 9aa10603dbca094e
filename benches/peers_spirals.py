"""Peers of `fit_spirals` (involute about its centre, Huber's loss): what one would write with SciPy or numba.

All of them fit log(scale), phase, rate and offset from given starts; none keeps to the domain, which they are free to
leave (a curve outside is not counted as a better answer).
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from scipy.optimize import curve_fit, least_squares

HUBER = 1.345
TURNS = 4 * 2 * np.pi
RATES, PHASES = 401, 12


def curve(p, t):
    s = p[3] + p[2] * t
    return np.exp(p[0] + 1j * p[1]) * (1 - 1j * s) * np.exp(1j * s)


def cost(u):
    return np.where(u <= HUBER, u**2 / 2, HUBER * u - HUBER**2 / 2).sum(-1)


def starts(z, rates, phases):
    """A grid of rates and phases at offset 1 and the scale of the track."""
    grid = []
    for rate in np.linspace(-TURNS, TURNS, rates):
        for phase in 2 * np.pi * np.arange(phases) / phases:
            scale = np.sqrt(np.mean(abs(z) ** 2) / (1 + np.mean((1 + rate * np.linspace(0, 1, len(z))) ** 2)))
            grid.append((np.log(scale), phase, rate, 1.0))
    return np.array(grid)


def inside(p):
    return abs(p[2]) <= TURNS and abs(p[3]) <= TURNS


def scipy_multi_start(z, t, rates=RATES, phases=PHASES):
    """`least_squares`, loss="huber", from every start: the least cost inside the domain. z in sigma, t in spans."""
    best = np.inf
    for p0 in starts(z, rates, phases):
        found = least_squares(lambda p: abs(z - curve(p, t)), p0, loss="huber", f_scale=HUBER, max_nfev=60)
        if inside(found.x):
            best = min(best, found.cost)
    return best


def scipy_curve_fit(z, t, p0):
    """`curve_fit` from one good start, with the square loss (it has no other)."""
    both = np.r_[z.real, z.imag]

    def model(_, *p):
        c = curve(np.array(p), t)
        return np.r_[c.real, c.imag]

    found, _ = curve_fit(model, t, both, p0=p0)
    return 0.5 * (abs(z - curve(found, t)) ** 2).sum()


@njit
def _normal_equations(p, z, t, delta, a, b):
    """The reweighted Gauss-Newton equations; returns the cost. `delta` is infinite for the square loss."""
    total = 0.0
    a[:] = 0.0
    b[:] = 0.0
    size = np.exp(p[0])
    j = np.empty((4, 2))
    for k in range(len(z)):
        s = p[3] + p[2] * t[k]
        cos, sin = np.cos(s + p[1]), np.sin(s + p[1])
        x, y = size * (cos + s * sin), size * (sin - s * cos)
        dx, dy = size * s * cos, size * s * sin
        rx, ry = z[k].real - x, z[k].imag - y
        u = np.sqrt(rx * rx + ry * ry)
        w = 1.0
        if u <= delta:
            total += 0.5 * u * u
        else:
            w = delta / u
            total += delta * u - 0.5 * delta * delta
        j[0, 0], j[0, 1], j[1, 0], j[1, 1] = x, y, -y, x
        j[2, 0], j[2, 1], j[3, 0], j[3, 1] = dx * t[k], dy * t[k], dx, dy
        for m in range(4):
            b[m] += w * (j[m, 0] * rx + j[m, 1] * ry)
            for n in range(m + 1):
                a[m, n] += w * (j[m, 0] * j[n, 0] + j[m, 1] * j[n, 1])
    return total


@njit
def _solve(a, b, damping, x):
    """Cholesky of the damped matrix."""
    low = np.zeros((4, 4))
    for m in range(4):
        for n in range(m + 1):
            v = a[m, n] * (1 + damping) + 1e-12 if m == n else a[m, n]
            for k in range(n):
                v -= low[m, k] * low[n, k]
            low[m, n] = np.sqrt(max(v, 1e-30)) if m == n else v / low[n, n]
    for m in range(4):
        v = b[m]
        for k in range(m):
            v -= low[m, k] * x[k]
        x[m] = v / low[m, m]
    for m in range(3, -1, -1):
        for k in range(m + 1, 4):
            x[m] -= low[k, m] * x[k]
        x[m] /= low[m, m]


@njit
def _descend(p, z, t, delta, steps):
    """Levenberg and Marquardt by hand, from `p`, which ends at the minimum; returns the cost."""
    a, b, a2, b2, x = np.empty((4, 4)), np.empty(4), np.empty((4, 4)), np.empty(4), np.empty(4)
    q = np.empty(4)
    here, damping = _normal_equations(p, z, t, delta, a, b), 1e-2
    for _ in range(steps):
        _solve(a, b, damping, x)
        q[:] = p + x
        there = _normal_equations(q, z, t, delta, a2, b2) if abs(q[0]) < 50 else np.inf
        if there < here:
            small = here - there < 1e-12 * here
            p[:], a[:], b[:] = q, a2, b2
            here, damping = there, damping * 0.2
            if small:
                break
        else:
            damping *= 5
    return here


@njit(parallel=True)
def numba_multi_start(zs, t, grid, steps, out):
    """Tracks over threads, from every start, with Huber's loss."""
    for i in prange(len(zs)):
        power = 0.0
        for k in range(len(t)):
            power += zs[i, k].real ** 2 + zs[i, k].imag ** 2
        best = np.inf
        for g in range(len(grid)):
            p = grid[g].copy()
            p[0] += 0.5 * np.log(power / len(t))
            here = _descend(p, zs[i], t, HUBER, steps)
            if here < best and abs(p[2]) <= TURNS and abs(p[3]) <= TURNS:
                best = here
        out[i] = best


@njit(parallel=True)
def numba_one_start(zs, t, starts, steps):
    """Tracks over threads, each from its own start, with the square loss."""
    costs = np.empty(len(zs))
    for i in prange(len(zs)):
        costs[i] = _descend(starts[i].copy(), zs[i], t, np.inf, steps)
    return costs
