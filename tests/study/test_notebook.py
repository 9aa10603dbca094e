"""A result in a notebook: its figures by name, its page, its one line."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import worlds

from gasquake import plot, simulate, study
from gasquake._numbers import p_equals
from gasquake.plot.language import model_label
from gasquake.plot.study import StudyPlots
from gasquake.report.language import Words, messages

PAYLOAD = "<script>alert(1)</script> & \"quoted\" 'too' <img src=x onerror=alert(2)> $x_{$ {0} %s"
METHODS = sorted(name for name in dir(StudyPlots) if not name.startswith("_"))
LAYERED = {"day_profile", "helix", "level_map", "stage_maps", "stage_profiles", "time_height"}


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags


@pytest.fixture(scope="module")
def one_layer(scene: simulate.SimulatedScene) -> study.StudyResult:
    """CO at one height, as a product without levels has it."""
    cube = scene.cube[["co"]].isel(level=4, drop=True).assign_attrs(scene.cube.attrs)
    return worlds.trace(scene, cube, gas={"path": ["simulated"], "gases": ["co"]})


# --- Figures ----------------------------------------------------------------------------------------------------------


def test_every_figure_of_the_module_is_there_by_name(result: study.StudyResult) -> None:
    not_figures = {"cjk_font", "coastlines", "draw_geography", "save", "usable_language"}
    methods = set(METHODS)
    assert set(plot.__all__) - not_figures - {"spiral_null"} <= methods  # spiral_map has the null beside it
    assert set(result.plot.names) == methods - {"names"}


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"names"}))
def test_every_figure_is_drawn_and_says_simulated(result: study.StudyResult, name: str) -> None:
    drawn = getattr(result.plot, name)()
    first = drawn.flat[0] if isinstance(drawn, np.ndarray) else drawn
    figure = getattr(first, "figure", first)
    figure.draw_without_rendering()
    words = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    assert "simulated data" in words


def test_a_gas_and_an_orbit_are_chosen_by_name(result: study.StudyResult) -> None:
    axes = result.plot.time_height("ch4", orbit="descending")
    assert [ax.get_title(loc="left") for ax in axes.flat] == ["CH₄, descending"]
    with pytest.raises(ValueError, match=r"gas must be one of 'co', 'ch4', got 'so2'"):
        result.plot.column_map("so2")
    with pytest.raises(ValueError, match=r"orbit must be one of .*, got 'polar'"):
        result.plot.time_height(orbit="polar")
    with pytest.raises(ValueError, match=r"axes must hold 2 by 1 Axes, got 1"):
        result.plot.time_height(axes=axes)


def test_options_reach_the_figure_and_overrule(result: study.StudyResult) -> None:
    mesh = result.plot.column_map("co", orbit="ascending", limits=(-7.0, 7.0))[0, 0].collections[0]
    assert mesh.get_clim() == (-7.0, 7.0)


def test_stage_maps_of_all_orbits_share_one_scale(result: study.StudyResult) -> None:
    grids = [result.plot.stage_maps("co", orbit=orbit) for orbit in ("ascending", "descending")]
    scales = {ax.collections[0].get_clim() for grid in grids for ax in grid.flat}
    assert len(scales) == 1
    low, high = scales.pop()
    assert low == -high < 0.0
    chosen = result.plot.stage_maps("co", orbit="ascending", limits=(-5.0, 5.0))
    assert chosen[0, 0].collections[0].get_clim() == (-5.0, 5.0)


def test_one_layer_is_not_called_a_column(one_layer: study.StudyResult) -> None:
    titles = [ax.get_title(loc="left") for ax in one_layer.plot.column_map().flat]
    assert titles == ["CO, ascending", "CO, descending"]
    assert one_layer.plot.anomaly_series()[0, 0].get_ylabel() == "CO z-score\n(standard deviations)"


def test_the_day_that_is_asked_for_is_drawn(result: study.StudyResult) -> None:
    ax = result.plot.level_map("co", date="2022-09-01", orbit="ascending", level=690.0)
    assert ax.get_title(loc="left") == "CO, 700 hPa, 2022-09-01"
    shown = ax.collections[0].get_array()
    z = result.fields["co_zscore"].sel(time="2022-09-01", orbit="ascending", level=700.0)
    np.testing.assert_array_equal(np.ma.filled(shown, np.nan).ravel(), z.values.ravel())


def test_a_figure_without_data_says_what_is_missing(one_layer: study.StudyResult) -> None:
    assert not LAYERED & set(one_layer.plot.names)
    assert not {"correlation_table", "correlation_series"} & set(one_layer.plot.names)
    for name in one_layer.plot.names:
        getattr(one_layer.plot, name)()
    for name in sorted(LAYERED):
        with pytest.raises(ValueError, match=rf"plot\.{name}: this result has no levels; it has anomaly_series"):
            getattr(one_layer.plot, name)()
    with pytest.raises(ValueError, match="CO and CH4"):
        one_layer.plot.correlation_table()


def test_spirals_have_the_names_that_the_report_gives_them() -> None:
    spirals = [key.partition(".")[2] for key in messages() if re.match(r"model\.\w+_(centre|cusp)$", key)]
    assert spirals
    for language in ("en", "zh"):
        for name in spirals:
            assert model_label(name, language) == Words(language)(f"model.{name}")


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_page_says_what_the_verdict_says(result: study.StudyResult) -> None:
    tags = read(result._repr_html_())
    verdict = result.verdict
    for line in (verdict.sentence, verdict.finding, *verdict.rests_on, *verdict.also, *verdict.limits):
        assert line in tags.text
    assert p_equals(verdict.p_value) in tags.text
    assert "simulated data" in tags.text
    (image,) = [attributes for tag, attributes in tags.opened if tag == "img"]
    assert image["src"].startswith("data:image/png;base64,")
    assert verdict.sentence in image["alt"]
    assert len(result._repr_html_()) < 150_000


def test_nothing_in_a_result_becomes_markup(one_layer: study.StudyResult) -> None:
    result = one_layer  # its overview writes the names of the stages
    plain = {tag for tag, _ in read(result._repr_html_()).opened}
    verdict = replace(
        result.verdict, sentence=PAYLOAD, finding=PAYLOAD, rests_on=[PAYLOAD], also=[PAYLOAD], limits=[PAYLOAD]
    )
    windows = [replace(stage, name=f"$x_{{{stage.name}$<b>") for stage in result.stages]
    poisoned = replace(
        result, verdict=verdict, stages=windows, event=replace(result.event, name=PAYLOAD, magnitude_type=PAYLOAD)
    )
    page = poisoned._repr_html_()
    tags = read(page)
    assert "<script" not in page
    assert {tag for tag, _ in tags.opened} <= plain | {"details", "summary", "ul", "li"}
    assert all(not name.startswith("on") for _, attributes in tags.opened for name in attributes)
    assert tags.text.count(PAYLOAD) == 7
    (image,) = [attributes for tag, attributes in tags.opened if tag == "img"]
    assert image["alt"].endswith(PAYLOAD)
    assert set(image) == {"src", "alt", "style"}


def test_a_result_shows_itself_without_matplotlib(result: study.StudyResult, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = result._repr_html_()
    assert result.verdict.sentence in read(page).text
    assert "<img" not in page


def test_an_error_that_is_none_of_matplotlibs_absence_is_not_hidden(
    result: study.StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ImportError("something else", name="PIL")

    monkeypatch.setattr(StudyPlots, "overview", broken)
    with pytest.raises(ImportError, match="something else"):
        result._repr_html_()


# --- The line ---------------------------------------------------------------------------------------------------------


def test_the_line_is_short_and_says_finding_and_p(result: study.StudyResult) -> None:
    assert re.fullmatch(
        r"<StudyResult \(simulated\): Luding \(simulated\), M 6\.8, 2022-09-05T04:52 UTC: ROOTED, "
        r"p = 0\.\d+, \d+ placebos>",
        repr(result),
    ), repr(result)


def test_without_a_p_value_none_is_made_up(result: study.StudyResult) -> None:
    unknown = replace(result, verdict=replace(result.verdict, finding="UNDETERMINED", p_value=float("nan")))
    assert repr(unknown).endswith("UNDETERMINED, no p-value>")
    assert "nan" not in read(unknown._repr_html_()).text
