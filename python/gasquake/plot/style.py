"""One look for all figures: colours that the colour-blind tell apart, and that still differ in grey.

Categories are those of Okabe and Ito; values run along cividis, differences along PuOr, centred. What a colour says is
also said by a hatch, a letter, a marker or a dash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gasquake._optional import attempt_import
from gasquake.kernels import ProfileVerdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "DIVERGING", "MISSING", "OKABE_ITO", "SEQUENTIAL", "SERIES_STYLES", "STAGE_STYLES", "UNDERGROUND",
    "VERDICT_STYLES", "SeriesStyle", "VerdictStyle", "save",
]  # fmt: skip

#: Categories that people with any colour vision tell apart. Okabe, M., and Ito, K. (2008), jfly.uni-koeln.de/color.
OKABE_ITO: Mapping[str, str] = MappingProxyType({
    "black": "#000000", "orange": "#E69F00", "sky": "#56B4E9", "green": "#009E73", "yellow": "#F0E442",
    "blue": "#0072B2", "vermilion": "#D55E00", "purple": "#CC79A7",
})  # fmt: skip

SEQUENTIAL = "cividis"  #: Colour map of values.
DIVERGING = "PuOr_r"  #: Colour map of differences and z-scores: orange above, purple below.
MISSING = "#EDEDED"  #: Behind the hatches of what is missing.
UNDERGROUND = "#C8B59D"  #: Behind the dots where a level lies below the ground.


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """How a verdict is drawn.

    Attributes
    ----------
    colour : str
        Of the cell.
    hatch : str
        On the cell; empty for none.
    letter : str
        In the cell, and in the legend.
    """

    colour: str
    hatch: str
    letter: str


#: Colour, hatch and letter of each verdict; no two share a letter, or both grey and hatch.
VERDICT_STYLES: Mapping[ProfileVerdict, VerdictStyle] = MappingProxyType({
    ProfileVerdict.UNDETERMINED: VerdictStyle("#D9D9D9", "////", "?"),
    ProfileVerdict.NONE: VerdictStyle("#FFFFFF", "", "·"),
    ProfileVerdict.ROOTED: VerdictStyle(OKABE_ITO["vermilion"], "", "R"),
    ProfileVerdict.ROOTLESS: VerdictStyle(OKABE_ITO["sky"], "", "L"),
    ProfileVerdict.MIXED: VerdictStyle(OKABE_ITO["purple"], "xxx", "M"),
    ProfileVerdict.AMPLITUDE_ONLY: VerdictStyle(OKABE_ITO["yellow"], "", "A"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeriesStyle:
    """How a line is drawn.

    Attributes
    ----------
    colour : str
        Of line and marker.
    marker : str
        As matplotlib names it.
    dash : str
        Line style as matplotlib names it.
    """

    colour: str
    marker: str
    dash: str


#: Lines in order: orbits, gases, anything.
SERIES_STYLES: tuple[SeriesStyle, ...] = (
    SeriesStyle(OKABE_ITO["blue"], "o", "-"),
    SeriesStyle(OKABE_ITO["orange"], "s", "--"),
    SeriesStyle(OKABE_ITO["green"], "^", "-."),
    SeriesStyle(OKABE_ITO["purple"], "D", ":"),
    SeriesStyle(OKABE_ITO["black"], "v", "-"),
)

#: Lines of the usual stages; others take `SERIES_STYLES` in order.
STAGE_STYLES: Mapping[str, SeriesStyle] = MappingProxyType({
    "background": SeriesStyle("#666666", "o", "-"),
    "before": SeriesStyle(OKABE_ITO["blue"], "s", "--"),
    "during": SeriesStyle(OKABE_ITO["vermilion"], "^", "-"),
    "after": SeriesStyle(OKABE_ITO["sky"], "D", ":"),
})  # fmt: skip


def save(
    drawing: Axes | Figure | Any, path: str | Path, /, *, formats: Iterable[str] = ("png", "svg"), dpi: int = 300
) -> list[Path]:
    """Write a figure, each file whole or not at all, and the same bytes every time.

    Parameters
    ----------
    drawing : Axes, array of Axes or Figure
        What a function of `gasquake.plot` returned.
    path : path_like
        Name without suffix; one that is among `formats` is dropped.
    formats : iterable of str
        As matplotlib names them.
    dpi : int
        Dots per inch of what is not vectors.

    Returns
    -------
    list of Path
        The files.

    Notes
    -----
    Text in SVG is drawn as outlines, so that it looks the same where the font is missing.

    Examples
    --------
    >>> import tempfile
    >>> from gasquake import plot
    >>> ax = plot.placebo_distribution([0.1, 0.4, 0.9], statistic=0.7, p_value=0.5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in save(ax, f"{folder}/placebos", dpi=60)]
    ['placebos.png', 'placebos.svg']
    """
    from gasquake import io

    matplotlib = attempt_import("matplotlib", extra="study", purpose="to draw figures")
    formats = list(formats)
    base = Path(path)
    if base.suffix.lstrip(".") in formats:
        base = base.with_suffix("")
    figure = _figure_of(drawing)
    files = []
    # No date in the files, and fixed names of SVG's elements: the same figure is the same bytes.
    metadata: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    for kind in formats:
        file = base.with_name(f"{base.name}.{kind}")
        with matplotlib.rc_context({"svg.hashsalt": "gasquake"}), io.write_aside(file) as aside:
            figure.savefig(aside, format=kind, dpi=dpi, metadata=metadata.get(kind))
        files.append(file)
    return files


def _figure_of(drawing: Any) -> Any:
    """The figure of axes, of the first of an array of axes, or the figure itself."""
    first = drawing.flat[0] if hasattr(drawing, "flat") else drawing
    figure = getattr(first, "figure", first)
    if not hasattr(figure, "savefig"):
        raise TypeError(f"drawing must be a Figure, Axes or an array of Axes, got {type(drawing).__name__}")
    return figure
