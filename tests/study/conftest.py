"""Worlds and results that the tests of a study share: each is made once."""

from __future__ import annotations

import os

import day_files
import pytest
import worlds

from gasquake import simulate, staging, study


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


@pytest.fixture(scope="session")
def archive(scene: simulate.SimulatedScene, tmp_path_factory: pytest.TempPathFactory) -> worlds.Path:
    """A folder with a file of each day of the world, and the earthquakes beside it."""
    folder = tmp_path_factory.mktemp("archive")
    day_files.write(worlds.NEAR.select(scene.cube), folder / "airs")
    table = scene.catalogue.assign(time=scene.catalogue["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    table.to_csv(folder / "quakes.csv", index=False)
    return folder


@pytest.fixture
def as_granules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Day files stand in for granules."""
    monkeypatch.setattr("gasquake.staging.open_airs", day_files.read)


@pytest.fixture(scope="session")
def staged(archive: worlds.Path) -> worlds.Path:
    """The archive as one cube."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gasquake.staging.open_airs", day_files.read)
        patch.setattr(os, "fsync", lambda file: None)
        return staging.stage(archive / "airs", archive / "cube.zarr", n_processes=1).out
