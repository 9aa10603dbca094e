"""The report in a real browser: nothing on the console, nothing from the network, and its moving parts move."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import report_checks

from gasquake import report, study
from gasquake.report import figures

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed, so no browser can be driven")
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select  # noqa: E402

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore::ResourceWarning")]
CASES = ("demo", "one_layer")
WIDTHS = (1280, 390)
#: A drawing's pixels from a copy that is meant to be read: reading the drawing itself again and again warns.
COPIED = """
    const copied = (name) => {
      const canvas = document.getElementById(name), copy = document.createElement("canvas");
      copy.width = canvas.width; copy.height = canvas.height;
      const pen = copy.getContext("2d", { willReadFrequently: true });
      pen.drawImage(canvas, 0, 0);
      return pen;
    };
"""
EXAMPLE = Path(__file__).parents[2] / "examples" / "boumerdes2003.toml"


@pytest.fixture(scope="module")
def pages(result: study.StudyResult, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Each report in each language, its figures in few dots."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "DPI", 60)
        for name, one in (("demo", result), ("one_layer", report_checks.one_layer(result))):
            for tongue in ("en", "zh"):
                path = folder / f"{name}-{tongue}.html"
                path.write_text(report.render(one, language=tongue), encoding="utf-8")
                found[name, tongue] = path
    poisoned = report_checks.poisoned(result, '</script><img src=x onerror="window.broken=1"><script>window.broken=1//')
    found["poisoned", "en"] = folder / "poisoned.html"
    found["poisoned", "en"].write_text(report.render(poisoned, pictures=[]), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def boumerdes(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of real soundings in each language, its figures in few dots."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("../../shared/data", str(shared_data))
    folder = tmp_path_factory.mktemp("boumerdes")
    (folder / EXAMPLE.name).write_text(text, encoding="utf-8")
    config = study.load_config(folder / EXAMPLE.name)
    needed = [*config.gas.path, config.placebo.catalogue]
    absent = [str(path) for path in needed if not Path(str(path)).exists()]
    if absent:
        pytest.skip(f"the real soundings or their catalogue are not there: {', '.join(absent)}")
    result = study.run(config)
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "DPI", 60)
        for tongue in ("en", "zh"):
            found[tongue] = folder / f"{tongue}.html"
            found[tongue].write_text(report.render(result, language=tongue), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium and chromedriver (Debian: chromium, chromium-driver) are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield found
    found.quit()


def opened(browser: Any, path: Path, *, width: int = 1280, height: int = 900) -> None:
    """A page in a window of a size, with what earlier pages left in the logs gone."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(path.as_uri())


def picture(browser: Any, name: str) -> str:
    found: str = browser.execute_script("return document.getElementById(arguments[0]).toDataURL()", name)
    return found


def into_view(browser: Any, name: str) -> Any:
    element = browser.find_element(By.ID, name)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    return element


def assert_quiet(browser: Any, path: Path, *, width: int, helix: bool) -> None:
    """The page says nothing on the console, asks for nothing, and fits; its moving parts are there."""
    opened(browser, path, width=width)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert {url.split(":")[0] for url in asked} <= {"file", "data", "about"}
    assert [url for url in asked if url.startswith("file:")] == [path.as_uri()]
    sizes = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert sizes[0] <= sizes[1], "the page itself never scrolls sideways"
    outside = browser.execute_script("""
        return [...document.querySelectorAll("main *")].filter((e) => !e.closest(".scroll, .formula, pre, math, svg")
          && e.getClientRects().length && e.getBoundingClientRect().right > window.innerWidth + 1)
        .map((e) => e.outerHTML.slice(0, 90))
    """)
    assert outside == []
    assert browser.find_element(By.ID, "map-canvas").is_displayed()
    assert bool(browser.find_elements(By.ID, "helix-canvas")) == helix
    for name in ("map-canvas", "map-profile"):
        if browser.find_elements(By.ID, name):
            assert_nothing_cut(browser, name)
    broken = "return [...document.images].filter((i) => i.complete && !i.naturalWidth).length"
    assert browser.execute_script(broken) == 0


def assert_nothing_cut(browser: Any, name: str) -> None:
    """The outermost pixels of a drawing are bare: no label runs off its edge."""
    inked = browser.execute_script(
        COPIED
        + """
        const { width, height } = document.getElementById(arguments[0]), pen = copied(arguments[0]);
        const edges = [[0, 0, 1, height], [width - 1, 0, 1, height],
          [0, 0, width, 1], [0, height - 1, width, 1]];
        return edges.map((e) => pen.getImageData(...e).data.some((v, k) => k % 4 === 3 && v > 40));
        """,
        name,
    )
    assert inked == [False] * 4, (name, "left, right, top, bottom", inked)


