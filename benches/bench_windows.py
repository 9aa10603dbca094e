"""`rolling_zscore`, `rolling_median`, `rolling_mad`: gas series of 20 % missing days, beside the peers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import peers_windows as peers
from gasquake import _core, kernels
from peers_windows import MIN_COUNT, WINDOW
from race import CORRECT, US, Contestant, Race, Trial, races, replayed_time

pytestmark = pytest.mark.benchmark(timer=replayed_time)

THREADS = kernels.build_info().threads
YEAR = (366, 64_800)  # a year of global one-degree maps
ARCHIVE = (7_300, 2_400)  # 20 years of a region


def series(shape):
    """Mixing ratios (mol/mol, float32) around 1.8e-6 with a season and noise of 2e-8; one day in five is missing."""
    rng = np.random.default_rng(20220905)
    values = rng.standard_normal(shape, dtype=np.float32)
    season = np.sin(np.arange(shape[0], dtype=np.float32) * np.float32(2 * np.pi / 365.25))
    values += season[:, None]
    values *= np.float32(2e-8)
    values += np.float32(1.8e-6)
    values[rng.random(shape, dtype=np.float32) < 0.2] = np.nan
    return values


def spiked():
    """A series in which one fill value and one infinity went unnoticed, and the days on which both are long gone."""
    for spike in (9999.0, np.inf):
        for day in (0, 40):
            values = series((180, 6))
            values[day] = spike
            yield values, slice(day + 61, None)


def view(values):
    """(time, pixel) as the binding wants it."""
    return values[None]


# ---- z-score ---------------------------------------------------------------------------------------------------------


@cache
def zscore_trials():
    return [Trial((values,), peers.zscore_numpy(values), after) for values, after in spiked()]


OUR_ZSCORE = Contestant(
    US,
    fresh=lambda values: kernels.rolling_zscore(values, WINDOW, min_count=MIN_COUNT),
    empty=lambda values: (np.empty_like(values), np.empty_like(values), np.empty(values.shape, np.int32)),
    into=lambda out, values: _core.rolling_zscore(
        view(values), WINDOW, MIN_COUNT, False, False, *map(view, out), THREADS
    ),
    finish=lambda r: r[:2] if isinstance(r, tuple) else (r.anomaly, r.zscore),
)


def zscore_race(shape, tiny):
    return Race(
        kernel="rolling_zscore",
        case=f"moment-{WINDOW}-{shape[0]}x{shape[1]}",
        shape=shape,
        tiny=tiny,
        inputs=lambda shape: (series(shape),),
        contestants=(OUR_ZSCORE, *(peers.without_polars(peers.ZSCORE) if shape == YEAR else peers.ZSCORE)),
        trials=zscore_trials,
        bytes_moved=lambda shape: shape[0] * shape[1] * (4 + 4 + 4 + 4),
        floor={"numbagg": 1.5, CORRECT: 5.0, "bottleneck": 4.0, "xarray": 15.0},
    )


@races(zscore_race(YEAR, (90, 70)), zscore_race(ARCHIVE, (120, 9)))
def test_rolling_zscore(measured, race, who, outputs):
    measured()


# ---- median and MAD --------------------------------------------------------------------------------------------------


@cache
def trials_of(expected):
    how = WINDOW, MIN_COUNT
    return [Trial((values, *how), (expected(values, *how),), after) for values, after in spiked()]


def ours(name):
    """Ours, one output: `kernels.<name>` fresh, `_core.<name>` warm."""
    public, native = getattr(kernels, name), getattr(_core, name)
    return Contestant(
        US,
        fresh=lambda values, window, min_count: public(values, window, min_count=min_count),
        empty=peers.one_of,
        into=lambda out, values, window, min_count: native(view(values), window, min_count, False, view(*out), THREADS),
    )


def order_race(kernel, shape, tiny, *, window, contestants, trials, floor):
    min_count = window * MIN_COUNT // WINDOW
    return Race(
        kernel=kernel,
        case=f"{window}-{shape[0]}x{shape[1]}",
        shape=shape,
        tiny=tiny,
        inputs=lambda shape: (series(shape), window, min_count),
        contestants=contestants,
        trials=trials,
        bytes_moved=lambda shape: shape[0] * shape[1] * (4 + 4),
        floor=floor,
    )


def median_race(shape, tiny, *, window, floor):
    contestants = (ours("rolling_median"), *(peers.without_polars(peers.MEDIAN) if shape == YEAR else peers.MEDIAN))
    return order_race(
        "rolling_median",
        shape,
        tiny,
        window=window,
        contestants=contestants,
        trials=lambda: trials_of(peers.median_expected),
        floor=floor,
    )


def mad_race(shape, tiny):
    contestants = (ours("rolling_mad"), *peers.MAD)
    return order_race(
        "rolling_mad",
        shape,
        tiny,
        window=WINDOW,
        contestants=contestants,
        trials=lambda: trials_of(peers.mad_expected),
        floor={"numba": 15.0},
    )


@races(
    median_race(YEAR, (90, 20), window=WINDOW, floor={"bottleneck": 6.0, "pandas": 20.0}),
    median_race(ARCHIVE, (120, 7), window=WINDOW, floor={"bottleneck": 6.0, "pandas": 20.0}),
    median_race((730, 240), (400, 5), window=365, floor={"bottleneck": 1.5}),
)
def test_rolling_median(measured, race, who, outputs):
    measured()


# A quarter of the pixels of the other races, for everybody: on all of them one call of the numba loop takes 15 s.
@races(mad_race((366, 16_200), (90, 20)), mad_race((7_300, 600), (120, 7)))
def test_rolling_mad(measured, race, who, outputs):
    measured()
