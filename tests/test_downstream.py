"""A package outside the source tree is built, installed beside the wheel, and uses every primitive."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gasquake
import gasquake.kernels
from processes import environment

SOURCE = Path(__file__).parent / "downstream"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """tinytrace, built from a copy and installed by pip without a network."""
    place = tmp_path_factory.mktemp("downstream")
    shutil.copytree(SOURCE, place / "source")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
    ]
    command += ["--no-build-isolation", "--no-cache-dir", "--target", str(place / "site"), str(place / "source")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=place, env=environment(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "site"


def test_it_uses_every_primitive(installed, tmp_path):
    paths = [str(installed), str(Path(gasquake.__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tinytrace"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert Path(found["file"]).parent == installed
    assert Path(found["gasquake"]) == Path(gasquake.kernels.__file__)
    assert found["loaded"] == []
    assert 1.8e-6 < found["smooth"] < 2.2e-6
    assert found["spread"] == pytest.approx(1e-8, rel=0.2)
    assert found["middle"] == pytest.approx(1.8e-6, rel=0.01)
    assert 1.4826 * found["robust"] == pytest.approx(1e-8, rel=0.2)
    assert found["window"] > 10
    assert found["rooted"] == 1
    assert found["elsewhere"] < 0.05
    assert found["located"] == 1
    assert found["rmse"] < 1e-3
    assert found["p_value"] == pytest.approx(1 / 20)


def test_it_names_every_kernel():
    text = (SOURCE / "src" / "tinytrace.py").read_text()
    for name in gasquake.kernels.__all__:
        if name[0].islower() and name != "build_info":
            assert f"kernels.{name}(" in text, name
