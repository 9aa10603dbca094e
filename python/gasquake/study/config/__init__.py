"""What a study looks at and how, from one TOML file: validated before anything is read.

Parsing is tomllib's and validation pydantic's. Every key that is not known is an error, since a misspelt threshold that
silently keeps its default would be worse than none. Paths are relative to the file that names them.
"""

from __future__ import annotations

from gasquake.study.config.file import StudyConfig, load_config
from gasquake.study.config.method import AnomalyConfig, OutputConfig, PlaceboConfig, ProfileConfig, TrackConfig
from gasquake.study.config.subject import EventConfig, GasConfig, RegionConfig, StagesConfig, StageWindow

__all__ = [
    "AnomalyConfig", "EventConfig", "GasConfig", "OutputConfig", "PlaceboConfig", "ProfileConfig", "RegionConfig",
    "StageWindow", "StagesConfig", "StudyConfig", "TrackConfig", "load_config",
]  # fmt: skip
