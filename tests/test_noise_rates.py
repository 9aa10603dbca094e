"""What the documentation says of pure noise: how often it is judged, and how large it looks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gasquake.kernels import ProfileVerdict, fit_spirals, rolling_zscore, scan_profiles

METHODS = Path(__file__).parents[1] / "docs" / "methods"
PRESSURE = np.array([1000.0, 925, 850, 700, 600, 500, 400, 300, 250, 200, 150, 100])
COUNT = 100_000


def said(page: str, pattern: str) -> list[float]:
    found = re.search(pattern, " ".join((METHODS / page).read_text(encoding="utf-8").split()))
    assert found, pattern
    return [float(number) for number in found.groups()]


def falls(scan: object) -> float:
    return 100 * float(np.mean(scan.gradient + 1.645 * scan.gradient_se < 0))


def test_how_often_noise_is_rooted_and_rootless(rng: np.random.Generator) -> None:
    wanted = said(
        "profiles.md",
        r"known, (\S+) % are `ROOTED` and (\S+) % `ROOTLESS` .* \(1013 hPa\), (\S+) % and (\S+) % at 855 hPa, "
        r"(\S+) % and (\S+) % at 706 hPa",
    )
    noise = rng.normal(size=(COUNT, PRESSURE.size))
    found = []
    for ground in (1013.0, 855.0, 706.0):
        verdict = scan_profiles(noise, PRESSURE, sigma=1.0, surface_pressure=ground, level_axis=1).verdict
        found += [100 * float(np.mean(verdict == v)) for v in (ProfileVerdict.ROOTED, ProfileVerdict.ROOTLESS)]
    np.testing.assert_allclose(found, wanted, atol=0.4)
    np.testing.assert_allclose(found[::2], wanted[::2], atol=0.15)


def test_how_often_the_gradient_of_noise_falls(rng: np.random.Generator) -> None:
    noise = rng.normal(size=(COUNT, PRESSURE.size))
    known = scan_profiles(noise, PRESSURE, sigma=1.0, level_axis=1)
    assert falls(known) == pytest.approx(said("profiles.md", r"then holds for (\S+) % of noise")[0], abs=0.4)
    wanted = said("profiles.md", r"7, 5 and 4 fitted levels it holds for (\S+), (\S+) and (\S+) %")
    for ground, percent in zip((1013.0, 855.0, 706.0), wanted, strict=True):
        found = falls(scan_profiles(noise, PRESSURE, surface_pressure=ground, level_axis=1))
        assert found == pytest.approx(percent, abs=0.5)
    like = 0.8 ** np.abs(np.subtract.outer(np.arange(PRESSURE.size), np.arange(PRESSURE.size)))
    alike = noise @ np.linalg.cholesky(like).T
    without, given = said("profiles.md", r"correlate by 0\.8 for (\S+) %, and for (\S+) % with")
    assert falls(scan_profiles(alike, PRESSURE, level_axis=1)) == pytest.approx(without, abs=0.7)
    assert falls(scan_profiles(alike, PRESSURE, sigma=1.0, level_axis=1)) == pytest.approx(given, abs=0.5)


@pytest.mark.parametrize("likeness", [0, 0.5, 0.7])
def test_how_often_z_of_noise_exceeds_two(likeness: float, rng: np.random.Generator) -> None:
    cells = r"\| (\S+) % " * 6
    wanted = said("windows.md", rf"\| {likeness} {cells}\|")
    series = rng.normal(size=(600, 1000))
    for t in range(1, len(series)):
        series[t] = likeness * series[t - 1] + np.sqrt(1 - likeness**2) * series[t]
    found = [
        100 * float(np.mean(np.abs(rolling_zscore(series, window, method=method).zscore[window:]) > 2))
        for method in ("moment", "robust")
        for window in (7, 15, 30)
    ]
    np.testing.assert_allclose(found, wanted, atol=0.6)


def test_how_large_the_largest_of_noise_is(rng: np.random.Generator) -> None:
    few, many = said("maxima.md", r"on average (\S+) standard deviations among 70, (\S+) among a thousand")
    assert rng.normal(size=(4000, 70)).max(axis=1).mean() == pytest.approx(few, abs=0.08)
    assert rng.normal(size=(4000, 1000)).max(axis=1).mean() == pytest.approx(many, abs=0.08)


def test_random_points_are_no_spiral_in_time(rng: np.random.Generator) -> None:
    low, high = (float(x) for x in re.search(r"as here, (\S+) to (\S+) \(300", fit_spirals.__doc__ or "").groups())
    x, y = rng.uniform(-480, 480, (60, 33)), rng.uniform(-290, 490, (60, 33))
    for kind, anchor in (("involute", "centre"), ("logarithmic", "cusp")):
        found = np.median(fit_spirals(x, y, np.arange(33.0), kind=kind, anchor=anchor).r2)
        assert low - 0.02 <= found <= high + 0.02
