"""The static figures of the report, drawn by `gasquake.plot`: at 300 dots per inch on disk, smaller in the page.

Every figure is drawn once; the page's copy is the same picture reduced, so that a report takes seconds.
"""

from __future__ import annotations

import base64
import io as memory
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from gasquake import correlation, io, motion, plot, tracks
from gasquake._optional import attempt_import
from gasquake.profiles import ProfileVerdict
from gasquake.report.conclusion import window_counts
from gasquake.report.language import Language, Words, gas_label
from gasquake.study import local
from gasquake.study.movement import Track
from gasquake.study.result import StudyResult

__all__ = ["Picture", "draw", "drawable"]

DPI = 300
REDUCED = 2  # [D] the page's copy has half as many pixels each way
MAP_LEVELS = (700.0, 500.0, 300.0)  # [D] of the stage maps, hPa: low, middle and upper troposphere


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
    values: dict[str, object]
    draw: Callable[[], Any]


def drawable(language: Language, /) -> bool:
    """Whether figures can be labelled in a language here.

    Parameters
    ----------
    language : {"en", "zh"}
        Which.

    Returns
    -------
    bool
        Chinese needs a font that has it.
    """
    return language == "en" or plot.cjk_font() is not None


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
    with ThreadPoolExecutor(1) as pool:
        for plan in _plans(result, say):
            step(f"drawing {plan.name}")
            pixels = _pixels(plan.draw())
            pictures.append(pool.submit(_picture, plan, pixels, say, folder))
        return [picture.result() for picture in pictures]


def _pixels(drawing: Any) -> Any:
    """A drawn figure as an image, without drawing it twice as ``savefig`` does for the sake of the layout."""
    agg = attempt_import("matplotlib.backends.backend_agg", extra="study", purpose="to draw figures")
    image = attempt_import("PIL.Image", extra="study", purpose="to draw figures")
    first = drawing.flat[0] if isinstance(drawing, np.ndarray) else drawing
    figure = getattr(first, "figure", first)
    figure.set_dpi(DPI)
    canvas = agg.FigureCanvasAgg(figure)
    canvas.draw()
    return image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())


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


class _Sketch:
    """What all figures of one result share."""

    def __init__(self, result: StudyResult, say: Words) -> None:
        self.result = result
        self.say = say
        self.language: Language = say.language if drawable(say.language) else "en"
        self.shared: dict[str, Any] = {
            "simulated": bool(result.inputs.cube.attrs.get("simulated", 0)), "language": self.language,
        }  # fmt: skip
        self.orbits: list[str] = result.fields["orbit"].values.tolist()
        dates = result.fields["time"].values
        inside = dates[0] <= result.event.time < dates[-1] + np.timedelta64(1, "D")
        self.event_time = result.event.time if inside else None  # else its line would lie beyond the axes
        self.layered = "level" in result.fields.dims
        row, column = local.epicentre_cell(result.judged, result.event)
        self.here = {"lat": float(result.judged["lat"][row]), "lon": float(result.judged["lon"][column])}
        self.cube = result.inputs.cube.isel(lat=row, lon=column).sel(time=result.days.in_event_year)

    def panels(self, rows: int, columns: int, size: tuple[float, float]) -> Any:
        """Axes of a new figure."""
        figure = attempt_import("matplotlib.figure", extra="study", purpose="to draw figures")
        return figure.Figure(figsize=size, layout="constrained").subplots(rows, columns, squeeze=False)

    def at_epicentre(self, field: xr.DataArray) -> xr.DataArray:
        """A field in the epicentre's cell."""
        return field.sel(self.here, method="nearest")

    def ground(self, orbit: str) -> xr.DataArray | None:
        """Surface pressure of the epicentre's cell."""
        ground = self.cube.get("surface_pressure")
        if ground is None:
            return None
        ground = ground.sel(orbit=orbit) if "orbit" in ground.dims else ground
        return ground.load().drop_vars([c for c in ground.coords if c not in ground.dims])

    def named(self, orbit: str) -> str:
        """An orbit as the figures write it."""
        return Words(self.language).name("orbit", orbit)


