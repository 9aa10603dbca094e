"""The AIRS level-3 products, as data: what their fields are called, what they hold and what marks a gap.

Readers and writers take every name from here. The layout is that of real granules of versions 7, 6 and 4; see
`docs/data/airs.md`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

__all__ = [
    "COLUMNS", "DATE_ATTRIBUTES", "DAYS_ATTRIBUTE", "FILL", "GASES", "GRIDS", "HDF4_DIMS", "LAND_SEA_MASK", "LATITUDES",
    "LEVELS", "LONGITUDES", "NETCDF_DIMS", "ORBITS", "PARTS", "SUFFIXES",
    "WINDOW_OPENS", "Field", "field_name", "grid_name",
    "window_attribute",
]  # fmt: skip

#: How the names of data files end.
SUFFIXES = {".hdf", ".nc", ".nc4", ".h5", ".he5"}


@dataclass(frozen=True, slots=True)
class Field:
    """One geophysical quantity of the product.

    Attributes
    ----------
    stem : str
        Name without orbit and grid, as "CO_VMR".
    units : str
        Unit of the numbers; the files either have none or, for columns, a wrong one.
    long_name : str
        For plots.
    standard_name : str
        Of the CF table; empty if it has none.
    valid_range : tuple of float
        [D] Numbers outside are damage or another unit, far beyond what any cell can hold; not a quality filter.
    """

    stem: str
    units: str
    long_name: str
    standard_name: str
    valid_range: tuple[float, float]


#: Marks a gap in float fields of all versions. Counts (``_ct``) are float32 with this fill in version 7, and int16 with
#: fill 0 in version 6, where 0 also is the count. LandSeaMask has fill 0 too, and there 0 means sea: it has no gaps.
FILL = -9999.0

#: Field letter of each orbit: ascending crosses the equator at 13:30 local solar time, descending at 01:30.
ORBITS = {"ascending": "A", "descending": "D"}

#: Infix of the fields of each grid. In "TqJoint" all fields and levels come from one ensemble of soundings; in
#: "standard" each field and level has its own, so that a difference of two levels mixes soundings.
GRIDS = {"standard": "", "TqJoint": "TqJ_"}

#: Standard pressure levels, hPa, surface first.
LEVELS = np.array(
    [1000, 925, 850, 700, 600, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30, 20, 15, 10, 7, 5, 3, 2, 1.5, 1]
)
#: Cell centres of the grid of one degree: rows from north to south, columns from west to east.
LATITUDES, LONGITUDES = np.arange(89.5, -90.0, -1.0), np.arange(-179.5, 180.0)
for _axis in (LEVELS, LATITUDES, LONGITUDES):
    _axis.flags.writeable = False

#: Gases on pressure levels. AIRS has no daily level-3 CO2 on levels.
GASES = {
    "co": Field("CO_VMR", "mol mol-1", "carbon monoxide", "mole_fraction_of_carbon_monoxide_in_air", (0.0, 1e-4)),
    "ch4": Field("CH4_VMR", "mol mol-1", "methane", "mole_fraction_of_methane_in_air", (0.0, 1e-4)),
    "o3": Field("O3_VMR", "mol mol-1", "ozone", "mole_fraction_of_ozone_in_air", (0.0, 1e-4)),
}

SURFACE_PRESSURE = Field(
    "SurfPres_Forecast", "hPa", "surface pressure of the forecast used", "surface_air_pressure", (300.0, 1200.0)
)
LAND_SEA_MASK = "LandSeaMask"
TOPOGRAPHY = Field("Topography", "m", "height of the surface", "surface_altitude", (-1000.0, 9000.0))

#: One-layer fields, by the name they get. The files of version 6 say "mol/cm2" for columns; the numbers are molecules.
COLUMNS = {
    "co_column": Field(
        "TotCO", "molecules cm-2", "carbon monoxide column", "", (1e14, 1e21)
    ),
    "ch4_column": Field(
        "TotCH4", "molecules cm-2", "methane column", "", (1e16, 1e22)
    ),
    "olr": Field("OLR", "W m-2", "outgoing longwave radiation", "toa_outgoing_longwave_flux", (0.0, 1000.0)),
    "clear_sky_olr": Field(
        "ClrOLR", "W m-2", "clear-sky outgoing longwave radiation", "toa_outgoing_longwave_flux_assuming_clear_sky",
        (0.0, 1000.0),
    ),
}  # fmt: skip

#: Fields of version 4 that later versions renamed: they tell it from a foreign file.
VERSION_4 = frozenset({"H2OVapMMR_A", "H2OVapMMR_D", "RelHumid_A", "RelHumid_D", "TempPrsLvls"})

#: Suffix of a field, and that of the variable which it becomes: the mean, the count of soundings, their spread.
PARTS = {"": "", "_ct": "_count", "_sdev": "_sdev"}

#: Dimensions of a field on levels, in granules (HDF4-EOS2) and in netCDF files of version 6.
HDF4_DIMS = ("StdPressureLev", "YDim", "XDim")
NETCDF_DIMS = ("StdPressureLev", "Latitude", "Longitude")
#: Their names anywhere, without the grid that HDF-EOS2 puts behind ":" (and some readers behind "_").
LEVEL_DIMS = (HDF4_DIMS[0], "TempPrsLvls", "TempPresLvls")
LAT_DIMS = (HDF4_DIMS[1], NETCDF_DIMS[1], "lat")
LON_DIMS = (HDF4_DIMS[2], NETCDF_DIMS[2], "lon")

#: Attributes of the location grid: the nominal date, and over how many days the file averages.
DATE_ATTRIBUTES = ("Year", "Month", "Day")
DAYS_ATTRIBUTE = "NumOfDays"
#: When the window of an orbit opens, from midnight (UTC) of the nominal date; it lasts a day.
WINDOW_OPENS = {"ascending": np.timedelta64(90, "m"), "descending": np.timedelta64(-630, "m")}

#: Granule names, as AIRS.2024.01.01.L3.RetStd_IR001.v7.0.7.0.G24002230956.hdf; 001 is daily.
GRANULE_NAME = re.compile(
    r"AIRS\.(?P<year>\d{4})\.(?P<month>\d{2})\.(?P<day>\d{2})\.L3\."
    r"Ret(?P<kind>Std|Sup)_?(?P<sensors>IR|H)?(?P<days>\d{3})\.v(?P<version>\d+(?:\.\d+)*)"
)
#: Giovanni puts the product before the field, as in AIRX3STD_006_TotCO_A, and the date between dots.
GIOVANNI_FIELD = re.compile(r"^(?P<product>AIR[A-Z0-9]{5})_(?P<version>\d{3})_(?P<field>.+)$")
GIOVANNI_NAME = re.compile(r"\.AIR[A-Z0-9]{5}_\d{3}_\w+\.(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?!\d|-)")


def field_name(stem: str, orbit: str, *, grid: str = "standard", part: str = "") -> str:
    """The name of a field in a granule.

    Parameters
    ----------
    stem : str
        As "CO_VMR".
    orbit : {"ascending", "descending"}
        Orbit direction.
    grid : {"standard", "TqJoint"}
        There is no grid called "TqJ": it is an infix of the field's name.
    part : {"", "_ct", "_sdev"}
        The mean, the count of soundings, or their standard deviation.

    Returns
    -------
    str
        Name of the data set.

    Examples
    --------
    >>> field_name("CO_VMR", "ascending", grid="TqJoint", part="_ct")
    'CO_VMR_TqJ_A_ct'
    """
    return f"{stem}_{GRIDS[grid]}{ORBITS[orbit]}{part}"


def grid_name(orbit: str, grid: str = "standard") -> str:
    """The HDF-EOS2 grid that holds the fields of an orbit.

    Parameters
    ----------
    orbit : {"ascending", "descending"}
        Orbit direction.
    grid : {"standard", "TqJoint"}
        Which ensemble.

    Returns
    -------
    str
        Name of the grid, which is also the suffix of its dimensions' names.

    Examples
    --------
    >>> grid_name("descending", "TqJoint")
    'descending_TqJoint'
    """
    return orbit if grid == "standard" else f"{orbit}_{grid}"


def window_attribute(orbit: str, edge: str) -> str:
    """The attribute of the location grid that says when an orbit's window begins or ends.

    Parameters
    ----------
    orbit : {"ascending", "descending"}
        Orbit direction.
    edge : {"Start", "End"}
        Which.

    Returns
    -------
    str
        Name of the attribute.

    Examples
    --------
    >>> window_attribute("descending", "Start")
    'DescendingGridStartTimeUTC'
    """
    return f"{orbit.capitalize()}Grid{edge}TimeUTC"
