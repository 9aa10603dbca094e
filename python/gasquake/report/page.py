"""The page: one HTML file that holds its style, its scripts, its figures and its data, and loads nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from gasquake._numbers import LEVEL, p_equals
from gasquake._optional import attempt_import
from gasquake.report import conclusion, figures, interactive, strips, tables
from gasquake.report.language import Language, Words, clean, drawable, gas_label, tied, unbroken
from gasquake.report.references import REFERENCES
from gasquake.study import output, summary
from gasquake.study.result import StudyResult

__all__ = ["render", "write"]

SECTIONS = ("verdict", "data", "where", "rooted", "motion", "link", "chance", "truth", "methods", "references",
            "configuration", "provenance")  # fmt: skip
METHODS = ("anomaly", "column", "profile", "base_rate", "lateral", "onset", "motion", "helix", "link", "chance", "holm",
           "mass")  # fmt: skip
SCRIPTS = ("colours.js", "maps.js", "tables.js", "helix.js", "page.js")


def write(result: StudyResult, folder: str | Path, /, *, step: Callable[[str], None] = lambda _: None) -> None:
    """Write ``report.html`` and ``figures/*.png`` into a study's folder.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`. Its ``config.output.language`` is the report's.
    folder : path_like
        Made if it does not exist.
    step : callable
        Called with a line before each piece of work.

    Notes
    -----
    The figures are PNG of 300 dots per inch; the page holds them at half that. Every file is written aside and renamed
    when it is complete. The same result gives the same bytes, but for the time at which the page was made.
    """
    from gasquake import io

    folder = Path(folder)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    pictures = figures.draw(result, language=result.config.output.language, folder=folder / "figures", step=step)
    step("writing report.html")
    page = render(result, language=result.config.output.language, pictures=pictures)
    with io.write_aside(folder / "report.html") as aside:
        aside.write_text(page, encoding="utf-8", newline="\n")


def render(result: StudyResult, /, *, language: Language = "en", pictures: list[figures.Picture] | None = None) -> str:
    """The report as one HTML page.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    language : {"en", "zh"}
        Of all text.
    pictures : list of Picture, optional
        The static figures; drawn if they are not given.

    Returns
    -------
    str
        Complete in itself: its content security policy forbids it to load anything.
    """
    say = Words(language)
    if pictures is None:
        pictures = figures.draw(result, language=language)
    plain: dict[str, Any] = output.plain(summary.summarise(result))
    made = output.provenance(result.config, files=result.inputs.files, refused=result.inputs.refused)
    styles, script = _static("report.css"), "\n".join(_static(name) for name in SCRIPTS)
    explorer = interactive.explorer_data(result, plain, say)
    heading = result.event.name or result.event.event_id or say("page.unnamed")
    truth = _truth(result, say)
    found = tables.all_tables(result, plain, say)
    present = [name for name in SECTIONS if name != "truth" or truth]
    formula_names = set(_environment().get_template("formulas.html.j2").module.__dict__)
    context = {
        "say": _with_values(say, result), "lang": {"en": "en", "zh": "zh-Hans"}[language],
        "policy": _policy(styles, script), "css": _raw(styles), "script": _raw(script),
        "data": _raw(interactive.safe_json(explorer)), "explorer": explorer,
        "title": say("page.title", event=heading), "heading": heading, "where": _where(result, say),
        "figures_in_language": drawable(language),
        "simulated": bool(result.inputs.cube.attrs.get("simulated", 0)), "version": made["versions"]["gasquake"],
        "sections": [(name, f"section.{name}") for name in present],
        "conclusion": conclusion.conclude(result, plain, say), "kind": result.headline_kind,
        "tables": found, "pictures": pictures, "letters": list(strips.LETTERS.items()),
        "verdict_strip": strips.verdict_strip(result, plain, say), "coverage_strip": strips.coverage_strip(result, say),
        "facts": _facts(result, plain, say), "truth": truth,
        "motion_lines": _motion(plain, say), "placebo_line": _placebo_line(plain, say),
        "methods": _methods(result, found), "formula_names": formula_names, "references": REFERENCES,
        "configuration": json.dumps(made["configuration"], ensure_ascii=False, indent=1),
        "provenance": _provenance(made, say),
    }  # fmt: skip
    page: str = _environment().get_template("report.html.j2").render(context)
    return page


# --- The frame --------------------------------------------------------------------------------------------------------


@cache
def _environment() -> Any:
    """Templates that escape everything, and refuse a name that is not there."""
    jinja2 = attempt_import("jinja2", extra="study", purpose="to write the report")

    def fit(value: Any) -> Any:
        return clean(value) if type(value) is str else value

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gasquake.report"), autoescape=True, undefined=jinja2.StrictUndefined, finalize=fit,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["tied"] = tied
    return environment


def _raw(text: str) -> Any:
    """Our own style, scripts and JSON, which stand in elements where nothing is escaped."""
    return attempt_import("markupsafe", extra="study", purpose="to write the report").Markup(text)


@cache
def _static(name: str) -> str:
    return resources.files("gasquake.report").joinpath("static", name).read_text(encoding="utf-8")


def _policy(styles: str, script: str) -> str:
    """Nothing may be loaded; only this very style and this very script run."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")

    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest(styles)}'; "
        f"script-src 'sha256-{digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _with_values(say: Words, result: StudyResult) -> Callable[..., str]:
    """`say`, with the configuration's numbers for the methods."""
    config = result.config
    known: dict[str, dict[str, object]] = {
        "method.anomaly.text": {
            "half": config.anomaly.half_width_days, "years": config.anomaly.min_years,
            "window": config.anomaly.window_days,
        },
        "method.profile.text": {
            "tops": say("word.comma").join(
                say("word.top", gas=gas_label(gas), top=f"{top:g}")
                for gas, top in config.profile.top.items() if gas in result.profiles
            ),
            "upper": f"{config.profile.upper:g}", "split": f"{config.profile.split:g}",
            "least": config.profile.min_below, "threshold": f"{config.profile.threshold:g}",
            "quiet": f"{config.profile.quiet:g}",
        },
        "method.chance.text": {
            "distance": f"{config.placebo.min_distance_km:g}", "magnitude": f"{config.placebo.min_magnitude:g}",
            "days": f"{config.placebo.exclusion_days:g}", "km": f"{config.placebo.exclusion_km:g}",
        },
    }  # fmt: skip

    def told(key: str, **values: object) -> str:
        return say(key, **(values or known.get(key, {})))

    return told


# --- What stands in lists ---------------------------------------------------------------------------------------------


def _place(longitude: float, latitude: float) -> str:
    return f"{abs(latitude):g}°{'S' if latitude < 0 else 'N'}, {abs(longitude):g}°{'W' if longitude < 0 else 'E'}"


def _where(result: StudyResult, say: Words) -> str:
    event = result.event
    parts = [f"{event.magnitude_type} {event.magnitude:g}".strip()] if np.isfinite(event.magnitude) else []
    parts += [_time(event.time) + " UTC", _place(event.longitude, event.latitude)]
    if np.isfinite(event.depth_km):
        parts.append(say("fact.km", value=f"{event.depth_km:g}"))
    return " · ".join(parts)


def _time(time: np.datetime64) -> str:
    return str(time.astype("datetime64[s]")).replace("T", " ")


def _facts(result: StudyResult, plain: Mapping[str, Any], say: Words) -> list[tuple[str, str]]:
    event, inputs, region = result.event, plain["inputs"], result.config.region
    names = (f"{result.inputs.cube.attrs.get('source', '')}").strip()
    made = inputs["simulated"] and inputs["kind"] == "granules"
    kind = say.name("kind", "granules_simulated" if made else inputs["kind"])
    source = say.name("source", names)
    if names and inputs["kind"] != "given":  # who gave a cube knows that, and its attributes say more
        source = say("word.named", what=kind, name=source)
    orbits = [say.name("orbit", orbit) for orbit in result.inputs.cube["orbit"].values.tolist()]
    edges = f"{_place(region.west, region.south)} – {_place(region.east, region.north)}"
    inside = result.fields.sizes["lat"] * result.fields.sizes["lon"]
    facts = [
        ("time", _time(event.time)),
        ("epicentre", _place(event.longitude, event.latitude)),
        ("depth", say("fact.km", value=f"{event.depth_km:g}") if np.isfinite(event.depth_km) else ""),
        ("magnitude", f"{event.magnitude_type} {event.magnitude:g}" if np.isfinite(event.magnitude) else ""),
        ("id", event.event_id),
        ("region", edges),
        ("gases", say("word.comma").join(gas_label(gas) for gas in result.profiles)),
        ("orbits", say("word.comma").join(orbits)),
        ("source", source or kind),
        ("files", say("fact.files_value", n=len(result.inputs.files), refused=len(result.inputs.refused))
                  if result.inputs.files or result.inputs.refused else ""),
        ("days", say("fact.days_value", n=inputs["days"], own=inputs["days_in_event_year"],
                     first=unbroken(inputs["first_date"]), last=unbroken(inputs["last_date"]))),
        ("baseline", say.name("baseline", inputs["baseline"])),
        ("grid", say("fact.grid_value", n=say.fixed(inputs["cells"], 0), inside=say.fixed(inside, 0))),
    ]  # fmt: skip
    return [(say(f"fact.{name}"), value) for name, value in facts if value]


def _motion(plain: Mapping[str, Any], say: Words) -> list[str]:
    """One line for each gas: what explains its maxima best."""
    lines = []
    for gas, track in plain["tracks"].items():
        if track["reason"] or not track["best_model"]:
            lines.append(say("motion.too_few", gas=gas_label(gas), reason=track["reason"] or track["n"]))
            continue
        lines.append(say("motion.best", gas=gas_label(gas), model=say.name("model", track["best_model"]), n=track["n"],
                         spirals=_spirals(track, say)))  # fmt: skip
        if track["roti"]:
            roti = track["roti"]
            lines.append(say("motion.roti", gas=gas_label(gas), kept=roti["days_kept"], days=roti["days"],
                             threshold=roti["threshold"], p=p_equals(roti["p_random_subset"])))  # fmt: skip
    return lines


def _spirals(track: Mapping[str, Any], say: Words) -> str:
    """What the tests say of the spirals: one counts if it beats the plain models and the random tracks."""
    least = min((t["p_holm"] for t in track["tests"] if t["p_holm"] is not None), default=None)
    if least is None:
        return say("motion.untested")
    kept = any(t["spiral"] == track["best_model"] for t in track["tests"])
    found = "chance" if least > LEVEL else "more" if kept else "plain"
    return say(f"motion.{found}", p=say.p(least), draws=track["n_draws"])


def _methods(result: StudyResult, found: Mapping[str, Any]) -> list[str]:
    """The methods that were used: those of profiles need levels, others have a table to show."""
    layered = "level" in result.fields.dims
    table_of = {"base_rate": "rates", "lateral": "lateral", "helix": "helices", "link": "correlation", "mass": "masses"}
    unused = {name for name, table in table_of.items() if table not in found}
    return [name for name in METHODS if name not in unused and (layered or name not in ("column", "profile"))]


def _placebo_line(plain: Mapping[str, Any], say: Words) -> str:
    placebo = plain["placebo"]
    n = len(placebo["members"])
    if placebo["screened"] and placebo["unscreened"]:
        return say("placebo.line_partly", n=n, places=placebo["places"], spoiled=placebo["spoiled"],
                   unscreened=placebo["unscreened"])  # fmt: skip
    if placebo["screened"]:
        return say("placebo.line", n=n, places=placebo["places"], spoiled=placebo["spoiled"])
    unscreened = "line_unscreened" if placebo["screened"] is None else "line_empty"
    return say(f"placebo.{unscreened}", n=n, places=placebo["places"])


def _truth(result: StudyResult, say: Words) -> list[tuple[str, str]]:
    truth = result.truth
    if truth is None:
        return []
    facts = [
        ("amplitude", say.number(truth.get("amplitude"))),
        ("kernel", say.name("averaging_kernel", truth.get("kernel", ""))),
    ]
    for name, title in (("release", "released"), ("plume", "plume")):
        source = truth.get(name)
        if not source:
            facts.append((title, say("word.none")))
            continue
        told = [
            say("fact.mass", gas=gas_label(gas), start=str(source["onset"][gas])[:10], rate=say.number(rate / 1e6),
                peak=say.number(source["peak_ppb"][gas]), sigma=say.number(source["peak_sigma"][gas]),
                level=say.number(source["peak_hpa"][gas]))
            for gas, rate in source["mass_per_day_kg"].items()
        ]  # fmt: skip
        facts.append((title, say("word.semicolon").join([*told, say("fact.until", end=str(source["end"])[:10])])))
    if truth.get("motion"):
        facts.append(("motion", say.name("release_motion", truth["motion"])))
    return [(say(f"fact.{name}"), value) for name, value in facts]


def _provenance(made: Mapping[str, Any], say: Words) -> list[tuple[str, str]]:
    versions = say("word.comma").join(f"{name} {version}" for name, version in made["versions"].items())
    return [
        (say("fact.created"), made["created"][:19].replace("T", " ")), (say("fact.versions"), versions),
        (say("fact.seed"), str(made["seed"])),
        (say("fact.simd"), str(made["simd"])),
    ]  # fmt: skip
