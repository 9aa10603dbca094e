"""The report: what it says, that it is complete in itself, and that no text can break out of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import string
import struct
from pathlib import Path

import numpy as np
import pytest
import report_checks
import worlds
from hypothesis import example, given
from hypothesis import strategies as st
from report_checks import PAYLOADS, Page

from gasquake import _numbers, report, simulate, study
from gasquake.report import conclusion, figures, interactive, language, page, tables
from gasquake.study import output, summary

PLAIN = str.maketrans("₂₃₄", "234")
#: Where a page may point to something outside itself.
LOADING = ("src", "href", "srcset", "action", "formaction", "poster", "data", "background", "xlink:href", "ping")


@pytest.fixture(scope="module")
def html(result: study.StudyResult) -> str:
    return report.render(result, pictures=[])


@pytest.fixture(scope="module")
def chinese(result: study.StudyResult) -> str:
    return report.render(result, language="zh", pictures=[])


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of few dots, where only their being drawn matters."""
    monkeypatch.setattr(figures, "DPI", 40)


def plain(result: study.StudyResult) -> dict:
    return output.plain(summary.summarise(result))


# --- Words ------------------------------------------------------------------------------------------------------------


def test_every_message_is_in_both_languages_with_the_same_values() -> None:
    for key, texts in language.messages().items():
        assert set(texts) == {"en", "zh"}, key
        assert all(text.strip() for text in texts.values()), key
        names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts.values()]
        # English has a verb and a noun that depend on the number; Chinese has none.
        assert names[0] - {"were", "s"} == names[1], key


def test_chinese_is_chinese() -> None:
    same = {key for key, text in language.messages().items() if text["en"] == text["zh"]}
    assert same <= {"column.p", "column.r", "column.r2", "column.delta_aicc", "column.sha256", "script.z", "word.open"}
    translated = [text["zh"] for key, text in language.messages().items() if key not in same]
    assert all(re.search(r"[\u4e00-\u9fff]|^[、。；]$|（|\{", text) for text in translated)


def test_what_a_simulation_says_of_itself_is_translated(
    scene: simulate.SimulatedScene, calm: simulate.SimulatedScene, flat: simulate.SimulatedScene
) -> None:
    said = {("source", scene.cube.attrs["source"])}
    for world in (scene, calm, flat):
        said |= {("release_motion", world.truth.motion), ("averaging_kernel", world.truth.kernel)}
    assert len(said) == 5
    for kind, text in said:
        assert f"{kind}.{text}" in language.messages(), text


def test_verdicts_that_no_profile_could_have_are_given_no_rates(flat_result: study.StudyResult) -> None:
    """Where the kernel carries no shape, "rooted on no day" would read like a finding."""
    say = language.Words("en")
    found = tables.all_tables(flat_result, output.plain(summary.summarise(flat_result)), say)
    assert {row[2].text for row in found["rates"].rows} == {"raw profile (paper)"}
    shown = [text.get_text() for text in flat_result.plot.base_rates().get_yticklabels()]
    assert shown
    assert all(name.endswith(": raw profile (paper)") for name in shown)


def test_every_message_that_templates_and_code_name_exists() -> None:
    folder = Path(report.__file__).parent
    text = "\n".join(f.read_text(encoding="utf-8") for f in [*folder.glob("*.py"), *folder.glob("templates/*.j2")])
    named = set(re.findall(r"""\bsay\(\s*f?["']([a-z_]+\.[A-Za-z_.]+)["'](?!\s*\+)""", text))
    assert len(named) > 60
    assert named <= set(language.messages())
    scripts = "\n".join(f.read_text(encoding="utf-8") for f in folder.glob("static/*.js"))
    used = set(re.findall(r"\bwords\.([a-z_]+)", scripts))
    assert used == {key.removeprefix("script.") for key in language.messages() if key.startswith("script.")} - {
        "epicentre"
    }


