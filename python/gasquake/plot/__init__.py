"""Figures of the evidence. Functions take data and an optional ``ax`` and return the Axes; see docs/plot.md.

Nothing here touches pyplot, rcParams or other global state, and matplotlib is loaded when the first figure is drawn.
"""

from __future__ import annotations

from gasquake.plot.chance import base_rates, placebo_distribution
from gasquake.plot.correlations import correlation_series, correlation_table
from gasquake.plot.geography import draw_geography
from gasquake.plot.language import cjk_font, usable_language
from gasquake.plot.lines import coastlines
from gasquake.plot.maps import column_map, level_map, stage_maps
from gasquake.plot.profiles import day_profile, stage_profiles
from gasquake.plot.series import anomaly_series, time_height
from gasquake.plot.spirals import helix, spiral_map, spiral_null
from gasquake.plot.style import save
from gasquake.plot.tracks import maxima_map

__all__ = [
    "anomaly_series",
    "base_rates",
    "cjk_font",
    "coastlines",
    "column_map",
    "correlation_series",
    "correlation_table",
    "day_profile",
    "draw_geography",
    "helix",
    "level_map",
    "maxima_map",
    "placebo_distribution",
    "save",
    "spiral_map",
    "spiral_null",
    "stage_maps",
    "stage_profiles",
    "time_height",
    "usable_language",
]
