"""Times as the stages take them and show them."""

from __future__ import annotations

import numpy as np

__all__ = ["DAY", "origin_stamp", "show"]

DAY = np.timedelta64(1, "D").astype("timedelta64[ns]")


def origin_stamp(time: np.datetime64) -> np.datetime64:
    """The origin time to the nanosecond, which must be there."""
    origin: np.datetime64 = np.datetime64(time).astype("datetime64[ns]")
    if np.isnat(origin):
        raise ValueError("origin_time is missing (NaT)")
    return origin


def show(time: np.datetime64) -> str:
    """A time to the second."""
    return str(time.astype("datetime64[s]"))
