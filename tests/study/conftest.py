"""Worlds and results that the tests of a study share: each is made once."""

from __future__ import annotations

import os

import pytest
import worlds

from gasquake import simulate, study


@pytest.fixture(scope="session")
def scene() -> simulate.SimulatedScene:
    return worlds.scene()


@pytest.fixture(scope="session")
def calm() -> simulate.SimulatedScene:
    return worlds.scene(amplitude=0.0)


@pytest.fixture(scope="session")
def flat() -> simulate.SimulatedScene:
    """What an instrument with about one degree of freedom sees of the same release."""
    return worlds.scene(kernel="thermal-infrared")


@pytest.fixture(scope="session")
def result(scene: simulate.SimulatedScene) -> study.StudyResult:
    config = worlds.config_of(scene.event, worlds.Path("unused"))
    return study.run(config, cube=scene.cube, catalogue=scene.catalogue, truth=scene.truth.to_dict())


@pytest.fixture(scope="session")
def calm_result(calm: simulate.SimulatedScene) -> study.StudyResult:
    return worlds.trace(calm)


@pytest.fixture(scope="session")
def flat_result(flat: simulate.SimulatedScene) -> study.StudyResult:
    return worlds.trace(flat)


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is synced outlives a power cut, which no test here brings about; it is slow on a busy disk."""
    monkeypatch.setattr(os, "fsync", lambda file: None)
