"""Anomalies against the recent past (sliding windows) and against the same season of other years, on labelled arrays.

The calculations are those of `gasquake.kernels` under the same names. Here the time dimension is found by its CF
attributes or its name, coordinates are kept, results get their own units and names, and chunked arrays stay lazy. A
chunk must hold a pixel's whole series: where time is chunked it is rechunked to one piece, so chunk large archives
along latitude and longitude.
"""

from __future__ import annotations

from gasquake.anomalies.climatology import seasonal_zscore
from gasquake.anomalies.windows import rolling_mad, rolling_mean, rolling_median, rolling_std, rolling_zscore

__all__ = ["rolling_mad", "rolling_mean", "rolling_median", "rolling_std", "rolling_zscore", "seasonal_zscore"]
