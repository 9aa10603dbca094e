"""What the pages quote of the demonstration is what it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gasquake import simulate, study
from gasquake.study.verdict import Verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    scene = simulate.luding()
    config = study.demo_config(scene.event, seed=20220905, directory=Path("unused"))
    # The verdict does not depend on the draws of the spirals' nulls, which would take half of the time.
    quick = config.model_copy(update={"track": config.track.model_copy(update={"n_null": 19})})
    return study.run(quick, cube=scene.cube, catalogue=scene.catalogue).verdict


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/tutorial.md", "docs/tutorial.zh.md"])
def test_the_sentence_is_the_demonstration_s(page: str, verdict: Verdict) -> None:
    text = re.sub(r"\s+(> )?", " ", (ROOT / page).read_text(encoding="utf-8"))
    quoted = re.findall(r"CO and CH4 over the epicentre [^.]* were rooted [^(]*\(p = [\d.]+, \d+ placebos\)\.", text)
    assert quoted
    assert set(quoted) == {verdict.sentence}


@pytest.mark.parametrize("page", ["docs/tutorial.md", "docs/tutorial.zh.md", "docs/read-a-verdict.md"])
def test_what_it_rests_on_is_the_demonstration_s(page: str, verdict: Verdict) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    quoted = re.findall(r"^(?:  - |> )((?:CO: |CH4: |499 placebos).*)$", text, re.MULTILINE)
    quoted = [line for line in quoted if "worth 63" not in line]  # of another world, the one of the tutorial's granules
    assert len(quoted) >= 2
    assert set(quoted) <= set(verdict.rests_on)
