"""Settings shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "here", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, print_blob=True, database=None)
settings.register_profile("thorough", settings.get_profile("here"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "here"))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20220905)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files, which are not part of the project: beside it, or where the environment says."""
    folder = Path(
        os.environ.get("GASQUAKE_SHARED_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")
    ).resolve()
    if not folder.is_dir():
        pytest.skip(f"the real files are not at {folder}; GASQUAKE_SHARED_DATA may say where they are")
    return folder
