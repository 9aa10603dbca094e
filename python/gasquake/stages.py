"""Stages of an earthquake: background, before, during, after; which day belongs to which, and the mean gas of each.

Stages are half-open spans of UTC that end or begin at the origin time, never across it. A day belongs to a stage by the
time at which the satellite flew over, not by the date in a file's name: a file dated D of the descending orbit was
mostly measured on the day before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled

__all__ = [
    "AMBIGUOUS", "LOCAL_SOLAR_HOUR", "OUTSIDE", "PRESETS", "Stage", "check_stages", "overpass_time", "stage_labels",
    "stage_means", "stages_from_preset",
]  # fmt: skip

#: Label of a day that belongs to no stage.
OUTSIDE = -1
#: Label of a day of which the data cannot tell whether it was seen before or after the origin time.
AMBIGUOUS = -2

#: Mean local solar time, in hours, at which the Aqua satellite crosses the equator.
LOCAL_SOLAR_HOUR: Mapping[str, float] = MappingProxyType({"ascending": 13.5, "descending": 1.5})

# [D] How far a place's own overpass can lie from the mean local time: half the swath of AIRS is 0.6 h of longitude at
# 30 degrees of latitude, and the inclined orbit is 0.3 h early or late there.
_OVERPASS_TOLERANCE = np.timedelta64(90, "m")

_GASES = ("co", "ch4", "co2", "o3")
_DAY = np.timedelta64(1, "D").astype("timedelta64[ns]")

Bound = float | None

#: Stage windows by name: for each stage its first day and the day after its last, counted from the UTC date of the
#: origin (0 is that date's midnight); None is the origin time itself. See `stages_from_preset`.
PRESETS: Mapping[str, Mapping[str, tuple[Bound, Bound]]] = MappingProxyType({
    "default": MappingProxyType({
        "background": (-35, -13), "before": (-13, None), "during": (None, 2), "after": (2, 5),
    }),
    "zhao2022_section_2_1": MappingProxyType({"background": (-31, -6), "before": (-6, None), "during": (None, 2)}),
    "zhao2022_table_1": MappingProxyType({"background": (-35, -6), "before": (-6, None), "during": (None, 5)}),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """A named span of time, half-open: [start, end).

    Attributes
    ----------
    name : str
        As "background"; without spaces, because it stands in the CF attribute ``flag_meanings``.
    start, end : datetime64
        UTC. `start` belongs to the stage, `end` does not.

    Raises
    ------
    ValueError
        If the name is empty, holds a space or is "outside" or "ambiguous", a time is missing, or the stage is empty.

    Examples
    --------
    >>> stage = Stage("before", np.datetime64("2022-08-23"), np.datetime64("2022-09-05T04:52"))
    >>> print(stage.end)
    2022-09-05T04:52:00.000000000
    """

    name: str
    start: np.datetime64
    end: np.datetime64

    def __post_init__(self) -> None:
        if not self.name or self.name.split() != [self.name] or self.name in ("outside", "ambiguous"):
            raise ValueError(
                f"name of a stage must be one word other than 'outside' and 'ambiguous', got {self.name!r}"
            )
        for field in ("start", "end"):
            time = np.datetime64(getattr(self, field)).astype("datetime64[ns]")
            if np.isnat(time):
                raise ValueError(f"{field} of stage {self.name!r} is missing (NaT)")
            object.__setattr__(self, field, time)
        if self.end <= self.start:
            raise ValueError(
                f"stage {self.name!r} is empty: it starts at {_show(self.start)} and ends at {_show(self.end)}"
            )


def check_stages(stages: Iterable[Stage], /, *, origin_time: np.datetime64 | None = None) -> None:
    """Check that stages go together: at least one, names and times apart, none across the origin time.

    Parameters
    ----------
    stages : iterable of Stage
        In any order.
    origin_time : datetime64, optional
        Of the earthquake, UTC. A stage may begin or end there, not hold it inside.

    Raises
    ------
    ValueError
        Naming the stages that are wrong.

    Examples
    --------
    >>> day = [np.datetime64(d) for d in ("2022-08-01", "2022-08-30", "2022-09-07")]
    >>> check_stages([Stage("background", day[0], day[1]), Stage("event", day[1], day[2])])
    >>> origin = np.datetime64("2022-09-05T04:52")
    >>> check_stages([Stage("event", day[1], day[2])], origin_time=origin)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: stage 'event' (2022-08-30T00:00:00 to 2022-09-07T00:00:00) straddles the origin time ...
    """
    ordered = sorted(stages, key=lambda stage: stage.start)
    if not ordered:
        raise ValueError("no stage was given; give at least one, or use stages_from_preset")
    names = [stage.name for stage in ordered]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"several stages are called {', '.join(map(repr, repeated))}; give each its own name")
    for one, other in pairwise(ordered):
        if other.start < one.end:
            raise ValueError(
                f"stages {one.name!r} and {other.name!r} overlap: {one.name!r} ends at {_show(one.end)}, after "
                f"{other.name!r} starts at {_show(other.start)}"
            )
    if origin_time is None:
        return
    origin = _origin(origin_time)
    for stage in ordered:
        if stage.start < origin < stage.end:
            raise ValueError(
                f"stage {stage.name!r} ({_show(stage.start)} to {_show(stage.end)}) straddles the origin time "
                f"{_show(origin)}; split it there, so that what came before and what came after stay apart"
            )


def stages_from_preset(name: str, /, *, origin_time: np.datetime64) -> list[Stage]:
    """The stages of a named preset around the origin time of any event.

    Parameters
    ----------
    name : str
        A key of `PRESETS`: "default", "zhao2022_section_2_1" or "zhao2022_table_1".
    origin_time : datetime64
        UTC.

    Returns
    -------
    list of Stage
        In the order of time.

    Raises
    ------
    ValueError
        If there is no such preset or `origin_time` is missing.

    Notes
    -----
    Zhao et al. (2022, doi 10.12677/ag.2022.1212164) use two sets of windows for one earthquake (Luding, 2022-09-05
    04:52 UTC), which contradict each other:

    - section 2.1: background "the month before the earthquake", before 08-30 to 09-04, during 09-05 to 09-06;
    - table 1: background 08-01 to 08-29, before 08-30 to 09-05, during 09-06 to 09-09.

    Both are kept, as days from the date of the origin. **Changed here**, because one set has 5 September "during" and
    the other "before", and the earthquake fell within that day: in both, "before" ends and "during" begins at the
    origin time. In section 2.1 the month of background would hold "before"; it ends where "before" begins.

    [D] The "default" windows are this project's: "before" starts 13 days before the date of the origin, because the
    paper has gas 8 to 12 days before; "during" lasts to the end of the next day, "after" three days more.

    Examples
    --------
    >>> for stage in stages_from_preset("zhao2022_table_1", origin_time=np.datetime64("2022-09-05T04:52:18")):
    ...     print(stage.name, str(stage.start)[:19], str(stage.end)[:19])
    background 2022-08-01T00:00:00 2022-08-30T00:00:00
    before 2022-08-30T00:00:00 2022-09-05T04:52:18
    during 2022-09-05T04:52:18 2022-09-10T00:00:00
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset of stages called {name!r}; there are {', '.join(sorted(PRESETS))}")
    origin = _origin(origin_time)
    midnight = origin.astype("datetime64[D]").astype("datetime64[ns]")

    def bound(days: Bound) -> np.datetime64:
        time: np.datetime64 = origin if days is None else midnight + days * _DAY
        return time

    return [Stage(stage, bound(start), bound(end)) for stage, (start, end) in PRESETS[name].items()]


