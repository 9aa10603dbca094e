"""Spirals: known curves come back, the least cost is found, and the nulls are what they say."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle.spirals as twin
from checks import assert_same_bits, by_name
from gasquake.kernels import SpiralFit, fit_spirals, spiral_null

KINDS = [
    ("involute", "centre"),
    ("involute", "cusp"),
    ("archimedean", "centre"),
    ("archimedean", "cusp"),
    ("logarithmic", "centre"),
    ("logarithmic", "cusp"),
]
LOSSES = ("huber", "square")
NULLS = ("permute_days", "rotate", "move_anchor")
PARAMETERS = ("scale", "phase", "rate", "offset")

each_kind = pytest.mark.parametrize(("kind", "anchor"), KINDS, ids=[f"{kind}-{anchor}" for kind, anchor in KINDS])
each_loss = pytest.mark.parametrize("loss", LOSSES)


def true_track(kind, anchor, rng, n):
    """Times, positions and canonical parameters of a curve some 250 km across."""
    t = np.arange(n) + 19000.0 if rng.random() < 0.5 else np.sort(rng.uniform(0, 38, n))
    tau = t - t.min()
    span = tau.max()
    rate = rng.uniform(0.5, 20) / span
    growth, offset, chirality = np.nan, rng.uniform(-6, 6), int(rng.choice([-1, 1]))
    if kind == "logarithmic":
        growth = rng.uniform(-3, 3) / (rate * span)
        offset = rng.uniform(-0.95, 0.95) * rate * span if anchor == "cusp" else 0.0
    elif offset + (rate * tau).mean() < 0:
        rate, offset = -rate, -offset
    b = twin.shape(kind, anchor, offset + rate * tau, growth)
    scale, phase = 250 / np.sqrt((abs(b) ** 2).mean()), rng.uniform(-3.1, 3.1)
    wanted = SpiralFit(
        chirality=chirality, scale=scale, phase=phase, rate=rate, offset=offset, growth=growth,
        cost=0.0, rmse=0.0, r2=1.0, aicc=0.0, n=n, converged=True,
    )  # fmt: skip
    return t, twin.curve(wanted, kind, anchor, tau), wanted


def noisy_track(kind, anchor, rng, variety):
    """A spiral with noise, with outliers besides, a random walk, or points without any order."""
    n = int(rng.integers(24, 41))
    t, z, _ = true_track(kind, anchor, rng, n)
    noise = rng.normal(size=n) + 1j * rng.normal(size=n)
    if variety == "spiral":
        return t, z + 50 * noise
    if variety == "outliers":
        out = rng.choice(n, n // 5, replace=False)
        z = z + 50 * noise
        z[out] = rng.uniform(-400, 400, len(out)) + 1j * rng.uniform(-400, 400, len(out))
        return t, z
    if variety == "walk":
        return t, np.cumsum(60 * noise)
    return t, rng.uniform(-450, 450, n) + 1j * rng.uniform(-400, 400, n)


def assert_parameters(fit, wanted, kind, rtol=1e-6):
    assert fit.chirality == wanted.chirality
    for name in PARAMETERS + (("growth",) if kind == "logarithmic" else ()):
        found, true = getattr(fit, name), getattr(wanted, name)
        assert abs(found - true) <= rtol * max(abs(true), 1e-3), (name, found, true)


@each_kind
@each_loss
def test_recovers_a_curve_without_noise(kind, anchor, loss, rng):
    for _ in range(12):
        t, z, wanted = true_track(kind, anchor, rng, int(rng.integers(12, 41)))
        fit = fit_spirals(z.real, z.imag, t, kind=kind, anchor=anchor, loss=loss)
        assert_parameters(fit, wanted, kind)
        assert fit.converged
        assert fit.n == len(t)
        assert fit.cost < 1e-15
        assert fit.rmse < 1e-6
        assert fit.r2 > 1 - 1e-12
        assert fit.aicc < -500


@each_kind
def test_recovers_a_curve_among_outliers(kind, anchor, rng):
    """Up to a tenth of the points lie anywhere: Huber's loss pulls the curve by less than the noise would."""
    for _ in range(4):
        t, z, _ = true_track(kind, anchor, rng, 40)
        spoilt = z.copy()
        spoilt[[5, 17, 23, 31]] += (300, -250j, 400j, -350)
        huber, square = (
            fit_spirals(spoilt.real, spoilt.imag, t, kind=kind, anchor=anchor, loss=loss) for loss in LOSSES
        )
        good = np.delete(np.arange(40), [5, 17, 23, 31])
        far = [abs(twin.curve(f, kind, anchor, t - t.min()) - z)[good].mean() for f in (huber, square)]
        assert far[0] < 30
        assert far[0] < far[1]


