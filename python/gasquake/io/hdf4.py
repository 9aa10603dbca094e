"""Any HDF4 file as a Dataset, as for MODIS land surface temperature."""

from __future__ import annotations

import os
from collections.abc import Sequence

import xarray as xr

from gasquake import _labelled
from gasquake.errors import GranuleError
from gasquake.io.worker import open_data_file

__all__ = ["open_hdf4"]


def open_hdf4(path: str | os.PathLike[str], /, *, variables: Sequence[str] | None = None) -> xr.Dataset:
    """Read the scientific data sets of an HDF4 file, with fill values, scales and offsets decoded.

    Parameters
    ----------
    path : path-like
        The file. It is read in a process of its own, which a damaged file may kill.
    variables : sequence of str, optional
        Which data sets; all by default.

    Returns
    -------
    Dataset
        In memory, with the file's own names of variables and dimensions (as "YDim:MODIS_Grid_Daily_1km_LST").
        Variables with a scale or a fill value are floats, NaN where missing.

    Raises
    ------
    GranuleError
        If the file is missing, damaged or no HDF4, or has no such data set.
    ImportError
        If pyhdf is not installed.

    Notes
    -----
    Decoded as CF has it, value = scale_factor * stored + add_offset, which is also what MODIS means; the HDF4 manual's
    own convention, scale_factor * (stored - add_offset), differs where there is an offset.

    Examples
    --------
    >>> modis = open_hdf4("MOD11A1.hdf", variables=["LST_Day_1km"])  # doctest: +SKIP
    """
    with open_data_file(path) as file:
        if file.format != "hdf4":
            raise GranuleError(file.path, f"it is no HDF4 file, but {file.format}")
        wanted = list(file.shapes) if variables is None else list(variables)
        absent = [name for name in wanted if name not in file.shapes]
        if absent:
            raise GranuleError(file.path, f"it has no {absent[0]}; it has {', '.join(file.shapes)}")
        raw = {}
        sizes: dict[str, int] = {}
        for name in wanted:
            variable = file.variable(name)
            # HDF4 dimensions are names only: two of one name may differ in length.
            dims = [
                d if sizes.setdefault(d, n) == n else f"{d}_{n}"
                for d, n in zip(variable.dims, variable.shape, strict=True)
            ]
            raw[name] = xr.Variable(dims, file.read(name), variable.attributes)
        encoded = xr.Dataset(raw)
        try:
            decoded = xr.decode_cf(encoded, decode_times=False, decode_coords=False).load()
        except (ValueError, TypeError, OverflowError) as error:
            raise GranuleError(
                file.path, f"the file is damaged: its fill values, scales or offsets are no numbers (xarray: {error})"
            ) from None
    for array in decoded.variables.values():
        array.encoding = {}  # how HDF4 packed it is no advice on how to write it elsewhere
    decoded.attrs = {"source": file.path.name}
    decoded.attrs["history"] = _labelled.history(decoded, f"open_hdf4({file.path.name!r})")
    return decoded
