"""What the pages quote of the demonstration and of the tutorial is what they print."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gasquake import cli, simulate, study
from gasquake.places import Region
from gasquake.study import StudyConfig, StudyResult
from gasquake.study.summary import summarise

ROOT = Path(__file__).parents[2]
TUTORIALS = ["docs/tutorial.md", "docs/tutorial.zh.md"]


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def after_command(page: str, command: str) -> str:
    """The output that the page shows under a command; "..." stands for what it leaves out."""
    (block,) = re.findall(rf"^```console\n\$ {re.escape(command)}\n(.*?)^```", read(page), re.DOTALL | re.MULTILINE)
    return str(block)


def printed(result: StudyResult) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        cli._show(result, Path("result"), as_json=False)
    return out.getvalue()


def assert_printed(quoted: str, result: StudyResult) -> None:
    found = printed(result)
    wanted = quoted.replace("  ...\n", "...\n")
    assert doctest.OutputChecker().check_output(wanted, found, doctest.ELLIPSIS), found


# --- The demonstration ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo() -> StudyResult:
    scene = simulate.luding()
    config = study.demo_config(scene.event, seed=20220905, directory=Path("unused"))
    # The verdict does not depend on the draws of the spirals' nulls, which would take half of the time.
    quick = config.model_copy(update={"track": config.track.model_copy(update={"n_null": 19})})
    return study.run(quick, cube=scene.cube, catalogue=scene.catalogue, truth=scene.truth.to_dict())


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", *TUTORIALS])
def test_the_sentence_is_the_demonstration_s(page: str, demo: StudyResult) -> None:
    text = re.sub(r"\s+(> )?", " ", read(page))
    quoted = re.findall(r"CO and CH4 over the epicentre [^.]* were rooted [^(]*\(p = [\d.]+, \d+ placebos\)\.", text)
    assert quoted
    assert set(quoted) == {demo.verdict.sentence}


@pytest.mark.parametrize("page", TUTORIALS)
def test_the_tutorial_s_demonstration_prints_this(page: str, demo: StudyResult) -> None:
    assert_printed(after_command(page, "gasquake demo --out demo/"), demo)


def test_the_picture_s_caption_is_the_demonstration_s(demo: StudyResult) -> None:
    (caption,) = re.findall(r"\*Simulated, and easy: (.*?)\*", re.sub(r"\s+", " ", read("README.md")))
    release, plume = demo.truth["release"], demo.truth["plume"]
    days = [np.datetime64(text.rstrip("Z"), "D") for text in (
        release["onset"]["co"], release["end"], plume["onset"]["co"], plume["end"],
    )]  # fmt: skip
    first, last, start, stop = (str(day - end) for day, end in zip(days, (0, 1, 0, 1), strict=True))
    months = {"08": "August", "09": "September"}
    assert f"from {first[8:]} {months[first[5:7]]} to {int(last[8:])} {months[last[5:7]]}," in caption
    assert f"from {int(start[8:])} to {int(stop[8:])} {months[stop[5:7]]}." in caption
    assert "at six times the noise of a day" in caption
    assert round(release["peak_sigma"]["co"]) == 6
    headline = demo.tests["headline"]
    assert f"at {headline.n} other times and places" in caption
    assert f"they are worth {headline.n_effective:.0f}." in caption


def test_what_it_rests_on_is_the_demonstration_s(demo: StudyResult) -> None:
    quoted = re.findall(r"^> ((?:CO: |CH4: |499 placebos).*)$", read("docs/read-a-verdict.md"), re.MULTILINE)
    assert len(quoted) >= 2
    assert set(quoted) <= set(demo.verdict.rests_on)


def test_the_numbers_in_prose_are_the_demonstration_s(demo: StudyResult) -> None:
    page = re.sub(r"\s+", " ", read("docs/read-a-verdict.md"))
    found = summarise(demo)
    raw = [100 * part["base_rate"]["rate"] for part in found["raw_criterion"]["co"].values()]
    assert f"in the demonstration it is {min(raw):.0f} to {max(raw):.0f} % for CO" in page
    days = [part["window_rate"] for part in found["raw_criterion"]["co"].values()]
    judged, all_days = sum(d["n"] for d in days), sum(d["n"] + d["n_undetermined"] for d in days)
    assert f"Of {all_days} days and orbits in the tested stages {judged} could be judged here" in page
    verdict = found["verdict"]
    low, high = verdict["placebo_share_interval"]
    assert low == 0
    assert f"0 of {verdict['n_effective']:.0f} is compatible with a true share of {100 * high:.1f} %." in page
    caption = re.sub(r"\s+", " ", read("README.md"))
    assert f"at {verdict['n_placebos']} other times and places" in caption
    assert f"they are worth {verdict['n_effective']:.0f}" in caption


# --- The tutorial's own granules --------------------------------------------------------------------------------------


def event_toml(page: str) -> dict[str, Any]:
    (block,) = (b for b in re.findall(r"^```toml\n(.*?)^```", read(page), re.DOTALL | re.MULTILINE) if "[gas]" in b)
    return tomllib.loads(block)


def traced(**sections: Any) -> StudyResult:
    """The study of event.toml on what the tutorial's granules hold, which is all but the averaging kernels."""
    scene = simulate.luding(region=Region(94, 24, 110, 36), years=6)
    cube = scene.cube.drop_vars([name for name in scene.cube if str(name).endswith("_kernel")])
    assert cube.sizes["time"] == 287  # files, says the tutorial
    told = event_toml("docs/tutorial.md") | {"track": {"n_null": 19}} | sections
    return study.run(StudyConfig.model_validate(told), cube=cube)


def test_both_tutorials_ask_the_same() -> None:
    one, other = (StudyConfig.model_validate(event_toml(page)) for page in TUTORIALS)
    assert one.event.resolve().time == other.event.resolve().time
    assert one.model_dump(exclude={"event", "output"}) == other.model_dump(exclude={"event", "output"})


def test_tracing_the_tutorial_s_granules_prints_this() -> None:
    result = traced()
    for page in TUTORIALS:
        assert_printed(after_command(page, "gasquake trace event.toml"), result)


def test_with_the_shape_assumed_it_is_rooted() -> None:
    verdict = traced(profile={"shape": "assumed"}).verdict
    assert verdict.finding == "ROOTED"
    assert any("assumed" in line for line in verdict.limits)