def _plans(result: StudyResult, say: Words) -> Iterator[_Plan]:
    sketch = _Sketch(result, say)
    for gas in result.profiles:
        label = {"gas": gas_label(gas)}
        yield _Plan(f"column_{gas}", "where", "column", label, lambda gas=gas: _columns(sketch, gas))
        if sketch.layered:
            for orbit in sketch.orbits:
                values = {**label, "orbit": say.name("orbit", orbit)}
                yield _Plan(f"stages_{gas}_{orbit}", "where", "stages", values,
                            lambda gas=gas, orbit=orbit: _stage_maps(sketch, gas, orbit))  # fmt: skip
            yield _Plan(f"time_height_{gas}", "where", "time_height", label, lambda gas=gas: _sections(sketch, gas))
    yield _Plan("series", "where", "series", {}, lambda: _series(sketch))
    if _rates(sketch) is not None:
        yield _Plan("base_rates", "rooted", "base_rates", {},
                    lambda: plot.base_rates(_rates(sketch), **sketch.shared))  # fmt: skip
    if sketch.layered:
        for gas in result.profiles:
            label = {"gas": gas_label(gas)}
            chosen = _telling_day(sketch, gas)
            if chosen is not None:
                values = {**label, "date": str(chosen[0])[:10], "orbit": say.name("orbit", chosen[1])}
                yield _Plan(f"day_{gas}", "rooted", "day", values,
                            lambda gas=gas, chosen=chosen: _day(sketch, gas, *chosen))  # fmt: skip
            yield _Plan(f"profiles_{gas}", "rooted", "profiles", label, lambda gas=gas: _profiles(sketch, gas))
    for track in result.tracks:
        label = {"gas": gas_label(track.gas)}
        best = _best_spiral(track)
        if best is None:
            yield _Plan(f"maxima_{track.gas}", "motion", "maxima", label, lambda track=track: _maxima(sketch, track))
        else:
            values = {**label, "model": say.name("model", best)}
            yield _Plan(f"spiral_{track.gas}", "motion", "spiral", values,
                        lambda track=track, best=best: _spiral(sketch, track, best))  # fmt: skip
        if track.helix is not None:
            yield _Plan(f"helix_{track.gas}", "motion without script", "helix", label, lambda track=track: _helix(sketch, track))
    if "stages" in result.correlation:
        yield _Plan("correlation", "link", "correlation", {}, lambda: _correlation(sketch))
        if result.fields.sizes["time"] > CORRELATION_DAYS:
            yield _Plan("correlation_series", "link", "correlation_series", {"days": CORRELATION_DAYS},
                        lambda: _correlation_series(sketch))  # fmt: skip
    headline = result.tests["headline"]
    yield _Plan("placebos", "chance", "placebos", {}, lambda: plot.placebo_distribution(
        headline.null, statistic=headline.statistic, p_value=headline.p_value, n_effective=headline.n_effective,
        **sketch.shared))  # fmt: skip


# --- Where and when ---------------------------------------------------------------------------------------------------


def _columns(sketch: _Sketch, gas: str) -> Any:
    """Mean z-score of the column in the tested stages, orbit by orbit."""
    result = sketch.result
    axes = sketch.panels(1, len(sketch.orbits), (5.6 * len(sketch.orbits), 4.3))
    for ax, orbit in zip(axes.flat, sketch.orbits, strict=True):
        z = result.fields[f"x{gas}_zscore"].sel(orbit=orbit)
        window = result.days.window.sel(orbit=orbit, time=z["time"])
        mean = z.where(window).mean("time", keep_attrs=True).rename(f"x{gas}_zscore")
        plot.column_map(mean, ax=ax, event=result.event, limits=(-3.0, 3.0), **sketch.shared)
        ax.set_title(f"{plot_label(gas)}, {sketch.named(orbit)}", loc="left", fontsize=10)
    return axes


def plot_label(gas: str) -> str:
    """The column of a gas, as XCO."""
    return f"X{gas_label(gas)}"


def _stage_maps(sketch: _Sketch, gas: str, orbit: str) -> Any:
    result = sketch.result
    names = result.means["stage"].values.tolist()
    known = result.means["level"].values
    levels = sorted({float(known[np.abs(np.log(known / p)).argmin()]) for p in MAP_LEVELS}, reverse=True)
    ground = result.config.region.resolve().select(result.inputs.cube).get("surface_pressure")
    if ground is not None:
        ground = ground.sel(orbit=orbit) if "orbit" in ground.dims else ground
        ground = ground.sel(time=result.days.in_event_year).mean("time") if "time" in ground.dims else ground
    return plot.stage_maps(
        result.means, gas=gas, surface_pressure=ground, levels=levels, orbit=orbit, event=result.event,
        relative_to="background" if "background" in names and len(names) > 1 else None, **sketch.shared,
    )  # fmt: skip


