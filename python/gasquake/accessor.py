"""``ds.gasquake``: the calculations of this package as methods of a gas cube. Importing this module registers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from gasquake import anomalies, profiles, stages
from gasquake.places import Region

__all__ = ["GasCube"]


@xr.register_dataset_accessor("gasquake")  # type: ignore[no-untyped-call]
class GasCube:
    """A gas cube with the methods of gasquake.

    Nothing is registered before ``import gasquake.accessor``, so that importing gasquake leaves xarray as it is.

    Parameters
    ----------
    cube : Dataset
        A gas cube: gases on (time, orbit, level, lat, lon).

    Examples
    --------
    >>> import gasquake.accessor
    >>> from gasquake import simulate
    >>> scene = simulate.luding(years=0, region=Region(101.0, 29.0, 104.0, 31.0))
    >>> scene.cube.gasquake.gases
    ['co', 'ch4']
    >>> scene.cube.gasquake.dry_mole_fraction("co").dims
    ('time', 'orbit', 'lat', 'lon')
    """

    def __init__(self, cube: xr.Dataset) -> None:
        self._cube = cube

    @property
    def gases(self) -> list[str]:
        """The gases that the cube holds.

        Returns
        -------
        list of str
            Of "co", "ch4", "co2" and "o3".
        """
        return [name for name in ("co", "ch4", "co2", "o3") if name in self._cube]

    def select(self, region: Region, /) -> xr.Dataset:
        """The cells of a region.

        Parameters
        ----------
        region : Region
            May lie across 180 degrees.

        Returns
        -------
        Dataset
            As `gasquake.places.Region.select`.
        """
        return region.select(self._cube)

    def dry_mole_fraction(self, gas: str, /) -> xr.DataArray:
        """Column-mean mole fraction of a gas.

        Parameters
        ----------
        gas : str
            As "co".

        Returns
        -------
        DataArray
            As `gasquake.profiles.dry_mole_fraction`.
        """
        return profiles.dry_mole_fraction(self._cube, gas)[f"x{gas}"]

    def rolling_zscore(self, gas: str, window: int, /, **options: Any) -> xr.Dataset:
        """Anomaly of a gas against the days before.

        Parameters
        ----------
        gas : str
            As "co".
        window : int
            Days.
        **options
            As for `gasquake.anomalies.rolling_zscore`.

        Returns
        -------
        Dataset
            As `gasquake.anomalies.rolling_zscore`.
        """
        return anomalies.rolling_zscore(self._cube[gas], window, **options)

    def seasonal_zscore(self, gas: str, /, **options: Any) -> xr.Dataset:
        """Anomaly of a gas against the same season of other years.

        Parameters
        ----------
        gas : str
            As "co".
        **options
            As for `gasquake.anomalies.seasonal_zscore`.

        Returns
        -------
        Dataset
            As `gasquake.anomalies.seasonal_zscore`.
        """
        return anomalies.seasonal_zscore(self._cube[gas], **options)

    def scan_profiles(self, found: xr.Dataset, /, **options: Any) -> xr.Dataset:
        """Judge profiles of an anomaly above the ground of this cube.

        Parameters
        ----------
        found : Dataset
            With ``zscore``, from `rolling_zscore` or `seasonal_zscore`.
        **options
            As for `gasquake.profiles.scan_profiles`.

        Returns
        -------
        Dataset
            As `gasquake.profiles.scan_profiles`.
        """
        ground = self._cube.get("surface_pressure")
        return profiles.scan_profiles(found["zscore"], surface_pressure=ground, **options)

    def stage_means(
        self, windows: Sequence[stages.Stage], /, *, longitude: float, origin_time: np.datetime64 | None = None
    ) -> xr.Dataset:
        """Mean of each gas in each stage.

        Parameters
        ----------
        windows : sequence of Stage
            As from `gasquake.stages.stages_from_preset`.
        longitude : float
            Of the epicentre, degrees.
        origin_time : datetime64, optional
            Of the earthquake.

        Returns
        -------
        Dataset
            As `gasquake.stages.stage_means`.
        """
        return stages.stage_means(self._cube, windows, longitude=longitude, origin_time=origin_time)
