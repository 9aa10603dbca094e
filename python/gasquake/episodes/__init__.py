"""How often a verdict falls and how long it lasts, when an episode begins and ends, whether a place stands out.

Statistics of daily series, as `gasquake.profiles.scan_profiles` and `gasquake.anomalies` give them: the base rate of a
verdict on days without an earthquake, runs of days, onset and recovery with their uncertainty, the contrast of a place
with the ring around it.
"""

from __future__ import annotations

from gasquake.episodes.onset import onset_recovery
from gasquake.episodes.surroundings import lateral_contrast, neighbourhood
from gasquake.episodes.verdicts import base_rate, run_lengths, wilson_interval

__all__ = ["base_rate", "lateral_contrast", "neighbourhood", "onset_recovery", "run_lengths", "wilson_interval"]
