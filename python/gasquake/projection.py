"""The plane about an epicentre: kilometres east and north instead of degrees.

Never fit or measure in degrees: one degree of longitude is 96.7 km at 29.6 N. These functions are part of
`gasquake.tracks` and are imported from there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from gasquake import _labelled
from gasquake._array import FloatArray, as_float, check_number
from gasquake.units import EARTH_RADIUS_KM

__all__ = ["project", "unproject"]

_F64 = np.dtype(np.float64)


@overload
def project(
    lon: xr.DataArray, lat: xr.DataArray, /, *, lon0: float, lat0: float
) -> tuple[xr.DataArray, xr.DataArray]: ...
@overload
def project(
    lon: ArrayLike, lat: ArrayLike, /, *, lon0: float, lat0: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def project(lon: Any, lat: Any, /, *, lon0: float, lat0: float) -> tuple[Any, Any]:
    r"""Kilometres east and north of a point, on the azimuthal equidistant plane about it.

    Distances and directions from the centre are exact on the sphere (radius 6371 km), so that a circle about an
    epicentre stays one. With c the angular distance, k = c / sin c, dl = lon - lon0:

    .. math:: x = a k \cos φ \sin dl, \quad y = a k (\cos φ_0 \sin φ - \sin φ_0 \cos φ \cos dl)

    Parameters
    ----------
    lon, lat : DataArray or array_like
        Degrees east (of any turn) and north, of shapes that broadcast. Masked and not finite is missing, and gives NaN.
    lon0, lat0 : float
        The centre, in degrees.

    Returns
    -------
    x, y : DataArray or ndarray of float64
        km east and km north; NaN at the antipode, which has no direction. Lazy if `lon` or `lat` is.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If `lat0` or any latitude in memory lies beyond a pole, or shapes or coordinates do not fit.

    See Also
    --------
    unproject : The inverse.

    References
    ----------
    Snyder, J. P. (1987), Map projections: a working manual, USGS Professional Paper 1395, pp. 191-202.

    Examples
    --------
    >>> x, y = project([103.08, 102.08], [29.59, 30.59], lon0=102.08, lat0=29.59)
    >>> x.round(2).tolist(), y.round(2).tolist()
    ([96.69, 0.0], [0.42, 111.19])
    """
    lon0, lat0 = _centre(lon0, lat0)
    if not isinstance(lon, xr.DataArray) and not isinstance(lat, xr.DataArray):
        return _project(*_on_one_shape(lon, lat, "lon", "lat"), lon0, lat0)
    lon, lat = _on_one_grid(lon, lat, "lon", "lat")
    x, y = _on_the_grid(lambda a, b: _project(a, b, lon0, lat0), lon, lat)
    centre = f"of {lon0:g} degrees_east, {lat0:g} degrees_north"
    return (
        _labelled.with_attrs(x.rename("x"), "km", f"distance east {centre}"),
        _labelled.with_attrs(y.rename("y"), "km", f"distance north {centre}"),
    )


@overload
def unproject(
    x: xr.DataArray, y: xr.DataArray, /, *, lon0: float, lat0: float
) -> tuple[xr.DataArray, xr.DataArray]: ...
@overload
def unproject(
    x: ArrayLike, y: ArrayLike, /, *, lon0: float, lat0: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def unproject(x: Any, y: Any, /, *, lon0: float, lat0: float) -> tuple[Any, Any]:
    """Longitude and latitude of points on the plane of `project`.

    Parameters
    ----------
    x, y : DataArray or array_like
        km east and km north of the centre, of shapes that broadcast. Masked and not finite is missing, and gives NaN.
    lon0, lat0 : float
        The centre, in degrees.

    Returns
    -------
    lon, lat : DataArray or ndarray of float64
        Degrees east in [-180, 180) and degrees north; NaN farther out than the antipode. Lazy if `x` or `y` is.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If `lat0` lies beyond a pole, or shapes or coordinates do not fit.

    References
    ----------
    Snyder, J. P. (1987), Map projections: a working manual, USGS Professional Paper 1395, pp. 191-202.

    Examples
    --------
    >>> lon, lat = unproject(0.0, 111.19492664455873, lon0=102.08, lat0=29.59)
    >>> round(float(lon), 6), round(float(lat), 6)
    (102.08, 30.59)
    """
    lon0, lat0 = _centre(lon0, lat0)
    if not isinstance(x, xr.DataArray) and not isinstance(y, xr.DataArray):
        return _unproject(*_on_one_shape(x, y, "x", "y"), lon0, lat0)
    x, y = _on_one_grid(x, y, "x", "y")
    lon, lat = _on_the_grid(lambda a, b: _unproject(a, b, lon0, lat0), x, y)
    return (
        _labelled.with_attrs(lon.rename("lon"), "degrees_east", "longitude"),
        _labelled.with_attrs(lat.rename("lat"), "degrees_north", "latitude"),
    )


def _on_the_grid(
    function: Callable[..., tuple[NDArray[np.float64], NDArray[np.float64]]], first: xr.DataArray, second: xr.DataArray
) -> tuple[xr.DataArray, xr.DataArray]:
    # Names that no coordinate has: on a grid of lat and lon the results may not be called so.
    found = _labelled.apply(function, [first, second], [[], []], {"_first": np.float64, "_second": np.float64})
    return found["_first"], found["_second"]


def _centre(lon0: Any, lat0: Any) -> tuple[float, float]:
    lon0, lat0 = check_number(lon0, "lon0"), check_number(lat0, "lat0")
    if not -90.0 <= lat0 <= 90.0:
        raise ValueError(f"lon0 must be finite and lat0 lie in -90..90, got lon0={lon0}, lat0={lat0}")
    return lon0, lat0


def _on_one_shape(
    first: ArrayLike, second: ArrayLike, first_name: str, second_name: str
) -> tuple[FloatArray, FloatArray]:
    a, b = as_float(first, first_name, _F64), as_float(second, second_name, _F64)
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ValueError(
            f"{first_name} and {second_name} must have shapes that broadcast, got {a.shape} and {b.shape}"
        ) from None
    return a, b


def _on_one_grid(first: Any, second: Any, first_name: str, second_name: str) -> tuple[xr.DataArray, xr.DataArray]:
    a, b = _labelled.require_dataarray(first, first_name), _labelled.require_dataarray(second, second_name)
    shared = [d for d in b.dims if d in a.dims]
    _labelled.check_aligned(
        a, first_name, **{second_name: b.isel({d: 0 for d in b.dims if d not in shared}, drop=True)}
    )
    wide, narrow = xr.broadcast(a, b)
    return wide, narrow


def _finite(values: NDArray[Any]) -> NDArray[np.float64]:
    """In float64, with NaN for what is not finite."""
    found: NDArray[np.float64] = np.asarray(values, np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _project(
    lon: NDArray[Any], lat: NDArray[Any], lon0: float, lat0: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lon, lat = _finite(lon), _finite(lat)
    if (np.abs(lat) > 90.0).any():
        raise ValueError(f"lat must lie in -90..90, got {lat[np.abs(lat) > 90.0].flat[0]}")
    turn = np.deg2rad(lon - lon0)
    phi, phi0 = np.deg2rad(lat), np.deg2rad(lat0)
    # sin(c) times the direction. The half-angle form keeps its digits close to the centre, where arccos(c) loses them.
    bend = 2.0 * np.cos(phi) * np.sin(turn / 2.0) ** 2
    east = np.cos(phi) * np.sin(turn)
    north = np.sin(phi - phi0) + np.sin(phi0) * bend
    sine, cosine = np.hypot(east, north), np.cos(phi - phi0) - np.cos(phi0) * bend
    angle = np.arctan2(sine, cosine)
    # At the centre c/sin(c) is 1. At the antipode rounding leaves sin(c) ~ 1e-16: no direction below 1e-12 (6 um).
    nowhere = np.where(cosine > 0.0, 1.0, np.nan)
    stretch = np.divide(angle, sine, out=nowhere, where=sine > 1e-12)
    return EARTH_RADIUS_KM * stretch * east, EARTH_RADIUS_KM * stretch * north


def _unproject(
    x: NDArray[Any], y: NDArray[Any], lon0: float, lat0: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    east, north = _finite(x) / EARTH_RADIUS_KM, _finite(y) / EARTH_RADIUS_KM
    phi0 = np.deg2rad(lat0)
    angle = np.hypot(east, north)
    angle = np.where(angle <= np.pi, angle, np.nan)
    sinc = np.sinc(angle / np.pi)  # sin(c)/c, 1 at the centre
    along = np.cos(phi0) * np.cos(angle) - np.sin(phi0) * north * sinc
    # The point as a unit vector; its latitude from both components, as arcsin loses digits near the poles.
    up = np.sin(phi0) * np.cos(angle) + np.cos(phi0) * north * sinc
    lat = np.arctan2(up, np.hypot(along, east * sinc))
    lon = lon0 + np.rad2deg(np.arctan2(east * sinc, along))
    return (lon + 180.0) % 360.0 - 180.0, np.rad2deg(lat)
