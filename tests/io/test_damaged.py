"""Damaged, foreign and unfit files: an error that names the file and the reason, and this process lives on."""

from __future__ import annotations

import os
import random
import re
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import airs_files as af
import numpy as np
import pytest
import xarray as xr

from gasquake.io import GranuleError, describe_file, open_airs, open_column_map, open_hdf4, open_profiles, worker

READERS: list[Callable[[Path], object]] = [open_airs, open_column_map, open_hdf4, open_profiles, describe_file]


def mutate(content: bytes, seed: int) -> bytes:
    """Flip bytes (most often in the first quarter, where the headers are), cut the end off, or blank a block."""
    chance = random.Random(seed)
    damaged = bytearray(content)
    kind = ("flip", "flip", "flip header", "cut", "blank", "noise")[seed % 6]
    if kind == "cut":
        return bytes(damaged[: chance.randrange(8, len(damaged))])
    if kind in ("blank", "noise"):
        size = chance.choice([64, 512, 4096])
        at = chance.randrange(4, max(5, len(damaged) - size))
        block = bytes(size) if kind == "blank" else chance.randbytes(size)
        damaged[at : at + size] = block
        return bytes(damaged[: len(content)])
    limit = len(damaged) // 4 if kind == "flip header" else len(damaged)
    for _ in range(chance.choice([1, 10, 100, 1000])):
        damaged[chance.randrange(4, limit)] = chance.randrange(256)
    return bytes(damaged)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("sources")
    paths = [
        af.write_v7(folder / "a.hdf", grids=("standard",)),
        af.write_v6(folder / "b.nc", grids=("standard",)),
        af.write_giovanni(folder / "c.nc"),
    ]
    return [path.read_bytes() for path in paths]