@each_kind
@each_loss
def test_no_worse_than_the_twin(kind, anchor, loss, rng):
    """The least cost of a dense grid with SciPy's refinement, on one track of every variety."""
    if (kind, anchor) == ("archimedean", "cusp"):
        return  # the same curve as about its centre: test_archimedean_has_one_anchor
    for variety in ("spiral", "outliers", "walk", "uniform"):
        t, z = noisy_track(kind, anchor, rng, variety)
        fit = fit_spirals(z.real, z.imag, t, kind=kind, anchor=anchor, loss=loss)
        unit, tau, _ = twin.normalised(z.real, z.imag, t, 50.0)
        least, _ = twin.minimum(kind, anchor, unit, tau, loss, 4.0, steps=(81, 31, 11), starts=3)
        assert fit.converged
        assert fit.cost <= least * (1 + 1e-6), variety


@pytest.mark.skipif(not os.environ.get("GASQUAKE_SLOW"), reason="minutes: set GASQUAKE_SLOW=1")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("variety", ["spiral", "outliers", "walk", "uniform"])
@each_kind
@each_loss
def test_no_worse_than_the_multi_start(kind, anchor, loss, variety, rng):
    """`least_squares` from 401 rates and 12 phases."""
    t, z = noisy_track(kind, anchor, rng, variety)
    fit = fit_spirals(z.real, z.imag, t, kind=kind, anchor=anchor, loss=loss)
    unit, tau, _ = twin.normalised(z.real, z.imag, t, 50.0)
    assert fit.cost <= twin.multi_start(kind, anchor, unit, tau, loss, 4.0) * (1 + 1e-6)


@each_kind
@each_loss
def test_numbers_agree_with_their_definitions(kind, anchor, loss, rng):
    """What a fit says of itself, computed anew from its parameters."""
    k = 6 if (kind, anchor) == ("logarithmic", "cusp") else 5
    for variety in ("spiral", "uniform"):
        t, z = noisy_track(kind, anchor, rng, variety)
        n = len(t)
        fit = fit_spirals(z.real, z.imag, t, kind=kind, anchor=anchor, loss=loss, sigma=40.0)
        miss = abs(z - twin.curve(fit, kind, anchor, t - t.min()))
        sse = (miss**2).sum()
        np.testing.assert_allclose(fit.cost, twin.loss_of(miss / 40, loss).sum(), rtol=1e-9)
        np.testing.assert_allclose(fit.rmse, np.sqrt(sse / n), rtol=1e-9)
        np.testing.assert_allclose(fit.r2, 1 - sse / (abs(z - z.mean()) ** 2).sum(), rtol=1e-9, atol=1e-12)
        aicc = 2 * n * np.log(sse / (2 * n)) + 2 * k + 2 * k * (k + 1) / (2 * n - k - 1)
        np.testing.assert_allclose(fit.aicc, aicc, rtol=1e-9)


def test_stays_in_the_domain(rng):
    for kind, anchor in KINDS:
        for max_turns in (0.05, 0.7, 4.0):
            x, y = rng.normal(0, 300, (2, 60, 14))
            t = np.sort(rng.uniform(0, 30, (60, 14)), axis=1)
            fit = fit_spirals(x, y, t, kind=kind, anchor=anchor, max_turns=max_turns)
            span = np.ptp(t, axis=1)
            assert (abs(fit.rate) * span <= 2 * np.pi * max_turns * (1 + 1e-12)).all()
            assert (abs(fit.offset) <= 2 * np.pi * max_turns * (1 + 1e-12)).all()
            assert (fit.scale >= 0).all()
            assert (abs(fit.phase) <= np.pi).all()
            if kind == "logarithmic":
                assert (fit.rate >= 0).all()
                assert (abs(fit.growth) * fit.rate * span <= np.log(1000) * (1 + 1e-12)).all()
                assert (abs(fit.offset) <= fit.rate * span * (1 + 1e-12)).all()
                assert (fit.offset == 0).all() or anchor == "cusp"
            else:
                assert np.isnan(fit.growth).all()
                assert (fit.offset + fit.rate * (t - t.min(axis=1, keepdims=True)).mean(axis=1) >= 0).all()


