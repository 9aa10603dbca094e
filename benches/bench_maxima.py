"""`locate_maxima`: the maximum of each of 60 days over a global cube, beside the peers."""

from __future__ import annotations

import numpy as np
import pytest

import peers_maxima as peers
from gasquake import _core, kernels
from race import CORRECT, US, Contestant, Race, Trial, races, replayed_time

pytestmark = pytest.mark.benchmark(timer=replayed_time)

THREADS = kernels.build_info().threads


def cube(shape):
    """Standard normal, float32, one sample in five missing."""
    rng = np.random.default_rng(20220905)
    values = rng.standard_normal(shape, dtype=np.float32)
    for day in values:
        day[rng.random(day.shape, dtype=np.float32) < 0.2] = np.nan
    return values


def trials():
    """A day without data, one with ties, one with negative values only."""
    values = cube((4, 2, 5, 7))
    values[0] = np.nan
    values[1].flat[[9, 30, 41]] = 9.0
    values[2] = -1 - np.abs(values[2])
    return [Trial((values,), peers.maxima_expected(values))]


def native(out, values):
    _core.locate_maxima(peers.flat(values)[..., None], *(array[:, None, None] for array in out), THREADS)


OURS = Contestant(
    US,
    fresh=lambda values: kernels.locate_maxima(values, axes=peers.WHERE_ALL),
    empty=peers.maxima_of,
    into=native,
    finish=lambda r: r if isinstance(r, tuple) else (r.index, r.value, r.count, r.ties),
)


@races(
    Race(
        kernel="locate_maxima",
        case="daily-60x24x180x360",
        shape=(60, 24, 180, 360),
        tiny=(3, 4, 6, 10),
        inputs=lambda shape: (cube(shape),),
        contestants=(OURS, *peers.MAXIMA),
        trials=trials,
        bytes_moved=lambda shape: int(np.prod(shape)) * 4,
        floor={CORRECT: 1.7},
        bandwidth_floor=0.7,
    )
)
def test_locate_maxima(measured, race, who, outputs):
    measured()
