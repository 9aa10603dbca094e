"""The command line: data on standard output, the log on standard error, and an exit code that tells."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import day_files
import jsonschema
import pytest
import stand_in
import worlds

from gasquake import simulate, staging, study
from gasquake.cli import main
from gasquake.simulate import SimulatedScene
from gasquake.study import output

pytestmark = pytest.mark.usefixtures("as_granules", "quick_disk")


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(a) for a in arguments], prog_name="gasquake")
        told = capfd.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0 if code is None else 1, told.out, told.err)

    return call


@pytest.fixture
def toml(archive: Path, scene: SimulatedScene, tmp_path: Path) -> Callable[..., Path]:
    """A configuration file for the archive; sections may be changed."""

    def write(**sections: Any) -> Path:
        defaults = {
            "gas": {"path": str(archive / "airs")},
            "placebo": {"min_distance_km": 100.0, "catalogue": str(archive / "quakes.csv")},
            "profile": {"shape": "assumed"},
            "output": {"directory": "out"},
        }
        merged = {name: {**defaults.get(name, {}), **sections.get(name, {})} for name in defaults.keys() | sections}
        path = tmp_path / "event.toml"
        path.write_text(worlds.toml(worlds.settings_of(scene.event, Path(), **merged)))
        return path

    return write


@pytest.fixture
def small_demo(monkeypatch: pytest.MonkeyPatch, scene: SimulatedScene, calm: SimulatedScene) -> None:
    """The demonstration in a smaller world and without figures."""

    def luding(*, amplitude: float, kernel: str, seed: int) -> SimulatedScene:
        assert kernel == "identity"
        return calm if amplitude == 0 else scene

    def demo_config(event: Any, /, *, seed: int, directory: Path) -> study.StudyConfig:
        return worlds.config_of(event, directory)

    monkeypatch.setattr("gasquake.simulate.luding", luding)
    monkeypatch.setattr("gasquake.study.demo_config", demo_config)


COMMANDS = ["demo", "trace", "stage", "inspect", "doctor"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(run: Callable[..., Ran], command: str) -> None:
    found = run(command, "--help")
    assert found.code == 0
    assert "Example:" in found.out
    assert f"\n    gasquake {command}" in found.out.replace("\r", "")
    assert found.err == ""


def test_every_command_is_listed(run: Callable[..., Ran]) -> None:
    found = run("--help")
    assert all(command in found.out for command in COMMANDS)
    assert set(main.commands) == set(COMMANDS)


def test_version(run: Callable[..., Ran]) -> None:
    assert run("--version").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("demo", "--amplitude", "-1"),
        ("demo", "--kernel", "perfect"),
        ("demo", "--seed", str(2**70)),
        ("trace",),
        ("trace", "nowhere.toml"),
        ("stage",),
        ("stage", "x.hdf"),
        ("stage", "x.hdf", "--out", "cube", "--gas", "so2"),
        ("stage", "x.hdf", "--out", "cube", "--gas", "co2"),
        ("stage", "x.hdf", "--out", "cube", "--region", "1", "2", "3"),
        ("inspect", "nowhere.hdf"),
    ],
)
def test_bad_arguments(run: Callable[..., Ran], tmp_path: Path, arguments: tuple[str, ...]) -> None:
    found = run(*arguments)
    assert found.code == 2
    assert found.out == ""
    assert "Error" in found.err


# --- doctor and inspect -----------------------------------------------------------------------------------------------


def test_doctor(run: Callable[..., Ran]) -> None:
    found = run("doctor", "--json")
    assert found.code == 0
    assert found.err == ""
    assert found.json["gasquake"]["threads"] >= 1
    assert found.json["gasquake"]["simd"]
    assert {"numpy", "pydantic", "zarr"} <= set(found.json["libraries"])
    assert "study" in found.json["extras"]
    assert "simd" in run("doctor").out


def test_doctor_names_what_is_missing(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    true = metadata.version

    def version(name: str) -> str:
        if name == "zarr":
            raise metadata.PackageNotFoundError(name)
        return true(name)

    monkeypatch.setattr("gasquake.cli.metadata.version", version)
    found = run("doctor", "--json").json
    assert found["libraries"]["zarr"] == "not installed"
    assert found["extras"]["study"].startswith("without zarr")


def test_inspect_what_is_no_granule(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "notes.hdf"
    path.write_text("no granule")
    for arguments in (("inspect", path), ("inspect", path, "--json"), ("inspect", tmp_path)):
        found = run(*arguments)
        assert found.code == 1
        assert found.out == ""
        assert str(arguments[1]) in found.err
        assert "Traceback" not in found.err


def test_inspect(run: Callable[..., Ran], tmp_path: Path, scene: SimulatedScene) -> None:
    path = tmp_path / "fields.nc"
    worlds.NEAR.select(scene.cube)[["co"]].isel(time=[0]).to_netcdf(path, engine="h5netcdf")
    found = run("inspect", path, "--json")
    assert found.code == 0
    assert {v["name"] for v in found.json["variables"]} >= {"co"}
    assert "co" in run("inspect", path).out


def test_inspect_for_a_reader(run: Callable[..., Ran], scene: SimulatedScene, staged: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyhdf")
    told = run("inspect", *simulate.write_granules(scene.cube.isel(time=[0]), tmp_path)).out
    assert "\nlat: 89.5 to -89.5, step -1\n" in told
    assert "\nlevels: 1000, 925, 850" in told
    assert "  ascending: 20" in told
    assert "along YDim:ascending (180) x XDim:ascending (360), dtype f4, missing " in told
    assert " %\n" in told
    cube = run("inspect", staged)
    assert cube.code == 1
    assert "a staged cube, no file; gas.path of a configuration takes it" in cube.err


# --- demo -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_demo")
def test_demo(run: Callable[..., Ran], tmp_path: Path) -> None:
    found = run("demo", "--out", tmp_path / "demo")
    assert found.code == 0
    lines = found.out.splitlines()
    assert "rooted at the ground more than chance" in lines[0]
    assert "simulated" in found.out
    assert "2022-08-23" in found.out
    assert lines[-1] == f"results: {tmp_path / 'demo'}"
    assert "  ! simulated data: no satellite saw any of this" in lines
    assert (tmp_path / "demo" / "summary.json").is_file()
    # No terminal: plain lines with the seconds, and no codes that move a cursor.
    assert found.err.startswith("[")
    assert "\x1b" not in found.err + found.out
    assert "simulating" not in found.out


@pytest.mark.usefixtures("small_demo")
def test_demo_without_a_release(run: Callable[..., Ran], tmp_path: Path) -> None:
    found = run("demo", "--amplitude", 0, "--out", tmp_path / "demo", "--json", "--quiet")
    assert found.code == 0
    assert found.err == ""
    jsonschema.validate(found.json, output.summary_schema())
    assert found.json["verdict"]["finding"] == "NONE"
    assert found.json["truth"]["amplitude"] == 0
    assert found.json == json.loads((tmp_path / "demo" / "summary.json").read_text())


@pytest.mark.usefixtures("small_demo")
def test_demo_where_nothing_can_be_written(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = run("demo", "--out", tmp_path / "file" / "demo")
    assert found.code == 2
    assert str(tmp_path / "file" / "demo") in found.err
    assert "simulating" not in found.err  # told before the work


# --- trace ------------------------------------------------------------------------------------------------------------


def test_trace(run: Callable[..., Ran], toml: Callable[..., Path], staged: Path, tmp_path: Path) -> None:
    found = run("trace", toml())
    assert found.code == 0
    assert "rooted at the ground more than chance" in found.out.splitlines()[0]
    assert "assumed by the configuration" in found.out
    assert "staging granules: 287 of 287" in found.err
    assert "\x1b" not in found.err + found.out
    of_granules = json.loads((tmp_path / "out" / "summary.json").read_text())
    of_cube = run("trace", toml(gas={"path": str(staged)}), "--json", "-q").json
    assert of_cube.pop("inputs")["kind"] == "cube"
    assert of_granules.pop("inputs")["kind"] == "granules"
    assert of_cube == of_granules


def test_trace_to_another_folder(
    run: Callable[..., Ran], toml: Callable[..., Path], staged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = run("trace", toml(gas={"path": str(staged)}), "--out", "elsewhere", "--json", "-q")
    assert found.code == 0
    assert found.err == ""
    assert found.json["inputs"]["kind"] == "cube"
    assert (tmp_path / "elsewhere" / "summary.json").is_file()
    assert not (tmp_path / "out").exists()


def test_one_damaged_granule_among_many(
    run: Callable[..., Ran], toml: Callable[..., Path], archive: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "airs"
    folder.mkdir()
    for granule in (archive / "airs").glob("AIRS.2022.*"):
        shutil.copy(granule, folder)
    damaged = sorted(folder.iterdir())[12]
    (folder / "readme.txt").write_text("what lies beside granules is none, and not worth a word")
    damaged.write_bytes(damaged.read_bytes()[:200])
    path = toml(gas={"path": "airs"})
    found = run("trace", path, "--json", "-q")
    assert found.code == 3
    assert found.err.count("\n") == 1
    assert str(damaged) in found.err
    assert "damaged" in found.err
    assert found.json["inputs"]["days"] == 40
    assert [r["path"] for r in found.json["inputs"]["refused"]] == [str(damaged)]
    assert any("1 input file(s)" in limit for limit in found.json["verdict"]["limits"])
    refused = json.loads((tmp_path / "out" / "provenance.json").read_text())["refused"]
    assert refused == found.json["inputs"]["refused"]


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"profile": {"treshold": 2.0}}, "profile.treshold: no such key"),
        ({"gas": {"path": "nowhere/*.hdf"}}, "gas.path"),
        ({"gas": {"gases": ["co2"]}}, "gas"),
        ({"gas": {"path": "staged", "orbits": ["all"]}}, "gas.orbits"),
        ({"gas": {"source": "cube"}}, "gas.path"),
        ({"placebo": {"catalogue": "nowhere.csv"}}, "placebo.catalogue"),
        ({"track": {"roti": "nowhere.csv"}}, "track.roti"),
        ({"region": {"west": 0.0, "east": 5.0}, "event": {"longitude": 2.0}}, "region: no cell"),
        ({"region": {"west": 0.0, "east": 5.0}}, "region: the event"),
        ({"output": {"directory": "event.toml"}}, "output.directory"),
    ],
)
def test_a_configuration_that_does_not_fit(
    run: Callable[..., Ran], toml: Callable[..., Path], staged: Path, sections: dict[str, Any], told: str
) -> None:
    if sections.get("gas", {}).get("path") == "staged":
        sections = {"gas": {**sections["gas"], "path": str(staged)}}
    found = run("trace", toml(**sections), "--json")
    assert found.code == 2
    assert found.out == ""
    assert told in found.err
    assert "Traceback" not in found.err


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"gas": {"path": "nowhere/*.hdf"}}, "gas.path: "),
        ({"gas": {"gases": ["co2"]}}, "gas.gases: granules of AIRS level 3 have co, ch4, o3, not co2; CO2 comes from"),
        ({"gas": {"orbits": ["all"]}}, "gas.orbits: "),
        ({"region": {"west": 101.4, "east": 102.6, "south": 29.2, "north": 29.9}}, "region: only 1 by 2 cells"),
        ({"region": {"west": 0.0, "east": 5.0}, "event": {"longitude": 2.0}}, "region: no cell"),
    ],
)
def test_what_is_told_at_once_leaves_no_folder(
    run: Callable[..., Ran], toml: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    sections: dict[str, Any], told: str,
) -> None:  # fmt: skip
    read: list[Path] = []

    def reader(path: Path, /, **choice: Any) -> Any:
        read.append(path)
        return day_files.read(path, **choice)

    monkeypatch.setattr("gasquake.staging.open_airs", reader)
    path = toml(**sections, output={"directory": "deep/out"})
    found = run("trace", path)
    assert found.code == 2
    assert f"error: {told}" in found.err
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert len(read) <= 3  # of 287


def test_a_damaged_granule_does_not_hide_what_is_wrong(
    run: Callable[..., Ran], toml: Callable[..., Path], archive: Path, tmp_path: Path
) -> None:
    """The region is held against the first granule that can be read."""
    shutil.copytree(archive / "airs", tmp_path / "airs")
    sorted((tmp_path / "airs").iterdir())[0].write_bytes(b"<html>")
    region = {"west": 101.4, "east": 102.6, "south": 29.2, "north": 29.9}
    found = run("trace", toml(gas={"path": "airs"}, region=region))
    assert (found.code, "region: only 1 by 2 cells" in found.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_results_of_another_earthquake(
    run: Callable[..., Ran], toml: Callable[..., Path], staged: Path, tmp_path: Path
) -> None:
    """What lies in the folder afterwards is of one run, and of an event that was replaced it is told."""
    out, gas = tmp_path / "out", {"path": str(staged)}
    assert run("trace", toml(gas=gas), "-q").err == ""
    (out / "figures").mkdir()
    for name in ("column_co.png", "stages_ch4_ascending.png", "placebos.png", "mine.png"):
        (out / "figures" / name).write_bytes(b"a picture")
    page = '<!doctype html><meta name="generator" content="gasquake 0.1"><title>of the earlier run</title>'
    (out / "report.html").write_text(page)
    (out / "notes.txt").write_text("mine")
    kept = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    failed = run("trace", toml(gas=gas, stages={"tested": ["never"]}))
    assert failed.code == 2
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == kept

    again = run("trace", toml(gas=gas), "-q")
    assert (again.code, again.err) == (0, "")  # the same earthquake
    assert not (out / "report.html").exists()
    assert [path.name for path in (out / "figures").iterdir()] == ["mine.png"]
    assert (out / "notes.txt").read_text() == "mine"

    (out / "report.html").write_text("<title>my own</title>")
    (out / "figures" / "mine.png").unlink()
    (out / "figures" / "helix_co.png").write_bytes(b"a picture")
    other = run("trace", toml(gas=gas, event={"longitude": 101.5, "name": "another"}), "-q")
    assert other.code == 0
    time = json.loads((out / "summary.json").read_text())["event"]["time"]
    assert other.err == f"! results of Luding (simulated) ({time}) in {out} were replaced\n"
    assert (out / "report.html").read_text() == "<title>my own</title>"
    assert not (out / "figures").exists()


def test_a_path_that_holds_no_granules(
    run: Callable[..., Ran], toml: Callable[..., Path], archive: Path, tmp_path: Path
) -> None:
    """The folder of a finished study, or any other: what it holds and what to give instead."""

    def told(path: object) -> str:
        found = run("trace", toml(gas={"path": str(path)}), "-q", "--out", tmp_path / "second")
        assert (found.code, found.out) == (2, "")
        assert not (tmp_path / "second").exists()
        return found.err

    assert run("trace", toml(), "-q").code == 0
    out = tmp_path / "out"
    cube = out / ".work" / "cube.zarr"
    words = "of a finished study, no granules; give what that study was made from: its granules, or the cube"
    assert told(out) == f"error: gas.path: {out} holds the results {words} that they were staged into: {cube}\n"
    assert told(out / "products.nc").startswith(f"error: gas.path: {out / 'products.nc'} is a result {words}")
    assert run("trace", toml(gas={"path": str(cube)}), "-q", "--out", tmp_path / "of_cube").code == 0
    shutil.rmtree(out / ".work")
    assert told(out).endswith("its granules\n")

    notes = tmp_path / "notes"
    (notes / "more").mkdir(parents=True)
    for name in ("a.csv", "b.csv", "c.txt", "README"):
        (notes / name).write_text("x")
    assert f"no file in the folder {notes} ends in .h5, " in told(notes)
    assert "it holds 2 .csv, 1 " in told(notes)
    assert run("stage", archive / "airs", "--out", notes / "a.zarr", "-q").code == 0
    assert told(notes).endswith(f"give the cube itself: {notes / 'a.zarr'}\n")
    # Granules beside results are granules.
    shutil.copytree(archive / "airs", out / "airs")
    assert run("trace", toml(gas={"path": str(out / "airs")}), "-q").code == 0


def test_not_one_granule_can_be_read(run: Callable[..., Ran], toml: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "airs").mkdir()
    for day in ("2022.09.01", "2022.09.02"):
        (tmp_path / "airs" / f"AIRS.{day}.L3.RetStd_IR001.v7.0.7.0.G22249120000.hdf").write_text("x")
    found = run("trace", toml(gas={"path": "airs"}))
    assert found.code == 1
    assert found.out == ""
    assert "none of 2 can be staged" in found.err
    assert not (tmp_path / "out").exists()


def test_inputs_that_are_not_there_are_told_together(run: Callable[..., Ran], toml: Callable[..., Path]) -> None:
    found = run("trace", toml(gas={"path": "nowhere/*.hdf"}, placebo={"catalogue": "no.csv"}, track={"roti": "no.csv"}))
    assert found.code == 2
    assert "3 inputs are not there:" in found.err
    assert all(key in found.err for key in ("gas.path: ", "placebo.catalogue: ", "track.roti: "))


def test_another_date_is_told_before_granules_are_staged(
    run: Callable[..., Ran], toml: Callable[..., Path], tmp_path: Path
) -> None:
    for time in ("2030-09-05T04:52:18Z", "2022-03-05T04:52:18Z"):
        found = run("trace", toml(event={"time": time}), "-q")
        assert found.code == 2
        assert "stages: no day of the data" in found.err
        assert not (tmp_path / "out").exists()


def test_resume_with_another_region(run: Callable[..., Ran], toml: Callable[..., Path]) -> None:
    assert run("trace", toml(), "-q").code == 0
    found = run("trace", toml(placebo={"margin_degrees": 0.0}), "-q", "--resume")
    assert found.code == 2
    assert "was staged with region " in found.err
    assert "leave out --resume" in found.err


@pytest.mark.parametrize(
    ("command", "how"),
    [("trace", "with --resume, granules"), ("stage", "run it again to go on"), ("demo", "stopped")],
)
def test_stopped_by_the_user(
    run: Callable[..., Ran], toml: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    command: str, how: str,
) -> None:  # fmt: skip
    def stopped(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gasquake.study.run", stopped)
    monkeypatch.setattr("gasquake.staging.stage", stopped)
    arguments = {"trace": (toml(),), "stage": ("x.hdf", "--out", tmp_path / "x"), "demo": ("--out", tmp_path / "x")}
    found = run(command, *arguments[command], "-q")
    assert found.code == 130
    assert found.err.startswith("stopped")
    assert how in found.err


def test_a_library_that_is_missing(
    run: Callable[..., Ran], toml: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ImportError('zarr is needed to stage; install the extra "study": pip install "gasquake[study]"')

    monkeypatch.setattr("gasquake.staging.stage", broken)
    found = run("trace", toml())
    assert found.code == 1
    assert "gasquake[study]" in found.err
    assert "Traceback" not in found.err


def test_figures_are_drawn_if_they_are_wanted(
    run: Callable[..., Ran], toml: Callable[..., Path], staged: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = pytest.importorskip("gasquake.report")
    drawn: list[Path] = []
    monkeypatch.setattr(report, "write", lambda result, folder, *, step: drawn.append(Path(folder)))
    path = toml(gas={"path": str(staged)}, output={"figures": True})
    assert run("trace", path, "-q").code == 0
    assert drawn == [tmp_path / "out"]


# --- stage ------------------------------------------------------------------------------------------------------------


def test_stage_and_stage_again(run: Callable[..., Ran], archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "airs.zarr"
    arguments = ("stage", archive / "airs" / "AIRS.2022.08.*", "--out", out, "--processes", 1, "--json")
    found = run(*arguments, "--gas", "co", "--gas", "ch4", "--region", 99, 27, 105, 32)
    assert found.code == 0
    assert found.json == {"out": str(out), "staged": 31, "skipped": 0, "duplicates": [], "refused": []}
    assert "staging granules: 31 of 31" in found.err
    again = run(*arguments, "--region", 99, 27, 105, 32)
    assert (again.json["staged"], again.json["skipped"]) == (0, 31)


def test_stage_with_one_that_is_damaged(run: Callable[..., Ran], archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "airs"
    folder.mkdir()
    for path in sorted((archive / "airs").iterdir())[:5]:
        shutil.copy(path, folder)
    damaged = sorted(folder.iterdir())[2]
    damaged.write_bytes(b"nothing")
    found = run("stage", folder, "--out", tmp_path / "airs.zarr")
    assert found.code == 3
    assert found.out == f"{tmp_path / 'airs.zarr'}: 4 granules staged, 0 already there, 1 refused\n"
    assert f"refused {damaged}: the file is damaged" in found.err
    only = run("stage", damaged, "--out", tmp_path / "other.zarr")
    assert only.code == 1
    assert str(damaged) in only.err


@pytest.mark.parametrize("stamp", ["22200000000", "22233999999"])
def test_twins_of_a_day(
    run: Callable[..., Ran], toml: Callable[..., Path], archive: Path, tmp_path: Path, stamp: str
) -> None:
    """A login page in place of a granule is named whatever its stamp, and a whole twin is counted as one."""
    folder = tmp_path / "airs"
    folder.mkdir()
    for path in sorted((archive / "airs").glob("AIRS.2022.*")):
        shutil.copy(path, folder)
    good = next(folder.glob("AIRS.2022.08.21.*"))
    bad = folder / stand_in.name_of("2022-08-21", stamp=stamp)
    bad.write_text("<html>log in</html>")
    first = next(folder.glob("AIRS.2022.08.20.*"))
    older = folder / stand_in.name_of("2022-08-20", stamp="20000000000")
    shutil.copy(first, older)
    n = len(list(folder.iterdir())) - 2

    found = run("stage", folder, "--out", tmp_path / "a.zarr", "-q")
    assert found.code == 3
    assert found.out == (
        f"{tmp_path / 'a.zarr'}: {n} granules staged, 0 already there, 1 refused, 1 of the same day as another\n"
    )
    assert found.err.splitlines() == [
        f"refused {bad}: the file is damaged",
        f"left out {older}: superseded by {first}, whose production stamp is later",
    ]
    assert good.name in staging.open_cube(tmp_path / "a.zarr")["granule_name"].values
    again = run("stage", folder, "--out", tmp_path / "a.zarr", "-q", "--json").json
    assert (again["staged"], again["skipped"]) == (0, n)
    assert [d["reason"] for d in again["duplicates"] if d["path"] == str(older)] == [
        f"the cube holds {first.name} of that day"
    ]

    traced = run("trace", toml(gas={"path": "airs"}), "-q", "--json")
    assert traced.code == 3
    assert traced.err.splitlines() == found.err.splitlines()
    assert [r["path"] for r in traced.json["inputs"]["refused"]] == [str(bad)]
    provenance = tmp_path / "out" / "provenance.json"
    twin = {"date": "2022-08-20", "used": first.name, "set_aside": [str(older)]}
    assert json.loads(provenance.read_text())["duplicates"] == [twin]
    # Gone on with, the cube holds the day: the whole twin is named as before, and the damaged one is not read again.
    assert run("trace", toml(gas={"path": "airs"}), "-q", "--resume").code in (0, 3)
    aside = {d["date"]: d for d in json.loads(provenance.read_text())["duplicates"]}
    assert aside["2022-08-20"] == twin


def test_many_twins_are_not_all_named(run: Callable[..., Ran], archive: Path, tmp_path: Path) -> None:
    shutil.copytree(
        archive / "airs", tmp_path / "b", ignore=lambda _, names: [n for n in names if ".2022.08." not in n]
    )
    found = run("stage", archive / "airs" / "AIRS.2022.08.*", tmp_path / "b", "--out", tmp_path / "a.zarr", "-q")
    assert found.code == 0
    assert "31 granules staged, 0 already there, 0 refused, 31 of the same day as another" in found.out
    lines = found.err.splitlines()
    assert len(lines) == 11
    assert "another copy of it" in lines[0]
    assert lines[-1] == "left out 21 more, each of the same day as another"


def test_stage_with_arguments_that_do_not_fit(run: Callable[..., Ran], archive: Path, tmp_path: Path) -> None:
    granule = sorted((archive / "airs").iterdir())[0]
    out = tmp_path / "airs.zarr"
    assert run("stage", granule, "--out", out).code == 0
    for arguments, told in [
        (("--out", out, "--gas", "co"), "was staged with gases co ch4, not co; give another name, or delete that cube"),
        (("--out", tmp_path / "no" / "cube"), "there is no"),
        (("--out", tmp_path), "no staged cube"),
        (("--out", tmp_path / "x", "--region", 10, 20, 30, 10), "north of the region"),
        (
            ("--out", tmp_path / "x", "--region", 119, 15, 85, 46),
            "--region: west = 119 and east = 85 make a region 326",
        ),
    ]:
        found = run("stage", granule, *arguments)
        assert found.code == 2, arguments
        assert told in found.err
        assert found.out == ""


def test_two_runs_at_one_cube(run: Callable[..., Ran], archive: Path, tmp_path: Path) -> None:
    from gasquake.staging._cube import working_folder

    granule = sorted((archive / "airs").iterdir())[0]
    with working_folder(tmp_path / "airs.zarr"):
        found = run("stage", granule, "--out", tmp_path / "airs.zarr")
    assert found.code == 1
    assert "another run" in found.err
    assert "Traceback" not in found.err
