"""`fit_spirals` and `spiral_null`.

Searching the whole domain takes SciPy seconds a track, so peers fit fewer tracks than we do, and their times are given
for as many as ours (`measured_tracks` says of how many). A peer is `correct` if its least cost is ours, or better, to
1e-6 on every track that it fitted; ours is if no peer found a better one.

A fit from one good start has no search in it. `square-` is our whole search against one such fit; `one-start-` is our
refinement alone, which no public function does without the search, from the same starts as its peers: it gets their
rates and offsets, and finds scale and phase by itself. There everybody fits all tracks.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

import peers_spirals as peers
from gasquake import _core, kernels
from gasquake._options import threads
from race import REPLAY, US, Contestant, Race, Trial, races, replayed_time

TRACKS, POINTS, SIGMA = 20_000, 24, 50.0
T = np.arange(float(POINTS))
TAU = T / (POINTS - 1)


def tracks(n):
    """Involutes 250 km across, with 50 km of noise, a sixth of the points astray."""
    rng = np.random.default_rng(20220905)
    rate = rng.choice([-1, 1], (n, 1)) * rng.uniform(1, 20, (n, 1))
    s = rng.uniform(0, 6, (n, 1)) + rate * TAU
    z = (1 - 1j * s) * np.exp(1j * (s + rng.uniform(-3, 3, (n, 1))))
    z *= 250 / np.sqrt((abs(z) ** 2).mean(axis=1, keepdims=True))
    z += SIGMA * (rng.normal(size=z.shape) + 1j * rng.normal(size=z.shape))
    astray = rng.random(z.shape) < 1 / 6
    z[astray] = (rng.uniform(-400, 400, z.shape) + 1j * rng.uniform(-400, 400, z.shape))[astray]
    return z


def fitted(z, **options):
    return kernels.fit_spirals(z.real, z.imag, T, sigma=SIGMA, **options)


def good_start(fit):
    """The involutes' parameters per span, a little off."""
    p = np.log(fit.scale / SIGMA), fit.phase, fit.chirality * fit.rate * T[-1], fit.chirality * fit.offset
    return np.stack(p, axis=-1) + (0.02, 0.05, 0.05, 0.1)


def ours(z):
    return fitted(z).cost


def scipy_multi_start(z, **grid):
    return [peers.scipy_multi_start(row, TAU, **grid) for row in z / SIGMA]


def numba_multi_start(z):
    out = np.empty(len(z))
    grid = peers.starts(np.ones(POINTS), 101, 12)
    peers.numba_multi_start(z / SIGMA, TAU, grid, 30, out)
    return out


SEARCH = {
    US: (ours, TRACKS, 3),
    "scipy-least_squares-401x12": (scipy_multi_start, 1, 1),
    "scipy-least_squares-24x1": (lambda z: scipy_multi_start(z, rates=24, phases=1), 4, 1),
    "numba-LM-101x12": (numba_multi_start, 8, 1),
}
TINY = {
    US: ours,
    "scipy-least_squares-401x12": lambda z: scipy_multi_start(z, rates=3, phases=2),
    "scipy-least_squares-24x1": lambda z: scipy_multi_start(z, rates=3, phases=1),
    "numba-LM-101x12": numba_multi_start,
}


def report(benchmark, group, who, seconds, *, correct, floor, **extra):
    benchmark.group = group
    benchmark.extra_info.update(
        group=group, workload=group, who=who, outputs="fresh", correct=correct, bytes_moved=0, read_bandwidth=None,
        floor=floor, **extra,
    )  # fmt: skip
    REPLAY.set(seconds)
    benchmark.pedantic(REPLAY.tick, rounds=max(1, len(seconds)), iterations=1)


def timed(call, rounds):
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
    return result, seconds


@pytest.mark.timeout(600)
@pytest.mark.benchmark(timer=replayed_time)
@pytest.mark.parametrize("who", SEARCH, ids=lambda who: f"search-20000x24-{who}-fresh")
def test_fit_spirals(benchmark, who):
    call, n, rounds = SEARCH[who] if benchmark.enabled else (TINY[who], 2, 1)
    z = tracks(n)
    call(z[:2]) if who == "numba-LM-101x12" else None  # compiles
    cost, seconds = timed(lambda: call(z), rounds)
    wanted = fitted(z).cost
    assert (wanted <= np.asarray(cost) * (1 + 1e-6)).all(), f"{who} found a better fit than ours"
    report(
        benchmark,
        "fit_spirals search-20000x24",
        who,
        [s * TRACKS / n for s in seconds] if benchmark.enabled else [],
        correct=bool((np.asarray(cost) <= wanted * (1 + 1e-6)).all()),
        floor={"scipy-least_squares-401x12": 300},
        measured_tracks=n,
    )