@example(1000.0, 4)
@example(1234.5, 6)
@example(-98765.4, 2)
@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(1, 6))
def test_a_number_is_never_an_exponent_or_nan(value: float, digits: int) -> None:
    text = language.Words("en").number(value, digits)
    assert not re.search(r"[a-zA-Z-]", text)
    if np.isfinite(value) and 1e-4 < abs(value) < 10.0**digits:
        read = float(text.replace("−", "-").replace("\N{NARROW NO-BREAK SPACE}", ""))
        assert read == pytest.approx(value, rel=10.0 ** (1 - digits))


@example(0.05000001)
@example(0.0996)
@given(st.floats(0.0, 1.0))
def test_a_p_value_is_1_only_if_it_is_and_stays_on_its_side_of_the_level(value: float) -> None:
    text = _numbers.p_text(value)
    assert (text == "1") == (value == 1.0)
    if re.fullmatch(r"[0-9.]+", text):
        assert float(text) == pytest.approx(value, rel=0.06)
        assert (float(text) <= _numbers.LEVEL) == (value <= _numbers.LEVEL)


@pytest.mark.parametrize("name", ["result", "calm_result", "flat_result"])
def test_a_p_value_has_the_same_figures_wherever_it_is_read(name: str, request: pytest.FixtureRequest) -> None:
    found: study.StudyResult = request.getfixturevalue(name)
    headline = found.tests["headline"]
    text, told = _numbers.p_text(headline.p_value), _numbers.p_equals(headline.p_value)
    assert told in found.verdict.sentence
    assert told in repr(found)
    assert told in found.plot.placebo_distribution().get_title(loc="left")
    for code in ("en", "zh"):
        say = language.Words(code)
        said = conclusion.conclude(found, plain(found), say)
        assert told in said.sentence
        assert said.tiles[0][0] == text
        (row,) = (r for r in tables.all_tables(found, plain(found), say)["placebos"].rows if r[0].order == "headline")
        assert row[2].text == text
        smallest, low, high = map(_numbers.p_text, (headline.smallest_p, headline.p_low, headline.p_high))
        assert row[7].text == smallest
        assert row[4].text == say("word.interval", low=low, high=high)
        assert {smallest, low, high} <= set(re.findall(r"[0-9.]+(?![0-9.])", said.rests_on[-1]))
    # Any other writing of it would stand out.
    others = {f"{headline.p_value:.{n}g}" for n in (2, 3, 4)} - {text}
    words = Page(report.render(found, pictures=[])).words
    assert not [other for other in others if re.search(rf"p = {re.escape(other)}\b", words)]


def test_percent_has_one_spacing(html: str, chinese: str, result: study.StudyResult) -> None:
    """English as the SI has it, "90 %"; Chinese as its style guides have it, "90%"."""
    words = {"en": Page(html).words, "zh": Page(chinese).words}
    assert len(re.findall(r"\d %", words["en"])) > 20
    assert not re.findall(r"\d%", words["en"])
    assert len(re.findall(r"\d%", words["zh"])) > 20
    assert not re.findall(r"\d %", words["zh"])
    for key, texts in language.messages().items():
        assert not re.search(r"[\d}]%", texts["en"]), key
        assert not re.search(r"[\d}] %", texts["zh"]), key
    assert not [line for line in result.verdict.rests_on if re.search(r"\d%", line)]


@given(st.text())
def test_clean_text_can_be_written_and_keeps_what_is_harmless(text: str) -> None:
    cleaned = language.clean(text)
    assert len(cleaned) == len(text)
    cleaned.encode("utf-8")
    assert not any(ord(c) < 32 and c not in "\t\n\r" for c in cleaned)


# --- The verdict ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["result", "calm_result", "flat_result"])
def test_the_verdict_is_the_study_s(name: str, request: pytest.FixtureRequest) -> None:
    """Said anew from the numbers, in English it is the study's own, word for word."""
    found: study.StudyResult = request.getfixturevalue(name)
    said = conclusion.conclude(found, plain(found), language.Words("en"))
    verdict = found.verdict
    assert said.finding == verdict.finding
    assert said.sentence.translate(PLAIN) == verdict.sentence
    assert [line.translate(PLAIN) for line in said.rests_on] == verdict.rests_on
    assert said.also == verdict.also
    assert said.limits == verdict.limits


