"""Do two gases go together, and more so in one stage than in another? Correlations with what their n allows.

Zhao et al. (2022, doi 10.12677/ag.2022.1212164) correlate daily XCO and XCH4 in the stages of one earthquake from 4, 7
and 29 days. Here each coefficient comes with its effective n, an interval, a p-value that keeps the days' likeness,
and a test of the difference between stages.
"""

from __future__ import annotations

from gasquake.correlation.by_stage import stage_correlation, stage_difference
from gasquake.correlation.detrending import detrend
from gasquake.correlation.published import ZHAO2022_TABLE_1, PublishedCorrelation, fisher_interval
from gasquake.correlation.rolling import rolling_correlation

__all__ = [
    "ZHAO2022_TABLE_1", "PublishedCorrelation", "detrend", "fisher_interval", "rolling_correlation",
    "stage_correlation", "stage_difference",
]  # fmt: skip
