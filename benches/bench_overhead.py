"""Each kernel on 10 elements: what a call costs before any work; a few NumPy calls for scale.

Peers are not here: what is measured is the gate, not the arithmetic. `benchmark` itself repeats calls this short.
"""

from __future__ import annotations

import numpy as np
import pytest

from gasquake import kernels
from race import US

CEILING = 10e-6  # seconds a call
RNG = np.random.default_rng(20220905)
TEN = RNG.standard_normal(10)
PRESSURE = np.array([1000.0, 925.0, 850.0, 700.0, 600.0, 500.0, 400.0, 300.0, 250.0, 200.0])
DAY = np.arange(10)

CALLS = {
    "scan_profiles": lambda: kernels.scan_profiles(TEN, PRESSURE, level_axis=0),
    "rolling_mean": lambda: kernels.rolling_mean(TEN, 3),
    "rolling_std": lambda: kernels.rolling_std(TEN, 3),
    "rolling_median": lambda: kernels.rolling_median(TEN, 3),
    "rolling_mad": lambda: kernels.rolling_mad(TEN, 3),
    "rolling_zscore-moment": lambda: kernels.rolling_zscore(TEN, 3),
    "rolling_zscore-robust": lambda: kernels.rolling_zscore(TEN, 3, method="robust"),
    "seasonal_zscore-moment": lambda: kernels.seasonal_zscore(TEN, DAY),
    "seasonal_zscore-robust": lambda: kernels.seasonal_zscore(TEN, DAY, method="robust"),
    "locate_maxima": lambda: kernels.locate_maxima(TEN, axes=(0,)),
}
SCALE = {
    "ptp": lambda: np.ptp(TEN),
    "median": lambda: np.median(TEN),
    "nanargmax": lambda: np.nanargmax(TEN),
    "nanmean": lambda: np.nanmean(TEN),
}


def measure(benchmark, name, who, call):
    benchmark.group = f"overhead {name}"
    benchmark.extra_info.update(
        group=benchmark.group,
        workload=benchmark.group,
        who=who,
        correct=True,
        outputs="fresh",
        bytes_moved=0,
        read_bandwidth=None,
        floor={},
        ceiling_seconds=CEILING if who == US else None,
    )
    benchmark(call)


@pytest.mark.parametrize("name", CALLS, ids=lambda name: f"{name}-10-{US}")
def test_overhead(benchmark, name):
    measure(benchmark, name, US, CALLS[name])


@pytest.mark.parametrize("name", SCALE, ids=lambda name: f"{name}-10-numpy")
def test_scale(benchmark, name):
    measure(benchmark, f"numpy.{name}", "numpy", SCALE[name])
