"""Where things are in an AIRS file: its fields, coordinates, date and time windows, told by content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gasquake.errors import GranuleError
from gasquake.io import products
from gasquake.io.worker import DataFile, Variable

__all__ = ["Layout", "find_date", "find_layout", "find_windows"]

Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Names and coordinates of an AIRS file.

    Attributes
    ----------
    fields : dict of str to str
        Full name of each variable by its plain one, as "CO_VMR_A": without groups or Giovanni's prefix.
    level, lat, lon : ndarray of float64
        Coordinates in the file's order: hPa (empty for one layer), degrees north, degrees east.
    version : str
        Of the product, as "7.0.7.0"; empty if the file does not say.
    """

    fields: dict[str, str]
    level: Grid
    lat: Grid
    lon: Grid
    version: str

    def check(self, file: DataFile, name: str) -> Variable:
        """The variable behind a plain name, once its type and grid are found to be what they must.

        Parameters
        ----------
        file : DataFile
            The open file.
        name : str
            Plain name.

        Returns
        -------
        Variable
            Its description.

        Raises
        ------
        GranuleError
            If it is absent, of another type, or on another grid.
        """
        if name not in self.fields:
            raise GranuleError(file.path, f"it has no {name}")
        variable = file.variable(self.fields[name])
        if variable.dtype not in ("f4", "f8") and not (name.endswith("_ct") and variable.dtype in ("i2", "i4")):
            raise GranuleError(file.path, f"{name} has the type {variable.dtype}, where numbers of type f4 must be")
        grid = (self.lat.size, self.lon.size)
        leading = [n for n in variable.shape[:-2] if n != 1]
        if variable.shape[-2:] != grid or leading not in ([], [self.level.size]):
            raise GranuleError(
                file.path, f"{name} has the shape {variable.shape}, but the grid is {(self.level.size, *grid)}"
            )
        for dim, known in zip(variable.dims[-2:], (products.LAT_DIMS, products.LON_DIMS), strict=True):
            if _is_one_of(dim, (*products.LAT_DIMS, *products.LON_DIMS)) and not _is_one_of(dim, known):
                raise GranuleError(file.path, f"{name} has the dimensions {variable.dims}; (..., lat, lon) is needed")
        return variable


def plain_name(name: str) -> str:
    """A variable's name without groups and Giovanni's prefix.

    Parameters
    ----------
    name : str
        Full name.

    Returns
    -------
    str
        As "CO_VMR_A".

    Examples
    --------
    >>> plain_name("ascending/Data_Fields/CO_VMR_A"), plain_name("AIRX3STD_006_TotCO_A")
    ('CO_VMR_A', 'TotCO_A')
    """
    last = name.rpartition("/")[2]
    match = products.GIOVANNI_FIELD.match(last)
    return match["field"] if match else last


def _is_one_of(dim: str, names: Sequence[str]) -> bool:
    """Whether a dimension has one of the names, with or without its grid ("StdPressureLev:ascending")."""
    last = dim.rpartition("/")[2]
    return any(last == name or last.startswith((f"{name}:", f"{name}_")) for name in names)


def find_layout(file: DataFile, wanted: Sequence[str]) -> Layout:
    """Find the fields and coordinates of an AIRS file.

    Parameters
    ----------
    file : DataFile
        The open file.
    wanted : sequence of str
        Plain names of the fields that must be there.

    Returns
    -------
    Layout
        With the coordinates of the first wanted field.

    Raises
    ------
    GranuleError
        If the file is no AIRS level 3, lacks a field, or its coordinates are no grid of degrees and hPa.
    """
    fields: dict[str, str] = {}
    for name in file.shapes:
        plain = plain_name(name)
        if plain in fields and plain in wanted:
            raise GranuleError(file.path, f"it has {plain} twice: as {fields[plain]} and as {name}")
        fields[plain] = name
    missing = [name for name in wanted if name not in fields]
    if missing:
        raise GranuleError(file.path, _absence(file, fields, missing))
    first = file.variable(fields[wanted[0]])
    if len(first.shape) < 2:
        raise GranuleError(file.path, f"{wanted[0]} has the shape {first.shape}, which is no grid")
    lat, lon = _horizontal(file, fields, first)
    leading = [
        axis for axis, n in enumerate(first.shape[:-2]) if n != 1 or _is_one_of(first.dims[axis], products.LEVEL_DIMS)
    ]
    if len(leading) > 1:
        raise GranuleError(
            file.path, f"{wanted[0]} has the shape {first.shape}; one date in a file is read, not several"
        )
    level = _vertical(file, fields, first, leading[0]) if leading else np.empty(0)
    return Layout(fields, level, lat, lon, _version(file))


def _absence(file: DataFile, fields: dict[str, str], missing: Sequence[str]) -> str:
    """Why a field is not there, and what to do about it."""
    if not fields.keys().isdisjoint(products.VERSION_4) or _version(file).startswith("4"):
        return "it is AIRS version 4, which holds no CO or CH4, and level numbers instead of hPa; use version 6 or 7"
    stems = tuple(f.stem for f in (*products.GASES.values(), *products.COLUMNS.values()))
    held = sorted(n for n in fields if n.startswith(stems) and n.endswith(("_A", "_D")))
    if held:
        return f"it has no {missing[0]}; of gases it holds {', '.join(held)}: choose gases, orbits and grid accordingly"
    some = ", ".join(sorted(fields)[:6]) or "nothing"
    return f"it is no AIRS level 3 file with gases: it has no {missing[0]}, but holds {some}"


