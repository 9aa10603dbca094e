"""Pages whose examples run on real files are skipped where those are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL = {"boumerdes2003.md"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what cannot run, and say why."""
    folder = Path(os.environ.get("GASQUAKE_SHARED_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
    if not folder.is_dir():
        absent = pytest.mark.skip(reason=f"the real files are not at {folder}; GASQUAKE_SHARED_DATA may say where")
        for item in items:
            if item.path.name in REAL:
                item.add_marker(absent)
