"""What a study leaves on disk: complete, valid, the same bytes each time, and never half of anything."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import math
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
import worlds
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from gasquake import study
from gasquake.profiles import ProfileVerdict
from gasquake.study import StudyResult, output
from processes import environment

pytestmark = pytest.mark.usefixtures("quick_disk")

SLOW = os.environ.get("GASQUAKE_SLOW") == "1"
FILES = ["correlation.csv", "products.nc", "provenance.json", "summary.json", "track.geojson"]


@pytest.fixture(scope="module")
def folder(result: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("written") / "deep" / "out"
    study.write(result, target)
    return target


def read_json(path: Path) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


# --- plain ------------------------------------------------------------------------------------------------------------

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.text(max_size=5),
    st.floats(), st.floats(width=32).map(np.float32), st.floats().map(np.float64), st.booleans().map(np.bool_),
    st.integers(-100, 100).map(np.int16), st.text(max_size=5).map(np.str_), st.sampled_from(list(ProfileVerdict)),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(pd.Timestamp),
    st.sampled_from([np.datetime64("2022-09-05"), np.datetime64("NaT"), pd.NaT, Path("a/b"), dt.date(2022, 9, 5)]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=12,
)  # fmt: skip


@given(values)
def test_plain_is_json_and_stays_as_it_is(value: Any) -> None:
    found = output.plain(value)
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    assert output.plain(found) == found


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_plain_numbers_keep_nine_digits(value: float) -> None:
    assert output.plain(value) == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (np.float32("nan"), None),
        (np.datetime64("2022-09-05"), "2022-09-05"),
        (np.datetime64("2022-09-05T04:52:18.7"), "2022-09-05T04:52:18Z"),
        (np.datetime64("NaT"), None),
        (pd.NaT, None),
        (pd.Timestamp("2022-09-05 12:52:18", tz="Asia/Shanghai"), "2022-09-05T04:52:18Z"),
        (dt.datetime(2022, 9, 5, 4, 52, 18, tzinfo=dt.UTC), "2022-09-05T04:52:18Z"),
        (np.array(["2022-09-05T01", "NaT"], "datetime64[ns]"), ["2022-09-05T01:00:00Z", None]),
        (np.array([[1.0, np.nan]]), [[1.0, None]]),
        (np.array(2.5), 2.5),
        (xr.DataArray([True, False]), [True, False]),
        (np.str_("co"), "co"),
        (ProfileVerdict.ROOTED, ProfileVerdict.ROOTED.value),
        ({1: (2, {3})}, {"1": [2, [3]]}),
    ],
)
def test_plain_by_example(value: Any, expected: Any) -> None:
    found = output.plain(value)
    assert found == expected
    assert json.loads(json.dumps(found)) == expected


def test_plain_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="object"):
        output.plain({"a": object()})


# --- Files ------------------------------------------------------------------------------------------------------------


def test_every_file_is_there(folder: Path) -> None:
    assert sorted(p.name for p in folder.iterdir()) == FILES


def test_the_summary_follows_its_schema(folder: Path) -> None:
    schema = output.summary_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    found = read_json(folder / "summary.json")
    jsonschema.validate(found, schema)
    named = {"verdict", "event", "stages", "profiles", "tracks", "correlation", "placebo", "truth"}
    assert named <= set(found)
    assert found["schema_version"] == schema["properties"]["schema_version"]["const"]
    found["verdict"]["p_value"] = 1.5
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, schema)


def test_provenance(folder: Path, result: StudyResult) -> None:
    found = read_json(folder / "provenance.json")
    assert found["seed"] == result.config.seed
    assert {"gasquake", "numpy", "xarray"} <= set(found["versions"])
    again = study.StudyConfig.model_validate(found["configuration"])
    assert again.model_dump_json() == result.config.model_dump_json()
    assert dt.datetime.fromisoformat(found["created"]).utcoffset() == dt.timedelta(0)


def test_provenance_of_an_archive(staged: Path, archive: Path, scene: Any, tmp_path: Path) -> None:
    config = worlds.config_of(scene.event, tmp_path, gas={"path": [str(staged)]})
    from gasquake.study.inputs import open_inputs

    opened = open_inputs(config, scene.event, work=tmp_path, step=lambda _: None, resume=False)
    assert len(opened.files) == 287
    for entry in opened.files[:3]:
        data = (archive / "airs" / entry["path"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert entry["bytes"] == len(data)


def test_products_are_self_describing(folder: Path, result: StudyResult) -> None:
    with xr.open_dataset(folder / "products.nc", engine="h5netcdf") as found:
        found.load()
    assert found.attrs["Conventions"] == "CF-1.11"
    assert {"title", "source", "history"} <= set(found.attrs)
    for name, array in found.data_vars.items():
        assert array.attrs.get("long_name"), name
        assert "units" in array.attrs or array.dtype.kind == "M", name
    for name, unit in (("lat", "degrees_north"), ("lon", "degrees_east"), ("level", "hPa")):
        assert found[name].attrs["units"] == unit
        assert found[name].attrs.get("standard_name"), name
    assert found["level"].attrs["positive"] == "down"
    assert found["time"].attrs.get("standard_name") == "time"
    assert found["time"].dtype.kind == "M"
    verdict = found["profile_verdict"]
    assert verdict.dtype == np.int8
    assert "of CO" not in verdict.attrs["long_name"]
    assert len(verdict.attrs["flag_values"]) == len(verdict.attrs["flag_meanings"].split())
    region = result.config.region.resolve()
    assert region.contains(found["lon"].values, [[lat] for lat in found["lat"].values]).all()
    assert set(found["time"].dt.year.values) == {2022}
    for gas in ("co", "ch4"):
        for name in (f"{gas}_mean", f"{gas}_zscore", f"{gas}_anomaly", f"x{gas}_zscore", f"x{gas}_anomaly"):
            assert found[name].notnull().any(), name
    expected = result.fields["co_zscore"].transpose(*found["co_zscore"].dims)
    np.testing.assert_array_equal(found["co_zscore"].sel(level=expected["level"]), expected)


def test_products_say_which_orbit_and_gas(folder: Path) -> None:
    with xr.open_dataset(folder / "products.nc", engine="h5netcdf") as found:
        assert found["orbit"].values.tolist() == ["ascending", "descending"]
        assert found["gas"].values.tolist() == ["co", "ch4"]
        assert found["stage"].values.tolist() == ["background", "before", "during", "after"]


def test_the_track_is_geojson(folder: Path, result: StudyResult) -> None:
    found = read_json(folder / "track.geojson")
    assert found["type"] == "FeatureCollection"
    kinds = []
    for feature in found["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        assert feature["type"] == "Feature"
        assert feature["geometry"]["type"] == "Point"
        lon, lat = feature["geometry"]["coordinates"]
        assert -180 <= lon <= 180
        assert -90 <= lat <= 90
        kinds.append(feature["properties"]["kind"])
    assert kinds[0] == "event"
    assert kinds.count("maximum") == sum(int(np.isfinite(t.points["x"]).sum()) for t in result.tracks)
    assert "crs" not in found  # RFC 7946, section 4


def test_the_correlations_as_a_table(folder: Path) -> None:
    with (folder / "correlation.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert {"stage", "orbit", "pearson", "n", "n_effective", "low", "high", "zhao2022_r"} <= set(rows[0])
    assert float(rows[0]["pearson"]) == pytest.approx(
        read_json(folder / "summary.json")["correlation"][0]["pearson"]
    )  # fmt: skip


def test_one_gas_still_leaves_every_file(scene: Any, tmp_path: Path) -> None:
    cube = worlds.NEAR.select(scene.cube)[["co", "co_kernel", "surface_pressure"]]
    config = worlds.config_of(scene.event, tmp_path, gas={"gases": ["co"]}, placebo={"places": False})
    study.write(study.run(config, cube=cube), tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES
    with xr.open_dataset(tmp_path / "out" / "products.nc", engine="h5netcdf") as found:
        assert "ch4_mean" not in found


def without_time_stamp(folder: Path) -> dict[str, bytes]:
    found = {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}
    made = json.loads(found["provenance.json"])
    made.pop("created")
    return found | {"provenance.json": json.dumps(made).encode()}


def test_two_runs_write_the_same_bytes(folder: Path, scene: Any, result: StudyResult, tmp_path: Path) -> None:
    again = study.run(result.config, cube=scene.cube, catalogue=scene.catalogue, truth=scene.truth.to_dict())
    study.write(again, tmp_path)
    one, other = without_time_stamp(folder), without_time_stamp(tmp_path)
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


def test_a_second_run_replaces_the_first(folder: Path, result: StudyResult, tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_text("of an earlier run")
    (tmp_path / "notes.txt").write_text("mine")
    study.write(result, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    (tmp_path / "notes.txt").unlink()
    assert without_time_stamp(tmp_path) == without_time_stamp(folder)


def test_another_earthquake_is_a_warning(result: StudyResult, tmp_path: Path) -> None:
    study.write(result, tmp_path)
    summary = read_json(tmp_path / "summary.json")
    summary["event"] |= {"time": "2008-05-12T06:28:01Z", "name": "", "event_id": "us1"}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    with pytest.warns(UserWarning, match=r"results of us1 \(2008-05-12T06:28:01Z\) in .* were replaced"):
        study.write(result, tmp_path)
    study.write(result, tmp_path)  # the same earthquake: no warning, which would be an error here


def test_every_figure_is_known_by_its_name(result: StudyResult) -> None:
    """So that a later run can remove it."""
    figures = pytest.importorskip("gasquake.report.figures")
    names = [plan.name for plan in figures._plans(result, figures.Words("en"))]
    assert len(names) > 10
    assert [name for name in names if not output.FIGURE.fullmatch(f"{name}.png")] == []


def test_a_full_disk_leaves_no_summary(result: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "summary.json").write_text("of an earlier run")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gasquake.study.output._write_table", full)
    with pytest.raises(OSError, match="No space left"):
        study.write(result, tmp_path)
    # Where the summary stands, all that belongs to it stands too.
    assert not (tmp_path / "summary.json").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


# --- Killed at any moment ---------------------------------------------------------------------------------------------

# One interpreter imports everything and forks a child for each trial. The child counts what it does to the file system,
# and kills itself in front of the n-th such deed: moments that a clock would rarely meet, as between two renames.
TRIALS = """
import json, os, signal, sys
import dask.array, day_files, h5netcdf, pandas, scipy.stats, xarray.backends.zarr, zarr
from gasquake import cli, io, staging, study
from gasquake.study import pipeline, summary

