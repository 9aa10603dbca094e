"""Files are complete or not there."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gasquake.io import sha256, write_aside


def test_a_file_appears_complete_and_alone(tmp_path: Path) -> None:
    with write_aside(tmp_path / "products.nc") as aside:
        assert aside.suffix == ".nc"
        aside.write_bytes(b"done")
        assert not (tmp_path / "products.nc").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["products.nc"]
    assert (tmp_path / "products.nc").read_bytes() == b"done"


@pytest.mark.parametrize("directory", [False, True])
def test_a_failure_leaves_the_old_one_and_nothing_else(tmp_path: Path, directory: bool) -> None:
    final = tmp_path / "cube.zarr"
    if directory:
        final.mkdir()
        (final / "old").touch()
    else:
        final.write_text("old")

    def fail() -> None:
        with write_aside(final, directory=directory) as aside:
            (aside / "half" if directory else aside).write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["cube.zarr"]
    assert (final / "old").exists() if directory else final.read_text() == "old"


def test_a_directory_replaces_a_directory(tmp_path: Path) -> None:
    for content in ("first", "second"):
        with write_aside(tmp_path / "cube.zarr", directory=True) as aside:
            (aside / "c").mkdir()
            (aside / "c" / content).write_text(content)
    assert [p.name for p in (tmp_path / "cube.zarr" / "c").iterdir()] == ["second"]
    assert len(list(tmp_path.iterdir())) == 1


def test_writing_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing was written"), write_aside(tmp_path / "a"):
        pass
    with pytest.raises(FileNotFoundError, match="does not exist"), write_aside(tmp_path / "no" / "a"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_writer_leaves_nothing_under_the_final_name(tmp_path: Path) -> None:
    code = (
        "import sys, time; from gasquake.io import write_aside\n"
        f"with write_aside({str(tmp_path / 'a.nc')!r}) as p:\n"
        "    p.write_text('half'); print('now', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"now\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not (tmp_path / "a.nc").exists()
    assert all(p.name.endswith(".part") for p in tmp_path.iterdir())


def test_sha256_is_that_of_hashlib(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(content)
    assert sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
