"""The primitives on NumPy arrays: fast, exact about what is missing, and safe to import from anywhere.

Arrays in, arrays out; nothing here knows files, units or coordinates, and only NumPy is imported. The same names on
xarray objects live in `gasquake.profiles`, `gasquake.anomalies` and `gasquake.tracks`. Results that hold arrays compare
and hash by identity: compare their arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

from gasquake import _core
from gasquake._options import threads
from gasquake.kernels.climatology import SeasonalAnomaly, seasonal_zscore
from gasquake.kernels.maxima import Maxima, locate_maxima
from gasquake.kernels.profiles import ProfileScan, ProfileVerdict, scan_profiles
from gasquake.kernels.spirals import SpiralFit, SpiralNull, fit_spirals, spiral_null
from gasquake.kernels.windows import (
    WindowAnomaly,
    rolling_mad,
    rolling_mean,
    rolling_median,
    rolling_std,
    rolling_zscore,
)

__all__ = [
    "BuildInfo",
    "Maxima",
    "ProfileScan",
    "ProfileVerdict",
    "SeasonalAnomaly",
    "SpiralFit",
    "SpiralNull",
    "WindowAnomaly",
    "build_info",
    "fit_spirals",
    "locate_maxima",
    "rolling_mad",
    "rolling_mean",
    "rolling_median",
    "rolling_std",
    "rolling_zscore",
    "scan_profiles",
    "seasonal_zscore",
    "spiral_null",
]


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """How the compiled core was built and what it uses here.

    Attributes
    ----------
    version : str
        Version of gasquake.
    profile : str
        "release", or "debug", whose speed means nothing.
    simd : str
        Instruction set in use: "avx512", "avx2" or "baseline".
    threads : int
        Threads that a call uses by default.
    """

    version: str
    profile: str
    simd: str
    threads: int


def build_info() -> BuildInfo:
    """Tell the version, the build profile, the instruction set in use and the number of threads.

    Returns
    -------
    BuildInfo
        What the compiled core says of itself.

    Examples
    --------
    >>> from gasquake.kernels import build_info
    >>> build_info().profile
    'release'
    """
    profile, version, simd, _ = _core.build_info()
    return BuildInfo(version=version, profile=profile, simd=simd, threads=threads())
