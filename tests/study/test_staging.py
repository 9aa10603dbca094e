"""An archive becomes one cube: the same bytes however it came about, and never half a cube under its name."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import stand_in
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from gasquake.errors import GranuleError
from gasquake.io import granule_name, write_granule
from gasquake.io.products import LEVELS
from gasquake.places import Region
from gasquake.staging import StageReport, _stage, first_granule, open_cube, stage
from processes import environment

SLOW = os.environ.get("GASQUAKE_SLOW") == "1"
DATES = np.datetime64("2022-08-01") + np.array([0, 1, 2, 5, 20, 31, 32, 33, 60, 61, 90])  # days are missing
REGION = Region(100.0, -3.0, 200.0, 3.0)


def staged(
    granules, out, *, region=None, gases=("co", "ch4"), n_processes=1, resume=True, progress=None
) -> StageReport:
    return _stage(granules, out, region, gases, "standard", n_processes, resume, progress, stand_in.read)


def digest(folder: Path) -> str:
    """Of all names and bytes in a folder."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        whole.update(str(path.relative_to(folder)).encode() + b"\0")
        if path.is_file():
            whole.update(path.read_bytes())
    return whole.hexdigest()


@pytest.fixture(scope="module", autouse=True)
def without_sync():
    """What is synced outlives a power cut, which no test here brings about; it is slow on a busy disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        yield


@pytest.fixture
def as_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gasquake.staging.open_airs", stand_in.read)


@pytest.fixture(scope="module")
def granules(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return stand_in.archive(tmp_path_factory.mktemp("granules"), DATES)


@pytest.fixture(scope="module")
def whole(granules: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cube of all granules, made at once."""
    out = tmp_path_factory.mktemp("whole") / "cube.zarr"
    staged(granules, out)
    return out


# --- What is in it ----------------------------------------------------------------------------------------------------


def test_the_cube_holds_what_the_granules_hold(granules: list[Path], whole: Path) -> None:
    cube = open_cube(whole)
    wanted = xr.concat([stand_in.expected(date) for date in DATES], "time", data_vars="minimal", coords="minimal",
                       compat="override", join="exact", combine_attrs="override")  # fmt: skip
    assert cube.time.values.astype("datetime64[D]").tolist() == DATES.tolist()
    for name in ("co", "ch4", "surface_pressure", "topography"):
        assert cube[name].dims == wanted[name].dims
        assert cube[name].dtype == np.float32
        assert cube[name].attrs == wanted[name].attrs
        np.testing.assert_array_equal(cube[name], wanted[name])
    for name in ("orbit", "level", "lat", "lon", "window_start", "window_end"):
        np.testing.assert_array_equal(cube[name], wanted[name])
        assert cube[name].attrs == wanted[name].attrs
    assert cube.window_start.dtype == "datetime64[ns]"
    assert cube.sel(orbit="descending").sizes["time"] == DATES.size
    assert cube.granule_name.values.tolist() == [path.name for path in granules]
    assert cube.granule_size.values.tolist() == [path.stat().st_size for path in granules]
    assert cube.granule_sha256.values[3] == hashlib.sha256(granules[3].read_bytes()).hexdigest()
    assert set(cube.granule_version.values) == {"7.0.7.0"}
    assert cube.attrs["simulated"] == 1
    assert cube.attrs["granule_versions"] == "7.0.7.0: 11 days"
    assert "stage(" in cube.attrs["history"]
    assert "made on" not in cube.attrs["history"]