def test_the_sentence_of_every_finding(result: study.StudyResult) -> None:
    """Each way in which a study can end, against the study's own sentence for it."""
    import dataclasses

    from gasquake.study.verdict import conclude, supported

    rank, gases = result.tests["headline"], list(result.profiles)
    one_gas = result.tests | {"rooted co": dataclasses.replace(result.tests["rooted co"], p_value=0.4)}
    for kind, tests in (("rooted", result.tests), ("rooted", one_gas), ("amplitude", result.tests)):
        for change in ({}, {"p_value": 0.5}, {"smallest_p": 0.2, "n_effective": 4.0}, {"statistic": np.nan},
                       {"p_value": np.nan, "n": 0}):  # fmt: skip
            headline = dataclasses.replace(rank, **change)
            counts = {gas: conclusion.window_counts(found, result.config.stages.tested)
                      for gas, found in result.profiles.items()}  # fmt: skip
            large = {gas: conclusion.large_counts(found, result.config.stages.tested, 2.0)
                     for gas, found in result.profiles.items()}  # fmt: skip
            theirs = conclude(
                headline, kind=kind, rooted_days=counts, large_days=large, threshold=2.0, base_rates={},
                window=conclusion._window(result),
                gases=gases, named=supported(tests, gases, kind=kind), also=[], limits=[],
            )  # fmt: skip
            changed = dataclasses.replace(
                result, tests=tests | {"headline": headline}, headline_kind=kind, verdict=theirs
            )
            ours = conclusion.conclude(changed, plain(changed), language.Words("en"))
            assert ours.sentence.translate(PLAIN) == theirs.sentence
            assert (ours.rests_on[-1] == theirs.rests_on[-1]) or "nan" in theirs.rests_on[-1]
            if kind == "amplitude":
                assert [line.translate(PLAIN) for line in ours.rests_on[:-1]] == theirs.rests_on[:-1]
                hits, known, days = large["co"]
                assert 0 < hits <= known <= days
                assert f"2 or more on {hits} of {known} days" in theirs.rests_on[0]
            zh = conclusion.conclude(changed, plain(changed), language.Words("zh")).sentence
            for number in re.findall(r"\d[\d.-]*\d", theirs.sentence):
                assert number in zh, (number, zh)


@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_a_spiral_counts_only_if_it_beats_plain_models_and_random_tracks(tongue: str) -> None:
    """The line under the claim draws the conclusion that the section's own rule asks for, with its n."""
    say = language.Words(tongue)
    model = say.name("model", "involute_cusp")
    lines = {}
    for best, p in (("involute_cusp", 0.39), ("involute_cusp", 0.012), ("constant", 0.012), ("constant", 0.39)):
        tests = [
            {"spiral": "involute_cusp", "null": "rotate", "p_holm": p},
            {"spiral": "x", "null": "y", "p_holm": 1.0},
        ]
        track = {"reason": "", "best_model": best, "n": 40, "tests": tests, "n_draws": 199, "roti": None}
        (lines[best, p],) = page._motion({"tracks": {"co": track}}, say)
        assert "199" in lines[best, p]
        assert _numbers.p_text(p) in lines[best, p]
        assert (model in lines[best, p]) == (best == "involute_cusp")
    told = {key: say(f"motion.{key}", p="{p}", draws=199).split("{p}")[0] for key in ("chance", "more", "plain")}
    assert told["chance"] in lines["involute_cusp", 0.39]
    assert told["chance"] in lines["constant", 0.39]
    assert told["more"] in lines["involute_cusp", 0.012]
    assert told["plain"] in lines["constant", 0.012]
    untested = {**track, "tests": []}
    assert say("motion.untested") in page._motion({"tracks": {"co": untested}}, say)[0]