def _horizontal(file: DataFile, fields: dict[str, str], variable: Variable) -> tuple[Grid, Grid]:
    """Latitude of each row and longitude of each column."""
    rows, columns = variable.shape[-2:]
    found = []
    for axis, size, names in ((-2, rows, products.LAT_DIMS), (-1, columns, products.LON_DIMS)):
        candidates = [variable.dims[axis], *(n for n in fields if _is_one_of(n, names))]
        for name in candidates:
            full = fields.get(plain_name(name).replace(":", "_"), fields.get(plain_name(name)))
            shape = None if full is None else file.shapes[full]
            if full is not None and shape == (size,):
                found.append(file.read(full).astype(np.float64))
                break
            if full is not None and shape == (rows, columns):
                # HDF-EOS2 repeats them for every cell; a grid whose rows differ is none.
                both = file.read(full).astype(np.float64)
                line = both[:, 0] if axis == -2 else both[0]
                if not np.allclose(both, line[:, None] if axis == -2 else line, atol=1e-3, rtol=0.0):
                    raise GranuleError(file.path, f"the file is damaged: {name} is not that of a regular grid")
                found.append(line)
                break
        else:
            if not _is_native(variable):
                raise GranuleError(file.path, f"it has no {names[1].lower()} for the {size} cells of {variable.name}")
            found.append(products.LATITUDES if axis == -2 else products.LONGITUDES)
    lat, lon = (np.round(coordinate, 6) for coordinate in found)
    for what, values, limit in (("latitude", lat, 90.0), ("longitude", lon, 360.0)):
        steps = np.diff(values)
        even = steps.size == 0 or (steps[0] != 0.0 and np.allclose(steps, steps[0], atol=1e-3, rtol=0.0))
        if not (np.isfinite(values).all() and np.abs(values).max(initial=0.0) <= limit and even):
            raise GranuleError(file.path, f"its {what} is not that of a regular grid: {values[:3]} ... {values[-1:]}")
    if np.ptp(lon) >= 360.0:
        raise GranuleError(file.path, f"its longitude goes more than once around: {lon[0]:g}..{lon[-1]:g}")
    return lat, lon


def _is_native(variable: Variable) -> bool:
    """Whether a field without coordinates lies on the product's own grid, whose rows run from north to south."""
    names = [dim.rpartition("/")[2].replace(":", "_").partition("_")[0] for dim in variable.dims[-2:]]
    native = (products.LATITUDES.size, products.LONGITUDES.size)
    known = (products.HDF4_DIMS[1:], products.NETCDF_DIMS[1:])
    return variable.shape[-2:] == native and tuple(names) in known


def _vertical(file: DataFile, fields: dict[str, str], variable: Variable, axis: int) -> Grid:
    """Pressure of each level, hPa."""
    size, dim = variable.shape[axis], variable.dims[axis]
    for name in (dim, dim.replace(":", "_"), *(n for n in fields if _is_one_of(n, products.LEVEL_DIMS))):
        full = fields.get(plain_name(name))
        if full is not None and file.shapes[full] == (size,):
            values = file.read(full).astype(np.float64)
            break
    else:
        listed = [v for k, v in file.attributes.items() if k.rpartition("/")[2] in products.LEVEL_DIMS]
        values = np.asarray(next((v for v in listed if isinstance(v, list) and len(v) == size), []), dtype=np.float64)
    if values.size != size:
        raise GranuleError(file.path, f"it does not say the pressure of the {size} levels of {variable.name}")
    if np.array_equal(values, np.arange(size)) or np.array_equal(values, np.arange(size) + 1.0):
        raise GranuleError(file.path, f"its {dim} holds the numbers of the levels, not their pressure in hPa")
    steps = np.diff(values)
    if not (np.isfinite(values).all() and (values > 0.0).all() and ((steps < 0).all() or (steps > 0).all())):
        raise GranuleError(file.path, f"the file is damaged: its levels are no pressures, {values[:3]} ...")
    return np.round(values, 4)


# --- Version, date and windows ----------------------------------------------------------------------------------------


def _attribute(file: DataFile, name: str) -> Any:
    """An attribute of the file or of any of its groups, by its last name; OPeNDAP says "location.Year" for groups."""
    return next((v for k, v in file.attributes.items() if re.split("[/.]", k)[-1] == name), None)


def _granule_name(file: DataFile) -> Any:
    """The granule's own name in its metadata, which survives a renaming; or else that of the file."""
    texts = [str(v) for k, v in file.attributes.items() if k.lower().startswith(("coremetadata", "granule"))]
    matches = map(products.GRANULE_NAME.search, [*texts, file.path.name])
    return next((match for match in matches if match), None)


