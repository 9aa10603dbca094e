"""Tables and their cells: text, what it is sorted by, and how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gasquake._numbers import MISSING
from gasquake.report.language import Words

__all__ = [
    "Cell", "Table", "count_cell", "fixed_cell", "name_cell", "number_cell", "p_span_cell", "p_value_cell",
    "rate_cells", "share_cells", "span_cell", "verdict_cell",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text : str
        What is read.
    order : str or float or None
        What it is sorted by; the text if None.
    kind : str
        "text", "name" (wraps on a phone), "prose" (wraps), "number", "verdict-<NAME>", "code" or "best".
    """

    text: str
    order: str | float | None = None
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes
    ----------
    name : str
        For its id, and for its caption in the messages.
    columns : list of str
        Headings.
    rows : list of list of Cell
        All of the length of `columns`; the first cell heads its row.
    sortable : bool
        Whether its columns can be sorted and its rows be filtered.
    filters : list of int
        Columns to filter by.
    left_out : int
        Rows that were not put in.
    words : str
        Whose caption it has, if not that of `name`.
    """

    name: str
    columns: list[str]
    rows: list[list[Cell]]
    sortable: bool = False
    filters: list[int] = field(default_factory=list)
    left_out: int = 0
    words: str = ""

    def choices(self, column: int, /) -> list[str]:
        """What a column can be filtered by.

        Parameters
        ----------
        column : int
            Which.

        Returns
        -------
        list of str
            Each text once, in order of appearance.
        """
        return list(dict.fromkeys(row[column].text for row in self.rows))


def number_cell(say: Words, value: float | None, digits: int = 3) -> Cell:
    return Cell(say.number(value, digits), value, "number")


def name_cell(text: str, order: str | None = None) -> Cell:
    return Cell(text, order, "name")


def p_value_cell(say: Words, value: float | None) -> Cell:
    return Cell(say.p(value), value, "number")


def p_span_cell(say: Words, low: float | None, high: float | None) -> Cell:
    if low is None or high is None:
        return Cell(MISSING, None, "number")
    return Cell(say("word.interval", low=say.p(low), high=say.p(high)), low, "number")


def fixed_cell(say: Words, value: float | None, places: int = 2) -> Cell:
    return Cell(say.fixed(value, places), value, "number")


def span_cell(say: Words, low: float | None, high: float | None, places: int = 2) -> Cell:
    if low is None or high is None:
        return Cell(MISSING, None, "number")
    return Cell(say("word.interval", low=say.fixed(low, places), high=say.fixed(high, places)), low, "number")


def count_cell(value: int) -> Cell:
    return Cell(str(value), value, "number")


def verdict_cell(say: Words, verdict: str) -> Cell:
    return Cell(say.name("verdict", verdict), None, f"verdict-{verdict}")


def share_cells(say: Words, hits: int, n: int) -> list[Cell]:
    share = hits / n if n else None
    return [Cell(say("word.of", hits=hits, n=n), share, "number"), Cell(say.percent(share), share, "number")]


def rate_cells(say: Words, rate: Mapping[str, Any]) -> list[Cell]:
    if not rate["n"]:
        return [Cell(MISSING, None, "number"), Cell(say("word.of", hits=0, n=0), None, "number")]
    text = say(
        "word.rate", rate=say.percent(rate["rate"]), low=say.percent(rate["low"]), high=say.percent(rate["high"])
    )
    days = say("word.of_worth", hits=rate["hits"], n=rate["n"], worth=f"{rate['n_effective']:.0f}")
    return [Cell(text, rate["rate"], "number"), Cell(days, rate["n"], "number")]
