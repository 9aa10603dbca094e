"""AIRS granules for xarray: ``xr.open_dataset(path, engine="gasquake-airs")``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xarray as xr
from xarray.backends import BackendEntrypoint

from gasquake.io import products
from gasquake.io.airs import open_airs
from gasquake.places import Region

__all__ = ["AirsBackend"]


class AirsBackend(BackendEntrypoint):
    """Opens AIRS level-3 granules and subsets as slices of a gas cube, as `gasquake.io.open_airs` does.

    Examples
    --------
    >>> xr.open_dataset("AIRS.2022.09.05.L3.RetStd_IR001.v7.0.9.3.G22249104515.hdf", engine="gasquake-airs",
    ...                 gases=["co"])  # doctest: +SKIP
    """

    description = "AIRS level-3 granules of versions 6 and 7, and their OPeNDAP and Giovanni subsets"
    open_dataset_parameters = ("filename_or_obj", "drop_variables", "gases", "region", "orbits", "grid", "with_counts")

    def open_dataset(  # type: ignore[override]
        self,
        filename_or_obj: str | os.PathLike[str],
        *,
        drop_variables: str | Iterable[str] | None = None,
        gases: Sequence[str] = ("co", "ch4"),
        region: Region | None = None,
        orbits: Sequence[str] = ("ascending", "descending"),
        grid: str = "standard",
        with_counts: bool = False,
    ) -> xr.Dataset:
        """Read a granule.

        Parameters
        ----------
        filename_or_obj : path-like
            The granule.
        drop_variables : str or iterable of str, optional
            Variables of the result to leave out.
        gases, region, orbits, grid, with_counts
            As for `gasquake.io.open_airs`.

        Returns
        -------
        Dataset
            In memory.
        """
        cube = open_airs(filename_or_obj, gases=gases, region=region, orbits=orbits, grid=grid, with_counts=with_counts)
        dropped = [drop_variables] if isinstance(drop_variables, str) else list(drop_variables or ())
        return cube.drop_vars(dropped, errors="ignore")

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Whether a file is named as an AIRS level-3 granule.

        Parameters
        ----------
        filename_or_obj : object
            What was given to ``xr.open_dataset``.

        Returns
        -------
        bool
            False for anything but such a path; other engines are then asked.
        """
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        return products.GRANULE_NAME.match(Path(filename_or_obj).name) is not None
