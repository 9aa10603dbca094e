"""The static figures of the report, drawn by `gasquake.plot`: at 300 dots per inch on disk, at half that in the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gasquake.report.language import Language
from gasquake.study.result import StudyResult

__all__ = ["Picture", "draw"]


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
        Pixels of the page, not of the file.
    """

    name: str
    section: str
    title: str
    caption: str
    alt: str
    uri: str
    width: int
    height: int


def draw(
    result: StudyResult, /, *, language: Language, folder: Path | None = None,
    step: Callable[[str], None] = lambda _: None,
) -> list[Picture]:  # fmt: skip
    return []
