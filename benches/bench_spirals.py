"""`fit_spirals` and `spiral_null`.

Searching the whole domain takes SciPy seconds a track, so peers fit fewer tracks than we do, and their times are given
for as many as ours (`measured_tracks` says of how many). A peer is `correct` if its least cost is ours, or better, to
1e-6 on every track that it fitted; ours is if no peer found a better one. A fit from one good start has no search in
it; ours is then still the whole search.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

import peers_spirals as peers
from gasquake import kernels
from race import REPLAY, US, replayed_time

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
    """The involute's parameters per span, a little off."""
    sign = float(fit.chirality)
    return (np.log(fit.scale / SIGMA) + 0.02, fit.phase + 0.05, sign * fit.rate * T[-1] + 0.05, sign * fit.offset + 0.1)


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
        one = [good_start(kernels.SpiralFit(**{f: getattr(fit, f)[i] for f in fit.__slots__})) for i in range(n)]
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