@pytest.mark.timeout(600)
@pytest.mark.benchmark(timer=replayed_time)
@pytest.mark.parametrize("who", [US, "scipy-curve_fit"], ids=lambda who: f"square-20000x24-{who}-fresh")
def test_fit_spirals_square(benchmark, who):
    """Our whole search against one `curve_fit` that starts beside the answer."""
    n = (TRACKS if who == US else 50) if benchmark.enabled else 2
    z = tracks(n)
    fit = fitted(z, loss="square")
    if who == US:
        _, seconds = timed(lambda: fitted(z, loss="square"), 3 if benchmark.enabled else 1)
        cost = fit.cost
    else:
        one = good_start(fit)
        cost, seconds = timed(
            lambda: [peers.scipy_curve_fit(row / SIGMA, TAU, p0) for row, p0 in zip(z, one, strict=True)],
            3 if benchmark.enabled else 1,
        )
    np.testing.assert_allclose(cost, fit.cost, rtol=1e-5)
    report(
        benchmark,
        "fit_spirals square-20000x24",
        who,
        [s * TRACKS / n for s in seconds] if benchmark.enabled else [],
        correct=True,
        floor={},
        measured_tracks=n,
    )


def one_start_inputs(shape):
    """Tracks in sigma with starts beside their best fits, of those whose best fit lies inside our domain.

    Peers know no domain, and leave it for the few others.
    """
    z = tracks(shape[0] * 11 // 10 + 3)
    fit = fitted(z, loss="square")
    z = z[(abs(fit.offset) < 0.999 * peers.TURNS) & (abs(fit.rate) * T[-1] < 0.999 * peers.TURNS)][: shape[0]]
    return z / SIGMA, TAU, good_start(fitted(z, loss="square"))


def one_start_trials():
    """Two points at each time, as far to both sides of a curve: the least sum of squares is known."""
    _, _, starts = one_start_inputs((20, POINTS))
    t = np.repeat(np.linspace(0, 1, POINTS // 2), 2)
    p = (starts - (0.02, 0.05, 0.05, 0.1)).T[..., None]
    z = peers.curve(p, t) + np.tile([0.3 + 0.4j, -0.3 - 0.4j], POINTS // 2)
    return [Trial((z, t, starts), (np.full(20, POINTS * 0.5**2 / 2),))]


def refine(x, y, t, starts):
    n = len(x)
    table, chirality, valid, converged = np.empty((9, n)), np.empty(n, "i1"), np.empty(n, "i4"), np.empty(n, "?")
    _core.refine_spirals(
        x, y, t, starts, "involute", "centre", 1.0, "square", 4.0, table, chirality, valid, converged, threads(None)
    )
    return table


def as_refine_takes_them(z, t, starts):
    return z.real.copy(), z.imag.copy(), np.broadcast_to(t, z.shape), np.roll(starts, -2, axis=1)[:, :3].copy()


def curve_fits(z, t, starts):
    return np.array([peers.scipy_curve_fit(row, t, p0) for row, p0 in zip(z, starts, strict=True)])


def numba_descents(z, t, starts):
    return peers.numba_one_start(z, t, starts, 200)


ONE_START = Race(
    kernel="fit_spirals",
    case="one-start-20000x24",
    shape=(TRACKS, POINTS),
    tiny=(20, POINTS),
    inputs=one_start_inputs,
    contestants=[
        Contestant(US, refine, prepare=as_refine_takes_them, finish=lambda table: (table[5],)),
        Contestant("scipy-curve_fit", curve_fits, tolerance=1e-6),
        # Gauss and Newton creep where the misses are as large as the curve bends: a few tracks stop a little early.
        Contestant("numba-LM", numba_descents, tolerance=1e-3),
    ],
    trials=one_start_trials,
    bytes_moved=lambda _: 0,
    floor={"scipy-curve_fit": 60},
)


@pytest.mark.benchmark(timer=replayed_time)
@races(ONE_START)
def test_refine_spirals(measured, race, who, outputs):
    """One refinement from a good start."""
    measured()


KINDS = [(k, a) for k in ("involute", "archimedean", "logarithmic") for a in ("centre", "cusp")]


@pytest.mark.parametrize("null", ["permute_days", "rotate", "move_anchor"])
@pytest.mark.parametrize(("kind", "anchor"), KINDS, ids=[f"{k}-{a}" for k, a in KINDS])
def test_spiral_null(benchmark, kind, anchor, null):
    """999 rearranged tracks of 40 points; the floor is one second."""
    rng = np.random.default_rng(20220905)
    z = np.cumsum(rng.normal(size=40) + 1j * rng.normal(size=40)) * 60
    n = 999 if benchmark.enabled else 3
    benchmark.group = f"spiral_null {kind}-{anchor}-{null}-40-999"
    benchmark.extra_info.update(
        group=benchmark.group, workload=benchmark.group, who=US, outputs="fresh", correct=True, bytes_moved=0,
        read_bandwidth=None, floor={}, ceiling_seconds=1.0,
    )  # fmt: skip
    benchmark.pedantic(
        lambda: kernels.spiral_null(z.real, z.imag, np.arange(40.0), n=n, null=null, seed=1, kind=kind, anchor=anchor),
        rounds=3,
        iterations=1,
    )
