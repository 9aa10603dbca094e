"""What the tests of the report share: parsing a page, and text that tries to break out of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from gasquake import study
from gasquake.stages import Stage

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

#: Text that would be markup, script, style, JSON or a template somewhere.
PAYLOADS = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>", "' onmouseover='alert(1)", "\" autofocus onfocus=\"alert(1)", "javascript:alert(1)",
    "<iframe src=javascript:alert(1)></iframe>", "</title><script>alert(1)</script>", "</style><style>*{display:none}",
    "<!--", "--><script>alert(1)</script>", "<![CDATA[", "]]>", "{{ 7 * 7 }}", "{% raw %}", "${7*7}", "{0.__class__}",
    "&lt;b&gt;", "&#60;script&#62;", "%3Cscript%3E", "\\u003cscript\\u003e", "line\nbreak\ttab\rreturn",
    "nul\x00bell\x07escape\x1b[31m", "\u202ertl \u2066isolate\u2069", "\u2028\u2029", "\ud800lone\udfff",
    "<math><mtext></form><mglyph><style></math><img src onerror=alert(1)>", "a" * 3000,
    "<a href='data:text/html,x'>x</a>",
)  # fmt: skip


class Page(HTMLParser):
    """Elements, attributes, text and ids of a page, and whether what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: dict[str, int] = {}
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.declarations: list[str] = []
        self.comments: list[str] = []
        self.within: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self.feed(text)
        self.close()
        assert not self.within, f"not closed: {self.within}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] = self.elements.get(tag, 0) + 1
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag == "style":
            self.styles.append("")
        if tag not in VOID:
            self.within.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.within.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.within, f"</{tag}> closes nothing"
        assert self.within.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.within and self.within[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self.within and self.within[-1] == "style":
            self.styles[-1] += data
        else:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.declarations.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def poisoned(result: study.StudyResult, text: str) -> study.StudyResult:
    """A result with `text` in every string that comes from files or from the configuration."""
    word = text.split()[0] if text.split() else "x"  # a stage is one word
    rename = {stage.name: f"{word}{k}" for k, stage in enumerate(result.stages)}
    stages = [Stage(rename[stage.name], stage.start, stage.end) for stage in result.stages]
    config = result.config.model_copy(
        update={
            "event": result.config.event.model_copy(update={"name": text, "magnitude_type": text, "id": text}),
            "gas": result.config.gas.model_copy(update={"path": [text]}),
            "stages": result.config.stages.model_copy(
                update={"tested": [rename[s] for s in result.config.stages.tested]}
            ),
            "output": result.config.output.model_copy(update={"directory": text}),
        }
    )
    inputs = dataclasses.replace(
        result.inputs, kind=text, cube=result.inputs.cube.assign_attrs(source=text, history=text, title=text),
        files=[{"path": text, "bytes": 1, "sha256": text}], refused=[{"path": text, "reason": text}],
    )  # fmt: skip
    tests = {_renamed(name, rename): rank for name, rank in result.tests.items()}
    placebos = result.placebos.rename(columns={name: _renamed(name, rename) for name in result.placebos.columns})
    placebos.attrs = result.placebos.attrs
    days = _with(result.days, stages=stages, tested=config.stages.tested,
                 of_stage={rename[k]: v for k, v in result.days.of_stage.items()})  # fmt: skip
    return dataclasses.replace(
        result,
        config=config,
        event=dataclasses.replace(result.event, name=text, magnitude_type=text, event_id=text),
        stages=stages,
        inputs=inputs,
        days=days,
        means=result.means.assign_coords(stage=[rename[s] for s in result.means["stage"].values.tolist()]),
        profiles=_mapped(result.profiles, lambda s: rename.get(s, s)),
        masses=_mapped(result.masses, lambda s: rename.get(s, s)),
        correlation={
            _renamed(name.replace("background to ", "background "), rename).replace(" ", " to "): (
                found.assign_coords(stage=[rename[s] for s in found["stage"].values.tolist()])
                if "stage" in found.dims else found
            )
            for name, found in result.correlation.items()
        },
        tracks=[dataclasses.replace(track, comparison=dataclasses.replace(track.comparison, reason=text))
                if k else track for k, track in enumerate(result.tracks)],
        tests=tests,
        placebos=placebos,
        truth=_mapped_values(result.truth, text),
        verdict=dataclasses.replace(result.verdict, sentence=text, rests_on=[text], also=[text], limits=[text]),
    )  # fmt: skip


def _renamed(name: str, rename: dict[str, str]) -> str:
    return " ".join([name.split(" ")[0], *(rename.get(word, word) for word in name.split(" ")[1:])])


def _with(days: Any, **changes: Any) -> Any:
    import copy

    changed = copy.copy(days)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Keys and strings of nested mappings and lists, changed."""
    if isinstance(value, dict):
        return {change(k): _mapped(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [_mapped(v, change) for v in value]
    if isinstance(value, str) and not isinstance(value, np.generic):
        return change(value)
    return value


def _mapped_values(truth: Any, text: str) -> Any:
    """A truth whose free strings are `text`; names of gases and orbits stay, so that it is shown."""
    if truth is None:
        return None
    changed = dict(truth) | {"kernel": text, "motion": text}
    changed["expected"] = [dict(e) | {"verdict": text} for e in truth["expected"][:3]]
    for name in ("release", "plume"):
        if truth.get(name):
            changed[name] = dict(truth[name]) | {"end": text, "onset": dict.fromkeys(truth[name]["onset"], text)}
    changed["onset"] = dict.fromkeys(truth["onset"], text)
    return changed


def with_language(result: study.StudyResult, language: str) -> study.StudyResult:
    output = result.config.output.model_copy(update={"language": language})
    return dataclasses.replace(result, config=result.config.model_copy(update={"output": output}))


def one_layer(result: study.StudyResult) -> study.StudyResult:
    """The result as a product of one layer and one orbit, without catalogue, would have given it."""
    frame: pd.DataFrame = result.placebos.copy()
    frame.attrs = result.placebos.attrs | {"screened": None}
    fields: xr.Dataset = result.fields[[n for n in result.fields.data_vars if str(n).startswith("x")]].drop_dims(
        "level", errors="ignore"
    )
    cube = result.inputs.cube.isel(level=5, drop=True).drop_dims("level_true", errors="ignore")
    return dataclasses.replace(
        result, fields=fields, placebos=frame, inputs=dataclasses.replace(result.inputs, cube=cube), raw={}, rolling={},
        maxima={}, masses={}, lateral=result.lateral.isel(level=5, drop=True), truth=None,
        tracks=[dataclasses.replace(t, volume=xr.Dataset(), helix=None) for t in result.tracks],
    )  # fmt: skip