@pytest.mark.parametrize("batch", range(4))
def test_mutated_files_are_cubes_or_errors(
    sources: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(worker, "TIMEOUT", 5.0)
    outcomes = {"read": 0, "refused": 0}
    for seed in range(50 * batch, 50 * (batch + 1)):
        content = mutate(sources[seed // 2 % 3 if seed % 2 else 0], seed)
        path = tmp_path / f"AIRS.2024.01.01.L3.RetStd_IR001.v7.0.7.0.G{seed:011d}.hdf"
        path.write_bytes(content)
        giovanni = content.startswith(b"CDF")
        try:
            cube = open_airs(path, gases=["co"], orbits=["ascending"] if giovanni else ["ascending", "descending"])
        except GranuleError as error:
            outcomes["refused"] += 1
            assert error.path == path
            assert error.reason
        else:
            outcomes["read"] += 1
            values = cube["co"].values
            assert cube["co"].dims == ("time", "orbit", "level", "lat", "lon")
            assert (np.isnan(values) | ((values >= 0) & (values <= 1e-4))).all()
    assert outcomes["refused"] >= 10
    assert outcomes["read"] >= 3


def test_a_damaged_file_leaves_the_next_one_alone(sources: list[bytes], tmp_path: Path) -> None:
    good, bad = tmp_path / af.NAME_7, tmp_path / "bad.hdf"
    good.write_bytes(sources[0])
    before = open_airs(good)
    refused = 0
    for seed in range(2, 20, 3):
        bad.write_bytes(mutate(sources[0], seed))
        try:
            open_airs(bad)
        except GranuleError:
            refused += 1
        xr.testing.assert_identical(open_airs(good), before)
    assert refused


SENTENCE = (
    r"the file is damaged or cut short: {by} could not {what}; download it again \(the library's words: (\w+: .+)\)"
)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(("number", "by"), [(0, "the HDF4 library"), (1, "the HDF5 library")])
def test_a_file_cut_short_is_told_in_our_words_first(
    sources: list[bytes], tmp_path: Path, reader: Callable[[Path], object], number: int, by: str
) -> None:
    path = tmp_path / af.NAME_7
    path.write_bytes(sources[number][: len(sources[number]) // 3])
    with pytest.raises(GranuleError) as caught:
        reader(path)
    told = re.fullmatch(SENTENCE.format(by=by, what="open it"), caught.value.reason)
    assert told, caught.value.reason
    assert str(caught.value).count(told[1]) == 1
    assert str(caught.value) == f"{path}: {caught.value.reason}"


@pytest.mark.parametrize("reader", [open_airs, open_hdf4, describe_file])
def test_a_field_that_cannot_be_read_is_named(tmp_path: Path, reader: Callable[[Path], object]) -> None:
    path = af.write_v7(tmp_path / af.NAME_7, grids=("standard",))
    content = bytearray(path.read_bytes())
    packed = content.index(b"\x78\x5e")  # where the first deflated field begins
    content[packed : packed + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(GranuleError) as caught:
        reader(path)
    assert re.fullmatch(SENTENCE.format(by="the HDF4 library", what="read CO_VMR_A"), caught.value.reason)


def write_nothing(path: Path) -> None:
    path.touch()


def write_text(path: Path) -> None:
    path.write_text("time,latitude,longitude\n")


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")


def write_png(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))


def write_login_page(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html><body>Earthdata Login</body></html>")


def write_half_a_magic(path: Path) -> None:
    path.write_bytes(b"\x0e\x03\x13")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (write_nothing, "the file is empty"),
        (write_text, "no HDF4, HDF5 or netCDF file"),
        (write_zip, "a zip archive; unpack it first"),
        (write_png, "a PNG image"),
        (write_login_page, "a login page"),
        (write_half_a_magic, "no HDF4, HDF5 or netCDF file"),
        (Path.mkdir, "it is a directory"),
        (lambda path: None, "there is no such file"),
    ],
)
def test_foreign_files(
    tmp_path: Path, reader: Callable[[Path], object], write: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / af.NAME_7
    write(path)
    with pytest.raises(GranuleError, match=reason) as caught:
        reader(path)
    assert caught.value.path == path
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("magic", [b"\x0e\x03\x13\x01", b"\x89HDF\r\n\x1a\n", b"CDF\x01"])
def test_a_magic_number_and_nothing_else(tmp_path: Path, magic: bytes) -> None:
    path = tmp_path / "a.hdf"
    path.write_bytes(magic)
    with pytest.raises(GranuleError, match="damaged"):
        open_airs(path)


SHAPE = (24, 18, 36)


@pytest.mark.parametrize(
    ("replace", "reason"),
    [
        ({"CO_VMR_A": np.ones(SHAPE, dtype="u2")}, "CO_VMR_A has the type u2"),
        ({"CO_VMR_D": np.full((24, 9, 36), 1e-7, dtype="f4")}, r"CO_VMR_D has the shape \(24, 9, 36\)"),
        (
            {"CO_VMR_A": np.full(SHAPE, 2.0, dtype="f4")},
            r"of CO_VMR_A lie outside 0\.\.0\.0001 mol",
        ),
        ({"Latitude": np.zeros(SHAPE[1:], dtype="f4")}, None),  # the 1-D scale is there: it is not looked at
        (
            {"SurfPres_Forecast_A": np.full(SHAPE[1:], 5.0, dtype="f4")},
            r"SurfPres_Forecast_A lie outside 300\.\.1200 hPa",
        ),
    ],
)
def test_unfit_fields(tmp_path: Path, replace: dict[str, np.ndarray], reason: str | None) -> None:
    path = af.write_v7(tmp_path / af.NAME_7, grids=("standard",), replace=replace)
    if reason is None:
        assert open_airs(path)["co"].notnull().any()
        return
    with pytest.raises(GranuleError, match=reason):
        open_airs(path)
    # The other gas of the same file can still be had, unless the trouble is with what they share.
    if "Surf" not in reason:
        assert open_airs(path, gases=["ch4"])["ch4"].notnull().any()


def test_version_4_says_what_to_use(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "v4.nc", "w") as file:
        file["H2OVapMMR_A"] = np.zeros((12, 18, 36), dtype="f4")
    with pytest.raises(GranuleError, match=r"version 4, which holds no CO or CH4.*use version 6 or 7"):
        open_airs(tmp_path / "v4.nc")
    assert "version 4" in describe_file(tmp_path / "v4.nc")["kind"]


def test_level_numbers_are_no_pressures(tmp_path: Path) -> None:
    import h5py

    path = af.write_v6(tmp_path / af.NAME_6, grids=("standard",))
    with h5py.File(path, "r+") as file:
        file["StdPressureLev"][:] = np.arange(24)
    with pytest.raises(GranuleError, match="numbers of the levels, not their pressure"):
        open_airs(path)


def test_damaged_windows(tmp_path: Path) -> None:
    wrong = af.WINDOWS | {"AscendingGridEndTimeUTC": "2034-01-02T01:29:59.999999Z"}
    with pytest.raises(GranuleError, match="its ascending data are dated"):
        open_airs(af.write_v7(tmp_path / "a.hdf", windows=wrong, grids=("standard",)))
    wrong = af.WINDOWS | {"AscendingGridEndTimeUTC": "2024-13-02T01:29:59.999999Z"}
    with pytest.raises(GranuleError, match="is no time"):
        open_airs(af.write_v7(tmp_path / "b.hdf", windows=wrong, grids=("standard",)))


# --- The reading process ----------------------------------------------------------------------------------------------


def test_a_slow_reader_is_ended(sources: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / af.NAME_7
    path.write_bytes(sources[0])
    open_airs(path)
    monkeypatch.setattr(worker, "TIMEOUT", 0.0)
    with pytest.raises(GranuleError, match=r"took more than 0 s"):
        open_airs(path)
    monkeypatch.undo()
    assert open_airs(path)["co"].notnull().any()


def test_a_reader_that_died_in_between_is_replaced(sources: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / af.NAME_7
    path.write_bytes(sources[0])
    open_airs(path)
    reader = worker._reader
    assert reader is not None
    reader._process.kill()
    reader._process.wait()
    assert open_airs(path)["co"].notnull().any()
    assert worker._reader is not reader


def test_threads_wait_for_one_another(sources: list[bytes], tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.hdf" for i in range(3)]
    for path, content in zip(paths, (sources[0], sources[1], sources[0]), strict=True):
        path.write_bytes(content)
    paths[1] = paths[1].rename(tmp_path / af.NAME_6)
    expected = [open_airs(path, gases=["co"]) for path in paths]
    found: dict[int, xr.Dataset] = {}

    def read(i: int) -> None:
        for _ in range(5):
            found[i] = open_airs(paths[i], gases=["co"])

    threads = [threading.Thread(target=read, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(3):
        xr.testing.assert_identical(found[i], expected[i])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_a_reader_of_its_own(sources: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / af.NAME_7
    path.write_bytes(sources[0])
    expected = open_airs(path, gases=["co"])
    reader = worker._reader
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        same = False
        try:
            same = open_airs(path, gases=["co"]).identical(expected) and worker._reader is not reader
            worker._discard()
        finally:
            os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert worker._reader is reader
    xr.testing.assert_identical(open_airs(path, gases=["co"]), expected)


def test_the_parent_imports_no_file_library(sources: list[bytes], tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / af.NAME_7
    path.write_bytes(sources[0])
    code = (
        "import sys; import gasquake.io\n"
        "assert not {'xarray', 'numpy'} & set(sys.modules), 'gasquake.io is not cheap'\n"
        f"cube = gasquake.io.open_airs({str(path)!r})\n"
        "assert not {'pyhdf', 'h5py', 'netCDF4'} & set(sys.modules)\n"
        "print(cube.sizes['level'])"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("24", "")


def test_a_missing_library_says_what_to_install(
    sources: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyhdf").mkdir()
    (tmp_path / "pyhdf" / "__init__.py").write_text("raise ModuleNotFoundError('no pyhdf', name='pyhdf')")
    path = tmp_path / af.NAME_7
    path.write_bytes(sources[0])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    worker._discard()
    with pytest.raises(ImportError, match=r'pyhdf is needed to read HDF4 files; .*"gasquake\[study\]"'):
        open_airs(path)
    monkeypatch.undo()
    worker._discard()
    assert open_airs(path)["co"].notnull().any()


def test_an_interrupt_leaves_no_answer_for_the_next_file(
    sources: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / af.NAME_7
    path.write_bytes(sources[0])
    expected = open_airs(path)
    load = worker.pickle.load
    answers = iter(range(100))

    def interrupted(file: object) -> object:
        if next(answers) == 5:
            raise KeyboardInterrupt
        return load(file)  # type: ignore[arg-type]

    monkeypatch.setattr(worker.pickle, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_airs(path)
    monkeypatch.undo()
    xr.testing.assert_identical(open_airs(path), expected)
