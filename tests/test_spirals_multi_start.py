"""Our least costs beside those of a multi-start, on 200 random tracks of each kind, anchor and loss.

A full multi-start refines each of its 401 x 12 starts, which takes SciPy a minute a track. Most of that is spent on
starts that no one would follow: for a given rate and offset (growth, lag) the best scale and phase are known, so here
all starts are costed with them, and `scipy.optimize.least_squares` refines the best eight that lie apart. That is a
stronger search than one of 401 rates and 12 phases at a single offset. Run with ``GASQUAKE_SLOW=1 pytest -s`` to see the
counts.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

import oracle.spirals as twin
from gasquake.kernels import fit_spirals
from test_kernels_spirals import KINDS, LOSSES, noisy_track

TRACKS = 200
VARIETIES = ("spiral", "outliers", "walk", "uniform")
CURVES = [pair for pair in KINDS if pair != ("archimedean", "cusp")]  # the same curve as about its centre
STEPS = (401, 12, 12)
"""Rates, offsets or growths, and lags."""


@pytest.mark.skipif(not os.environ.get("GASQUAKE_SLOW"), reason="ten minutes: set GASQUAKE_SLOW=1")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("kind", "anchor"), CURVES, ids=[f"{kind}-{anchor}" for kind, anchor in CURVES])
def test_no_worse_than_a_multi_start(kind, anchor, loss, rng):
    gaps = []
    for i in range(TRACKS):
        t, z = noisy_track(kind, anchor, rng, VARIETIES[i % 4])
        fit = fit_spirals(z.real, z.imag, t, kind=kind, anchor=anchor, loss=loss)
        unit, tau, _ = twin.normalised(z.real, z.imag, t, 50.0)
        least, _ = twin.minimum(kind, anchor, unit, tau, loss, 4.0, steps=STEPS, starts=8, tolerance=1e-10)
        gaps.append(float(fit.cost) / least - 1)
    gap = np.array(gaps)
    worse, better = (gap > 1e-6), (gap < -1e-6)
    counts = f"worse {worse.sum()}, equal {(~worse & ~better).sum()}, better {better.sum()} of {TRACKS}"
    print(f"\n{kind} {anchor} {loss}: {counts}; worst {gap.max():.1e}")
    # Under Huber's loss a search can miss a narrow minimum on points without order, seldom and by little.
    allowed = TRACKS // 100 if loss == "huber" else 0
    assert worse.sum() <= allowed, counts
    assert gap.max() < 0.04, counts
