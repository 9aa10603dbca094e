"""Units as the labelled layer reads them from ``attrs["units"]``, and the physical constants it uses.

Every unit here is a power of ten of its family's base, so that a conversion is one exact multiplication or division
and a unit library is not needed. Units are checked once, where labelled arrays enter; kernels see bare numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = TypeVar("Numbers", float, NDArray[np.float64], xr.DataArray)

__all__ = ["AVOGADRO", "EARTH_RADIUS_KM", "GRAVITY", "MOLAR_MASS", "MOLAR_MASS_AIR", "convert", "exponent", "is_unit"]

GRAVITY = 9.80665  #: Standard acceleration of gravity, m s-2.
AVOGADRO = 6.02214076e23  #: Molecules per mole.
EARTH_RADIUS_KM = 6371.0  #: Radius of the sphere that stands for the Earth, km.
MOLAR_MASS_AIR = 0.0289644  #: Molar mass of dry air, kg mol-1.
#: Molar mass of each gas, kg mol-1.
MOLAR_MASS = {"co": 28.010e-3, "ch4": 16.043e-3, "co2": 44.009e-3, "o3": 47.998e-3}

# Per family: spelling -> power of ten of the family's base unit.
_FAMILIES: dict[str, dict[str, int]] = {
    "pressure": {
        "Pa": 0, "pascal": 0, "Pascal": 0, "hPa": 2, "hectopascal": 2, "hectopascals": 2, "mbar": 2, "mb": 2,
        "millibar": 2, "millibars": 2, "kPa": 3, "dbar": 4, "bar": 5,
    },
    "mole fraction": {
        "1": 0, "mol mol-1": 0, "mole mole-1": 0, "%": -2, "percent": -2, "ppm": -6, "ppmv": -6, "1e-6": -6,
        "umol mol-1": -6, "ppb": -9, "ppbv": -9, "1e-9": -9, "nmol mol-1": -9, "ppt": -12, "pptv": -12, "1e-12": -12,
        "pmol mol-1": -12,
    },
    "mass fraction": {"1": 0, "kg kg-1": 0, "g kg-1": -3, "mg kg-1": -6},
    "length": {"m": 0, "metre": 0, "meter": 0, "km": 3, "kilometre": 3, "kilometer": 3},
    "area": {"m2": 0, "km2": 6},
}  # fmt: skip


def _plain(unit: str) -> str:
    """One spelling for ``mol/mol``, ``mol mol**-1``, ``mol mol^-1`` and ``mol.mol-1``."""
    text = unit.strip().replace("**", "").replace("^", "")
    if "e-" not in text:
        text = text.replace(".", " ").replace("*", " ")
    top, slash, bottom = text.partition("/")
    return f"{top.strip()} {bottom.strip()}-1" if slash and bottom.strip() else " ".join(text.split())


def is_unit(unit: object, family: str) -> bool:
    """Tell whether `unit` is a spelling of `family` (``"pressure"``, ``"mole fraction"``, ...).

    Parameters
    ----------
    unit : object
        What ``attrs["units"]`` holds; anything but text is no unit.
    family : str
        A family of units that convert into one another.

    Returns
    -------
    bool
        Whether it is one of the family's spellings.

    Examples
    --------
    >>> is_unit("mbar", "pressure"), is_unit("m", "pressure"), is_unit(None, "pressure")
    (True, False, False)
    """
    return isinstance(unit, str) and _plain(unit) in _FAMILIES[family]


def exponent(unit: str, to: str, name: str) -> int:
    """The power of ten by which a number in `unit` must be multiplied to stand in `to`.

    Parameters
    ----------
    unit, to : str
        Units of one family.
    name : str
        The argument that has `unit`, for the error.

    Returns
    -------
    int
        The power of ten.

    Raises
    ------
    ValueError
        If no family holds both.

    Examples
    --------
    >>> exponent("Pa", "hPa", "surface_pressure"), exponent("mol/mol", "ppb", "values")
    (-2, 9)
    >>> exponent("K", "hPa", "surface_pressure")
    Traceback (most recent call last):
    ValueError: surface_pressure must have units that convert to 'hPa', got 'K'
    """
    here, there = _plain(unit), _plain(to)
    if here == there:
        return 0
    for family in _FAMILIES.values():
        if here in family and there in family:
            return family[here] - family[there]
    raise ValueError(f"{name} must have units that convert to {to!r}, got {unit!r}")


def convert(values: Numbers, unit: str, to: str, name: str) -> Numbers:
    """Convert numbers from `unit` to `to`, exactly where the result can be represented.

    Parameters
    ----------
    values : float, ndarray or DataArray
        Numbers in `unit`; float32 stays float32, lazy stays lazy.
    unit, to : str
        Units of one family.
    name : str
        The argument's name, for the error.

    Returns
    -------
    float, ndarray or DataArray
        Numbers in `to`; `values` itself if nothing had to change.

    Raises
    ------
    ValueError
        If no family holds both.

    Examples
    --------
    >>> convert(92500.0, "Pa", "hPa", "surface_pressure")
    925.0
    """
    power = exponent(unit, to, name)
    if power > 0:
        return values * float(10**power)
    # Dividing by an exact power of ten rounds once; multiplying by its inexact inverse would round twice.
    return values / float(10**-power) if power < 0 else values
