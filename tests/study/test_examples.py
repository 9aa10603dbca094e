"""The examples run as a user runs them: on the real soundings where they are, or as far as the configuration goes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from gasquake.study import load_config
from gasquake.study.output import summary_schema

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = ("summary.json", "products.nc", "track.geojson", "correlation.csv", "provenance.json", "report.html")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_a_valid_configuration(path: Path) -> None:
    config = load_config(path)
    assert config.event.name
    assert config.output.directory.parent == EXAMPLES


@pytest.mark.timeout(300)
def test_boumerdes_on_real_soundings(shared_data: Path, tmp_path: Path) -> None:
    """Real AIRS CO2 and the real catalogue, end to end: what one layer and fifteen days cannot tell is said."""
    example = tmp_path / "boumerdes2003.toml"
    text = (EXAMPLES / "boumerdes2003.toml").read_text(encoding="utf-8")
    example.write_text(text.replace("../../shared/data", str(shared_data)), encoding="utf-8")
    command = [sys.executable, "-m", "gasquake", "trace", str(example), "--out", str(tmp_path / "out"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert printed == summary
    jsonschema.validate(summary, summary_schema())
    for name in FILES:
        assert (tmp_path / "out" / name).stat().st_size > 0, name

    assert summary["inputs"]["kind"] == "soundings"
    assert summary["inputs"]["days"] == 15
    assert not summary["inputs"]["simulated"]
    assert summary["placebo"]["places"] > 100
    assert summary["placebo"]["screened"]
    assert summary["placebo"]["spoiled"] > 0  # the catalogue has strong earthquakes near some places in these weeks
    verdict = summary["verdict"]
    assert verdict["finding"] in ("NONE", "AMPLITUDE_ONLY", "UNDETERMINED")
    assert verdict["n_placebos"] >= 150
    assert any("one layer" in limit for limit in verdict["limits"])
    assert any("15 days" in limit for limit in verdict["limits"])
    days = summary["profiles"]["co2"]["all"]["epicentre"]["days"]
    assert {day["verdict"] for day in days} == {"UNDETERMINED"}
    assert summary["tracks"]["co2"]["tests"], "spirals with their nulls"