def test_the_epicentre_s_contrast_sets_tested_beside_other_days(result: study.StudyResult) -> None:
    """Both halves against a plain loop over the days; together they are all days."""
    table = tables.all_tables(result, plain(result), language.Words("en"))["lateral"]
    tested = {str(d["date"])[:10] for d in result.profiles["co"]["descending"]["epicentre"]["days"]
              if d["stage"] in result.config.stages.tested}  # fmt: skip
    contrast = result.lateral["co_contrast"].sel(orbit="descending", level=700.0)
    counts = {True: [0, 0], False: [0, 0]}
    for day, value in zip(contrast["time"].values, contrast.values, strict=True):
        if np.isfinite(value):
            counts[str(day)[:10] in tested][0] += value >= 2
            counts[str(day)[:10] in tested][1] += 1
    heads = ["CO, descending: tested days", "CO, descending: other days"]
    row = next(row for row in table.rows if row[0].order == 700.0)
    told = [row[table.columns.index(head)].text for head in heads]
    assert told == ["{} of {}".format(*counts[which]) for which in (True, False)]


def test_numbers_are_not_parted_from_what_they_belong_to(html: str) -> None:
    said = html[html.index("<section") : html.index('<section id="data"')]
    assert "p\xa0=\xa0" in said
    assert not re.search(r"\bp = \d|\d %", said)


def test_masses_have_no_more_figures_than_they_deserve() -> None:
    say = language.Words("en")
    told = [say.margin(*pair).replace("\N{NARROW NO-BREAK SPACE}", "") for pair in
            ((10812.3, 9253.4), (-296.0, 8066.0), (824.0, 23107.0), (0.4, 0.2), (5.0, None))]  # fmt: skip
    assert told == ["10800 ± 9300", "−300 ± 8100", "1000 ± 23000", "0 ± 0", "5 ± –"]


def test_limits_of_one_layer_without_catalogue(result: study.StudyResult) -> None:
    found = report_checks.one_layer(result)
    limits = conclusion.conclude(found, plain(found), language.Words("en")).limits
    assert any("one layer" in line for line in limits)
    assert any("no catalogue" in line for line in limits)


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_page_opens_with_the_verdict_and_follows_the_reader_s_questions(
    html: str, result: study.StudyResult
) -> None:
    parsed = Page(html)
    order = [html.index(f'<section id="{name}"') for name in page.SECTIONS]
    assert order == sorted(order)
    assert result.verdict.sentence in parsed.words.translate(PLAIN)
    assert html.translate(PLAIN).replace("\xa0", " ").index(result.verdict.sentence) < html.index('<section id="data"')
    for heading in ("Where and when?", "Rooted or drifted?", "Does it move like the claim?", "Are the gases linked?",
                    "Does it happen without earthquakes?"):  # fmt: skip
        assert heading in parsed.words
    assert "doi:10.12677/ag.2022.1212164" in parsed.words
    assert parsed.elements["math"] >= len(page.METHODS)
    assert len(set(parsed.ids)) == len(parsed.ids)


def test_the_page_in_chinese(chinese: str) -> None:
    parsed = Page(chinese)
    assert ("html", "lang", "zh-Hans") in parsed.attributes
    assert "结论" in parsed.words
    assert "有根" in parsed.words
    # No English sentence of ours is left: every message was asked for in Chinese.
    english = {
        text["en"] for key, text in language.messages().items() if len(text["en"]) > 30 and "{" not in text["en"]
    }
    left = [text for text in english if text in parsed.words and not text.startswith("XCO")]
    assert not left


def test_every_number_of_the_tables_is_on_the_page(html: str, result: study.StudyResult) -> None:
    words = Page(html).words
    found = tables.all_tables(result, plain(result), language.Words("en"))
    assert {"stages", "days", "rates", "episodes", "models", "spirals", "correlation", "placebos", "truth"} <= set(
        found
    )
    for table in found.values():
        for row in table.rows:
            assert len(row) == len(table.columns), table.name
            for cell in row:
                assert " ".join(cell.text.split()) in words, (table.name, cell.text)
    first = next(iter(result.profiles.values()))["ascending"]["epicentre"]["days"]
    days = found["days"]
    assert len(days.rows) == sum(len(o["epicentre"]["days"]) for g in result.profiles.values() for o in g.values())
    assert days.rows[0][0].text == str(first[0]["date"])[:10]


