"""Stages of an earthquake: background, before, during, after; which day belongs to which, and the mean gas of each.

Stages are half-open spans of UTC that end or begin at the origin time, never across it. A day belongs to a stage by the
time at which the satellite flew over, not by the date in a file's name: a file dated D of the descending orbit was
mostly measured on the day before.
"""

from __future__ import annotations

from gasquake.stages.means import stage_means
from gasquake.stages.overpass import AMBIGUOUS, LOCAL_SOLAR_HOUR, OUTSIDE, overpass_time, stage_labels
from gasquake.stages.presets import PRESETS, Stage, check_stages, stages_from_preset

__all__ = [
    "AMBIGUOUS", "LOCAL_SOLAR_HOUR", "OUTSIDE", "PRESETS", "Stage", "check_stages", "overpass_time", "stage_labels",
    "stage_means", "stages_from_preset",
]  # fmt: skip
