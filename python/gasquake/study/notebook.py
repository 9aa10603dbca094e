"""How a result shows itself in a notebook."""

from __future__ import annotations

import base64
import io as memory
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from gasquake._numbers import p_equals

if TYPE_CHECKING:
    from gasquake.study.result import StudyResult

__all__ = ["as_html", "as_text"]

DPI = 72  # [D] of the small multiples: as wide as a notebook's column
COLOURS = {"ROOTED": "#D55E00", "AMPLITUDE_ONLY": "#E69F00", "NONE": "#56B4E9", "UNDETERMINED": "#8C8C8C"}


def _name(result: StudyResult) -> str:
    event = result.event
    size = "" if np.isnan(event.magnitude) else f", {event.magnitude_type or 'M'} {event.magnitude:g}"
    return f"{event.name or event.event_id or 'earthquake'}{size}, {np.datetime_as_string(event.time, 'm')} UTC"


def _p(result: StudyResult) -> str:
    """The p-value with what it was counted over; the verdict has NaN where there is none."""
    verdict = result.verdict
    known = int(np.isfinite(result.tests["headline"].null).sum())
    return "no p-value" if np.isnan(verdict.p_value) else f"{p_equals(verdict.p_value)}, {known} placebos"


def _simulated(result: StudyResult) -> bool:
    return bool(result.inputs.cube.attrs.get("simulated", 0))


def as_text(result: StudyResult, /) -> str:
    """A result in one line.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.

    Returns
    -------
    str
        Event, finding and p-value.
    """
    said = " (simulated)" if _simulated(result) else ""
    return f"<StudyResult{said}: {_name(result)}: {result.verdict.finding}, {_p(result)}>"


def as_html(result: StudyResult, /) -> str:
    """A result as a notebook shows it.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.

    Returns
    -------
    str
        The verdict with its p-value, what it rests on and what it cannot say, and small multiples where matplotlib is
        installed. Nothing in it runs or loads anything; all text is escaped.

    Notes
    -----
    Plain HTML rather than a template: jinja2 comes with an extra, and a result must show itself without it.
    """
    verdict = result.verdict
    colour = COLOURS.get(verdict.finding, COLOURS["UNDETERMINED"])
    parts = [
        f'<div style="border-left:6px solid {colour};padding:0 0 0 1em;max-width:60em">',
        f"<p>{escape(_name(result))}{' · <em>simulated data</em>' if _simulated(result) else ''}</p>",
        f"<p><strong>{escape(verdict.sentence)}</strong></p>",
        f"<p><code>{escape(verdict.finding)}</code>, {escape(_p(result))}</p>",
        _list("What this rests on", verdict.rests_on),
        _list("What else was more than chance", verdict.also),
        _list("What it cannot say", verdict.limits),
        _picture(result),
        "</div>",
    ]
    return "\n".join(part for part in parts if part)


def _list(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<details open><summary>{title}</summary><ul>{items}</ul></details>"


def _picture(result: StudyResult) -> str:
    """The overview as an embedded PNG; nothing where matplotlib is not installed."""
    try:
        figure = result.plot.overview()
    except ImportError as error:
        if error.name != "matplotlib":
            raise
        return ""
    buffer = memory.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    alt = escape(f"Map, section over the epicentre and placebos of: {result.verdict.sentence}", quote=True)
    return f'<img src="data:image/png;base64,{data}" alt="{alt}" style="max-width:100%">'
