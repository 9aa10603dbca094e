"""How the place of a gas moves from day to day, and whether it moves like anything but weather.

`daily_maxima` makes the track, `filter_days` keeps the days of a disturbed ionosphere (with `random_subset_control`
beside it), `compare_models` sets spirals beside a straight line, a random walk and a point that stays, `fit_helix` adds
the height, and `spiral_tests` asks chance by every null and corrects for all that was tried.
"""

from __future__ import annotations

from gasquake.motion.maxima import MaximaFrequency, daily_maxima, maxima_frequency
from gasquake.motion.models import ModelComparison, ModelFit, compare_models
from gasquake.motion.nulls import holm, spiral_tests
from gasquake.motion.roti import SubsetControl, filter_days, random_subset_control, roti_series
from gasquake.motion.spirals import HelixFit, fit_helix, spiral_path

__all__ = [
    "HelixFit",
    "MaximaFrequency",
    "ModelComparison",
    "ModelFit",
    "SubsetControl",
    "compare_models",
    "daily_maxima",
    "filter_days",
    "fit_helix",
    "holm",
    "maxima_frequency",
    "random_subset_control",
    "roti_series",
    "spiral_path",
    "spiral_tests",
]