def test_archimedean_has_one_anchor(rng):
    x, y = rng.normal(0, 300, (2, 9, 14))
    t = np.arange(14.0)
    centre, cusp = (by_name(fit_spirals(x, y, t, kind="archimedean", anchor=a)) for a in ("centre", "cusp"))
    assert_same_bits(centre, cusp)


# --- laws -------------------------------------------------------------------------------------------------------------

tracks = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(LOSSES),
    st.sampled_from(["spiral", "outliers", "walk", "uniform"]),
    st.integers(0, 2**32 - 1),
)


def drawn(track):
    (kind, anchor), loss, variety, seed = track
    t, z = noisy_track(kind, anchor, np.random.default_rng(seed), variety)
    return t, z, {"kind": kind, "anchor": anchor, "loss": loss}


def fit_of(z, t, **options):
    return fit_spirals(z.real, z.imag, t, **options)


def curve_of(fit, t, options):
    return twin.curve(fit, options["kind"], options["anchor"], t - t.min())


def assert_same_fit(found, wanted, cost=1e-6):
    """Equal cost. Where two minima are as good, which of them is returned may hang on rounding."""
    np.testing.assert_allclose(found.cost, wanted.cost, rtol=cost)


@settings(max_examples=15)
@given(track=tracks, angle=st.floats(-3, 3))
def test_turning_the_track_turns_the_curve(track, angle):
    t, z, options = drawn(track)
    plain, turned = fit_of(z, t, **options), fit_of(z * np.exp(1j * angle), t, **options)
    assert_same_fit(turned, plain)
    assert turned.chirality == plain.chirality or not np.isclose(turned.rate, plain.rate)
    if np.isclose(turned.rate, plain.rate, rtol=1e-6) and np.isclose(turned.offset, plain.offset, rtol=1e-5):
        step = np.angle(np.exp(1j * (turned.phase - plain.phase - angle)))
        assert abs(step) < 1e-3


@settings(max_examples=15)
@given(track=tracks)
def test_a_mirror_changes_the_chirality(track):
    t, z, options = drawn(track)
    plain, mirrored = fit_of(z, t, **options), fit_of(z.conj(), t, **options)
    assert_same_fit(mirrored, plain)
    if np.isclose(mirrored.rate, plain.rate, rtol=1e-6):
        assert mirrored.chirality == -plain.chirality
        np.testing.assert_allclose(curve_of(mirrored, t, options), curve_of(plain, t, options).conj(), atol=1)


@settings(max_examples=15)
@given(track=tracks, shift=st.floats(-1e4, 1e4))
def test_the_epoch_does_not_matter(track, shift):
    t, z, options = drawn(track)
    plain, shifted = fit_of(z, t, **options), fit_of(z, t + shift, **options)
    assert_same_fit(shifted, plain)


@settings(max_examples=15)
@given(track=tracks, factor=st.floats(0.01, 100), slower=st.floats(0.1, 10))
def test_units_scale(track, factor, slower):
    t, z, options = drawn(track)
    plain = fit_of(z, t, **options)
    scaled = fit_of(z * factor, t * slower, **options, sigma=50.0 * factor)
    assert_same_fit(scaled, plain)
    if np.isclose(scaled.rate * slower, plain.rate, rtol=1e-6):
        np.testing.assert_allclose(scaled.rmse, plain.rmse * factor, rtol=1e-4)


@settings(max_examples=10)
@given(track=tracks, data=st.data())
def test_the_order_of_points_does_not_matter_nor_do_missing_ones(track, data):
    t, z, options = drawn(track)
    plain = fit_of(z, t, **options)
    order = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(t))
    assert_same_fit(fit_of(z[order], t[order], **options), plain)
    place = data.draw(st.integers(0, len(t)))
    x, y, days = (np.insert(a, place, 7.0) for a in (z.real, z.imag, t))
    data.draw(st.sampled_from([x, y, days]))[place] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    assert_same_bits(by_name(fit_spirals(x, y, days, **options)), by_name(plain))


# --- what comes in ----------------------------------------------------------------------------------------------------


