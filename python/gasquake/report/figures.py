"""The static figures of the report, drawn by `gasquake.plot`: at 300 dots per inch on disk, smaller in the page.

Every figure is drawn once; the page's copy is the same picture reduced, so that a report takes seconds.
"""

from __future__ import annotations

import base64
import io as memory
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gasquake import io, plot
from gasquake._optional import attempt_import
from gasquake.plot.picked import best_spiral, telling_day
from gasquake.plot.study import CORRELATION_DAYS, StudyPlots
from gasquake.report.language import Language, Words, drawable, gas_label
from gasquake.study.result import StudyResult

__all__ = ["Picture", "draw"]

DPI = 300
REDUCED = 2  # [D] the page's copy has half as many pixels each way


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as the page holds it.

    Attributes
    ----------
    name : str
        Of its file in ``figures/``, without suffix.
    section : str
        Where it stands.
    title, caption, alt : str
        In the report's language.
    uri : str
        The picture as a data URI.
    width, height : int
        Pixels at which the page shows it.
    """

    name: str
    section: str
    title: str
    caption: str
    alt: str
    uri: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """A figure to draw: its name, its section, its messages with what is filled in, and how to draw it."""

    name: str
    section: str
    message: str
    values: Mapping[str, object]
    draw: Callable[[], Any]


def draw(
    result: StudyResult,
    /,
    *,
    language: Language,
    folder: Path | None = None,
    step: Callable[[str], None] = lambda _: None,
) -> list[Picture]:
    """Draw every figure that the result has data for.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    language : {"en", "zh"}
        Of titles and captions, and of the figures' labels.
    folder : Path, optional
        Where the PNG files go.
    step : callable
        Called with a line before each figure.

    Returns
    -------
    list of Picture
        In the order of the page.
    """
    say = Words(language)
    pictures: list[Future[Picture]] = []
    # Compressing a picture frees the interpreter's lock: the next one is drawn meanwhile.
    with _any_name(), ThreadPoolExecutor(1) as pool:
        for plan in _plans(result, say):
            step(f"drawing {plan.name}")
            pixels = _pixels(plan.draw())
            pictures.append(pool.submit(_picture, plan, pixels, say, folder))
        return [picture.result() for picture in pictures]


@contextmanager
def _any_name() -> Iterator[None]:
    """Labels hold names that users gave: dollars in them are no formulas, and any script is drawn if a font has it."""
    matplotlib = attempt_import("matplotlib", extra="study", purpose="to draw figures")
    families = [family for family in (*matplotlib.rcParams["font.family"], plot.cjk_font()) if family]
    with matplotlib.rc_context({"text.parse_math": False, "font.family": families}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font|constrained_layout not applied")
        yield


def _pixels(drawing: Any) -> Any:
    """A drawn figure as an image, without drawing it twice as ``savefig`` does for the sake of the layout."""
    agg = attempt_import("matplotlib.backends.backend_agg", extra="study", purpose="to draw figures")
    image = attempt_import("PIL.Image", extra="study", purpose="to draw figures")
    first = drawing.flat[0] if isinstance(drawing, np.ndarray) else drawing
    figure = getattr(first, "figure", first)
    figure.set_dpi(DPI)
    canvas = agg.FigureCanvasAgg(figure)
    canvas.draw()
    picture = image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    # Figures hold themselves in circles: let go of the 30 MB of pixels now, not when the collector comes by.
    canvas.renderer = None
    return picture


def _picture(plan: _Plan, pixels: Any, say: Words, folder: Path | None) -> Picture:
    if folder is not None:
        with io.write_aside(folder / f"{plan.name}.png") as aside:
            pixels.save(aside, format="PNG", dpi=(DPI, DPI), compress_level=3)
    small = pixels.reduce(REDUCED)
    buffer = memory.BytesIO()
    small.save(buffer, format="PNG", compress_level=6)
    title, caption, alt = (say(f"figure.{plan.message}.{part}", **plan.values) for part in ("title", "caption", "alt"))
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    # Shown at 100 dots per inch, so that a screen of two dots to the pixel is still sharp.
    width, height = (round(size * 100 / DPI) for size in pixels.size)
    return Picture(plan.name, plan.section, title, caption, alt, uri, width, height)


# --- What is drawn ----------------------------------------------------------------------------------------------------


def _plans(result: StudyResult, say: Words) -> Iterator[_Plan]:
    plots = StudyPlots(result, language=say.language if drawable(say.language) else "en")
    known = set(plots.names)
    orbits = result.fields["orbit"].values.tolist()
    layered = "time_height" in known
    for gas in result.profiles:
        label = {"gas": gas_label(gas)}
        message = "column" if layered else "column_one_layer"
        yield _Plan(f"column_{gas}", "where", message, label, partial(plots.column_map, gas))
        if layered:
            for orbit in orbits:
                values = {**label, "orbit": say.name("orbit", orbit)}
                draw = partial(plots.stage_maps, gas, orbit=orbit)
                yield _Plan(f"stages_{gas}_{orbit}", "where", "stages", values, draw)
            yield _Plan(f"time_height_{gas}", "where", "time_height", label, partial(plots.time_height, gas))
    yield _Plan("series", "where", "series" if layered else "series_one_layer", {}, plots.anomaly_series)
    if "base_rates" in known:
        yield _Plan("base_rates", "rooted", "base_rates", {}, plots.base_rates)
    if layered:
        for gas in result.profiles:
            label = {"gas": gas_label(gas)}
            chosen = telling_day(result, gas)
            if chosen is not None:
                values = {**label, "date": str(chosen[0])[:10], "orbit": say.name("orbit", chosen[1])}
                yield _Plan(f"day_{gas}", "rooted", "day", values, partial(plots.day_profile, gas))
            yield _Plan(f"profiles_{gas}", "rooted", "profiles", label, partial(plots.stage_profiles, gas))
    for track in result.tracks:
        label = {"gas": gas_label(track.gas)}
        best = best_spiral(track)
        if best is None:
            yield _Plan(f"maxima_{track.gas}", "motion", "maxima", label, partial(plots.maxima_map, track.gas))
        else:
            values = {**label, "model": say.name("model", best)}
            yield _Plan(f"spiral_{track.gas}", "motion", "spiral", values, partial(plots.spiral_map, track.gas))
        if track.helix is not None:
            draw = partial(plots.helix, track.gas)
            yield _Plan(f"helix_{track.gas}", "motion without script", "helix", label, draw)
    if "correlation_table" in known:
        yield _Plan("correlation", "link", "correlation", {}, plots.correlation_table)
    if "correlation_series" in known:
        days = {"days": CORRELATION_DAYS}
        yield _Plan("correlation_series", "link", "correlation_series", days, plots.correlation_series)
    yield _Plan("placebos", "chance", "placebos", {}, plots.placebo_distribution)