def test_nothing_is_loaded_and_only_our_own_script_runs(html: str) -> None:
    parsed = Page(html)
    for tag, name, value in parsed.attributes:
        if name in LOADING:
            assert value.startswith(("#", "data:image/png;base64,")), (tag, name, value[:80])
        assert not name.startswith("on"), (tag, name)
        assert name != "style", "the policy forbids style attributes"
    assert not set(parsed.elements) & {"iframe", "object", "embed", "link", "base", "form", "audio", "video", "frame"}
    assert not re.search(r"url\(|@import", "".join(parsed.styles))
    policy = next(value for tag, name, value in parsed.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    runs = [text for attrs, text in parsed.scripts if attrs.get("type") != "application/json"]
    assert len(runs) == len(parsed.styles) == 1
    for text in [*runs, *parsed.styles]:
        assert f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}" in policy
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import\(|eval|innerHTML|document\.write)\b", runs[0])


def test_every_picture_says_what_it_shows(result: study.StudyResult, tmp_path: Path) -> None:
    drawn = figures.draw(result, language="en", folder=tmp_path)
    names = {picture.name for picture in drawn}
    assert {"time_height_co", "stages_ch4_ascending", "placebos", "base_rates", "spiral_co", "helix_co", "correlation",
            "series"} <= names  # fmt: skip
    for picture in drawn:
        assert len(picture.alt) > 20
        assert len(picture.caption) > 40
        file = (tmp_path / f"{picture.name}.png").read_bytes()
        assert b"tEXt" not in file, "the versions of libraries are no part of a picture"
        width = struct.unpack(">I", file[16:20])[0]
        density = struct.unpack(">I", file[file.index(b"pHYs") + 4 :][:4])[0]
        assert density == pytest.approx(300 / 0.0254, abs=1)
        assert picture.width == round(width / 3)
    parsed = Page(report.render(result, pictures=drawn))
    images = [value for tag, name, value in parsed.attributes if (tag, name) == ("img", "alt")]
    assert len(images) == parsed.elements["img"] == len(drawn)
    assert all(images)
    assert len(report.render(result, pictures=drawn)) < 8e6
    # Whatever is drawn stands under its own caption.
    assert parsed.elements["figcaption"] >= len(drawn)


def test_same_result_same_bytes_but_for_the_time(
    result: study.StudyResult, tmp_path: Path, quick_disk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "DPI", 100)
    lines: list[str] = []
    for name in ("one", "two"):
        report.write(result, tmp_path / name, step=lines.append)
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file())
    assert len(files) > 15
    for file in files:
        one, two = ((tmp_path / name / file).read_bytes() for name in ("one", "two"))
        stamp = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\+00:00)?")
        assert stamp.sub(b"", one) == stamp.sub(b"", two), file
    assert any("report.html" in line for line in lines)


def test_simulated_is_said_beside_everything(html: str, chinese: str, result: study.StudyResult) -> None:
    for text, tag in ((html, "Simulated"), (chinese, "模拟")):
        parsed = Page(text)
        captions = re.findall(r"<figcaption>.*?</figcaption>|<p class=\"caption\".*?</p>", text, re.DOTALL)
        assert len(captions) > 10
        assert all(f'<span class="tag">{tag}</span>' in caption for caption in captions)
        assert text.index('class="simulated-banner"') < text.index("<h1>")
        assert parsed.elements["canvas"] == 3
    real = report_checks.one_layer(result)
    cube = real.inputs.cube
    cube.attrs = {k: v for k, v in cube.attrs.items() if k != "simulated"}
    assert "simulated-banner" not in "".join(report.render(real, pictures=[]).split("<main>")[0].split("</style>")[1:])


def test_the_truth_table_says_why_an_interval_can_miss(html: str, chinese: str) -> None:
    assert "An interval is that of a sharp step: a release that grows slowly, " in Page(html).words
    assert "区间是按突然的阶跃计算的：" in Page(chinese).words