def _sections(sketch: _Sketch, gas: str) -> Any:
    """Time and height over the epicentre, orbit by orbit."""
    result = sketch.result
    axes = sketch.panels(len(sketch.orbits), 1, (9.0, 4.3 * len(sketch.orbits)))
    for ax, orbit in zip(axes.flat, sketch.orbits, strict=True):
        z = _bare(sketch.at_epicentre(result.fields[f"{gas}_zscore"]).sel(orbit=orbit))
        verdict = _bare(sketch.at_epicentre(result.judged["verdict"].sel(gas=gas, orbit=orbit, time=z["time"])))
        plot.time_height(
            z, verdict=verdict, event_time=sketch.event_time, surface_pressure=sketch.ground(orbit),
            upper=result.config.profile.upper, ax=ax, **sketch.shared,
        )  # fmt: skip
        ax.set_title(f"{gas_label(gas)}, {sketch.named(orbit)}", loc="left", fontsize=10)
    return axes


def _bare(field: xr.DataArray) -> xr.DataArray:
    """A field without coordinates that are no dims."""
    return field.drop_vars([c for c in field.coords if c not in field.dims])


def _series(sketch: _Sketch) -> Any:
    """Column anomalies over the epicentre."""
    result = sketch.result
    gases = list(result.profiles)
    axes = sketch.panels(len(gases), 1, (9.0, 2.9 * len(gases)))
    for ax, gas in zip(axes.flat, gases, strict=True):
        z = _bare(sketch.at_epicentre(result.fields[f"x{gas}_zscore"]))
        plot.anomaly_series(
            z, threshold=result.config.profile.threshold, event_time=sketch.event_time, stages=result.stages, ax=ax,
            **sketch.shared,
        )  # fmt: skip
    return axes


# --- Rooted or drifted ------------------------------------------------------------------------------------------------


def _rates(sketch: _Sketch) -> pd.DataFrame | None:
    """Base rates beside the rates of the tested days; None where no reference day could be judged."""
    result, say = sketch.result, Words(sketch.language)
    rows, names = [], []
    for gas, orbits in result.profiles.items():
        for orbit, found in orbits.items():
            for verdict, base in found["epicentre"]["base_rate"].items():
                if base["n"]:
                    hits, n = window_counts({orbit: found}, result.config.stages.tested, verdict)
                    names.append(f"{gas_label(gas)}, {say.name('orbit', orbit)}: {say.name('verdict', verdict)}")
                    rows.append({**base, "event_rate": hits / n if n else np.nan, "event_n": n})
            raw = result.raw.get(gas, {}).get(orbit)
            if raw and raw["base_rate"]["n"]:
                window = raw["window_rate"]
                names.append(f"{gas_label(gas)}, {say.name('orbit', orbit)}: {say('criterion.raw')}")
                rows.append({**raw["base_rate"], "event_rate": window["rate"], "event_n": window["n"]})
    return pd.DataFrame(rows, index=names) if rows else None


def _telling_day(sketch: _Sketch, gas: str) -> tuple[Any, str] | None:
    """The tested day and orbit with the largest z below the split, rooted ones first; None where none is known."""
    result = sketch.result
    if result.config.profile.shape == "kernel" and f"{gas}_kernel" not in result.inputs.cube:
        return None  # the figure would judge the shape, which the study does not
    best: tuple[tuple[bool, float], Any, str] | None = None
    for orbit, found in result.profiles[gas].items():
        for day in found["epicentre"]["days"]:
            size = day["amplitude"] if np.isnan(day["z_below"]) else day["z_below"]
            if day["stage"] in result.config.stages.tested and day["verdict"] != "UNDETERMINED" and np.isfinite(size):
                rank = (day["verdict"] == ProfileVerdict.ROOTED.name, float(size))
                if best is None or rank > best[0]:
                    best = (rank, day["date"], orbit)
    return None if best is None else best[1:]


def _day(sketch: _Sketch, gas: str, date: Any, orbit: str) -> Any:
    result, profile = sketch.result, sketch.result.config.profile
    anomaly, z = (
        _bare(sketch.at_epicentre(result.fields[f"{gas}_{name}"]).sel(orbit=orbit, time=date))
        for name in ("anomaly", "zscore")
    )
    sigma = (anomaly / z).assign_attrs(units=anomaly.attrs.get("units", "mol mol-1"))
    ground = sketch.ground(orbit)
    kernel = result.inputs.cube.get(f"{gas}_kernel") if profile.shape == "kernel" else None
    if kernel is not None:
        kernel = kernel.load()
        kernel = kernel.sel({kernel.dims[0]: anomaly["level"].values, kernel.dims[1]: anomaly["level"].values})
    if ground is not None and "time" in ground.dims:
        ground = ground.sel(time=date)
    return plot.day_profile(
        anomaly, sigma=sigma, surface_pressure=None if ground is None else float(ground), kernel=kernel,
        split=profile.split, top=min({str(k): v for k, v in profile.top.items()}.get(gas, 400.0), profile.split),
        upper=profile.upper, threshold=profile.threshold, quiet=profile.quiet, min_below=profile.min_below,
        **sketch.shared,
    )  # fmt: skip