def assert_slides(browser: Any) -> None:
    """A press beside the slider's thumb, and a drag of the thumb, choose the day that is drawn."""
    slider, state = into_view(browser, "map-day"), browser.find_element(By.ID, "map-state")
    day, drawn = [state.text], [picture(browser, "map-canvas")]
    quarter = slider.size["width"] // 4
    ActionChains(browser).move_to_element_with_offset(slider, -quarter, 0).click().perform()
    day.append(state.text)
    drawn.append(picture(browser, "map-canvas"))
    thumb = ActionChains(browser).move_to_element_with_offset(slider, -quarter, 0).click_and_hold()
    thumb.move_by_offset(quarter, 0).release().perform()
    day.append(state.text)
    drawn.append(picture(browser, "map-canvas"))
    assert len(set(day)) == len(set(drawn)) == 3
    assert day[1] < day[2], "dragged to the right is later"
    assert slider.get_attribute("aria-valuetext") == state.text.split(" · ")[0]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize("case", CASES)
def test_opens_quietly(browser: Any, pages: dict[tuple[str, str], Path], case: str, tongue: str, width: int) -> None:
    assert_quiet(browser, pages[case, tongue], width=width, helix=case == "demo")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_the_report_of_boumerdes(browser: Any, boumerdes: dict[str, Path], tongue: str, width: int) -> None:
    """Real soundings: one layer, so no helix; the earthquake came after the last day, so no line stands for it."""
    assert_quiet(browser, boumerdes[tongue], width=width, helix=False)
    assert not browser.find_elements(By.CSS_SELECTOR, ".simulated-banner, .tag")
    assert not browser.find_elements(By.CSS_SELECTOR, "svg .origin")
    assert len(browser.find_elements(By.CSS_SELECTOR, "main figure img")) >= 4
    assert_slides(browser)
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_slider_is_pressed_and_dragged(browser: Any, pages: dict[tuple[str, str], Path], width: int) -> None:
    opened(browser, pages["demo", "en"], width=width)
    assert_slides(browser)