def test_refused_inputs_are_named(result: study.StudyResult) -> None:
    import dataclasses

    refused = [{"path": f"granules/{k}.hdf", "reason": f"reason {k}"} for k in range(tables.MOST_ROWS + 5)]
    found = dataclasses.replace(result, inputs=dataclasses.replace(result.inputs, refused=refused))
    parsed = Page(report.render(found, pictures=[]))
    assert "granules/0.hdf" in parsed.words
    assert "reason 199" in parsed.words
    assert "granules/200.hdf" not in parsed.words
    assert "5 more are left out" in parsed.words
    assert f"{len(refused)} input file(s) were refused" in parsed.words


def test_inputs_of_a_simulation_are_counted_and_named_so(result: study.StudyResult) -> None:
    import dataclasses

    files = [{"path": f"{k}.hdf", "bytes": 1, "sha256": "0", "version": "7"} for k in range(tables.MOST_ROWS + 5)]
    found = dataclasses.replace(result, inputs=dataclasses.replace(result.inputs, kind="granules", files=files))
    for tongue, heading, kind, unlike in [
        ("en", "Inputs", "simulated granules", "satellite granules"),
        ("zh", "输入文件", "模拟的数据文件", "卫星数据文件"),
    ]:
        made = report.render(found, language=tongue, pictures=[])
        assert f"{heading} ({len(files)})" in made
        assert kind in made
        assert unlike not in made


@pytest.mark.parametrize("name", ["calm_result", "flat_result"])
def test_other_worlds(name: str, request: pytest.FixtureRequest, coarse: None) -> None:
    found: study.StudyResult = request.getfixturevalue(name)
    for tongue in language.LANGUAGES:
        Page(report.render(found, language=tongue, pictures=[]))
    if name == "flat_result":
        assert len(figures.draw(found, language="en")) > 10


def test_one_layer(result: study.StudyResult, coarse: None) -> None:
    found = report_checks.one_layer(result)
    drawn = figures.draw(found, language="zh")
    parsed = Page(report.render(found, language="zh", pictures=drawn))
    assert "helix" not in parsed.ids
    assert "单层" in parsed.words
    # Nothing of a section that asks for levels stands empty.
    days = tables.all_tables(found, plain(found), language.Words("en"))["days"]
    assert [head for head in days.columns if re.search("below|above|Gradient", head)] == []
    assert {len(row) for row in days.rows} == {len(days.columns)}
    assert language.Words("zh")("table.days_one_layer.caption") in parsed.words
    names = {picture.name for picture in drawn}
    assert "column_co" in names
    assert not any(name.startswith(("time_height", "day_", "profiles_", "helix")) for name in names)


def test_one_gas_and_one_orbit_without_anything_to_see(calm: simulate.SimulatedScene, coarse: None) -> None:
    """A month of nothing but gaps: every part says so, none fails."""
    cube = calm.cube.sel(orbit=["ascending"])[["co", "co_kernel", "surface_pressure"]]
    own = cube["time"].dt.year == 2022
    cube["co"] = cube["co"].where(~own)
    found = worlds.trace(
        calm, cube, gas={"path": ["given"], "gases": ["co"], "orbits": ["ascending"]}, region=worlds.SETTINGS["region"]
    )
    drawn = figures.draw(found, language="en")
    parsed = Page(report.render(found, pictures=drawn))
    assert found.verdict.finding == "UNDETERMINED"
    assert "Undetermined" in parsed.words
    assert "nothing to correlate" in parsed.words


# --- What the scripts are given ---------------------------------------------------------------------------------------


