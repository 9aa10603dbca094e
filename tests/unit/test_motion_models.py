"""Spirals beside point, line and walk: likelihoods by hand, recovery of simulated tracks, days left out, the helix."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from gasquake import kernels
from gasquake.motion import ModelComparison, compare_models, fit_helix, spiral_path

Complex = NDArray[np.complex128]
LOG: Any = {"kind": "logarithmic", "anchor": "centre"}
PLAIN = ("constant", "line", "random_walk")
SPIRALS = ("involute_centre", "involute_cusp", "archimedean_centre", "logarithmic_centre", "logarithmic_cusp")


def noise(rng: np.random.Generator, n: int, sigma: float) -> Complex:
    return rng.normal(0.0, sigma, n) + 1j * rng.normal(0.0, sigma, n)


def involute(t: NDArray[np.float64], *, scale: float = 45.0, rate: float = 0.25, offset: float = 0.5) -> Complex:
    s = offset + rate * t
    return np.asarray(scale * (1 - 1j * s) * np.exp(1j * s))


def compare(z: Complex, t: Any = None, **options: Any) -> ModelComparison:
    t = np.arange(float(z.size)) if t is None else t
    return compare_models(z.real, z.imag, t, **options)


# --- formulas by hand -------------------------------------------------------------------------------------------------


def test_every_number_of_point_and_line(rng: np.random.Generator) -> None:
    t = np.sort(rng.uniform(0, 30, 17))
    z = (3 + 4j) * t + noise(rng, 17, 40.0)
    found = compare(z, t)
    assert [m.name for m in found.models] == [*PLAIN, *SPIRALS]
    line = np.polyfit(t - t.min(), z.real, 1), np.polyfit(t - t.min(), z.imag, 1)
    errors = z - np.polyval(line[0], t - t.min()) - 1j * np.polyval(line[1], t - t.min())
    for name, residual, k in (("constant", z - z.mean(), 3), ("line", errors, 5)):
        model, sse = found[name], np.sum(np.abs(residual) ** 2)
        assert model.k == k
        np.testing.assert_allclose(model.rmse_km, np.sqrt(sse / 17))
        np.testing.assert_allclose(model.r2, 1 - sse / np.sum(np.abs(z - z.mean()) ** 2), atol=1e-12)
        np.testing.assert_allclose(model.aicc, 34 * np.log(sse / 34) + 2 * k + 2 * k * (k + 1) / (34 - k - 1))
    line_ = found["line"].parameters
    np.testing.assert_allclose([line_["x"], line_["vx"], line_["y"], line_["vy"]], [*line[0][::-1], *line[1][::-1]])


def test_likelihood_of_the_walk_is_that_of_a_multivariate_normal(rng: np.random.Generator) -> None:
    t = np.array([0.0, 1, 2, 2, 4, 7, 8, 9, 10, 12])
    z = np.cumsum(noise(rng, 10, 90.0)) + noise(rng, 10, 50.0)
    model = compare(z, t, leave_one_out=False)["random_walk"]
    p = model.parameters

    def aicc(x: float, y: float, step: float) -> float:
        covariance = 2500.0 * np.eye(10) + step**2 * np.minimum.outer(t, t)
        log = sum(multivariate_normal(np.full(10, m), covariance).logpdf(v) for m, v in ((x, z.real), (y, z.imag)))
        return float(-2 * log - 20 * (1 + np.log(2 * np.pi)) + 6 + 24 / 16)

    best = aicc(p["x"], p["y"], p["step"])
    np.testing.assert_allclose(model.aicc, best, rtol=1e-10)
    for change in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)):
        assert aicc(p["x"] + change[0], p["y"] + change[1], p["step"] + change[2]) > best


def test_prediction_errors_of_the_walk_are_those_of_a_kalman_filter(rng: np.random.Generator) -> None:
    z = np.cumsum(noise(rng, 14, 70.0)) + noise(rng, 14, 50.0)
    t = np.cumsum(rng.integers(1, 4, 14)).astype(float)
    model = compare(z, t, leave_one_out=False)["random_walk"]
    state, variance = model.parameters["x"] + 1j * model.parameters["y"], 0.0
    errors = []
    for k in range(14):
        if k:
            variance += model.parameters["step"] ** 2 * (t[k] - t[k - 1])
        errors.append(z[k] - state)
        gain = variance / (variance + 2500.0)
        state, variance = state + gain * errors[-1], (1 - gain) * variance
    np.testing.assert_allclose(model.rmse_km, np.sqrt(np.mean(np.abs(errors[1:]) ** 2)), rtol=1e-9)


def test_spirals_have_the_aicc_of_the_kernel(rng: np.random.Generator) -> None:
    t = np.arange(20.0)
    z = involute(t) + noise(rng, 20, 60.0)
    found = compare(z)
    for kind in ("involute", "archimedean", "logarithmic"):
        for anchor in ("centre", "cusp"):
            name = f"{kind}_{'centre' if kind == 'archimedean' else anchor}"
            fit = kernels.fit_spirals(z.real, z.imag, t, kind=kind, anchor=anchor, loss="square")
            np.testing.assert_allclose(found[name].aicc, fit.aicc)
            np.testing.assert_allclose(found[name].r2, fit.r2)
            assert found[name].rmse_km == fit.rmse
            assert found[name].parameters["rate"] == fit.rate
    weights = [m.weight for m in found.models]
    np.testing.assert_allclose(sum(weights), 1.0)
    assert min(m.delta_aicc for m in found.models) == 0.0
    np.testing.assert_allclose(weights, np.exp([-0.5 * m.delta_aicc for m in found.models]) * max(weights))


@pytest.mark.parametrize("times", ["days", "two orbits a day", "gaps"])
def test_leaving_a_day_out_is_fitting_to_the_others(times: str, rng: np.random.Generator) -> None:
    t = {"days": np.arange(12.0), "two orbits a day": np.arange(12) // 2 + np.tile([0.25, 0.75], 6)}.get(
        times, np.cumsum(rng.integers(1, 4, 12)).astype(float)
    )
    z = 20 * t + noise(rng, 12, 60.0)
    found = compare(z, t)
    errors: dict[str, list[float]] = {m.name: [] for m in found.models}
    q = found["random_walk"].parameters["step"] ** 2
    for day in np.unique(np.floor(t)):
        out = np.floor(t) == day
        rest, there = ~out, t[out]
        predicted = {
            "constant": np.full(there.size, z[rest].mean()),
            "line": sum(u * np.polyval(np.polyfit(t[rest], p[rest], 1), there) for u, p in ((1, z.real), (1j, z.imag))),
        }
        tau, tau_out = t[rest] - t[0], there - t[0]
        inverse = np.linalg.inv(2500.0 * np.eye(rest.sum()) + q * np.minimum.outer(tau, tau))
        centre = inverse.sum(0) @ z[rest] / inverse.sum()
        predicted["random_walk"] = centre + q * np.minimum.outer(tau_out, tau) @ inverse @ (z[rest] - centre)
        for name in SPIRALS:
            kind, anchor = name.split("_")
            fit = kernels.fit_spirals(z.real[rest], z.imag[rest], t[rest], kind=kind, anchor=anchor, loss="square")
            px, py = spiral_path(fit, there - t[rest].min(), kind=kind, anchor=anchor)
            predicted[name] = px + 1j * py
        for name, place in predicted.items():
            errors[name] += list(np.abs(z[out] - place))
    for model in found.models:
        np.testing.assert_allclose(
            model.loo_rmse_km, np.sqrt(np.mean(np.square(errors[model.name]))), rtol=1e-6, err_msg=model.name
        )
    without = compare(z, t, leave_one_out=False)
    assert all(np.isnan(m.loo_rmse_km) for m in without.models)


# --- laws -------------------------------------------------------------------------------------------------------------


@given(
    angle=st.floats(-3.1, 3.1),
    dx=st.floats(-500, 500),
    dy=st.floats(-500, 500),
    mirror=st.booleans(),
    later=st.floats(-1e3, 1e3),
    seed=st.integers(0, 50),
)
def test_plain_models_do_not_care_where_the_axes_lie(
    angle: float, dx: float, dy: float, mirror: bool, later: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    t = np.arange(11.0)
    z = np.cumsum(noise(rng, 11, 40.0)) + noise(rng, 11, 50.0)
    moved = (z.conj() if mirror else z) * np.exp(1j * angle) + dx + 1j * dy
    options = {"kinds": ["archimedean"], "leave_one_out": True}
    a, b = compare(z, t, **options), compare(moved, t + round(later), **options)
    for name in PLAIN:
        for value in ("rmse_km", "r2", "aicc", "loo_rmse_km"):
            np.testing.assert_allclose(getattr(b[name], value), getattr(a[name], value), rtol=1e-5, atol=1e-6)


@given(angle=st.floats(-3.1, 3.1), seed=st.integers(0, 50))
def test_spirals_do_not_care_about_directions(angle: float, seed: int) -> None:
    z = noise(np.random.default_rng(seed), 10, 200.0)
    a, b = (compare(v, kinds=["involute"], leave_one_out=False) for v in (z, z * np.exp(1j * angle)))
    for name in ("involute_centre", "involute_cusp"):
        np.testing.assert_allclose(b[name].aicc, a[name].aicc, rtol=1e-6, atol=1e-6)


@given(seed=st.integers(0, 50))
def test_the_order_of_the_points_and_missing_ones_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.arange(10.0)
    z = noise(rng, 10, 100.0)
    order = rng.permutation(13)
    longer_t = np.append(t, [3.5, np.nan, 20.0])[order]
    longer = np.append(z, [np.nan, 5.0, np.inf])[order]
    a, b = compare(z, t), compare(longer, longer_t)
    assert (b.n, b.n_missing, b.n_days) == (10, 3, 10)
    for m, w in zip(b.models, a.models, strict=True):
        np.testing.assert_allclose(m.aicc, w.aicc, rtol=1e-9)


# --- recovery ---------------------------------------------------------------------------------------------------------


def test_simulated_tracks_are_called_what_they_are() -> None:
    t = np.arange(40.0)
    calls: dict[str, Counter[str]] = {}
    turn = np.random.default_rng(77)
    for seed in range(25):
        rng = np.random.default_rng(seed)
        somewhere = 200 * np.exp(2j * np.pi * turn.random())
        error = noise(rng, 40, 50.0)
        tracks = {
            "constant": somewhere + noise(rng, 40, 200.0),
            "line": somewhere + 20 * np.exp(1j * seed) * t + error,
            "random_walk": somewhere + np.cumsum(noise(rng, 40, 70.0)) + error,
            "involute": involute(t, scale=40.0, rate=0.2) * np.exp(1j * seed) + error,
        }
        for name, z in tracks.items():
            calls.setdefault(name, Counter())[compare(z, leave_one_out=False).best.split("_c")[0]] += 1
    assert calls["constant"]["constant"] >= 17
    assert calls["line"]["line"] >= 22
    assert calls["random_walk"]["random_walk"] >= 20
    # Which spiral it is 50 km of error do not tell; that it is one they do.
    assert sum(count for best, count in calls["involute"].items() if best not in PLAIN) >= 23
    for name in PLAIN:  # what the margin is for
        called_spiral = sum(count for best, count in calls[name].items() if best not in PLAIN)
        assert called_spiral <= 3, (name, calls[name])


def test_without_the_margin_noise_is_often_a_spiral() -> None:
    wins = 0
    for seed in range(30):
        found = compare(noise(np.random.default_rng(seed), 20, 250.0), leave_one_out=False)
        wins += found.least_aicc in SPIRALS
        assert compare(noise(np.random.default_rng(seed), 20, 250.0), leave_one_out=False, margin=0.0).best == (
            found.least_aicc
        )
    assert wins >= 12


def test_a_spiral_predicts_a_spiral(rng: np.random.Generator) -> None:
    found = compare(involute(np.arange(30.0)) + noise(rng, 30, 30.0))
    assert found.best in SPIRALS
    assert found["involute_centre"].delta_aicc < 5.0
    assert 30.0 < found["involute_centre"].loo_rmse_km < 55.0  # 30 km along each axis are 42
    assert min(found[name].loo_rmse_km for name in ("constant", "line")) > 100.0


def test_a_track_pinned_to_one_cell_stays_there() -> None:
    found = compare(np.full(12, 96.7 - 30j))
    assert found.best == found.least_aicc == "constant"
    assert found["constant"].rmse_km < 1e-9
    assert np.isnan(found["constant"].r2)
    assert all(np.isfinite(m.aicc) for m in found.models)


def test_turns_that_cannot_be_told_apart_are_flagged() -> None:
    t = np.arange(8.0) * 3.0
    fast = 200 * np.exp(1j * 1.6 * t)  # 4.8 rad between points, or -1.5
    found = compare(fast * np.exp(0.02 * t), t, kinds=["logarithmic"], anchors=["centre"], max_turns=8.0)
    spiral = found["logarithmic_centre"]
    wide = abs(spiral.parameters["rate"]) * 3.0 > np.pi
    assert spiral.ambiguous == wide
    assert spiral.steps_over_half_turn == (7 if wide else 0)
    slow = compare(involute(np.arange(30.0)))
    assert not any(m.ambiguous or m.steps_over_half_turn for m in slow.models)
    # One long gap: the turn is known from the other days.
    t = np.append(np.arange(20.0), 45.0)
    gap = compare(involute(t), t, kinds=["involute"], anchors=["centre"], max_turns=6.0)["involute_centre"]
    assert (gap.ambiguous, gap.steps_over_half_turn) == (False, 1)


# --- what cannot be judged, and errors --------------------------------------------------------------------------------


@pytest.mark.parametrize("n_valid", [0, 1, 5])
def test_too_few_days_have_a_reason(n_valid: int) -> None:
    z = np.full(9, np.nan + 0j)
    z[:n_valid] = np.arange(n_valid)
    found = compare(z)
    assert found.reason == f"{n_valid} valid points ({9 - n_valid} missing); at least 6 are needed"
    assert (found.best, found.least_aicc, found.n, found.n_missing) == ("", "", n_valid, 9 - n_valid)
    full = compare(np.arange(9.0) + 0j)
    assert [(m.name, m.k) for m in found.models] == [(m.name, m.k) for m in full.models]
    assert all(np.isnan([m.aicc, m.rmse_km, m.r2, m.weight, m.delta_aicc]).all() for m in found.models)
    assert "same time" in compare(np.arange(9.0) + 0j, np.zeros(9)).reason


def test_six_points_are_enough_for_every_model() -> None:
    found = compare(noise(np.random.default_rng(2), 6, 100.0))
    assert all(np.isfinite(m.aicc) for m in found.models)
    two_days = compare(noise(np.random.default_rng(2), 8, 100.0), np.repeat([0.0, 1.0], 4))
    assert np.isnan(two_days["line"].loo_rmse_km)
    assert np.isfinite(two_days["constant"].loo_rmse_km)


def test_dates_are_days() -> None:
    z = noise(np.random.default_rng(2), 10, 100.0)
    stamps = np.datetime64("2022-08-20T06:00", "ns") + np.arange(10) * np.timedelta64(1, "D")
    a, b = compare(z), compare(z, stamps)
    for m, w in zip(b.models, a.models, strict=True):
        np.testing.assert_allclose([m.aicc, m.loo_rmse_km], [w.aicc, w.loo_rmse_km], rtol=1e-7)
    stamps[3] = np.datetime64("NaT")
    assert compare(z, stamps).n == 9


def test_errors() -> None:
    z = np.arange(8.0) + 0j
    with pytest.raises(ValueError, match="1-d and of one length"):
        compare(z, np.arange(9.0))
    with pytest.raises(TypeError, match="t must hold real numbers"):
        compare(z, np.array(list("abcdefgh")))
    with pytest.raises(ValueError, match="kinds must be one of"):
        compare(z, kinds=["circle"])
    with pytest.raises(TypeError, match="anchors must be a sequence of names, got the text 'cusp'"):
        compare(z, anchors="cusp")
    with pytest.raises(ValueError, match="kinds must name at least one"):
        compare(z, kinds=[])
    with pytest.raises(ValueError, match="sigma must be positive"):
        compare(z, sigma=0.0)
    with pytest.raises(KeyError, match="no model 'circle'"):
        compare(z)["circle"]
    only_cusp = compare(z, anchors=["cusp"])
    assert [m.name for m in only_cusp.models[3:]] == ["involute_cusp", "archimedean_cusp", "logarithmic_cusp"]


# --- the helix --------------------------------------------------------------------------------------------------------


def test_a_helix_is_a_spiral_and_a_line(rng: np.random.Generator) -> None:
    t = np.arange(25.0)[rng.permutation(25)]
    z, zeta = involute(t) + noise(rng, 25, 20.0), 2.0 + 0.3 * t + rng.normal(0, 1.0, 25)
    zeta[4] = np.nan
    found = fit_helix(z.real, z.imag, zeta, t, seed=5, n=199)
    good = np.isfinite(zeta)
    (climb, zeta0), covariance = np.polyfit(t[good] - t[good].min(), zeta[good], 1, cov=True)
    np.testing.assert_allclose([found.climb, found.zeta0], [climb, zeta0])
    np.testing.assert_allclose(found.climb_se, np.sqrt(covariance[0, 0]))
    np.testing.assert_allclose(found.zeta_r2, np.corrcoef(t[good], zeta[good])[0, 1] ** 2)
    assert (found.n, found.n_missing, found.reason, found.p_value) == (24, 1, "", 0.005)
    plane = kernels.fit_spirals(z.real[good], z.imag[good], t[good])
    np.testing.assert_allclose(found.spiral.rate, plane.rate)
    again = fit_helix(z.real, z.imag, zeta, t, seed=5, n=199)
    assert again.p_value == found.p_value


def test_p_of_the_climb_is_uniform_on_noise_of_few_levels() -> None:
    rng, found = np.random.default_rng(4), []
    for seed in range(100):
        zeta = rng.choice([1.5, 3.0, 4.2], 12)
        x, y = rng.normal(0, 100, (2, 12))
        found.append(fit_helix(x, y, zeta, np.arange(12.0), seed=seed, n=99).p_value)
    assert 0.4 < np.mean(found) < 0.62
    assert np.mean(np.array(found) <= 0.1) <= 0.18


def test_heights_that_do_not_change_and_too_few_days() -> None:
    t = np.arange(8.0)
    level = fit_helix(t, t**2, np.full(8, 3.1), t, seed=1, n=19)
    assert (level.climb, round(level.zeta0, 9)) == (0.0, 3.1)
    assert np.isnan(level.p_value)
    assert np.isnan(level.zeta_r2)
    few = fit_helix(t[:5], t[:5], t[:5], t[:5], seed=1)
    assert "at least 6" in few.reason
    assert np.isnan([few.climb, few.p_value, float(few.spiral.rmse)]).all()
    with pytest.raises(ValueError, match="seed must be at least 0"):
        fit_helix(t, t, t, t, seed=-1)


@pytest.mark.parametrize("kind", ["involute", "archimedean", "logarithmic"])
@pytest.mark.parametrize("anchor", ["centre", "cusp"])
def test_the_path_has_the_error_that_the_fit_says(kind: Any, anchor: Any, rng: np.random.Generator) -> None:
    x, y = rng.normal(0, 200, (2, 3, 4, 15))
    t = np.sort(rng.uniform(5, 30, 15))
    fit = kernels.fit_spirals(x, y, t, kind=kind, anchor=anchor)
    px, py = spiral_path(fit, t - t.min(), kind=kind, anchor=anchor)
    assert px.shape == (3, 4, 15)
    np.testing.assert_allclose(np.sqrt(np.mean((x - px) ** 2 + (y - py) ** 2, axis=-1)), fit.rmse, rtol=1e-7)


def test_a_path_that_does_not_turn_or_leaves_the_earth_is_no_warning() -> None:
    t = np.arange(8.0)
    radial = kernels.fit_spirals(10 * t + 5, 0 * t, t, kind="logarithmic", loss="square")
    px, _ = spiral_path(replace(radial, rate=np.array(0.0), growth=np.array(np.inf)), t, **LOG)
    assert np.isnan(px).all()
    spiral_path(radial, [1e9], **LOG)
