"""Every spiral against every null, and Holm's correction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gasquake import kernels
from gasquake.motion import MaximaFrequency, holm, spiral_tests
from gasquake.motion.nulls import _constant_cost, _huber

ALL = ["permute_days", "rotate", "move_anchor"]


def grid_frequency(seed: int = 0) -> MaximaFrequency:
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(-400.0, 401.0, 100.0), np.arange(-300.0, 301.0, 100.0))
    return MaximaFrequency(x.ravel(), y.ravel(), rng.integers(0, 9, x.size).astype(float))


def spiral(n: int = 20) -> tuple[Any, Any, Any]:
    t = np.arange(float(n))
    s = 0.5 + 0.25 * t
    z = 60.0 * (1 - 1j * s) * np.exp(1j * s)
    return z.real, z.imag, t


# --- Holm -------------------------------------------------------------------------------------------------------------


def test_holm_by_hand() -> None:
    # 4 * 0.005, 3 * 0.01, 2 * 0.03, then 0.04 pulled up to the one before
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.9, 0.6]), [1.0, 1.0])
    np.testing.assert_allclose(holm([[0.02, np.nan], [0.5, 0.02]]), [[0.06, np.nan], [0.5, 0.06]])
    assert holm([]).shape == (0,)
    assert np.isnan(holm([np.nan])).all()
    assert holm(0.3) == 0.3


def test_holm_errors() -> None:
    with pytest.raises(ValueError, match=r"p_values must lie in 0\.\.1, got 1\.5"):
        holm([0.1, 1.5])
    with pytest.raises(TypeError, match="p_values must hold real numbers"):
        holm(["a"])


@given(p=st.lists(st.one_of(st.floats(0, 1), st.just(np.nan)), max_size=20), data=st.data())
def test_holm_laws(p: list[float], data: st.DataObject) -> None:
    given_, found = np.array(p, dtype=float), holm(p)
    good = ~np.isnan(given_)
    np.testing.assert_array_equal(np.isnan(found), ~good)
    assert (found[good] >= given_[good]).all()
    assert (found[good] <= np.minimum(1.0, good.sum() * given_[good]) + 1e-15).all()
    order = np.argsort(given_[good], kind="stable")
    assert (np.diff(found[good][order]) >= 0).all()
    shuffle = data.draw(st.permutations(range(len(p))))
    np.testing.assert_array_equal(holm(given_[list(shuffle)]), found[list(shuffle)])
    # The literal definition, one p-value at a time.
    ranked = np.sort(given_[good])
    for value, adjusted in zip(given_[good], found[good], strict=True):
        below = [(ranked.size - i) * v for i, v in enumerate(ranked) if v <= value]
        # of equal p-values the first has the largest factor
        np.testing.assert_allclose(adjusted, min(1.0, max(below)), rtol=1e-12)


# --- the tests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["huber", "square"])
def test_every_kernel_null_is_the_kernels(loss: Any, rng: np.random.Generator) -> None:
    x, y = rng.normal(0, 200, (2, 12))
    t = np.cumsum(rng.integers(1, 4, 12)).astype(float)
    found = spiral_tests(x, y, t, seed=7, n=29, loss=loss)
    assert found.spiral.values.tolist() == [
        "involute_centre", "involute_cusp", "archimedean_centre", "logarithmic_centre", "logarithmic_cusp",
    ]  # fmt: skip
    assert found.null.values.tolist() == ALL
    for name in found.spiral.values:
        kind, anchor = name.split("_")
        one = found.sel(spiral=name)
        assert (one.kind, one.anchor) == (kind, anchor)
        for null in ALL:
            wanted = kernels.spiral_null(x, y, t, n=29, null=null, seed=7, kind=kind, anchor=anchor, loss=loss)
            assert one.p_value.sel(null=null) == wanted.p_value
            assert one.statistic == wanted.statistic
    np.testing.assert_array_equal(found.p_holm, holm(found.p_value))
    assert found.attrs["n_tests"] == 15
    assert found.attrs["smallest_p_holm"] == 0.5
    assert found.attrs["reason"] == ""


def test_the_archimedean_spiral_has_one_anchor() -> None:
    x, y, t = np.random.default_rng(3).normal(0, 200, (3, 15))
    a, b = (
        kernels.spiral_null(x, y, t, n=9, seed=1, kind="archimedean", anchor=anchor) for anchor in ("centre", "cusp")
    )
    np.testing.assert_allclose(a.null_statistics, b.null_statistics)


@pytest.mark.parametrize("loss", ["huber", "square"])
def test_the_climatology_null_against_a_loop(loss: Any, rng: np.random.Generator) -> None:
    x, y = rng.normal(0, 200, (2, 10))
    t = np.arange(10.0)
    frequency = grid_frequency()
    found = spiral_tests(x, y, t, seed=5, n=49, kinds=["involute"], climatology=frequency, loss=loss)
    assert found.null.values.tolist() == [*ALL, "climatology"]
    generator = np.random.Generator(np.random.Philox(key=5, counter=[0, 0, 1, 0]))
    p = frequency.weight / frequency.weight.sum()
    at = generator.choice(p.size, size=(49, 10), p=p)
    assert set(np.unique(at)) <= set(np.flatnonzero(frequency.weight))
    for anchor in ("centre", "cusp"):
        one = found.sel(spiral=f"involute_{anchor}")
        null = [
            kernels.spiral_null(
                frequency.x[i], frequency.y[i], t, n=1, seed=0, kind="involute", anchor=anchor, loss=loss
            ).statistic
            for i in at
        ]
        assert one.p_value.sel(null="climatology") == (1 + np.sum(np.array(null) >= one.statistic.item())) / 50


@given(seed=st.integers(0, 200), spread=st.floats(1.0, 1e4))
def test_the_cost_of_a_constant_point_is_the_kernels_and_the_least(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_t(2, (2, 3, 9)) * spread + rng.normal(0, 1e3)
    t = np.arange(9.0)
    for loss in ("huber", "square"):
        found = _constant_cost(x, y, sigma=50.0, loss=loss)
        for k in range(3):
            fit = kernels.fit_spirals(x[k], y[k], t, loss=loss)
            statistic = kernels.spiral_null(x[k], y[k], t, n=1, seed=0, loss=loss).statistic
            np.testing.assert_allclose(1 - fit.cost / found[k], statistic, atol=1e-7)
            for there in rng.normal(0, spread, (5, 2)) + [x[k].mean(), y[k].mean()]:
                u = np.hypot(x[k] - there[0], y[k] - there[1]) / 50.0
                assert found[k] <= (_huber(u) if loss == "huber" else np.sum(u**2) / 2) * (1 + 1e-12)
    assert _constant_cost(np.full((1, 5), 96.7), np.full((1, 5), -3.1), sigma=50.0, loss="huber") == 0.0


def test_a_spiral_refutes_every_null() -> None:
    x, y, t = spiral()
    rng = np.random.default_rng(1)
    found = spiral_tests(
        x + rng.normal(0, 30, 20), y + rng.normal(0, 30, 20), t, seed=1, n=199, kinds=["involute"],
        anchors=["centre"], climatology=grid_frequency(), loss="square",
    )  # fmt: skip
    assert (found.p_value <= 0.02).all()
    assert found.attrs["smallest_p_holm"] == 4 / 200


def test_straight_paths_refute_the_order_of_days_without_being_spirals() -> None:
    t, found = np.arange(20.0), []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        start, speed = rng.uniform(-300, 300, 2), rng.uniform(15, 30, 2) * rng.choice([-1, 1], 2)
        x, y = start[:, None] + speed[:, None] * (t - 10) + rng.normal(0, 40, (2, 20))
        found.append(spiral_tests(x, y, t, seed=1, n=49, kinds=["involute"], anchors=["centre"], loss="square").p_value)
    p = np.array([one.sel(null=["permute_days", "move_anchor"]).values[0] for one in found])
    assert (p[:, 0] == 0.02).all()
    assert np.median(p[:, 1]) > 0.1


@pytest.mark.parametrize("null", ["permute_days", "rotate", "climatology"])
def test_p_is_uniform_where_there_is_nothing(null: Any) -> None:
    frequency, found = grid_frequency(), []
    share = frequency.weight / frequency.weight.sum()
    t = np.arange(12.0)
    for seed in range(60):
        rng = np.random.default_rng(1000 + seed)
        if null == "rotate":
            r, angle = rng.uniform(50, 300, 12), rng.uniform(0, 2 * np.pi, 12)
            x, y = r * np.cos(angle), r * np.sin(angle)
        else:
            at = rng.choice(share.size, 12, p=share)
            x, y = frequency.x[at], frequency.y[at]
        one = spiral_tests(
            x, y, t, seed=seed, n=99, kinds=["involute"], anchors=["centre"], nulls=[null], climatology=frequency,
            loss="square",
        )  # fmt: skip
        found.append(one.p_value.item())
    p = np.array(found)
    # Standard error of the mean is 0.037, of a share of 0.1 it is 0.039.
    assert 0.38 < p.mean() < 0.62
    assert (p <= 0.1).mean() <= 0.22
    assert (p >= 0.9).mean() <= 0.22
    assert np.unique(p).size > 20


def test_few_days_missing_days_and_repeatability() -> None:
    x, y, t = spiral()
    few = spiral_tests(x[:5], y[:5], t[:5], seed=1)
    assert few.attrs["reason"] == "5 valid points (0 missing); at least 6 are needed"
    assert few.p_value.isnull().all()
    assert few.p_holm.isnull().all()
    assert few.statistic.isnull().all()
    assert few.attrs["n_tests"] == 0
    holes = x.copy()
    holes[[3, 8]] = np.nan
    stamps = np.datetime64("2022-08-20", "ns") + t.astype(int) * np.timedelta64(1, "D")
    a = spiral_tests(holes, y, stamps, seed=2, n=9, kinds=["archimedean"], loss="square")
    b = spiral_tests(np.delete(x, [3, 8]), np.delete(y, [3, 8]), np.delete(t, [3, 8]), seed=2, n=9,
                     kinds=["archimedean"], loss="square")  # fmt: skip
    assert (a.attrs["n_points"], a.attrs["n_missing"]) == (18, 2)
    np.testing.assert_array_equal(a.p_value, b.p_value)
    pinned = spiral_tests(np.full(9, 4.0), np.full(9, 4.0), t[:9], seed=1, n=9)
    assert pinned.p_value.isnull().all()
    assert pinned.attrs["reason"] == "all 9 valid points lie at one place"


def test_a_result_can_be_written(tmp_path: Any) -> None:
    x, y, t = spiral()
    found = spiral_tests(x, y, t, seed=2**100, n=9, kinds=["involute"], loss="square")
    found.to_netcdf(tmp_path / "tests.nc", engine="h5netcdf")
    assert found.attrs["seed"] == str(2**100)


def test_errors() -> None:
    x, y, t = spiral()
    with pytest.raises(ValueError, match="'climatology' needs climatology"):
        spiral_tests(x, y, t, seed=1, nulls=["climatology"])
    with pytest.raises(ValueError, match="nulls must be one of"):
        spiral_tests(x, y, t, seed=1, nulls=["wind"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="nulls must name at least one"):
        spiral_tests(x, y, t, seed=1, nulls=[])
    with pytest.raises(TypeError, match="nulls must be a sequence of names"):
        spiral_tests(x, y, t, seed=1, nulls="rotate")
    with pytest.raises(TypeError, match="climatology must be a MaximaFrequency"):
        spiral_tests(x, y, t, seed=1, climatology=(x, y, t))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seed must be at least 0"):
        spiral_tests(x, y, t, seed=-1)
    with pytest.raises(ValueError, match="seed must be below"):
        spiral_tests(x, y, t, seed=2**128)
    with pytest.raises(ValueError, match="loss must be one of"):
        spiral_tests(x, y, t, seed=1, loss="cauchy")  # type: ignore[arg-type]