def overpass_time(cube: xr.Dataset, /, *, longitude: float) -> xr.DataArray:
    """When the satellite flew over a longitude, for each day and orbit of a cube.

    Parameters
    ----------
    cube : Dataset
        A gas cube with coordinates ``window_start`` and ``window_end`` of (time, orbit), UTC; a variable ``overpass``
        of (time, orbit), where there is one, is taken as it is.
    longitude : float
        Degrees east.

    Returns
    -------
    DataArray
        datetime64[ns] of (time, orbit), UTC; NaT where the window is missing.

    Raises
    ------
    ValueError
        If the cube has neither ``overpass`` nor the windows, or an orbit is not one of `LOCAL_SOLAR_HOUR`.

    Notes
    -----
    [D] Aqua crosses the equator at 13:30 local solar time ascending and 01:30 descending, so that the time of day is
    UTC = local - longitude/15 h; the result is the first such time within [window_start, window_end), or, where there
    is none, the end of the window that is nearer to one. Equation of time, latitude and the place in the swath are left
    out: they shift a real overpass by up to 1.5 h at latitudes below about 55 degrees.

    Examples
    --------
    >>> start = np.array([["2022-09-05T01:30", "2022-09-04T13:30"]], dtype="datetime64[ns]")
    >>> cube = xr.Dataset(coords={
    ...     "time": np.array(["2022-09-05"], dtype="datetime64[ns]"),
    ...     "orbit": ["ascending", "descending"],
    ...     "window_start": (("time", "orbit"), start),
    ...     "window_end": (("time", "orbit"), start + np.timedelta64(24, "h")),
    ... })
    >>> [str(t)[:16] for t in overpass_time(cube, longitude=102.08).values[0]]
    ['2022-09-05T06:41', '2022-09-04T18:41']
    """
    if "overpass" in cube.variables:
        measured = cube["overpass"].transpose("time", "orbit").astype("datetime64[ns]")
        return _labelled.with_attrs(measured.rename("overpass"), None, "time of overpass, UTC")
    start, end = _windows(cube)
    unknown = [str(o) for o in cube["orbit"].values if str(o) not in LOCAL_SOLAR_HOUR]
    if unknown:
        raise ValueError(
            f"the overpass of orbit {unknown[0]!r} is not known, only of {', '.join(LOCAL_SOLAR_HOUR)}; give the cube "
            "a variable overpass(time, orbit)"
        )
    hours = np.array([(LOCAL_SOLAR_HOUR[str(o)] - longitude / 15.0) % 24.0 for o in cube["orbit"].values])
    time_of_day = np.round(hours * 3.6e12).astype("timedelta64[ns]")
    first = start.astype("datetime64[D]").astype("datetime64[ns]") + time_of_day
    first = np.where(first < start, first + _DAY, first)
    nearer_end = (first - end) <= (start - (first - _DAY))
    time = np.where(first < end, first, np.where(nearer_end, end, start))
    time = np.where(np.isnat(start) | np.isnat(end), np.datetime64("NaT", "ns"), time)
    coords = {"time": cube["time"], "orbit": cube["orbit"]}
    result = xr.DataArray(time, coords, ("time", "orbit"), name="overpass")
    return _labelled.with_attrs(result, None, f"mean time of overpass at {longitude:g} degrees east, UTC")


