"""Our least costs beside those of a multi-start, on 200 random tracks of each kind, anchor and loss.

A full multi-start refines each of its 401 x 12 starts, which takes SciPy a minute a track. Most of that is spent on
starts that no one would follow: for a given rate and offset (growth, lag) the best scale and phase are known, so here
all starts are costed with them, and `scipy.optimize.least_squares` refines the best eight that lie apart. That is a
stronger search than one of 401 rates and 12 phases at a single offset.

Under Huber's loss SciPy creeps and often stops before the bottom of a valley. Each of its ends is therefore also
followed down by our own refinement, and the lower cost counts as the multi-start's: what is compared are the searches.
Run with ``GASQUAKE_SLOW=1 pytest -s`` to see the counts.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

import oracle.spirals as twin
from gasquake.kernels import fit_spirals
from test_kernels_spirals import KINDS, LOSSES, noisy_track
from test_spiral_refinement import refine

TRACKS = 200
VARIETIES = ("spiral", "outliers", "walk", "uniform")
CURVES = [pair for pair in KINDS if pair != ("archimedean", "cusp")]  # the same curve as about its centre
STEPS = (401, 12, 12)
"""Rates, offsets, and lags; the twin takes 15 growths."""


@pytest.mark.skipif(not os.environ.get("GASQUAKE_SLOW"), reason="a quarter of an hour: set GASQUAKE_SLOW=1")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("kind", "anchor"), CURVES, ids=[f"{kind}-{anchor}" for kind, anchor in CURVES])
def test_no_worse_than_a_multi_start(kind, anchor, loss, rng):
    gaps, creeping = [], 0
    for i in range(TRACKS):
        t, z = noisy_track(kind, anchor, rng, VARIETIES[i % 4])
        fit = fit_spirals(z.real, z.imag, t, kind=kind, anchor=anchor, loss=loss)
        unit, tau, _ = twin.normalised(z.real, z.imag, t, 50.0)
        ends = twin.minima(kind, anchor, unit, tau, loss, 4.0, STEPS, starts=8, tolerance=1e-9)
        starts = np.array([np.r_[p[2:], 0.0][:3] for _, p in ends])
        followed = refine(*(np.tile(a, (len(ends), 1)) for a in (z.real, z.imag, t)), starts, kind, anchor, loss)
        # At s near 1e-8 an involute about its cusp is rounding noise of any cost, 1e12 km large.
        costs = np.where(followed["scale"] < 1e9, followed["cost"], np.inf)
        least = min(np.nanmin(costs), min(cost for cost, _ in ends))
        creeping += min(cost for cost, _ in ends) > least * (1 + 1e-6)
        gaps.append(float(fit.cost) / least - 1)
    gap = np.array(gaps)
    worse, better = (gap > 1e-6), (gap < -1e-6)
    counts = f"worse {worse.sum()}, equal {(~worse & ~better).sum()}, better {better.sum()} of {TRACKS}"
    print(f"\n{kind} {anchor} {loss}: {counts}; worst {gap.max():.1e}; SciPy itself higher on {creeping}")
    # Under Huber's loss a search can miss a narrow minimum, about a cusp also a flat one: seldom and by little.
    allowed = TRACKS // 100 if loss == "huber" or anchor == "cusp" else 0
    assert worse.sum() <= allowed, counts
    assert gap.max() < 0.04, counts
