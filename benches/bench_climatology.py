"""`seasonal_zscore`: 20 years of a region against the same season of other years, beside the peers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import peers_climatology as peers
from gasquake import _core, kernels
from peers_climatology import HALF_WIDTH, MIN_COUNT
from race import US, Contestant, Race, Trial, races, replayed_time

pytestmark = pytest.mark.benchmark(timer=replayed_time)

THREADS = kernels.build_info().threads
FIRST_DAY = np.datetime64("2003-01-01", "D").astype(np.int64)


def series(shape):
    """Mixing ratios (mol/mol, float32) around 1.8e-6 with a season and noise of 2e-8; one day in five is missing."""
    rng = np.random.default_rng(20220905)
    values = rng.standard_normal(shape, dtype=np.float32)
    values += np.sin(np.arange(shape[0], dtype=np.float32) * np.float32(2 * np.pi / 365.25))[:, None]
    values *= np.float32(2e-8)
    values += np.float32(1.8e-6)
    values[rng.random(shape, dtype=np.float32) < 0.2] = np.nan
    return values, FIRST_DAY + np.arange(shape[0])


def trials_with(exclude):
    """A fill value in the second of five years: the rest of the year must not notice."""

    @cache
    def trials():
        found = []
        values, day = series((5 * 365 + 1, 4))
        for start in (0, 400):
            spiked = values.copy()
            spiked[start] = 9999.0
            far = np.ones(len(day), bool)
            _, slot = peers.calendar(day)
            away = np.abs(peers.POSITION[slot] - peers.POSITION[slot[start]])
            far[np.minimum(away, 365 - away) <= HALF_WIDTH] = False
            found.append(Trial((spiked, day, exclude), peers.seasonal_numpy(spiked, day, exclude), far))
        return found

    return trials


def native(out, values, day, exclude):
    columns = [array[None] for array in out]
    _core.seasonal_zscore(values[None], day, HALF_WIDTH, MIN_COUNT, exclude, False, *columns, THREADS)


OURS = Contestant(
    US,
    fresh=lambda values, day, exclude: kernels.seasonal_zscore(
        values, day, half_width=HALF_WIDTH, min_count=MIN_COUNT, exclude_own_year=exclude
    ),
    empty=peers.fields_of,
    into=native,
    finish=lambda r: r if isinstance(r, tuple) else tuple(getattr(r, name) for name in peers.FIELDS),
)


def seasonal_race(case, shape, tiny, *, contestants, exclude=True, floor):
    return Race(
        kernel="seasonal_zscore",
        case=f"{case}-{shape[0]}x{shape[1]}",
        shape=shape,
        tiny=tiny,
        inputs=lambda shape: (*series(shape), exclude),
        contestants=(OURS, *contestants),
        trials=trials_with(exclude),
        bytes_moved=lambda shape: shape[0] * shape[1] * (4 + 5 * 4),
        floor=floor,
    )


@races(
    seasonal_race("15", (7_300, 2_400), (1_500, 20), contestants=(peers.NUMBA,), floor={"numba": 2.0}),
    # With its own year in, one reference serves all samples of a day of the year: the loop that bottleneck can do.
    seasonal_race(
        "15-keepown",
        (7_300, 2_400),
        (1_500, 5),
        contestants=(peers.NUMBA, peers.BOTTLENECK),
        exclude=False,
        floor={"numba": 2.0, "bottleneck": 30.0},
    ),
    # Few pixels, for everybody: one reference a sample takes these loops minutes on all of them.
    seasonal_race(
        "15",
        (7_300, 48),
        (1_100, 3),
        contestants=(peers.NUMBA, peers.BOTTLENECK, peers.NUMPY),
        floor={"numba": 2.0, "bottleneck": 30.0},
    ),
)
def test_seasonal_zscore(measured, race, who, outputs):
    measured()
