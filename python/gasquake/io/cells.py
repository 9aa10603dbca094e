"""The part of an AIRS file's grid that is read, and the reading of a field over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gasquake.errors import GranuleError
from gasquake.io import products
from gasquake.io.layout import Layout
from gasquake.io.worker import DataFile, is_missing
from gasquake.places import Region

__all__ = ["Cells"]


class Cells:
    """The part of the file's grid that is read, and the reading of a field over it.

    The file's rows may run north to south: they are read as they lie and turned around here, once.

    Parameters
    ----------
    file : DataFile
        The open file.
    layout : Layout
        Where things are in it.
    region : Region, optional
        Cells whose centres lie in it; all by default.

    Attributes
    ----------
    rows, columns, levels : ndarray of int
        Indices in the file, in the order of the result: latitudes ascending; longitudes ascending, or from the
        region's western edge on; surface first.
    lat, lon : ndarray of float64
        Coordinates of the rows and columns; longitudes in [-180, 180), or on the region's turn.
    """

    def __init__(self, file: DataFile, layout: Layout, region: Region | None) -> None:
        self.file, self.layout = file, layout
        if region is None:
            lon = (layout.lon + 180.0) % 360.0 - 180.0
            self.rows, self.columns = np.argsort(layout.lat), np.argsort(lon)
            self.lon = lon[self.columns]
        else:
            self.rows, self.columns = region.cells(layout.lon, layout.lat)
            self.lon = region.longitudes(layout.lon[self.columns])
        self.lat = layout.lat[self.rows]
        self.levels = np.argsort(-layout.level) if layout.level.size else np.arange(0)

    def read(self, name: str, field: products.Field, *, part: str = "") -> NDArray[np.float32]:
        """One field over the cells.

        Parameters
        ----------
        name : str
            Plain name.
        field : Field
            What it holds, for the check of its numbers.
        part : {"", "_ct", "_sdev"}
            The mean, the count or the standard deviation of the soundings.

        Returns
        -------
        ndarray of float32
            ([level,] lat, lon), missing as NaN.

        Raises
        ------
        GranuleError
            If it is absent, of another type or grid, or holds a number that it cannot be.
        """
        variable = self.layout.check(self.file, name)
        rank = len(variable.shape)
        lead = tuple((0, n) for n in variable.shape[: rank - 2])
        rows = (int(self.rows.min()), int(self.rows.max()) + 1)
        pieces = [self.file.read(variable.name, (*lead, rows, run)) for run in _runs(self.columns)]
        # The runs are put together in ascending columns, and then picked in the order wanted.
        raw = np.concatenate(pieces, axis=-1)
        columns = np.searchsorted(np.sort(self.columns), self.columns)
        raw = raw[..., self.rows - rows[0], :][..., columns]
        missing = is_missing(raw, variable.attributes, also=(products.FILL,) if raw.dtype.kind == "f" else ())
        low, high = {"": field.valid_range, "_ct": (0.0, 1e6), "_sdev": (0.0, field.valid_range[1])}[part]
        with np.errstate(invalid="ignore", over="ignore"):
            values: NDArray[np.float32] = np.where(missing, np.nan, raw).astype(np.float32)
            wrong = (values < low) | (values > high)
        if wrong.any():
            raise GranuleError(
                self.file.path,
                f"the file is damaged: {wrong.sum()} of {wrong.size} values of {name} lie outside {low:g}..{high:g} "
                f"{field.units}, as {values[wrong][0]:g}",
            )
        if rank > 2 and variable.shape[-3] == self.levels.size and self.levels.size:
            values = values.reshape(values.shape[-3:])[self.levels]
        return values


def _runs(columns: NDArray[np.intp]) -> list[tuple[int, int]]:
    """The columns as runs of neighbours, in ascending order: two where the region lies across the grid's edge."""
    ordered = np.sort(columns)
    parts = np.split(ordered, np.flatnonzero(np.diff(ordered) > 1) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]
