"""The same world in memory, and as real files of either version through `stage` and `trace`: the same summary."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import worlds
import xarray as xr

from gasquake import simulate, study
from gasquake.cli import main
from gasquake.places import Region
from gasquake.study import output

pytestmark = pytest.mark.usefixtures("quick_disk")

REGION = Region(99.0, 27.0, 105.0, 32.0)
#: What so few days allow. The files are global, and hold nothing beyond the region.
SETTINGS: dict[str, Any] = {
    "region": {"west": 99.0, "south": 27.0, "east": 105.0, "north": 32.0},
    "anomaly": {"min_years": 2, "min_count": 6, "half_width_days": 15},
    "profile": {"shape": "assumed"},
    "placebo": {"min_distance_km": 100.0, "margin_degrees": 0.0},
}
DAYS = ["08-07", "08-11", "08-20", "08-26", "08-31", "09-04", "09-05", "09-06"]


@pytest.fixture(scope="module")
def world() -> simulate.SimulatedScene:
    return simulate.luding(years=2, region=REGION)


@pytest.fixture(scope="module")
def few(world: simulate.SimulatedScene) -> xr.Dataset:
    """Eight days of each of three years, without the kernels that no AIRS file holds."""
    cube = world.cube.drop_vars(["co_kernel", "ch4_kernel", "level_true"])
    return cube.isel(time=np.flatnonzero(np.isin(cube["time"].dt.strftime("%m-%d"), DAYS)))


@pytest.fixture(scope="module")
def in_memory(world: simulate.SimulatedScene, few: xr.Dataset) -> dict[str, Any]:
    config = worlds.config_of(world.event, Path("unused"), **SETTINGS)
    found: dict[str, Any] = output.plain(study.summarise(study.run(config, cube=few)))
    return found


def traced(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(arguments, prog_name="gasquake")
    told = capfd.readouterr()
    return int(ended.value.code or 0), json.loads(told.out) if told.out else {}, told.err


@pytest.mark.timeout(300)
@pytest.mark.parametrize("version", [7, 6])
def test_the_same_summary(
    version: int, world: simulate.SimulatedScene, few: xr.Dataset, in_memory: dict[str, Any], tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    pytest.importorskip("pyhdf" if version == 7 else "h5netcdf")
    paths = simulate.write_granules(few, tmp_path / "airs", version=version)
    region = ["--region", "99", "27", "105", "32"]
    code, found, _ = traced(
        ["stage", str(tmp_path / "airs"), "--out", str(tmp_path / "a.zarr"), *region, "--json"], capfd
    )
    assert (code, found["staged"]) == (0, len(paths))

    settings = worlds.settings_of(world.event, Path("out"), **SETTINGS, gas={"path": "a.zarr"})
    event = tmp_path / "event.toml"
    event.write_text(worlds.toml(settings))
    code, of_cube, _ = traced(["trace", str(event), "--json", "-q"], capfd)
    assert code == 0
    assert of_cube["inputs"]["days"] == len(paths) == 24
    assert {k for k in of_cube if of_cube[k] != in_memory[k]} <= {"inputs"}
    # Something was seen, so that "the same" says something.
    days = of_cube["profiles"]["ch4"]["ascending"]["epicentre"]["days"]
    assert "ROOTED" in {day["verdict"] for day in days}

    if version != 6:
        return
    # Some of the granules themselves, one of them cut short, one of another kind, and a stray note among them.
    few_files = tmp_path / "few"
    few_files.mkdir()
    for path in paths[-8:]:
        shutil.copy(path, few_files)
    cut = few_files / paths[-8].name
    cut.write_bytes(cut.read_bytes()[:3000])
    foreign = few_files / paths[-7].name
    few[["topography"]].to_netcdf(foreign, engine="h5netcdf")
    settings["gas"]["path"] = "few"
    settings["anomaly"] = {"baseline": "rolling", "window_days": 5}
    event.write_text(worlds.toml(settings))
    code, found, log = traced(["trace", str(event), "--json", "-q", "--out", str(tmp_path / "out2")], capfd)
    assert code == 3
    assert found["inputs"]["days"] == 6
    assert {Path(r["path"]).name for r in found["inputs"]["refused"]} == {cut.name, foreign.name}
    for path in (cut, foreign):
        assert f"refused {path}: " in log
    assert "Traceback" not in log
    # The same words wherever a reader meets them, the library's own last and only once.
    [reason] = (r["reason"] for r in found["inputs"]["refused"] if Path(r["path"]) == cut)
    told, _, words = reason.removesuffix(")").partition(" (the library's words: ")
    assert told == "the file is damaged or cut short: the HDF5 library could not open it; download it again"
    assert f"refused {cut}: {reason}\n" in log
    assert found["inputs"]["refused"] == json.loads((tmp_path / "out2" / "provenance.json").read_text())["refused"]
    for arguments in (["inspect", str(cut)], ["stage", str(cut), "--out", str(tmp_path / "none.zarr")]):
        code, _, log = traced(arguments, capfd)
        assert code == 1
        assert log.endswith(f"{reason}\n")
        assert log.count(words) == 1