def test_it_is_opened_lazily_with_and_without_dask(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lazy = open_cube(whole)
    assert lazy.co.chunks is not None
    assert lazy.co.chunksizes["orbit"] == (1, 1)
    monkeypatch.setattr("gasquake.staging._cube.find_spec", lambda name: None)
    plain = open_cube(whole)
    assert plain.co.chunks is None
    assert not plain.co.variable._in_memory
    xr.testing.assert_identical(plain.load(), lazy.load())


def test_one_gas_of_a_region_across_180_degrees(granules: list[Path], tmp_path: Path) -> None:
    region = Region(140.0, -1.0, -140.0, 2.0)
    staged(granules[:3], tmp_path / "cube", region=region, gases=["ch4"])
    cube = open_cube(tmp_path / "cube")
    assert "co" not in cube
    assert cube.lon.values.tolist() == [150.5, 180.5, 210.5]
    for slot, date in enumerate(DATES[:3]):
        np.testing.assert_array_equal(cube.ch4[slot], region.select(stand_in.expected(date)).ch4[0])


def test_versions_are_noted_where_they_are_mixed(tmp_path: Path) -> None:
    paths = [stand_in.write(tmp_path, "2021-09-22"), stand_in.write(tmp_path, "2021-09-23", version="7.0.9.3")]
    staged(paths, tmp_path / "cube")
    cube = open_cube(tmp_path / "cube")
    assert cube.granule_version.values.tolist() == ["7.0.7.0", "7.0.9.3"]
    assert cube.attrs["granule_versions"] == "7.0.7.0: 1 days; 7.0.9.3: 1 days"
    assert "mixed" in cube.attrs["comment"]


# --- The same bytes, however it came about ----------------------------------------------------------------------------


@settings(max_examples=8)
@given(data=st.data())
def test_order_and_parts_do_not_matter(
    data: st.DataObject, granules: list[Path], whole: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mixed = data.draw(st.permutations(granules))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(mixed) - 1), max_size=3)))
    out = tmp_path_factory.mktemp("parts") / "cube.zarr"
    for start, stop in zip([0, *cuts], [*cuts, len(mixed)], strict=True):
        report = staged(mixed[start:stop], out)
        assert set(report.staged) == set(mixed[start:stop])
    assert digest(out) == digest(whole)
    assert [path.name for path in out.parent.iterdir()] == ["cube.zarr"]


def test_processes_do_not_matter(granules: list[Path], whole: Path, tmp_path: Path) -> None:
    seen = []
    report = staged(granules, tmp_path / "cube.zarr", n_processes=2, progress=lambda *done: seen.append(done))
    assert report.staged == tuple(granules)
    assert seen == [(n, len(granules)) for n in range(1, len(granules) + 1)]
    assert digest(tmp_path / "cube.zarr") == digest(whole)