def _version(file: DataFile) -> str:
    match = _granule_name(file)
    if match:
        return str(match["version"])
    prefixed = next((m for n in file.shapes if (m := products.GIOVANNI_FIELD.match(n))), None)
    return str(int(prefixed["version"])) if prefixed else ""


def find_date(file: DataFile, layout: Layout) -> tuple[np.datetime64, str]:
    """The nominal date of a daily file.

    Parameters
    ----------
    file : DataFile
        The open file.
    layout : Layout
        Where things are in it.

    Returns
    -------
    date : datetime64[ns]
        Midnight, UTC.
    source : str
        Where it was found.

    Raises
    ------
    GranuleError
        If the file is a mean over several days, or says its date nowhere.
    """
    days = _attribute(file, products.DAYS_ATTRIBUTE)
    named = _granule_name(file)
    short = next((m["product"] for n in file.shapes if (m := products.GIOVANNI_FIELD.match(n))), "")
    if short and not short.endswith("D"):
        raise GranuleError(file.path, f"it is of {short}, a mean over several days; daily products (D) are read")
    if days not in (None, 1) or (days is None and named and int(named["days"]) != 1):
        raise GranuleError(
            file.path, f"it is a mean over {days or int(named['days'])} days; daily files (001) are read"
        )
    parts = [_attribute(file, name) for name in products.DATE_ATTRIBUTES]
    if all(isinstance(part, int) for part in parts):
        return _date(file, *parts), "attributes Year, Month, Day of the granule"
    if "time" in layout.fields and file.shapes[layout.fields["time"]] == (1,):
        variable = file.variable(layout.fields["time"])
        if variable.attributes.get("units") == "seconds since 1970-01-01 00:00:00":
            seconds = float(file.read(variable.name)[0])
            if abs(seconds) < 1e11:
                day = np.datetime64(int(seconds // 86400), "D")
                return day.astype("datetime64[ns]"), "variable time"
    if named:
        where = "name of the file" if products.GRANULE_NAME.search(file.path.name) else "granule's name in its metadata"
        return _date(file, *(int(named[part]) for part in ("year", "month", "day"))), where
    begin = _attribute(file, "start_time") or _attribute(file, "RangeBeginningDate")
    if isinstance(begin, str):
        try:
            return np.datetime64(begin[:10], "D").astype("datetime64[ns]"), "attribute start_time"
        except ValueError:
            pass
    giovanni = products.GIOVANNI_NAME.search(file.path.name)
    if giovanni:
        return _date(file, *(int(giovanni[part]) for part in ("year", "month", "day"))), "name of the file"
    raise GranuleError(
        file.path, "it does not say its date; give it the granule's own name, as AIRS.2022.09.05.L3.RetStd_IR001.v7..."
    )


def _date(file: DataFile, year: int, month: int, day: int) -> np.datetime64:
    try:
        return np.datetime64(f"{year:04d}-{month:02d}-{day:02d}T00:00", "ns")
    except ValueError:
        raise GranuleError(file.path, f"the file is damaged: it is dated {year}-{month}-{day}") from None


def find_windows(
    file: DataFile, date: np.datetime64, orbits: Sequence[str]
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], str]:
    """When the soundings of each orbit were taken.

    Parameters
    ----------
    file : DataFile
        The open file.
    date : datetime64
        Its date.
    orbits : sequence of str
        Orbit directions.

    Returns
    -------
    start, end : ndarray of datetime64[ns]
        One for each orbit, end excluded: a granule's 01:29:59.999999 is given as 01:30.
    source : str
        The granule's attributes, or the nominal windows of the product.

    Raises
    ------
    GranuleError
        If the attributes hold no times, or none near the date.
    """
    starts, ends, nominal = [], [], False
    for orbit in orbits:
        texts = [_attribute(file, products.window_attribute(orbit, edge)) for edge in ("Start", "End")]
        if None in texts:
            nominal = True
            start = date + products.WINDOW_OPENS[orbit]
            window = (start, start + np.timedelta64(1, "D"))
        else:
            window = (_instant(file, texts[0]), _instant(file, texts[1]))
            if not window[0] < window[1] or max(abs(edge - date) for edge in window) > np.timedelta64(3, "D"):
                raise GranuleError(
                    file.path, f"the file is damaged: its {orbit} data are dated {texts[0]} to {texts[1]}"
                )
        starts.append(window[0])
        ends.append(window[1])
    source = "nominal windows of the product: the file has none" if nominal else "attributes of the granule"
    return np.array(starts, dtype="datetime64[ns]"), np.array(ends, dtype="datetime64[ns]"), source


def _instant(file: DataFile, text: object) -> np.datetime64:
    try:
        exact = np.datetime64(str(text).rstrip("Z"), "us")
    except ValueError:
        raise GranuleError(file.path, f"the file is damaged: {text!r} is no time") from None
    if np.isnat(exact):
        raise GranuleError(file.path, "the file is damaged: a time of its windows is missing")
    rounded: np.datetime64 = (exact + np.timedelta64(500, "ms")).astype("datetime64[s]").astype("datetime64[ns]")
    return rounded