def test_shapes_broadcast(rng):
    x, y = rng.normal(0, 200, (2, 2, 3, 11))
    t = np.arange(11.0)
    whole = by_name(fit_spirals(x, y, t))
    assert all(array.shape == (2, 3) for array in whole.values())
    assert_same_bits(whole, by_name(fit_spirals(x, y, np.broadcast_to(t, (2, 3, 11)))))
    one = by_name(fit_spirals(x[1, 2], y[1, 2], t))
    assert all(array.shape == () for array in one.values())
    assert_same_bits(one, {name: array[1, 2] for name, array in whole.items()})
    crossed = fit_spirals(x[0, :, None], y[0, 0], t)
    assert crossed.cost.shape == (3, 1)
    assert {name: array.dtype for name, array in whole.items()} == {
        name: np.dtype({"chirality": "i1", "n": "i4", "converged": "?"}.get(name, "f8")) for name in whole
    }


@pytest.mark.parametrize("shape", [(0, 5), (3, 0, 7), (0,), (4, 0)])
def test_nothing_in_nothing_out(shape):
    fit = by_name(fit_spirals(np.empty(shape), np.empty(shape), np.empty(shape)))
    assert all(array.shape == shape[:-1] for array in fit.values())
    assert not fit["converged"].any()
    assert np.isnan(fit["cost"]).all()


@each_kind
def test_too_little_to_fit(kind, anchor):
    x = np.array([[1.0, np.nan, 3, np.inf], [1, 2, 3, 4], [np.nan] * 4, [1, 2, 3, np.nan]])
    t = np.array([[1.0, 2, 3, 4], [5, 5, 5, 5], [1, 2, 3, 4], [1, 2, np.nan, 4]])
    fit = fit_spirals(x, 2 * x + 1, t, kind=kind, anchor=anchor)
    np.testing.assert_array_equal(fit.n, [2, 4, 0, 2])
    assert not fit.converged.any()
    assert not fit.chirality.any()
    for name in (*PARAMETERS, "growth", "cost", "rmse", "r2", "aicc"):
        assert np.isnan(getattr(fit, name)).all(), name


def test_numbers_that_overflow():
    """Squares beyond the range of float64: no fit, and no harm to the neighbour."""
    x = np.array([np.linspace(1, 9, 9) * 1e200, np.linspace(1, 9, 9) ** 2])
    fit = fit_spirals(x, x[:, ::-1], np.arange(9.0))
    assert np.isnan(fit.cost[0])
    assert np.isfinite(fit.cost[1])


def test_a_point_that_never_moves():
    fit = fit_spirals(np.full(9, 30.0), np.full(9, -40.0), np.arange(9.0))
    assert fit.cost < 1e-20
    assert np.isnan(fit.r2)
    assert np.isnan(spiral_null(np.full(9, 30.0), np.full(9, -40.0), np.arange(9.0), n=3, seed=0).p_value)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"sigma": 0}, ValueError, "sigma must be positive and finite, got 0"),
        ({"sigma": np.nan}, ValueError, "sigma must be positive and finite, got NaN"),
        ({"sigma": "5"}, TypeError, "sigma must be a real number, got '5'"),
        ({"max_turns": -1}, ValueError, "max_turns must be above 0 and at most 1000, got -1"),
        (
            {"max_turns": 1001},
            ValueError,
            "max_turns must be above 0 and at most 1000, got 1001.0: all of its range is",
        ),
        (
            {"max_turns": 1e300},
            ValueError,
            "max_turns must be above 0 and at most 1000, got 1e300: all of its range is",
        ),
        ({"max_turns": np.nan}, ValueError, "max_turns must be above 0 and at most 1000, got NaN: all of its range is"),
        ({"sigma": -1e300}, ValueError, "sigma must be positive and finite, got -1e300"),
        ({"kind": "circle"}, ValueError, "kind must be one of 'involute', 'archimedean', 'logarithmic', got 'circle'"),
        ({"anchor": "end"}, ValueError, "anchor must be one of 'centre', 'cusp', got 'end'"),
        ({"loss": "abs"}, ValueError, "loss must be one of 'huber', 'square', got 'abs'"),
    ],
)
def test_what_is_refused(options, error, words):
    points = np.arange(9.0)
    with pytest.raises(error, match=words):
        fit_spirals(points, points, points, **options)
    with pytest.raises(error, match=words):
        spiral_null(points, points, points, seed=1, **options)


