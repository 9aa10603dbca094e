"""When the satellite flew over, and so to which stage a day belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.stages._times import DAY, origin_stamp
from gasquake.stages.presets import Stage, check_stages

__all__ = ["AMBIGUOUS", "LOCAL_SOLAR_HOUR", "OUTSIDE", "overpass_time", "stage_labels"]

#: Label of a day that belongs to no stage.
OUTSIDE = -1
#: Label of a day of which the data cannot tell whether it was seen before or after the origin time.
AMBIGUOUS = -2

#: Mean local solar time, in hours, at which the Aqua satellite crosses the equator.
LOCAL_SOLAR_HOUR: Mapping[str, float] = MappingProxyType({"ascending": 13.5, "descending": 1.5})

# [D] How far a place's own overpass can lie from the mean local time: half the swath of AIRS is 0.6 h of longitude at
# 30 degrees of latitude, and the inclined orbit is 0.3 h early or late there.
_OVERPASS_TOLERANCE = np.timedelta64(90, "m")


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
    first = np.where(first < start, first + DAY, first)
    nearer_end = (first - end) <= (start - (first - DAY))
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
    >>> from gasquake.stages import stages_from_preset
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
        origin = origin_stamp(origin_time)
        labels[(earliest < origin) & (origin <= latest)] = AMBIGUOUS
    result = overpass.copy(data=labels).rename("stage")
    _labelled.with_attrs(result, "1", "stage to which the day belongs")
    result.attrs |= {
        "flag_values": np.arange(AMBIGUOUS, len(stages), dtype=np.int8),
        "flag_meanings": " ".join(["ambiguous", "outside", *(stage.name for stage in stages)]),
    }
    return result


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
