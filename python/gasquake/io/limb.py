"""Profiles of limb sounders: the HDF-EOS5 level-2 files of MLS on Aura."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.errors import GranuleError
from gasquake.io.worker import DataFile, is_missing, open_data_file

__all__ = ["open_profiles", "tai93_to_utc"]

# Days at whose beginning UTC had one leap second more since 1993 (IERS Bulletin C). None since 2017.
_LEAP_DAYS = np.array(
    ["1993-07-01", "1994-07-01", "1996-01-01", "1997-07-01", "1999-01-01", "2006-01-01", "2009-01-01", "2012-07-01",
     "2015-07-01", "2017-01-01"], dtype="datetime64[s]",
)  # fmt: skip
_EPOCH = np.datetime64("1993-01-01", "ns")
_VALUE = re.compile(r"^HDFEOS/SWATHS/(?P<swath>[^/]+)/Data Fields/L2gpValue$")
_UNITS = {"vmr": "mol mol-1"}


def tai93_to_utc(seconds: NDArray[np.float64], /) -> NDArray[np.datetime64]:
    """UTC of TAI93 times, which count the leap seconds.

    Parameters
    ----------
    seconds : ndarray of float64
        Atomic seconds since 1993-01-01 00:00 UTC; NaN is missing.

    Returns
    -------
    ndarray of datetime64[ns]
        UTC; NaT where missing. The leap second itself is given as the second after it.

    Examples
    --------
    >>> print(tai93_to_utc(np.array([887241610.0]))[0])
    2021-02-12T00:00:00.000000000
    """
    seconds = np.asarray(seconds, dtype=np.float64)
    known = np.isfinite(seconds)
    since = (_LEAP_DAYS - _EPOCH.astype("datetime64[s]")).astype(np.float64) + np.arange(_LEAP_DAYS.size)
    civil = np.where(known, seconds, 0.0) - np.searchsorted(since, np.where(known, seconds, 0.0), side="right")
    times = _EPOCH + np.round(civil * 1e6).astype("timedelta64[us]")
    return np.where(known, times, np.datetime64("NaT", "ns")).astype("datetime64[ns]")


def open_profiles(path: str | os.PathLike[str], /, *, swath: str | None = None) -> xr.Dataset:
    """Read the profiles of an MLS level-2 file (HDF-EOS5).

    Parameters
    ----------
    path : path-like
        As "MLS-Aura_L2GP-CO_v05-01-c01_2021d043.he5".
    swath : str, optional
        Which product, as "CO"; by default the only one that is no a-priori.

    Returns
    -------
    Dataset
        In memory, with dims (profile, level): the gas, as ``co`` (float32, mol mol-1), NaN where MLS says not to use
        it, and ``<gas>_precision``; along profile ``quality``, ``convergence`` and ``status``; coordinates ``time``
        (UTC), ``lat``, ``lon`` along profile and ``level`` (hPa, surface first).

    Raises
    ------
    GranuleError
        If the file is missing, damaged, or no MLS level-2 file, or `swath` is not in it.

    Notes
    -----
    Left out as the MLS data quality documents ask for every product: values with a precision that is negative or zero
    (mostly a-priori), and profiles with an odd status ("do not use"). What differs between products and versions is
    left to the user: thresholds of ``quality`` and ``convergence``, and the range of levels (CO: 215 hPa and less,
    below that it is a-priori). Negative values are noise about small amounts, not errors: leaving them out biases
    means. References: Livesey et al. (2022), version 5.0x level 2 data quality and description document, JPL D-105336.

    Examples
    --------
    >>> mls = open_profiles("MLS-Aura_L2GP-CO_v05-01-c01_2021d043.he5")  # doctest: +SKIP
    """
    with open_data_file(path) as file:
        name = _choose_swath(file, swath)
        root = f"HDFEOS/SWATHS/{name}"
        pressure, _ = _read(file, f"{root}/Geolocation Fields/Pressure")
        time, _ = _read(file, f"{root}/Geolocation Fields/Time", dtype=np.float64)
        lat, _ = _read(file, f"{root}/Geolocation Fields/Latitude")
        lon, _ = _read(file, f"{root}/Geolocation Fields/Longitude")
        values, attributes = _read(file, f"{root}/Data Fields/L2gpValue")
        precision, _ = _read(file, f"{root}/Data Fields/L2gpPrecision")
        status = file.read(f"{root}/Data Fields/Status")
        quality, _ = _read(file, f"{root}/Data Fields/Quality")
        convergence, _ = _read(file, f"{root}/Data Fields/Convergence")
    shape = (time.size, pressure.size)
    arrays = {"value": values, "precision": precision}
    lines = {"latitude": lat, "longitude": lon, "status": status, "quality": quality, "convergence": convergence}
    sizes = {k: v.shape for k, v in arrays.items() if v.shape != shape}
    sizes |= {k: v.shape for k, v in lines.items() if v.shape != shape[:1]}
    if sizes:
        raise GranuleError(file.path, f"the file is damaged: for {shape} profiles and levels it has {sizes}")
    if not ((pressure > 0.0).all() and (np.diff(pressure) < 0.0).all()) or status.dtype.kind not in "iu":
        raise GranuleError(file.path, "the file is damaged: its levels are no falling pressures, or its status no bits")
    usable = (precision > 0.0) & (status % 2 == 0)[:, np.newaxis]
    gas = name.lower()
    units = _UNITS.get(str(attributes.get("Units")), str(attributes.get("Units")))
    profile, both = ("profile",), ("profile", "level")
    result = xr.Dataset(
        {
            gas: (both, np.where(usable, values, np.float32(np.nan)), {"units": units, "long_name": f"{name} by MLS"}),
            f"{gas}_precision": (both, precision, {"units": units, "long_name": f"precision of {name}"}),
            "quality": (profile, quality, {"units": "1", "long_name": "quality of the fit; higher is better"}),
            "convergence": (profile, convergence, {"units": "1", "long_name": "convergence of the fit; 1 is best"}),
            "status": (profile, status, {"long_name": "MLS status bits; odd means do not use"}),
        },
        coords={
            "time": (profile, tai93_to_utc(time), {"standard_name": "time"}),
            "lat": (profile, lat, {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": (profile, lon, {"units": "degrees_east", "standard_name": "longitude"}),
            "level": (
                "level",
                pressure.astype(np.float64),
                {"units": "hPa", "standard_name": "air_pressure", "positive": "down", "axis": "Z"},
            ),
        },
        attrs={"Conventions": "CF-1.11", "source": f"MLS (Aura) level 2, {name}", "swath": name},
    )
    result.attrs["history"] = _labelled.history(result, f"open_profiles({file.path.name!r})")
    return result


def _choose_swath(file: DataFile, swath: str | None) -> str:
    swaths = [match["swath"] for name in file.shapes if (match := _VALUE.match(name))]
    if not swaths:
        some = ", ".join(list(file.shapes)[:4])
        raise GranuleError(file.path, f"it is no MLS level-2 file: it has no HDFEOS/SWATHS/.../L2gpValue, but {some}")
    if swath is not None:
        if swath not in swaths:
            raise GranuleError(file.path, f"it has no swath {swath!r}; it has {swaths}")
        return swath
    measured = [name for name in swaths if "apriori" not in name.lower()]
    if len(measured) != 1:
        raise GranuleError(file.path, f"it has several swaths, {measured or swaths}; choose one with swath=...")
    return measured[0]


def _read(file: DataFile, name: str, *, dtype: type = np.float32) -> tuple[NDArray[Any], dict[str, Any]]:
    """A variable as floats, missing as NaN, and its attributes."""
    if name not in file.shapes:
        raise GranuleError(file.path, f"it has no {name}")
    variable = file.variable(name)
    if variable.dtype[0] not in "fi":
        raise GranuleError(file.path, f"{name} has the type {variable.dtype}, where numbers must be")
    raw = file.read(name)
    return np.where(is_missing(raw, variable.attributes), np.nan, raw).astype(dtype), variable.attributes