def test_the_maps_of_the_page_are_the_fields(result: study.StudyResult, html: str) -> None:
    data = next(json.loads(text) for attrs, text in Page(html).scripts if attrs.get("type") == "application/json")
    maps = data["maps"]
    series = maps["series"]["ch4|descending"]
    shape = (len(maps["dates"]), len(maps["levels"]) + 1, len(maps["lat"]), len(maps["lon"]))
    z, anomaly = (np.frombuffer(base64.b64decode(series[k]), "<i2").reshape(shape) for k in ("z", "anomaly"))
    one = result.fields.sel(orbit="descending")
    for layer, names in ((0, ("xch4_zscore", "xch4_anomaly")), (4, ("ch4_zscore", "ch4_anomaly"))):
        wanted = [one[n] if layer == 0 else one[n].sel(level=maps["levels"][layer - 1]) for n in names]
        for packed, field, scale, within in (
            (z, wanted[0], 0.01, 0.006), (anomaly, wanted[1], *[series["anomalyScale"] / 1e9] * 2),
        ):  # fmt: skip
            values = field.transpose("time", "lat", "lon").values
            missing = packed[:, layer] == interactive.MISSING
            np.testing.assert_array_equal(missing, ~np.isfinite(values))
            np.testing.assert_allclose(packed[:, layer][~missing] * scale, values[~missing], atol=within)
    assert maps["dates"][maps["start"]] <= str(result.event.time)[:10]
    assert data["helix"][0]["points"], "daily maxima"
    assert len(data["helix"][0]["curve"]) > 100


def test_a_large_region_stays_small(result: study.StudyResult, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = interactive.explorer_data(result, plain(result), language.Words("en"))["maps"]
    monkeypatch.setattr(interactive, "MOST_VALUES", 40_000)
    fewer = interactive.explorer_data(result, plain(result), language.Words("en"))["maps"]
    assert fewer["levelsLeftOut"] == len(whole["levels"]) - len(fewer["levels"]) > 0
    monkeypatch.setattr(interactive, "MOST_VALUES", 2_000)
    coarse = interactive.explorer_data(result, plain(result), language.Words("en"))["maps"]
    assert coarse["stride"] > 1
    assert coarse["levels"] == []
    sizes = [sum(len(s["z"]) for s in maps["series"].values()) for maps in (coarse, whole)]
    assert sizes[0] < 0.1 * sizes[1]


def _nested(inner: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)


@given(st.recursive(st.text() | st.integers() | st.booleans() | st.none(), _nested))
def test_json_in_the_page_is_whole_and_harmless(value: object) -> None:
    text = interactive.safe_json(value)
    assert not set(text) & set("<>&\u2028\u2029")
    assert text.isascii()
    assert json.loads(text) == value


# --- Text from elsewhere ----------------------------------------------------------------------------------------------


def _shape(parsed: Page) -> tuple[dict[str, int], list[tuple[str, str]]]:
    return parsed.elements, sorted((tag, name) for tag, name, _ in parsed.attributes)


@pytest.fixture(scope="module")
def harmless(result: study.StudyResult) -> dict[str, Page]:
    calm = report_checks.poisoned(result, "harmless")
    return {tongue: Page(report.render(calm, language=tongue, pictures=[])) for tongue in language.LANGUAGES}


def test_there_are_thirty_payloads() -> None:
    assert len(set(PAYLOADS)) == 30


@pytest.mark.parametrize("number", range(len(PAYLOADS)), ids=lambda k: ascii(PAYLOADS[k][:24]))
def test_no_text_breaks_out(number: int, result: study.StudyResult, harmless: dict[str, Page]) -> None:
    """In every field at once: elements and attributes are those of harmless text, and the text is read back."""
    payload = PAYLOADS[number]
    tongue = language.LANGUAGES[number % 2]
    text = report.render(report_checks.poisoned(result, payload), language=tongue, pictures=[])
    text.encode("utf-8")
    parsed = Page(text)
    assert _shape(parsed) == _shape(harmless[tongue])
    assert parsed.comments == []
    assert parsed.declarations == ["DOCTYPE html"]
    # What is shown is the text itself, not what a template or an entity would make of it.
    shown = " ".join(language.clean(payload).split())
    assert parsed.words.count(shown) >= 8
    for attrs, script in parsed.scripts:
        if attrs.get("type") == "application/json":
            json.loads(script)


def test_figures_take_any_name(result: study.StudyResult, coarse: None) -> None:
    """Labels of figures come from the same fields; mathematics, markup, braces, any script in them are plain text."""
    assert figures.draw(report_checks.poisoned(result, "$\\frac{$<b>{x}地震Ω\x00%s"), language="en")