xarray.backends.list_engines()
os.fsync = lambda file: None
staging.open_airs = day_files.read
quiet = os.open(os.devnull, os.O_WRONLY)

def child(arguments, moment):
    seen = 0
    def watch(event, args):
        nonlocal seen
        deed = event in ("os.rename", "os.link", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree")
        if deed or (event == "open" and args[1] not in ("r", "rb", None)):
            seen += 1
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(watch)
    try:
        cli.main(arguments, prog_name="gasquake")
    except SystemExit as ended:
        return seen, ended.code
    return seen, 0

for line in sys.stdin:
    arguments, moment = json.loads(line)
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(quiet, 1)
        try:
            os.write(send, json.dumps(child(arguments, moment)).encode())
        finally:
            os._exit(1)
    os.close(send)
    with os.fdopen(receive) as pipe:
        told = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(json.dumps([status, *(json.loads(told) if told else [0, None])]), flush=True)
"""


class Trials:
    """Runs of the command line that end at a chosen deed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", TRIALS],
            env=environment(GASQUAKE_NUM_THREADS="1"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *arguments: object, moment: int = 0) -> tuple[int, int, int | None]:
        """How the process ended (-9: killed), how many deeds it did, and its exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([[str(a) for a in arguments], moment]), file=self.process.stdin, flush=True)
        status, seen, code = json.loads(self.process.stdout.readline())
        return status, seen, code

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    running = Trials()
    yield running
    running.end()


def complete(folder: Path, expected: dict[str, bytes]) -> None:
    """Whatever stands under a final name is what a whole run writes."""
    if not folder.exists():
        return
    for path in folder.iterdir():
        if not path.name.startswith("."):
            made = path.read_bytes()
            if path.name == "provenance.json":
                made = json.dumps({k: v for k, v in json.loads(made).items() if k != "created"}).encode()
            assert made == expected[path.name], path.name


def test_killed_and_resumed(trials: Trials, archive: Path, scene: Any, tmp_path: Path) -> None:
    settings = worlds.settings_of(
        scene.event, Path("out"),
        gas={"path": [str(archive / "airs" / f"AIRS.2022.{d}*") for d in ("08.2", "08.30", "09.0")], "gases": ["co"]},
        track={"kinds": ["involute"], "anchors": ["centre"], "nulls": ["rotate"]},
        anomaly={"baseline": "rolling", "window_days": 5}, profile={"shape": "assumed"}, placebo={"places": False},
        region={"west": 100.0, "east": 104.0, "south": 27.0, "north": 32.0},
    )  # fmt: skip
    path = tmp_path / "event.toml"
    path.write_text(worlds.toml(settings))
    status, n_moments, code = trials.run("trace", path, "-q", "--json")
    assert (status, code) == (1, 0)
    out = tmp_path / "out"
    whole = without_time_stamp(out)
    assert sorted(whole) == FILES
    chosen = random.Random(2022).sample(range(1, n_moments + 1), 50 if SLOW else 10)
    for moment in sorted(chosen):
        out.rename(tmp_path / f"before-{moment}")
        status, _, _ = trials.run("trace", path, "-q", "--json", moment=moment)
        assert status == -signal.SIGKILL
        complete(out, whole)
        status, _, code = trials.run("trace", path, "-q", "--json", "--resume")
        assert (status, code) == (1, 0)
        assert without_time_stamp(out) == whole