def stage_labels(
    cube: xr.Dataset, stages: Sequence[Stage], /, *, longitude: float, origin_time: np.datetime64 | None = None
) -> xr.DataArray:
    """The stage to which each day and orbit of a cube belongs.

    Parameters
    ----------
    cube : Dataset
        A gas cube, see `overpass_time`.
    stages : sequence of Stage
        See `check_stages`.
    longitude : float
        Of the epicentre, degrees east.
    origin_time : datetime64, optional
        UTC. With it no stage may straddle it, and a day of which the cube cannot tell whether it was seen before or
        after it is `AMBIGUOUS`.

    Returns
    -------
    DataArray
        int8 of (time, orbit): the place of the stage in `stages`, `OUTSIDE` (-1; also where the window is NaT) or
        `AMBIGUOUS` (-2), with CF ``flag_values`` and ``flag_meanings``.

    Raises
    ------
    ValueError
        If the stages do not go together or the cube does not say when it was measured.

    Notes
    -----
    A day belongs to the stage that holds its overpass. [D] If the overpass is the mean local time, the real one may lie
    up to 90 minutes from it, as far as the day's window reaches; if the origin time lies in that span the day is
    ambiguous. A variable ``overpass`` of the cube is taken as exact. One longitude stands for the whole region.

    Examples
    --------
    >>> start = np.array([["2022-09-05T01:30", "2022-09-04T13:30"]], dtype="datetime64[ns]")
    >>> cube = xr.Dataset(coords={
    ...     "time": np.array(["2022-09-05"], dtype="datetime64[ns]"),
    ...     "orbit": ["ascending", "descending"],
    ...     "window_start": (("time", "orbit"), start),
    ...     "window_end": (("time", "orbit"), start + np.timedelta64(24, "h")),
    ... })
    >>> origin = np.datetime64("2022-09-05T04:52:18")
    >>> stages = stages_from_preset("default", origin_time=origin)
    >>> labels = stage_labels(cube, stages, longitude=102.08, origin_time=origin)
    >>> [stages[k].name for k in labels.values[0]]  # one file: one orbit after the earthquake, one before it
    ['during', 'before']
    """
    stages = list(stages)
    check_stages(stages, origin_time=origin_time)
    overpass = overpass_time(cube, longitude=longitude)
    time = overpass.values
    labels = np.full(time.shape, OUTSIDE, dtype=np.int8)
    for k, stage in enumerate(stages):
        labels[(time >= stage.start) & (time < stage.end)] = k
    if origin_time is not None and "overpass" not in cube.variables:
        start, end = _windows(cube)
        earliest, latest = np.maximum(time - _OVERPASS_TOLERANCE, start), np.minimum(time + _OVERPASS_TOLERANCE, end)
        origin = _origin(origin_time)
        labels[(earliest < origin) & (origin <= latest)] = AMBIGUOUS
    result = overpass.copy(data=labels).rename("stage")
    _labelled.with_attrs(result, "1", "stage to which the day belongs")
    result.attrs |= {
        "flag_values": np.arange(AMBIGUOUS, len(stages), dtype=np.int8),
        "flag_meanings": " ".join(["ambiguous", "outside", *(stage.name for stage in stages)]),
    }
    return result


