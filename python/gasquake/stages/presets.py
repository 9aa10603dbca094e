"""A stage is a half-open span of UTC; the presets are the windows of this project and of Zhao et al. (2022)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from gasquake.stages._times import DAY, origin_stamp, show

__all__ = ["PRESETS", "Stage", "check_stages", "stages_from_preset"]

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
                f"stage {self.name!r} is empty: it starts at {show(self.start)} and ends at {show(self.end)}"
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
                f"stages {one.name!r} and {other.name!r} overlap: {one.name!r} ends at {show(one.end)}, after "
                f"{other.name!r} starts at {show(other.start)}"
            )
    if origin_time is None:
        return
    origin = origin_stamp(origin_time)
    for stage in ordered:
        if stage.start < origin < stage.end:
            raise ValueError(
                f"stage {stage.name!r} ({show(stage.start)} to {show(stage.end)}) straddles the origin time "
                f"{show(origin)}; split it there, so that what came before and what came after stay apart"
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
    origin = origin_stamp(origin_time)
    midnight = origin.astype("datetime64[D]").astype("datetime64[ns]")

    def bound(days: Bound) -> np.datetime64:
        time: np.datetime64 = origin if days is None else midnight + days * DAY
        return time

    return [Stage(stage, bound(start), bound(end)) for stage, (start, end) in PRESETS[name].items()]