def test_the_slider_changes_day_and_map(browser: Any, pages: dict[tuple[str, str], Path]) -> None:
    opened(browser, pages["demo", "en"])
    slider, state = into_view(browser, "map-day"), browser.find_element(By.ID, "map-state")
    before, map_before = state.text, picture(browser, "map-canvas")
    # A real press on its left part.
    ActionChains(browser).move_to_element_with_offset(slider, -slider.size["width"] // 4, 0).click().perform()
    pressed = state.text
    assert pressed != before
    assert picture(browser, "map-canvas") != map_before
    slider.send_keys(Keys.ARROW_RIGHT)
    assert state.text != pressed
    assert slider.get_attribute("aria-valuetext") == state.text.split(" · ")[0]
    for name in ("map-gas", "map-orbit", "map-level"):
        drawn = picture(browser, "map-canvas")
        Select(browser.find_element(By.ID, name)).select_by_index(1)
        assert picture(browser, "map-canvas") != drawn, name


def test_a_cell_is_read_by_pointer_and_by_keyboard(
    browser: Any, pages: dict[tuple[str, str], Path], result: study.StudyResult
) -> None:
    opened(browser, pages["demo", "en"])
    canvas, readout = into_view(browser, "map-canvas"), browser.find_element(By.ID, "map-readout")
    start = readout.text
    ActionChains(browser).move_to_element_with_offset(canvas, -150, -100).perform()
    assert readout.text != start
    assert "°N" in readout.text
    canvas.send_keys(Keys.ARROW_DOWN)
    canvas.send_keys(Keys.ARROW_RIGHT)
    # What is read is what the study found there.
    latitude, longitude = (float(part.strip("°NE")) for part in readout.text.split(" · ")[0].split(" "))
    day = browser.find_element(By.ID, "map-state").text.split(" · ")[0]
    value = result.fields["xco_zscore"].sel(orbit="ascending", time=day, lat=latitude, lon=longitude).item()
    told = readout.text.replace("−", "-")
    assert f"z = {value:.2f}" in told if value == value else "no valid value" in told


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_the_helix_turns(browser: Any, pages: dict[tuple[str, str], Path], tongue: str, width: int) -> None:
    opened(browser, pages["demo", tongue], width=width)
    canvas = into_view(browser, "helix-canvas")
    yaw, drawn = canvas.get_attribute("data-yaw"), picture(browser, "helix-canvas")
    ActionChains(browser).move_to_element(canvas).click_and_hold().move_by_offset(120, 0).release().perform()
    turned = canvas.get_attribute("data-yaw")
    assert float(turned) > float(yaw) + 0.5
    assert picture(browser, "helix-canvas") != drawn
    canvas.send_keys(Keys.ARROW_LEFT)
    assert float(canvas.get_attribute("data-yaw")) < float(turned)
    browser.find_element(By.ID, "helix-reset").click()
    assert canvas.get_attribute("data-yaw") == yaw
    assert picture(browser, "helix-canvas") == drawn


def test_a_table_sorts_and_filters(browser: Any, pages: dict[tuple[str, str], Path]) -> None:
    opened(browser, pages["demo", "en"])
    table = into_view(browser, "table-days")
    heading = next(h for h in table.find_elements(By.CSS_SELECTOR, "th button") if h.text.startswith("z below"))
    column = "return [...document.querySelectorAll('#table-days tbody tr')].map((r) => r.cells[5].dataset.order)"
    for order, sign in (("ascending", 1), ("descending", -1)):
        heading.click()
        assert heading.find_element(By.XPATH, "..").get_attribute("aria-sort") == order
        values = browser.execute_script(column)
        known = [sign * float(v) for v in values if v is not None]
        assert known == sorted(known)
        assert all(v is None for v in values[len(known) :]), "what is missing stays at the end"
    Select(table.find_element(By.CSS_SELECTOR, "select[data-filter='4']")).select_by_visible_text("rooted")
    shown = [row for row in table.find_elements(By.CSS_SELECTOR, "tbody tr") if row.is_displayed()]
    assert shown
    assert {row.find_elements(By.TAG_NAME, "td")[3].text for row in shown} == {"rooted"}
    assert table.find_element(By.CSS_SELECTOR, ".shown").text.startswith(f"{len(shown)} of ")


def test_everything_is_reached_by_tab(browser: Any, pages: dict[tuple[str, str], Path]) -> None:
    opened(browser, pages["demo", "en"])
    wanted = {"map-gas", "map-orbit", "map-level", "map-day", "map-canvas", "helix-gas", "helix-reset", "helix-canvas"}
    reached: set[str] = set()
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    for _ in range(120):
        reached.add(browser.switch_to.active_element.get_attribute("id") or "")
        if wanted <= reached:
            break
        browser.switch_to.active_element.send_keys(Keys.TAB)
    assert wanted <= reached


def test_no_script_but_ours_runs(browser: Any, pages: dict[tuple[str, str], Path]) -> None:
    opened(browser, pages["poisoned", "en"])
    assert browser.get_log("browser") == []
    assert browser.execute_script("return window.broken") is None
    browser.execute_script("""
        const own = document.createElement("div");
        own.innerHTML = "<img src='data:,' onerror='window.broken = 2'>";
        document.body.append(own);
        const script = document.createElement("script");
        script.textContent = "window.broken = 3";
        document.body.append(script);
    """)
    assert browser.execute_script("return window.broken") is None
    assert any("Content Security Policy" in entry["message"] for entry in browser.get_log("browser"))


def test_a_level_without_a_value_is_hatched(
    browser: Any, pages: dict[tuple[str, str], Path], result: study.StudyResult
) -> None:
    """Below the ground of the epicentre's cell the profile is hatched, above it is not."""
    opened(browser, pages["demo", "en"])
    grey = (
        COPIED
        + """
        const { width, height } = document.getElementById("map-profile");
        const data = copied("map-profile").getImageData(0.25 * width, arguments[0] * height, 0.1 * width, 12).data;
        let n = 0;
        for (let k = 0; k < data.length; k += 4) n += data[k] < 215 && data[k + 3] > 0;
        return n;
    """
    )
    below, above = (browser.execute_script(grey, share) for share in (0.9, 0.3))
    assert below > 20
    assert above == 0


def test_it_prints(browser: Any, pages: dict[tuple[str, str], Path]) -> None:
    opened(browser, pages["demo", "en"])
    paper = browser.execute_cdp_cmd(
        "Page.printToPDF", {"printBackground": True, "paperWidth": 8.27, "paperHeight": 11.7}
    )
    pdf = base64.b64decode(paper["data"])
    assert pdf.startswith(b"%PDF")
    assert 5 < pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") < 60
    closed = "return [...document.querySelectorAll('details')].filter((d) => !d.open).length"
    assert browser.execute_script(closed) == 0, "nothing stays folded on paper"
    # On paper a drawing keeps its shape, and the heading that each page repeats is no button, which would stay blank.
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 720, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    shapes = browser.execute_script("""
        return ["map-canvas", "map-profile", "helix-canvas"].map((name) => document.getElementById(name))
        .map((c) => [c.clientWidth / c.clientHeight, c.width / c.height]);
    """)
    shown = browser.execute_script("return getComputedStyle(document.querySelector('thead button')).display")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown == "contents"
    for seen, drawn in shapes:
        assert seen == pytest.approx(drawn, rel=0.02)
