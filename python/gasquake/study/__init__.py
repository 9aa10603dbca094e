"""One earthquake traced from its data to a tested verdict.

`run` takes a configuration (`load_config` reads it from TOML) and returns a `StudyResult`; `write` leaves its files.
"""

from __future__ import annotations

from gasquake.study import _libraries  # noqa: F401
from gasquake.study.config import StudyConfig, load_config
from gasquake.study.demo import demo_config
from gasquake.study.pipeline import run
from gasquake.study.result import StudyResult
from gasquake.study.summary import summarise, write

__all__ = ["StudyConfig", "StudyResult", "demo_config", "load_config", "run", "summarise", "write"]