def stage_means(
    cube: xr.Dataset,
    stages: Sequence[Stage],
    /,
    *,
    longitude: float,
    origin_time: np.datetime64 | None = None,
    gases: Sequence[str] | None = None,
) -> xr.Dataset:
    """Mean, standard deviation and number of days of each gas in each stage, cell by cell and orbit by orbit.

    Parameters
    ----------
    cube : Dataset
        A gas cube. NaN and infinities are missing.
    stages : sequence of Stage
        See `check_stages`.
    longitude : float
        Of the epicentre, degrees east: it tells when the satellite flew over.
    origin_time : datetime64, optional
        See `stage_labels`.
    gases : sequence of str, optional
        Variables of (time, orbit, ...) to average. By default those of co, ch4, co2 and o3 that the cube has.

    Returns
    -------
    Dataset
        Of dims (stage, orbit, ...) with the other dims and chunks of the cube:

        - ``<gas>_mean`` and ``<gas>_sd`` (ddof=1) in the units and type of the gas, NaN where fewer than 1 or 2 days
          are valid
        - ``<gas>_n`` (int32): valid days of the cell
        - ``n_days`` (int32; stage, orbit): days of the stage in the cube, valid or not
        - ``n_ambiguous`` (int32; orbit): days left out because they may lie on either side of the origin time

        Coordinates ``stage_start`` and ``stage_end`` of (stage). Lazy where the cube is.

    Raises
    ------
    ValueError
        If the cube has none of the gases, or `stage_labels` refuses.

    Notes
    -----
    Orbits are never averaged together: by day the ground is warmer, the averaging kernel another, and a difference
    between the two is no gas. Sums are in float64.

    Examples
    --------
    >>> time = np.arange("2022-08-01", "2022-08-05", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> start = time[:, np.newaxis] + np.timedelta64(90, "m")
    >>> cube = xr.Dataset(
    ...     {"co": (("time", "orbit"), [[1e-7], [2e-7], [np.nan], [6e-7]], {"units": "mol mol-1"})},
    ...     {"time": time, "orbit": ["ascending"], "window_start": (("time", "orbit"), start),
    ...      "window_end": (("time", "orbit"), start + np.timedelta64(24, "h"))},
    ... )
    >>> stage = Stage("background", np.datetime64("2022-08-01"), np.datetime64("2022-08-04"))
    >>> found = stage_means(cube, [stage], longitude=102.08)
    >>> print(f"{found.co_mean.item():.2e} from {found.co_n.item()} of {found.n_days.item()} days")
    1.50e-07 from 2 of 3 days
    """
    stages = list(stages)
    labels = stage_labels(cube, stages, longitude=longitude, origin_time=origin_time)
    names = [g for g in _GASES if g in cube.data_vars] if gases is None else list(gases)
    absent = [g for g in names if g not in cube.data_vars]
    if not names or absent:
        wanted = ", ".join(absent or _GASES)
        raise ValueError(f"the cube has no variable {wanted} to average; it has {', '.join(map(str, cube.data_vars))}")

    inside = np.flatnonzero((labels.values >= 0).any(axis=1))  # the rest of a long archive is not even read
    chosen, chosen_labels = cube.isel(time=inside), labels.isel(time=inside)

    def moments(values: NDArray[Any], label: NDArray[np.int8]) -> tuple[NDArray[Any], ...]:
        return _moments(values, label, len(stages))

    result = xr.Dataset()
    for gas in names:
        values = chosen[gas]
        missing = {"time", "orbit"}.difference(values.dims)
        if missing:
            raise ValueError(f"{gas} has no dimension {', '.join(sorted(missing))}; it has {values.dims}")
        kind = _labelled.float_dtype(values, gas)
        types = {f"{gas}_mean": kind, f"{gas}_sd": kind, f"{gas}_n": np.int32}
        found = _labelled.apply(moments, [values, chosen_labels], [["time"], ["time"]], types,
                                out_core=["stage"], out_sizes={"stage": len(stages)})  # fmt: skip
        units, title = values.attrs.get("units"), _labelled.describe(values)
        _labelled.with_attrs(found[f"{gas}_mean"], units, f"mean of {title} in the stage")
        _labelled.with_attrs(found[f"{gas}_sd"], units, f"standard deviation of {title} in the stage")
        _labelled.with_attrs(found[f"{gas}_n"], "1", f"valid days of {title} in the stage")
        result = result.merge(found.transpose("stage", ...))
    days = np.stack([(labels.values == k).sum(axis=0) for k in range(len(stages))]).astype(np.int32)
    result["n_days"] = (("stage", "orbit"), days, {"units": "1", "long_name": "days of the stage in the cube"})
    ambiguous = (labels.values == AMBIGUOUS).sum(axis=0).astype(np.int32)
    result["n_ambiguous"] = ("orbit", ambiguous, {"units": "1", "long_name": "days on either side of the origin time"})
    result = result.assign_coords(
        stage=("stage", [stage.name for stage in stages]),
        stage_start=("stage", np.array([stage.start for stage in stages])),
        stage_end=("stage", np.array([stage.end for stage in stages])),
    )
    call = f"stage_means({', '.join(f'{s.name}={_show(s.start)}/{_show(s.end)}' for s in stages)})"
    return result.assign_attrs(history=_labelled.history(cube, call))