def test_shapes_that_are_refused():
    points = np.arange(9.0)
    with pytest.raises(ValueError, match=r"x, y and t must have shapes that broadcast, got \(9,\), \(9,\), \(8,\)"):
        fit_spirals(points, points, points[:8])
    with pytest.raises(ValueError, match="t must have at least one dimension"):
        fit_spirals(points, points, 3.0)
    with pytest.raises(ValueError, match="x, y and t must be 1-d"):
        spiral_null(points[None], points, points, seed=1)
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        spiral_null(points, points, points, seed=-1)
    with pytest.raises(ValueError, match=r"seed must be below 2\*\*128"):
        spiral_null(points, points, points, seed=1 << 128)
    with pytest.raises(TypeError, match="seed"):
        spiral_null(points, points, points)


@each_loss
def test_any_number_of_threads(loss, rng):
    x, y = rng.normal(0, 200, (2, 70, 24))
    t = np.arange(24.0)
    for kind, anchor in KINDS:
        options = {"kind": kind, "anchor": anchor, "loss": loss}
        wanted = by_name(fit_spirals(x, y, t, **options, n_threads=1))
        for n_threads in (2, 3, 8):
            assert_same_bits(by_name(fit_spirals(x, y, t, **options, n_threads=n_threads)), wanted)


# --- nulls ------------------------------------------------------------------------------------------------------------


@each_kind
@pytest.mark.parametrize("null", NULLS)
def test_null_statistics_are_those_of_the_rearranged_tracks(kind, anchor, null, rng):
    """Drawn by NumPy's own Philox, fitted by `fit_spirals`, against the best constant point."""
    seed = (5 << 64) + 77
    x, y = rng.normal(100, 200, (2, 15))
    t = np.sort(rng.uniform(0, 20, 15))
    x[4], y[9] = np.nan, np.inf
    for loss in LOSSES:
        options = {"kind": kind, "anchor": anchor, "loss": loss}
        found = spiral_null(x, y, t, n=7, null=null, seed=seed, **options)
        assert found.null_statistics.shape == (7,)
        for item in range(7):
            a, b, days = twin.rearranged(x, y, t, null=null, seed=seed, item=item)
            wanted = 1 - fit_spirals(a, b, days, **options).cost / twin.constant_cost((a + 1j * b) / 50, loss)
            np.testing.assert_allclose(found.null_statistics[item], wanted, rtol=1e-6, atol=1e-9)
        fit = fit_spirals(x, y, t, **options)
        if loss == "square":
            np.testing.assert_allclose(found.statistic, fit.r2, rtol=1e-9)
        assert found.p_value == (1 + (found.null_statistics >= found.statistic).sum()) / 8


@pytest.mark.parametrize("null", NULLS)
def test_null_with_any_number_of_threads(null, rng):
    x, y = rng.normal(0, 200, (2, 24))
    t = np.arange(24.0)
    wanted = by_name(spiral_null(x, y, t, n=50, null=null, seed=3, n_threads=1))
    for n_threads in (2, 3, 8):
        assert_same_bits(by_name(spiral_null(x, y, t, n=50, null=null, seed=3, n_threads=n_threads)), wanted)
    more = spiral_null(x, y, t, n=60, null=null, seed=3)
    np.testing.assert_array_equal(more.null_statistics[:50], wanted["null_statistics"])
    assert (spiral_null(x, y, t, n=50, null=null, seed=4).null_statistics != wanted["null_statistics"]).all()


def test_null_is_calibrated(rng):
    """On tracks without order p is uniform: of 150 draws, the mean and the share below 0.1 within four sigma."""
    t = np.arange(12.0)
    p = []
    for i in range(150):
        x, y = rng.uniform(-400, 400, (2, 12))
        p.append(spiral_null(x, y, t, n=19, seed=i, loss="square", max_turns=1.0).p_value)
    assert abs(np.mean(p) - 0.525) < 4 * 0.288 / np.sqrt(150)
    assert abs(np.mean(np.array(p) <= 0.1) - 0.1) < 4 * np.sqrt(0.09 / 150)


def test_a_walk_beats_permuted_days_but_is_no_spiral(rng):
    """Why a small p of this null says no more than that the positions have an order."""
    t = np.arange(30.0)
    z = np.cumsum(rng.normal(size=(6, 30)) + 1j * rng.normal(size=(6, 30)), axis=1) * 60 + 100
    p = [spiral_null(w.real, w.imag, t, n=39, seed=1).p_value for w in z]
    assert np.median(p) <= 0.05


def test_null_of_too_little(rng):
    found = spiral_null([1.0, 2], [3.0, 4], [0.0, 1], n=5, seed=0)
    assert np.isnan(found.statistic)
    assert np.isnan(found.p_value)
    assert np.isnan(found.null_statistics).all()