def test_what_is_there_is_not_read_again(granules: list[Path], whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "cube.zarr"
    shutil.copytree(whole, out)
    before = os.stat(out / "zarr.json")
    report = _stage(granules, out, None, ("co", "ch4"), "standard", 1, True, None, None)  # a reader that cannot read
    assert report.staged == ()
    assert [skipped.path for skipped in report.skipped] == granules
    assert os.stat(out / "zarr.json").st_mtime_ns == before.st_mtime_ns


def test_anew_replaces_what_is_there(granules: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "cube.zarr"
    staged(granules, out)
    staged(granules[:2], out, gases=["co"], resume=False)
    assert "ch4" not in open_cube(out)
    assert open_cube(out).sizes["time"] == 2


# --- Several granules of a day, and bad ones --------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("at_once", [True, False])
def test_the_latest_production_counts(tmp_path: Path, order: tuple[int, ...], at_once: bool) -> None:
    stamps = ["22250000000", "22260000000", "22255000000"]
    paths = [stand_in.write(tmp_path, "2022-09-05", seed=n, stamp=stamp) for n, stamp in enumerate(stamps)]
    out = tmp_path / "cube"
    mixed = [paths[n] for n in order]
    reports = [staged(given_now, out) for given_now in ([mixed] if at_once else [[path] for path in mixed])]
    cube = open_cube(out)
    assert cube.granule_name.values.tolist() == [paths[1].name]
    np.testing.assert_array_equal(cube.co, stand_in.expected("2022-09-05", seed=1).co)
    told = [path for report in reports for path in (*report.staged, *(s.path for s in report.skipped))]
    assert sorted(told) == sorted(paths)  # each is accounted for


def test_an_earlier_production_stands_in_for_a_damaged_one(tmp_path: Path) -> None:
    good = stand_in.write(tmp_path, "2022-09-05", stamp="22250000000")
    bad = tmp_path / stand_in.name_of("2022-09-05", stamp="22260000000")
    bad.write_bytes(good.read_bytes()[:100])
    report = staged([bad, good], tmp_path / "cube")
    assert report.staged == (good,)
    assert [(r.path, r.reason) for r in report.refused] == [(bad, "the file is damaged")]


@pytest.mark.parametrize("n_processes", [1, 2])
def test_a_damaged_earlier_production_is_no_duplicate(tmp_path: Path, n_processes: int) -> None:
    """Whatever its stamp, a damaged twin is refused; a whole one is a duplicate, and the reason says by which rule."""
    bad = tmp_path / stand_in.name_of("2022-09-05", stamp="22240000000")
    bad.write_bytes(b"<html>log in</html>")
    older = stand_in.write(tmp_path, "2022-09-05", seed=1, stamp="22245000000")
    other_cells = stand_in.write(tmp_path, "2022-09-05", seed=1, stamp="22246000000", lat=stand_in.LAT[1:])
    named = stand_in.write(tmp_path, "2022-09-05", seed=2, stamp="22250000000", version="6.0.0.0")
    good = stand_in.write(tmp_path, "2022-09-05", seed=3, stamp="22250000000")
    far = stand_in.write(tmp_path, "2022-12-05")
    report = staged([tmp_path], tmp_path / "cube", n_processes=n_processes)
    assert report.staged == (good, far)
    assert {r.path for r in report.refused} == {bad, other_cells}
    assert {(s.path, s.reason, s.duplicate) for s in report.skipped} == {
        (older, f"superseded by {good}, whose production stamp is later", True),
        (named, f"superseded by {good}, whose name sorts last", True),
    }
    np.testing.assert_array_equal(open_cube(tmp_path / "cube").co[0], stand_in.expected("2022-09-05", seed=3).co[0])
    again = staged([good, tmp_path], tmp_path / "cube")
    assert [(s.path, s.reason) for s in again.skipped if not s.duplicate] == [
        (good, "the cube holds it"), (far, "the cube holds it")
    ]  # fmt: skip


@pytest.mark.usefixtures("as_stand_in")
def test_the_first_granule(granules: list[Path], tmp_path: Path) -> None:
    bad = tmp_path / stand_in.name_of("2022-07-01")
    bad.write_bytes(b"nothing")
    shutil.copy(granules[0], tmp_path / "aa.hdf")  # without a date in its name: looked into last
    found = first_granule([tmp_path, granules[3], granules[2]], region=REGION, gases=["co"])
    xr.testing.assert_identical(found, REGION.select(stand_in.expected(DATES[2]).drop_vars("ch4")))
    with pytest.raises(GranuleError, match="none of 1 can be staged; this one: the file is damaged"):
        first_granule([bad])
    with pytest.raises(GranuleError, match="there is no such file"):
        first_granule(tmp_path / "absent.hdf")
    with pytest.raises(ValueError, match="granules is empty"):
        first_granule([])
    with pytest.raises(ValueError, match="gases must be"):
        first_granule(granules, gases=["so2"])


def test_a_region_off_the_archive_is_found_soon(granules: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    def reader(path, /, **choice):
        seen.append(path)
        try:
            return stand_in.read(path, **choice)
        except ValueError as error:
            raise GranuleError(path, str(error)) from error

    monkeypatch.setattr("gasquake.staging.open_airs", reader)
    with pytest.raises(GranuleError, match=r"none of 3 can be staged.*no cell lies in the region"):
        first_granule(granules, region=Region(0.0, 60.0, 5.0, 65.0))
    assert seen == granules[:3]


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = stand_in.write(tmp_path, "2022-09-05")
    staged([path], tmp_path / "cube")
    stand_in.write(tmp_path, "2022-09-05", seed=10**9)
    with path.open("ab") as file:
        file.write(b"\0" * 7)  # another size; zip archives do not mind
    assert staged([path], tmp_path / "cube").staged == (path,)
    np.testing.assert_array_equal(open_cube(tmp_path / "cube").co, stand_in.expected("2022-09-05", seed=10**9).co)


@pytest.mark.parametrize("n_processes", [1, 2])
def test_bad_granules_are_named_and_the_rest_is_staged(tmp_path: Path, n_processes: int) -> None:
    good = stand_in.archive(tmp_path / "in", DATES)
    damaged = tmp_path / "in" / stand_in.name_of("2022-08-04")
    damaged.write_bytes(b"PK\3\4 nothing")
    other_cells = stand_in.write(tmp_path / "in", "2022-08-07", lat=stand_in.LAT[1:])
    other_date = stand_in.write(tmp_path / "in", "2022-08-08", holds="2022-08-09")
    foreign = tmp_path / "in" / "holiday.nc"
    foreign.write_bytes(b"\x89PNG")
    (tmp_path / "in" / "holiday.hdf.xml").write_text("not even looked at")
    absent = tmp_path / "absent.hdf"
    report = staged([tmp_path / "in", absent], tmp_path / "cube", n_processes=n_processes)
    reasons = {refused.path: refused.reason for refused in report.refused}
    assert report.staged == tuple(good)
    assert reasons.keys() == {damaged, other_cells, other_date, foreign, absent}
    assert reasons[damaged] == "the file is damaged"
    assert "its lat (5 of -1.5..2.5) differs" in reasons[other_cells]
    assert reasons[other_date] == "its name says 2022-08-08, but it holds 2022-08-09"
    assert reasons[absent] == "there is no such file"
    assert open_cube(tmp_path / "cube").sizes["time"] == len(good)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cube", "in"]


def test_only_bad_granules(granules: list[Path], tmp_path: Path) -> None:
    bad = tmp_path / stand_in.name_of("2022-08-01")
    bad.write_bytes(b"nothing")
    with pytest.raises(GranuleError, match=r"none of 1 can be staged.*damaged"):
        staged([bad], tmp_path / "cube")
    assert [path.name for path in tmp_path.iterdir()] == [bad.name]
    staged(granules[1:2], tmp_path / "cube")
    before = digest(tmp_path / "cube")
    report = staged([bad], tmp_path / "cube")
    assert (report.staged, len(report.refused)) == ((), 1)
    assert digest(tmp_path / "cube") == before


def test_a_file_without_a_date_in_its_name_is_looked_into(granules: list[Path], tmp_path: Path) -> None:
    shutil.copy(granules[4], tmp_path / "mine.hdf")
    assert staged([tmp_path / "mine.hdf", granules[0]], tmp_path / "cube").staged == (
        granules[0],
        tmp_path / "mine.hdf",
    )
    cube = open_cube(tmp_path / "cube")
    np.testing.assert_array_equal(cube.co[1], stand_in.expected(DATES[4]).co[0])


def test_folders_and_patterns(granules: list[Path], whole: Path, tmp_path: Path) -> None:
    for name, given_now in (("a", granules[0].parent), ("b", f"{granules[0].parent}/*.hdf"), ("c", map(str, granules))):
        staged(given_now, tmp_path / name)
        assert digest(tmp_path / name) == digest(whole)


# --- What cannot be ---------------------------------------------------------------------------------------------------


def test_a_cube_of_another_choice_is_left_alone(granules: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "cube"
    staged(granules[:2], out, region=REGION)
    with pytest.raises(ValueError, match=r"was staged with .*give another out"):
        staged(granules, out)
    assert open_cube(out).sizes["time"] == 2


def test_something_else_is_never_replaced(granules: list[Path], tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    for resume in (True, False):
        with pytest.raises(ValueError, match="exists and is no staged cube"):
            staged(granules, tmp_path / "thesis", resume=resume)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "years of work"


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"gases": "co"}, ValueError, "gases must be a sequence"),
        ({"gases": ("co", "co2")}, ValueError, "gases must be a sequence"),
        ({"grid": "best"}, ValueError, "grid must be one of"),
        ({"region": (1, 2, 3, 4)}, TypeError, "region must be a"),
        ({"n_processes": 0}, ValueError, "n_processes"),
    ],
)
def test_bad_arguments_are_named(granules: list[Path], tmp_path: Path, arguments, error, said: str) -> None:
    with pytest.raises(error, match=said):
        stage(granules, tmp_path / "cube", **arguments)
    assert not list(tmp_path.iterdir())


def test_nothing_to_stage_and_nowhere_to_put_it(granules: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="granules is empty"):
        stage([], tmp_path / "cube")
    with pytest.raises(GranuleError, match="no file matches this pattern"):
        stage(f"{tmp_path}/*.hdf", tmp_path / "cube")
    with pytest.raises(ValueError, match="out must lie in a folder that exists"):
        stage(granules, tmp_path / "no" / "cube")
    with pytest.raises(FileNotFoundError, match="no staged cube"):
        open_cube(tmp_path / "cube")
    with pytest.raises(ValueError, match="is no cube"):
        open_cube(tmp_path)


def test_two_runs_at_once(granules: list[Path], tmp_path: Path) -> None:
    errors = []

    def again(done: int, total: int) -> None:
        try:
            staged(granules, tmp_path / "cube")
        except RuntimeError as error:
            errors.append(str(error))

    staged(granules, tmp_path / "cube", progress=again)
    assert len(errors) == len(granules)
    assert "another run is staging" in errors[0]


# --- Killed at any moment ---------------------------------------------------------------------------------------------

# One interpreter imports everything and forks a child for each trial. The child counts what it does to the file system,
# and kills itself in front of the n-th such deed: moments that a clock would rarely meet, as between two renames.
TRIALS = """
import json, os, signal, sys
from pathlib import Path
import dask.array, pandas, scipy.stats, stand_in, xarray.backends.zarr, zarr
from gasquake.staging import _stage

xarray.backends.list_engines()
os.fsync = lambda file: None

def child(granules, out, moment):
    seen = 0
    def watch(event, args):
        nonlocal seen
        deed = event in ("os.rename", "os.link", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree")
        if deed or (event == "open" and args[1] not in ("r", "rb", None)):
            seen += 1
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(watch)
    _stage(granules, out, None, ("co", "ch4"), "standard", 1, True, None, stand_in.read)
    return seen

for line in sys.stdin:
    granules, out, moment = json.loads(line)
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.write(send, str(child(granules, out, moment)).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(send)
    with os.fdopen(receive) as pipe:
        seen = pipe.read()
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen]), flush=True)
"""


class Trials:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", TRIALS],
            env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, granules: list[Path], out: Path, moment: int = 0) -> tuple[int, int]:
        """The exit code, and how many deeds were done."""
        print(
            f'[{[str(path) for path in granules]}, "{out}", {moment}]'.replace("'", '"'),
            file=self.process.stdin,
            flush=True,
        )
        code, seen = eval(self.process.stdout.readline())
        return code, int(seen or 0)


