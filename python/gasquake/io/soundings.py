"""Single soundings of level-2 products."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake._labelled import history
from gasquake._optional import attempt_import
from gasquake.units import convert

__all__ = ["open_soundings"]


@dataclass(frozen=True, slots=True)
class _Product:
    """Where a level-2 product keeps what a sounding is made of.

    `values` in order of preference: the first that has any number is taken. Quality is a value that must reach a
    minimum (`quality`) or a flag that must be zero (`flag`), where the file has it.
    """

    name: str
    gas: str
    values: tuple[str, ...]
    error: str
    layer: str
    group: str = ""
    quality: str = ""
    flag: str = ""


_PRODUCTS = (
    _Product(
        name="TROPOMI level-2 CH4",
        gas="ch4",
        # The user manual recommends the corrected one; early processors left it empty.
        values=("methane_mixing_ratio_bias_corrected", "methane_mixing_ratio"),
        error="methane_mixing_ratio_precision",
        layer="column average",
        group="PRODUCT",
        quality="qa_value",
    ),
    _Product(
        name="XCH4 of the Climate Change Initiative's layout",
        gas="ch4",
        values=("xch4",),
        error="xch4_uncertainty",
        layer="column average",
        flag="xch4_quality_flag",
    ),
    _Product(
        name="XCO2 of the Climate Change Initiative's layout",
        gas="co2",
        values=("xco2",),
        error="xco2_uncertainty",
        layer="column average",
        flag="xco2_quality_flag",
    ),
    _Product(
        name="AIRS level-2 CO2", gas="co2", values=("co2_vmr",), error="co2_sdev", layer="mid-troposphere"
    ),
)  # fmt: skip

#: The orbit that each satellite or instrument flies by day, by a word in the file's own platform, sensor or source.
_DAY_ORBITS = {
    "S5P": "ascending",
    "TROPOMI": "ascending",
    "AIRS": "ascending",
    "AQUA": "ascending",
    "OCO-2": "ascending",
    "GOSAT": "descending",
}


def open_soundings(path: str | os.PathLike[str], *, min_quality: float = 0.5) -> xr.Dataset:
    """Open the soundings of a level-2 file: AIRS CO2, GOSAT (or another) XCH4 and XCO2, TROPOMI CH4.

    Parameters
    ----------
    path : str or path
        A netCDF-4 file. Its variables tell the product, its name does not.
    min_quality : float
        Soundings of products with a quality value (TROPOMI: ``qa_value``) need at least this much. The producer
        advises 0.5. Where the product has a flag instead, it must be 0.

    Returns
    -------
    Dataset
        In memory, dim ``obs``, only soundings with a time, a place, a value and enough quality:

        - coordinates ``time`` (datetime64[ns], UTC), ``lon``, ``lat`` (float64, degrees)
        - ``value``: float64, mol mol-1
        - ``error``: float64, mol mol-1, one standard error as the producer gives it, NaN where missing; only if the
          file has it

        ``attrs``: ``gas``, ``layer`` (what the value is a mean over), ``product``, ``variable`` (the file's name of
        the value), ``source``, ``time_precision`` ("day" or "second"), ``day_orbit`` (the orbit flown by day, absent
        if unknown), ``n_in_file``, ``n_without_value``, ``n_below_quality``, and ``note`` where nothing is left.

    Raises
    ------
    ValueError
        If the file is no netCDF-4, damaged, or of no known product. A file whose every sounding is masked or of bad
        quality is no error: it gives zero soundings and says so in ``attrs["note"]``.

    Notes
    -----
    TROPOMI: the bias-corrected mixing ratio where the file has any, the plain one otherwise; ``attrs["variable"]``
    says which. The errors of AIRS CO2 (``co2_sdev``) are spreads and reach down to 0.004 ppm.

    References
    ----------
    Apituley et al. (2022), Sentinel-5 precursor TROPOMI level 2 product user manual: methane,
    SRON-S5P-LEV2-MA-001. Chahine et al. (2005), doi 10.1029/2005GL024165 (AIRS CO2). Parker et al. (2011),
    doi 10.1029/2011GL047871 (GOSAT XCH4).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> raw = xr.Dataset({
    ...     "xch4": ("n", [1850.0, 1862.0], {"units": "1e-9"}),
    ...     "lat": ("n", [29.6, 29.9]), "lon": ("n", [102.2, 102.4]),
    ...     "time": ("n", [0.0, 60.0], {"units": "seconds since 2022-09-05"}),
    ... }, attrs={"platform": "GOSAT"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "soundings.nc")
    ...     raw.to_netcdf(path, engine="h5netcdf")
    ...     soundings = open_soundings(path)
    >>> soundings.attrs["gas"], soundings["value"].values.tolist(), soundings.attrs["day_orbit"]
    ('ch4', [1.85e-06, 1.862e-06], 'descending')
    """
    path = Path(path)
    root_attrs, product, raw = _read(path)
    name = next((n for n in product.values if n in raw and bool(raw[n].notnull().any())), None)
    name = name or next(n for n in product.values if n in raw)
    values = _in_mole_fraction(raw[name], path)
    values = values.drop_vars(list(values.coords))

    def flat(array: xr.DataArray) -> NDArray[Any]:
        extra = [str(d) for d in array.dims if d not in values.dims]
        if extra:
            raise ValueError(f"{path}: {array.name} has dimensions {extra} which {name} has not")
        return np.asarray(
            array.drop_vars(list(array.coords)).broadcast_like(values).transpose(*values.dims).values
        ).ravel()

    lat, lon = (flat(_one_of(raw, names, path)) for names in (("latitude", "lat"), ("longitude", "lon")))
    time, precision = _times(raw, path)
    columns = {"time": flat(time), "lon": lon.astype(np.float64), "lat": lat.astype(np.float64)}
    value = flat(values)
    whole = np.isfinite(value) & np.isfinite(lon) & (np.abs(columns["lat"]) <= 90.0) & ~np.isnat(columns["time"])
    good = whole & _good(raw, product, min_quality, flat)
    data = {"value": (value, f"{product.gas} mole fraction, {product.layer}")}
    if product.error in raw:
        data["error"] = (flat(_in_mole_fraction(raw[product.error], path)), "standard error of the value")
    coords = {"time": {"standard_name": "time"}, "lon": _LON, "lat": _LAT}
    soundings = xr.Dataset(
        {k: ("obs", v[good], {"units": "mol mol-1", "long_name": text}) for k, (v, text) in data.items()},
        {k: ("obs", columns[k][good], attrs) for k, attrs in coords.items()},
    )
    counts = {
        "n_in_file": value.size,
        "n_without_value": int(value.size - whole.sum()),
        "n_below_quality": int(whole.sum() - good.sum()),
    }
    soundings.attrs = {
        "Conventions": "CF-1.11", "featureType": "point", "gas": product.gas, "layer": product.layer,
        "product": product.name, "variable": name, "source": path.name, "time_precision": precision, **counts,
    }  # fmt: skip
    day_orbit = _day_orbit(root_attrs)
    if day_orbit:
        soundings.attrs["day_orbit"] = day_orbit
    if not good.any():
        soundings.attrs["note"] = (
            f"no sounding is left: of {counts['n_in_file']} in the file, {counts['n_without_value']} have no value and "
            f"{counts['n_below_quality']} have too low a quality (less than {min_quality:g}, or a flag)"
        )
    soundings.attrs["history"] = history(soundings, f"open_soundings({path.name!r}, min_quality={min_quality:g})")
    return soundings


_LON = {"units": "degrees_east", "standard_name": "longitude", "long_name": "longitude"}
_LAT = {"units": "degrees_north", "standard_name": "latitude", "long_name": "latitude"}


def _read(path: Path) -> tuple[dict[str, Any], _Product, xr.Dataset]:
    """The attributes of the file, its product, and the variables of the product's group, in memory and unmasked."""
    h5netcdf = attempt_import("h5netcdf", extra="study", purpose="to open soundings")
    try:
        with h5netcdf.File(path, "r") as file:
            attrs = dict(file.attrs)
            found = {group: set(file[group].variables if group else file.variables) for group in ("", *file.groups)}
    except FileNotFoundError:
        raise
    except Exception as error:  # h5py raises nearly every type for a damaged file
        raise ValueError(f"{path}: not a netCDF-4 file, or a damaged one ({error})") from None
    for product in _PRODUCTS:
        if found.get(product.group, set()) & set(product.values):
            break
    else:
        known = "; ".join(f"{p.name} ({'/'.join(filter(None, (p.group, p.values[-1])))})" for p in _PRODUCTS)
        have = sorted(name for names in found.values() for name in names)[:8]
        raise ValueError(f"{path}: no known product of soundings; it has {have}, and known are {known}")
    try:
        # Times are decoded where it is known what they mean; xarray would read delta_time as a duration.
        with xr.open_dataset(
            path, engine="h5netcdf", group=product.group or None, decode_times=False, decode_timedelta=False
        ) as opened:
            return attrs, product, opened.load()
    except Exception as error:
        raise ValueError(f"{path}: {product.name}, but damaged or cut short ({error})") from None


def _one_of(raw: xr.Dataset, names: tuple[str, ...], path: Path) -> xr.DataArray:
    for name in names:
        if name in raw.variables:
            return raw[name]
    raise ValueError(f"{path}: has none of the variables {names}; it has {sorted(map(str, raw.variables))}")


def _in_mole_fraction(array: xr.DataArray, path: Path) -> xr.DataArray:
    units = array.attrs.get("units")
    if not isinstance(units, str):
        raise ValueError(f"{path}: {array.name} has no units; a mole fraction was expected, as in ppm or 1e-9")
    return convert(array.astype(np.float64), units, "mol mol-1", f"{path}: {array.name}")


def _times(raw: xr.Dataset, path: Path) -> tuple[xr.DataArray, str]:
    """The times in UTC, and "day" where the file gives dates only."""
    time = _one_of(raw, ("time", "date"), path)
    units = str(time.attrs.get("units", ""))
    if " since " not in units:
        raise ValueError(f"{path}: {time.name} has units {units!r}; a count as 'seconds since 2022-09-05' was expected")
    values = time.values.astype(np.float64)
    only_days = units.strip().startswith("day") and bool((values[np.isfinite(values)] % 1 == 0).all())
    # A time that is its own coordinate cannot be a variable too: take the numbers apart from their labels.
    numbers = xr.Dataset({"decoded": (time.dims, time.values, time.attrs)})
    decoded = xr.decode_cf(numbers)["decoded"].astype("datetime64[ns]")
    if "delta_time" in raw:  # TROPOMI: a reference time, and milliseconds of each scan line since then
        offset = raw["delta_time"].drop_vars(list(raw["delta_time"].coords))
        if offset.attrs.get("units") != "milliseconds":
            raise ValueError(f"{path}: delta_time has units {offset.attrs.get('units')!r}, 'milliseconds' was expected")
        known = np.isfinite(offset.values)
        shift = np.where(known, np.round(np.where(known, offset.values, 0.0)), 0).astype("timedelta64[ms]")
        decoded = (decoded + offset.copy(data=shift)).where(offset.notnull())
        only_days = False
    return decoded, "day" if only_days else "second"


def _good(raw: xr.Dataset, product: _Product, min_quality: float, flat: Any) -> NDArray[np.bool_]:
    """Which soundings their product itself calls good."""
    if product.quality and product.quality in raw:
        # qa_value is packed in hundredths, and unpacking in float32 turns 0.5 into a little less.
        return np.asarray(np.round(flat(raw[product.quality]).astype(np.float64), 6) >= min_quality)
    if product.flag and product.flag in raw:
        return np.asarray(flat(raw[product.flag]) == 0)
    return np.ones(1, dtype=np.bool_)


def _day_orbit(attrs: dict[str, Any]) -> str | None:
    said = " ".join(str(attrs.get(name, "")) for name in ("platform", "sensor", "source")).upper()
    found = {orbit for word, orbit in _DAY_ORBITS.items() if word in said}
    return found.pop() if len(found) == 1 else None