def _profiles(sketch: _Sketch, gas: str) -> Any:
    """Mean profiles of the stages over the epicentre, orbit by orbit."""
    result = sketch.result
    axes = sketch.panels(1, len(sketch.orbits), (4.8 * len(sketch.orbits), 5.0))
    for ax, orbit in zip(axes.flat, sketch.orbits, strict=True):
        plot.stage_profiles(
            result.means, gas=gas, orbit=orbit, at=(result.event.longitude, result.event.latitude),
            upper=result.config.profile.upper, ax=ax, **sketch.shared,
        )  # fmt: skip
        ax.set_title(f"{gas_label(gas)}, {sketch.named(orbit)}", loc="left", fontsize=10)
    return axes


# --- Motion -----------------------------------------------------------------------------------------------------------


def _best_spiral(track: Track) -> str | None:
    """The spiral of least AICc; None where none could be fitted."""
    spirals = set(map(str, track.tests["spiral"].values))
    known = [m for m in track.comparison.models if m.name in spirals and np.isfinite(m.aicc)]
    return min(known, key=lambda m: m.aicc).name if known else None


def _maxima(sketch: _Sketch, track: Track) -> Any:
    result = sketch.result
    return plot.maxima_map(
        track.points, region=result.config.region.resolve(), event=result.event, **sketch.shared
    )  # fmt: skip


def _spiral(sketch: _Sketch, track: Track, name: str) -> Any:
    """The best spiral over the daily maxima, beside random tracks of the same days."""
    result, config = sketch.result, sketch.result.config
    kind, _, anchor = name.partition("_")
    points = track.points
    known = np.isfinite(points["x"].values)
    days = (points["time"].values - points["time"].values[known][0]) / np.timedelta64(1, "D")
    fit: Any = SimpleNamespace(**track.comparison[name].parameters)
    curve = motion.spiral_path(
        fit, np.linspace(0.0, float(days[known][-1]), 400), kind=kind, anchor=anchor  # type: ignore[arg-type]
    )  # fmt: skip
    null = tracks.spiral_null(
        points[["x", "y"]], seed=config.seed, n=config.track.n_null, null="permute_days", kind=kind,  # type: ignore[arg-type]
        anchor=anchor, sigma=config.track.sigma_km, loss=config.track.loss,  # type: ignore[arg-type]
    )  # fmt: skip
    return plot.spiral_map(
        points, curves={Words(sketch.language).name("model", name): curve}, event=result.event, null=null,
        region=config.region.resolve(), **sketch.shared,
    )  # fmt: skip


def _helix(sketch: _Sketch, track: Track) -> Any:
    points, fit = track.volume, track.helix
    height = -7.5 * np.log(points["level"].values / 1000.0)
    curve = None
    if fit is not None and not fit.reason:
        known = points["time"].values[np.isfinite(points["x"].values)]
        elapsed = np.linspace(0.0, float((known[-1] - known[0]) / np.timedelta64(1, "D")), 400)
        curve = (
            *motion.spiral_path(fit.spiral, elapsed, kind=fit.kind, anchor=fit.anchor), fit.zeta0 + fit.climb * elapsed,
        )  # fmt: skip
    return plot.helix(
        points["x"].values, points["y"].values, height, points["time"].values, fit=curve,
        p_value=None if fit is None else fit.p_value, **sketch.shared,
    )  # fmt: skip


# --- Links ------------------------------------------------------------------------------------------------------------

CORRELATION_DAYS = 15  # [D] the shortest window of `gasquake.correlation.rolling_correlation`


def _correlation(sketch: _Sketch) -> Any:
    return plot.correlation_table(
        sketch.result.correlation["stages"], published=correlation.ZHAO2022_TABLE_1, **sketch.shared
    )


def _correlation_series(sketch: _Sketch) -> Any:
    result = sketch.result
    one, other = (_bare(result.fields[f"x{gas}_anomaly"].mean(["lat", "lon"])) for gas in ("co", "ch4"))
    rolling = correlation.rolling_correlation(one, other, CORRELATION_DAYS, min_count=8)
    return plot.correlation_series(rolling, event_time=sketch.event_time, **sketch.shared)
