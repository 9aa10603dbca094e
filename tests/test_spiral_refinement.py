"""One refinement from a given start: `gasquake._core.refine_spirals`, which only benches and tests call."""

from __future__ import annotations

import numpy as np
import pytest

import oracle.spirals as twin
from checks import assert_same_bits
from gasquake import _core
from gasquake.kernels import fit_spirals
from test_kernels_spirals import each_kind, each_loss, noisy_track, true_track

FIELDS = ("scale", "phase", "rate", "offset", "growth", "cost", "rmse", "r2", "aicc")


def refine(x, y, t, starts, kind, anchor, loss="huber", sigma=50.0, max_turns=4.0, n_threads=1):
    """The fields of a `SpiralFit` by name, from (tracks, 3) starts in the unit of the track's span."""
    x, y, t = (np.array(a, dtype=np.float64) for a in np.broadcast_arrays(x, y, t))
    table, chirality, n = np.empty((9, len(x))), np.empty(len(x), "i1"), np.empty(len(x), "i4")
    converged = np.empty(len(x), "?")
    _core.refine_spirals(
        x, y, t, starts, kind, anchor, sigma, loss, max_turns, table, chirality, n, converged, n_threads
    )
    fields = dict(zip(FIELDS, table, strict=True))
    return {"chirality": chirality, **{name: value.copy() for name, value in fields.items()}, "n": n, "ok": converged}


def start_of(fit, kind, anchor, span):
    """The start that a fit would be, in the unit of its span."""
    sign = float(fit.chirality)
    if kind == "logarithmic":
        lag = fit.offset / (fit.rate * span) if anchor == "cusp" else 0.0
        return np.array([sign * fit.rate * span, fit.growth * fit.rate * span, lag], dtype=float)
    return np.array([sign * fit.rate * span, sign * fit.offset, 0.0], dtype=float)


@each_kind
@each_loss
def test_ends_where_the_twin_ends(kind, anchor, loss, rng):
    """SciPy's `least_squares` from the same start, beside the best fit of each of nine tracks."""
    for variety in ("spiral", "outliers"):
        t = np.linspace(0, 23, 24)
        z = np.array([noisy_track(kind, anchor, rng, variety)[1][:24] for _ in range(9)])
        fit = fit_spirals(z.real, z.imag, t, kind=kind, anchor=anchor, loss=loss)
        fits = [type(fit)(**{name: getattr(fit, name)[i] for name in fit.__slots__}) for i in range(9)]
        starts = np.array([start_of(one, kind, anchor, 23) for one in fits]) + (0.05, 0.05, 0.01)
        found = refine(z.real, z.imag, t, starts, kind, anchor, loss)
        assert found["ok"].all()
        for i, start in enumerate(starts):
            unit, tau, _ = twin.normalised(z[i].real, z[i].imag, t, 50.0)
            q = start[: 3 if (kind, anchor) == ("logarithmic", "cusp") else 2]
            bound = twin._bounds(kind, anchor, 4.0)
            q = np.clip(q, -bound, bound)
            c, _ = twin._amplitudes(twin._unit_shape(kind, anchor, q, tau), unit, loss, passes=2)
            least, _ = twin.refine(kind, anchor, unit, tau, c, q, loss, 4.0)
            assert found["cost"][i] <= least * (1 + 1e-6)
            # It may not jump to another valley either: where the twin found ours, both are the same.
            if least <= fit.cost[i] * (1 + 1e-6):
                np.testing.assert_allclose(found["cost"][i], least, rtol=1e-6)


@each_kind
def test_recovers_a_curve_without_noise(kind, anchor, rng):
    for _ in range(6):
        t, z, wanted = true_track(kind, anchor, rng, 24)
        start = start_of(wanted, kind, anchor, np.ptp(t)) + (0.02, -0.02, 0.002)
        found = refine([z.real], [z.imag], [t], start[None], kind, anchor)
        assert found["ok"].all()
        assert found["cost"][0] < 1e-15
        assert found["chirality"][0] == wanted.chirality
        np.testing.assert_allclose(found["rate"][0], wanted.rate, rtol=1e-6)


@each_kind
def test_a_minimum_stays(kind, anchor, rng):
    """What the search returns is where a refinement from it ends."""
    x, y = rng.normal(0, 250, (2, 20, 16))
    t = np.arange(16.0)
    fit = fit_spirals(x, y, t, kind=kind, anchor=anchor, loss="square")
    fits = [type(fit)(**{name: getattr(fit, name)[i] for name in fit.__slots__}) for i in range(20)]
    moving = np.flatnonzero(fit.rate != 0)
    starts = np.array([start_of(fits[i], kind, anchor, 15) for i in moving])
    found = refine(x[moving], y[moving], t, starts, kind, anchor, "square")
    np.testing.assert_allclose(found["cost"], fit.cost[moving], rtol=1e-9)


@each_kind
@each_loss
def test_neighbours_gaps_and_threads_change_no_bit(kind, anchor, loss, rng):
    """Tracks of one length go side by side, others one by one: each comes out as if it were alone."""
    x, y = rng.normal(0, 200, (2, 150, 15))
    t = np.sort(rng.uniform(0, 20, (150, 15)))
    x[rng.random(x.shape) < 0.01] = np.nan
    starts = rng.uniform((-20, -5, -0.9), (20, 5, 0.9), (150, 3))
    wanted = refine(x, y, t, starts, kind, anchor, loss)
    for n_threads in (2, 8):
        assert_same_bits(refine(x, y, t, starts, kind, anchor, loss, n_threads=n_threads), wanted)
    for i in (0, 3, 77, 149):
        alone = refine(x[i : i + 1], y[i : i + 1], t[i : i + 1], starts[i : i + 1], kind, anchor, loss)
        assert_same_bits(alone, {name: value[i : i + 1] for name, value in wanted.items()})
    turned = refine(x[::-1], y[::-1], t[::-1], starts[::-1].copy(), kind, anchor, loss)
    assert_same_bits({name: value[::-1].copy() for name, value in turned.items()}, wanted)


def test_starts_that_are_none(rng):
    x, y = rng.normal(0, 200, (2, 3, 15))
    starts = np.array([[np.nan, 0, 0], [1e300, -np.inf, 0], [1.0, 1.0, np.nan]])
    found = refine(x, y, np.arange(15.0), starts, "involute", "centre")
    np.testing.assert_array_equal(found["ok"], [False, True, True])
    assert np.isnan(found["cost"][0])
    assert (abs(found["offset"][1:]) <= 8 * np.pi * (1 + 1e-12)).all()
    with pytest.raises(ValueError, match=r"starts has shape \[3, 2\], expected \[3, 3\]"):
        refine(x, y, np.arange(15.0), starts[:, :2].copy(), "involute", "centre")
