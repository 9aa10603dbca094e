"""One earthquake traced from its data to a tested verdict.

`run` takes a configuration (`load_config` reads it from TOML) and returns a `StudyResult`; `write` leaves its files.
"""

from __future__ import annotations

from gasquake.study.config import StudyConfig, load_config
from gasquake.study.pipeline import StudyResult, run

__all__ = ["StudyConfig", "StudyResult", "load_config", "run"]
