"""Earthquakes of the simulated years, and faults to draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gasquake.places import Event, distance_km
from gasquake.simulate.noise import generator
from gasquake.simulate.release import XIANSHUIHE
from gasquake.simulate.terrain import elevation

__all__ = ["FAULTS", "Fault", "background_catalogue"]

Fault = tuple[str, NDArray[np.float64], NDArray[np.float64]]

_LONGMENSHAN = ((102.2, 29.9), (103.4, 30.9), (104.4, 31.8), (105.6, 32.8))

#: Name, longitudes, latitudes of schematic traces.
FAULTS: tuple[Fault, ...] = tuple(
    (name, *np.array(trace).T.copy()) for name, trace in (("Xianshuihe", XIANSHUIHE), ("Longmenshan", _LONGMENSHAN))
)

_PER_YEAR_AND_DEGREE = 6.0 / 1008.0  # [D] six a year in the default region
_QUIET_KM, _QUIET_DAYS = 500.0, 30.0


def background_catalogue(
    event: Event, seed: int, years: range, lon: NDArray[np.float64], lat: NDArray[np.float64], /
) -> pd.DataFrame:
    """Earthquakes of magnitude 5 and more in the cells of a grid, and the event among them.

    Parameters
    ----------
    event : Event
        Within 500 km of it no other strikes from 30 days before it to 30 days after it.
    seed : int
        Of the world.
    years : range
        Whole years.
    lon, lat : ndarray
        Centres of the cells of a one-degree grid.

    Returns
    -------
    DataFrame
        A catalogue in the order of time.

    Notes
    -----
    [D] A Poisson process, denser where the land is high; magnitudes by Gutenberg and Richter with b = 1, to 7 at most.
    No clusters, no aftershocks of the event.
    """
    x, y = (axis.ravel() for axis in np.meshgrid(lon, lat))
    weight = 0.15 + elevation(x, y) / 4300.0
    found = []
    for year in years:
        rng = generator(seed, "catalogue", year)
        n = rng.poisson(_PER_YEAR_AND_DEGREE * x.size)
        start, end = (np.datetime64(f"{y}-01-01", "s") for y in (year, year + 1))
        where = rng.choice(x.size, n, p=weight / weight.sum())
        found.append(
            pd.DataFrame(
                {
                    "time": (start + rng.integers(0, (end - start).astype(int), n)).astype("datetime64[ns]"),
                    "longitude": (x[where] + rng.uniform(-0.5, 0.5, n)).round(3),
                    "latitude": (y[where] + rng.uniform(-0.5, 0.5, n)).round(3),
                    "depth_km": rng.uniform(5.0, 35.0, n).round(1),
                    "magnitude": np.minimum(5.0 + rng.exponential(1.0 / np.log(10.0), n), 7.0).round(1),
                    "magnitude_type": "Mw",
                    "event_id": [f"simulated-{year}-{i:03d}" for i in range(n)],
                }
            )
        )
    own = {
        "time": pd.Timestamp(event.time), "longitude": event.longitude, "latitude": event.latitude,
        "depth_km": event.depth_km, "magnitude": event.magnitude, "magnitude_type": event.magnitude_type,
        "event_id": event.event_id,
    }  # fmt: skip
    catalogue = pd.concat(found, ignore_index=True)
    near = distance_km(event.longitude, event.latitude, catalogue["longitude"], catalogue["latitude"]) < _QUIET_KM
    soon = (catalogue["time"] - pd.Timestamp(event.time)).abs() <= pd.Timedelta(days=_QUIET_DAYS)
    catalogue = pd.concat([catalogue.loc[~(near & soon)], pd.DataFrame([own])], ignore_index=True)
    catalogue["time"] = catalogue["time"].astype("datetime64[ns]")
    catalogue.attrs["simulated"] = 1
    return pd.DataFrame(catalogue.sort_values(["time", "event_id"], ignore_index=True))
