"""`scan_profiles`: two months of daily global one-degree profiles on 24 levels, beside the peers."""

from __future__ import annotations

import numpy as np
import pytest

import peers_profiles as peers
from gasquake import _core, kernels
from race import US, Contestant, Race, Trial, races, replayed_time

pytestmark = pytest.mark.benchmark(timer=replayed_time)

THREADS = kernels.build_info().threads
SHAPE, TINY = (60, 24, 180, 360), (2, 24, 6, 10)
# AIRS standard levels, hPa; the upper half lies above 100 hPa and cannot count.
PRESSURE = np.array(
    [1000, 925, 850, 700, 600, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30, 20, 15, 10, 7, 5, 3, 2, 1.5, 1],
    np.float64,
)
FIELD_BYTES = 1 + 4 * 4 + 3 * 2


def zscores(shape):
    """Standard normal scores, some profiles lifted near the ground, some aloft; one value in five missing."""
    rng = np.random.default_rng(20220905)
    values = rng.standard_normal(shape, dtype=np.float32)
    days, _, rows, columns = shape
    kind = rng.integers(0, 8, (days, 1, rows, columns))
    height = np.linspace(0, 1, shape[1], dtype=np.float32)[:, None, None]
    for day in range(days):  # day by day: no second array of this size
        values[day] += np.where(kind[day] == 0, 4 * (1 - 3 * height), 0).astype(np.float32)
        values[day] += np.where((kind[day] == 1) & (height > 0.2), 3, 0).astype(np.float32)
        values[day][rng.random(shape[1:], dtype=np.float32) < 0.2] = np.nan
    return values


def plain(shape):
    return zscores(shape), PRESSURE


def full(shape):
    """Anomalies with a spread of their own and a ground that reaches up to 600 hPa."""
    values = zscores(shape)
    rng = np.random.default_rng(7)
    sigma = rng.random(shape, dtype=np.float32)
    sigma += np.float32(0.5)
    values *= sigma
    surface = rng.uniform(600, 1013, (shape[0], *shape[2:])).astype(np.float32)
    return values, PRESSURE, sigma, surface


def trials():
    """Fill values below the ground and in the spread, levels and whole profiles without data."""
    values, pressure, sigma, surface = full((2, 24, 8, 9))
    below_ground = pressure[:, None, None] > surface[:, None] - 5
    values[below_ground] = 9999
    sigma[0, 3, 0] = 0
    sigma[0, 4, 1] = -9999
    sigma[0, 5, 2] = np.inf
    values[0, :, 3, 3] = np.nan
    values[0, 1:, 4, 4] = np.nan
    values[1, :, 5] = -np.inf
    inputs = values, pressure, sigma, surface
    return [Trial(inputs, peers.scan_numpy(*inputs))]


def native(out, values, pressure, sigma=None, surface_pressure=None):
    days, levels = values.shape[:2]
    criteria = (
        *(peers.SPLIT, peers.TOP, peers.UPPER, peers.THRESHOLD, peers.QUIET),
        *(peers.MIN_BELOW, peers.SCALE_HEIGHT),
    )
    _core.scan_profiles(
        values.reshape(days, levels, -1),
        pressure,
        None if sigma is None else sigma.reshape(days, levels, -1),
        None if surface_pressure is None else surface_pressure.reshape(days, 1, -1),
        criteria,
        tuple(array.reshape(days, 1, -1) for array in out),
        THREADS,
    )


def as_fields(result):
    return result if isinstance(result, tuple) else tuple(getattr(result, name) for name in peers.FIELDS)


OURS = Contestant(
    US,
    fresh=lambda values, pressure, sigma=None, surface=None: kernels.scan_profiles(
        values, pressure, sigma=sigma, surface_pressure=surface
    ),
    empty=peers.fields_of,
    into=native,
    finish=as_fields,
)


def bytes_moved(shape, inputs=1, *, surface=False):
    """Of the values (and the spreads) only the levels that can count."""
    profiles = shape[0] * shape[2] * shape[3]
    return profiles * (int(np.sum(PRESSURE >= peers.UPPER)) * 4 * inputs + 4 * surface + FIELD_BYTES)


@races(
    Race(
        kernel="scan_profiles",
        case="zscores-60x24x180x360",
        shape=SHAPE,
        tiny=TINY,
        inputs=plain,
        contestants=(OURS, *peers.SCAN),
        trials=trials,
        bytes_moved=bytes_moved,
        floor={"numba": 5.0, "numpy": 50.0},
        bandwidth_floor=0.5,
    ),
    Race(
        kernel="scan_profiles",
        case="sigma-surface-60x24x180x360",
        shape=SHAPE,
        tiny=TINY,
        inputs=full,
        contestants=(OURS, *peers.SCAN),
        trials=trials,
        bytes_moved=lambda shape: bytes_moved(shape, 2, surface=True),
    ),
)
def test_scan_profiles(measured, race, who, outputs):
    measured()