def _moments(values: NDArray[Any], labels: NDArray[np.int8], n_stages: int) -> tuple[NDArray[Any], ...]:
    """Mean, standard deviation and count over the last axis of the values with label 0, 1, ..., as a new last axis."""
    shape = (*values.shape[:-1], n_stages)
    mean, spread = np.full(shape, np.nan), np.full(shape, np.nan)
    count = np.zeros(shape, dtype=np.int32)
    values = np.ascontiguousarray(values)  # summed in one order, whatever the chunks
    finite = np.isfinite(values)
    for k in range(n_stages):
        used = finite & (labels == k)
        n = used.sum(axis=-1)
        total = np.sum(values, axis=-1, where=used, dtype=np.float64)
        centre = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
        apart = np.subtract(values, centre[..., np.newaxis], dtype=np.float64, out=np.zeros(values.shape), where=used)
        squares = np.square(apart).sum(axis=-1)
        mean[..., k], count[..., k] = centre, n
        spread[..., k] = np.sqrt(np.divide(squares, n - 1, out=np.full(n.shape, np.nan), where=n > 1))
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    return mean.astype(kind), spread.astype(kind), count


def _windows(cube: xr.Dataset) -> tuple[NDArray[Any], NDArray[Any]]:
    """The UTC windows of each day and orbit."""
    for name in ("window_start", "window_end"):
        if name not in cube.variables or set(cube[name].dims) != {"time", "orbit"}:
            raise ValueError(
                f"the cube has no coordinate {name}(time, orbit), so when its days were measured is unknown; the date "
                "alone can be a day off. Assign the UTC windows, or a variable overpass(time, orbit)"
            )
    start, end = (
        cube[name].transpose("time", "orbit").values.astype("datetime64[ns]") for name in ("window_start", "window_end")
    )
    return start, end


def _origin(time: np.datetime64) -> np.datetime64:
    origin: np.datetime64 = np.datetime64(time).astype("datetime64[ns]")
    if np.isnat(origin):
        raise ValueError("origin_time is missing (NaT)")
    return origin


def _show(time: np.datetime64) -> str:
    return str(time.astype("datetime64[s]"))