@pytest.fixture(scope="module")
def trials():
    running = Trials()
    yield running
    running.process.stdin.close()
    running.process.stdout.close()
    running.process.wait(10)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("append", [False, True])
def test_killed_at_random_moments(
    granules: list[Path], whole: Path, tmp_path: Path, trials: Trials, append: bool
) -> None:
    begun = tmp_path / "begun.zarr"
    if append:
        staged(granules[::2], begun)
    before, after = digest(begun) if append else "", digest(whole)
    counted = tmp_path / "counted.zarr"
    if append:
        shutil.copytree(begun, counted)
    code, n_moments = trials.run(granules, counted)
    assert code == 0
    assert digest(counted) == after
    chosen = random.Random(2022 + append).sample(range(1, n_moments + 1), 6 if not SLOW else 50)
    for moment in sorted(chosen):
        folder = tmp_path / str(moment)
        folder.mkdir()
        out = folder / "cube.zarr"
        if append:
            shutil.copytree(begun, out)
        code, _ = trials.run(granules, out, moment)
        assert code == -signal.SIGKILL
        assert not out.exists() or digest(out) in (before, after)
        code, _ = trials.run(granules, out)
        assert code == 0
        assert digest(out) == after
        assert [path.name for path in folder.iterdir()] == ["cube.zarr"]


