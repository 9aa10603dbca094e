"""The configuration of the demonstration, around whatever scene was simulated."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pandas as pd

from gasquake.places import Event
from gasquake.study.config import StudyConfig

__all__ = ["demo_config"]


def demo_config(event: Event, /, *, seed: int, directory: Path) -> StudyConfig:
    """What the demonstration asks of its simulated scene: the region of Zhao et al. (2022) and the default stages.

    Parameters
    ----------
    event : Event
        The simulated earthquake.
    seed : int
        Of nulls and bootstraps.
    directory : Path
        Where the results go.

    Returns
    -------
    StudyConfig
        With 199 draws of each spiral null, so that it takes seconds.
    """
    return StudyConfig.model_validate(
        {
            "event": {
                "name": event.name,
                "time": pd.Timestamp(event.time).to_pydatetime(warn=False).replace(tzinfo=UTC),
                "longitude": event.longitude,
                "latitude": event.latitude,
                "depth_km": event.depth_km,
                "magnitude": event.magnitude,
                "magnitude_type": event.magnitude_type,
                "id": event.event_id,
            },
            "region": {"west": 97.0, "south": 27.0, "east": 107.0, "north": 34.0},
            "gas": {"path": ["simulated"]},
            "track": {"n_null": 199},
            "output": {"directory": directory},
            "seed": seed,
        }
    )
