"""The coasts that come with the package, to lay over a map."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

__all__ = ["coastlines"]


@cache
def coastlines() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The coasts of the world at 1:110 million, from Natural Earth (public domain). No borders.

    Returns
    -------
    lon, lat : ndarray of float64
        Degrees, read-only; NaN between the lines.

    Notes
    -----
    Made for regions of ten degrees and more; a line may be 10 km off. Small islands and lakes are left out.

    Examples
    --------
    >>> lon, lat = coastlines()
    >>> bool(np.nanmax(lat) < 84.0), int(np.isnan(lon).sum()) > 200
    (True, True)
    """
    with resources.files("gasquake.plot").joinpath("data/coastline.npz").open("rb") as file, np.load(file) as stored:
        breaks = np.cumsum(stored["lengths"].astype(np.int64))[:-1]
        lon, lat = (np.insert(stored[name] / 100.0, breaks, np.nan) for name in ("lon", "lat"))
    lon.flags.writeable = lat.flags.writeable = False
    return lon, lat