@pytest.mark.parametrize("name", ["co/c.0.0.0.0.0", "record.json"])
def test_a_part_that_a_power_cut_spoilt_is_made_again(
    granules: list[Path], whole: Path, tmp_path: Path, name: str
) -> None:
    class PowerCut(Exception):
        pass

    def cut(done: int, total: int) -> None:
        if done == total:
            raise PowerCut

    out = tmp_path / "cube.zarr"
    with pytest.raises(PowerCut):
        staged(granules, out, progress=cut)
    parts = sorted(tmp_path.glob(".cube.zarr.staging/block-*"))
    assert [part.name[:9] for part in parts] == ["block-600", "block-601"]
    (parts[0] / name).write_bytes(b"")
    read_again = []

    def reader(path, /, **choice):
        read_again.append(path)
        return stand_in.read(path, **choice)

    _stage(granules, out, None, ("co", "ch4"), "standard", 1, True, None, reader)
    numbers = {path: int(date.astype(np.int64)) // 32 for path, date in zip(granules, DATES, strict=True)}
    assert {numbers[path] for path in read_again} == {600, 602}  # the other part served
    assert digest(out) == digest(whole)


def test_a_process_that_ends_early_is_an_error_that_says_so(granules: list[Path], whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "cube.zarr"
    reader = partial(stand_in.read_and_die, os.getpid())
    with pytest.raises(RuntimeError, match=r"ended early \(exit code 9\).*run again, with fewer n_processes"):
        _stage(granules, out, None, ("co", "ch4"), "standard", 2, True, None, reader)
    assert not out.exists()
    staged(granules, out)
    assert digest(out) == digest(whole)


def test_a_copy_in_another_folder_is_skipped(granules: list[Path], tmp_path: Path) -> None:
    shutil.copy(granules[0], tmp_path)
    report = staged([*granules[:2], tmp_path], tmp_path / "cube.zarr")
    assert len(report.staged) == 2
    (skipped,) = report.skipped
    assert skipped.path.name == granules[0].name
    assert "superseded by" in skipped.reason


def test_killed_with_its_processes(granules: list[Path], whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "cube.zarr"
    code = (
        "import sys, stand_in; from gasquake.staging import _stage\n"
        "def say(*done): print(*done, flush=True)\n"
        "_stage(sys.argv[2:], sys.argv[1], None, ('co', 'ch4'), 'standard', 2, True, say, stand_in.read)"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", code, str(out), *map(str, granules)],
        env=environment(), stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    started.stdout.readline()  # it is in the middle of it
    started.kill()
    started.wait()
    started.stdout.close()
    assert not out.exists()
    deadline = time.monotonic() + 20
    while _alive(started.pid):  # its processes end with it, by themselves
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert staged(granules, out).staged == tuple(granules)
    assert digest(out) == digest(whole)


def _alive(session: int) -> bool:
    found = subprocess.run(["ps", "-o", "pid=", "-s", str(session)], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip())


# --- Real layouts -----------------------------------------------------------------------------------------------------


def a_scene() -> xr.Dataset:
    """Four days of two gases in five by six cells, a third missing."""
    rng = np.random.default_rng(5)
    lat, lon = np.arange(27.5, 32), np.arange(99.5, 105)
    dims, shape = ("time", "orbit", "level", "lat", "lon"), (4, 2, LEVELS.size, lat.size, lon.size)
    gases = {}
    for gas, typical in (("co", 1e-7), ("ch4", 1.9e-6)):
        values = (typical * rng.normal(1, 0.1, shape)).astype(np.float32)
        values[rng.random(shape) < 0.3] = np.nan
        gases[gas] = (dims, values)
    dates = np.datetime64("2022-08-26", "ns") + np.arange(4) * np.timedelta64(1, "D")
    pressure = rng.normal(700, 9, (lat.size, lon.size)).astype(np.float32)
    axes = {"time": dates, "orbit": ["ascending", "descending"], "level": LEVELS, "lat": lat, "lon": lon}
    return xr.Dataset({**gases, "surface_pressure": (("lat", "lon"), pressure)}, axes, {"simulated": 1})


@pytest.mark.parametrize("version", [7, 6])
def test_granules_in_the_real_layout(tmp_path: Path, version: int) -> None:
    scene = a_scene()
    (tmp_path / "in").mkdir()
    for slot in range(4):
        name = granule_name(scene.time.values[slot], version)
        write_granule(scene.isel(time=[slot]), tmp_path / "in" / name, version=version)
    cut_short = tmp_path / "in" / granule_name("2022-09-10", version)
    cut_short.write_bytes((tmp_path / "in" / granule_name(scene.time.values[0], version)).read_bytes()[:60_000])
    region = Region(99.0, 27.0, 105.0, 32.0)
    report = stage(tmp_path / "in", tmp_path / "cube.zarr", region=region, n_processes=2)
    assert [refused.path for refused in report.refused] == [cut_short]
    assert "damaged" in report.refused[0].reason
    cube = open_cube(tmp_path / "cube.zarr")
    for name in ("time", "orbit", "level", "lat", "lon", "co", "ch4"):
        np.testing.assert_array_equal(cube[name], scene[name])
    np.testing.assert_array_equal(cube.surface_pressure, scene.surface_pressure.broadcast_like(cube.surface_pressure))
    start = scene.time.values[:, None] + np.array([90, -630]) * np.timedelta64(1, "m")
    np.testing.assert_array_equal(cube.window_start, start)
    assert set(cube.granule_version.values) == {{7: "7.0.7.0", 6: "6.0.31.0"}[version]}
    assert (cube.co.attrs["units"], cube.attrs["simulated"]) == ("mol mol-1", 1)


def test_one_gas_at_places_that_granules_do_not_cover(tmp_path: Path) -> None:
    write_granule(a_scene().isel(time=[0])[["co", "surface_pressure"]], tmp_path / granule_name("2022-08-26"))
    with pytest.raises(GranuleError, match=r"CH4_VMR_A"):
        stage(tmp_path, tmp_path / "cube", region=REGION)
    stage(tmp_path, tmp_path / "cube", region=REGION, gases=["co"])
    assert open_cube(tmp_path / "cube").co.dtype == np.float32
