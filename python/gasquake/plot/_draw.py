"""What every figure needs: axes of its own or the caller's, pressure and time, what is missing, the stamp."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from gasquake import _labelled
from gasquake._optional import attempt_import
from gasquake.plot.language import Language, cjk_font, label
from gasquake.plot.style import MISSING, OKABE_ITO, SERIES_STYLES, UNDERGROUND, SeriesStyle
from gasquake.units import convert, is_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "GROUND_LOOK", "MISSING_LOOK", "as_days", "background", "colour_limits", "colourbar", "date_axis", "day_edges",
    "draw_ground", "edges", "every_day", "find_level", "finish", "gas_label", "hatch_gaps", "is_simulated",
    "legend_below", "legend_handles", "mark_signs", "mark_time", "mpl", "n_days", "new_axes", "new_grid", "note_empty",
    "null_histogram", "one_of", "pressure_axis", "shown", "stamp_figure", "styles_for", "write_chinese", "years_of",
]  # fmt: skip

_SUBSCRIPTS = {"co": "CO", "ch4": "CH₄", "co2": "CO₂", "o3": "O₃"}
_PRESSURES = (1000, 850, 700, 600, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30, 20, 10, 7, 5, 3, 2, 1)
GROUND_LOOK: dict[str, Any] = {"facecolor": UNDERGROUND, "hatch": "....", "edgecolor": "#5E4E3E"}
MISSING_LOOK: dict[str, Any] = {"facecolor": MISSING, "hatch": "////", "edgecolor": "#B8B8B8"}
_HAN = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_ONE_DAY = np.timedelta64(1, "D")
_HEADROOM = 1.22  # of a histogram, for its legend


def mpl(module: str) -> ModuleType:
    """A module of matplotlib, loaded when a figure is drawn. Never pyplot: it holds global state."""
    return attempt_import(f"matplotlib.{module}", extra="study", purpose="to draw figures")


def new_axes(ax: Axes | None, size: tuple[float, float], *, projection: Any = None) -> Axes:
    """The caller's axes, or those of a new figure that no global state knows."""
    if ax is not None:
        return ax
    figure = mpl("figure").Figure(figsize=size, layout="constrained")
    found: Axes = figure.add_subplot(projection=projection)
    return found


def new_grid(
    axes: Any, shape: tuple[int, int], size: tuple[float, float], *, share: bool = True, projection: Any = None
) -> NDArray[Any]:
    """The caller's axes as an array of `shape`, or those of a new figure."""
    if axes is not None:
        given = np.asarray(axes, dtype=object)
        if given.size != shape[0] * shape[1]:
            raise ValueError(f"axes must hold {shape[0]} by {shape[1]} Axes, got {given.size}")
        return given.reshape(shape)
    figure = mpl("figure").Figure(figsize=size, layout="constrained")
    found: NDArray[Any] = figure.subplots(
        *shape, squeeze=False, sharex=share, sharey=share, subplot_kw={"projection": projection}
    )
    return found


def is_simulated(said: bool | None, *data: Any) -> bool:  # noqa: FBT001
    """The caller's word, or what the attributes of any of the data say.

    Results carry the history of what they were made from, so that simulated data are known by it too.
    """
    if said is not None:
        return said
    every = [getattr(part, "attrs", None) or {} for part in data]
    return any(bool(a.get("simulated", False)) or "simulate." in str(a.get("history", "")) for a in every)


def finish(ax: Any, *, simulated: bool, language: Language, lifted: float = 0.0) -> None:
    """Say that nothing here was measured, where it was not; and give the labels a font that can write them.

    The words stand at the top right, lifted by points where something else stands there.
    """
    if simulated:
        ax.annotate(
            label("simulated data", language), (1.0, 1.0), xytext=(0.0, 3.0 + lifted),
            xycoords="axes fraction", textcoords="offset points", ha="right", va="bottom", fontsize=8, style="italic",
            color="#444444",
            gid="simulated", annotation_clip=False,
        )  # fmt: skip
    write_chinese(ax.figure)


def write_chinese(figure: Any) -> None:
    """Let every text with Chinese in it, ours or the caller's, fall back on a font that has it.

    Latin letters and figures keep their own font.
    """
    for text in figure.findobj(mpl("text").Text):
        if _HAN.search(text.get_text()) and (font := cjk_font()) and font not in text.get_fontfamily():
            text.set(fontfamily=[*text.get_fontfamily(), font], fontweight="normal")  # few have a bold


def stamp_figure(figure: Any, language: Language) -> None:
    """Say once on a figure of many panels that nothing here was measured."""
    if any(text.get_gid() == "simulated" for text in figure.texts) or getattr(figure, "_supxlabel", None) is not None:
        return
    figure.supxlabel(
        label("simulated data", language), x=0.995, ha="right", fontsize=8, style="italic", color="#444444",
        gid="simulated",
    )  # fmt: skip
    write_chinese(figure)


# --- Numbers and names ------------------------------------------------------------------------------------------------


def gas_label(name: Any) -> str:
    """``ch4`` as CH₄, ``xco`` as XCO, ``co_zscore`` as CO."""
    gas = str(name).lower().partition("_")[0]
    if gas in _SUBSCRIPTS:
        return _SUBSCRIPTS[gas]
    if gas[:1] == "x" and gas[1:] in _SUBSCRIPTS:
        return f"X{_SUBSCRIPTS[gas[1:]]}"
    return ""


def shown(values: xr.DataArray, language: Language, *, sized_by: xr.DataArray | None = None) -> tuple[float, str]:
    """The factor to the unit that a reader expects, and the label of an axis of `values`.

    Mole fractions are shown in ppm or ppb, by their own size or that of `sized_by`.
    """
    units = values.attrs.get("units")
    gas = gas_label(values.name)
    standardised = "zscore" in str(values.name) or "z-score" in str(values.attrs.get("long_name", "")) or not gas
    if units in ("1", "", None) and standardised:
        return 1.0, f"{gas} {label('z-score (standard deviations)', language)}".strip()
    if is_unit(units, "mole fraction") and units != "1":
        known = np.abs((values if sized_by is None else sized_by).values)
        largest = float(known[np.isfinite(known)].max(initial=0.0))
        in_ppm = convert(np.array(largest), str(units), "ppm", "values")
        wanted = "ppm" if float(in_ppm) >= 20.0 else "ppb"
        factor = float(convert(np.array(1.0), str(units), wanted, "values"))
        return factor, f"{gas or values.attrs.get('long_name', values.name or '')} ({wanted})".strip()
    title = gas or str(values.attrs.get("long_name", values.name or ""))
    return 1.0, f"{title} ({units})" if units and units != "1" else title


def edges(centres: ArrayLike, *, log: bool = False) -> NDArray[np.float64]:
    """Edges of cells half way between their centres; a single cell is one unit wide, or 10 % on a log axis."""
    middle = np.asarray(centres, dtype=np.float64)
    middle = np.log(middle) if log else middle
    step = np.diff(middle)
    first, last = (step[0], step[-1]) if step.size else ((0.1, 0.1) if log else (1.0, 1.0))
    found = np.concatenate([[middle[0] - first / 2], middle[:-1] + step / 2, [middle[-1] + last / 2]])
    result: NDArray[np.float64] = np.exp(found) if log else found
    return result


def colour_limits(
    values: NDArray[Any], *, centre: float | None, limits: tuple[float, float] | None
) -> tuple[float, float, str]:
    """Ends of a colour scale and where it needs arrows: the middle 98 % of the values, symmetric about `centre`."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if limits is not None:
        low, high = map(float, limits)
        if not low < high:
            raise ValueError(f"limits must be two rising numbers, got {limits}")
    elif known.size == 0:
        low, high = (0.0, 1.0) if centre is None else (centre - 1.0, centre + 1.0)
    else:
        low, high = (float(v) for v in np.percentile(known, [1, 99]))
        if centre is not None:
            half = max(abs(low - centre), abs(high - centre))
            low, high = centre - half, centre + half
    if low == high:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    slack = 1e-9 * (high - low)
    under, over = bool((known < low - slack).any()), bool((known > high + slack).any())
    return low, high, {(True, True): "both", (True, False): "min", (False, True): "max"}.get((under, over), "neither")


# --- Axes -------------------------------------------------------------------------------------------------------------


def find_level(values: xr.DataArray, name: str) -> tuple[Hashable, NDArray[np.float64]]:
    """The level dim and its pressures in hPa; a coordinate without units is taken to be hPa, as the contract says."""
    dim = _labelled.find_dim(values, "level", name)
    if dim in values.coords and "units" not in values.coords[dim].attrs:
        return dim, values.coords[dim].values.astype(np.float64)
    return dim, _labelled.pressure_levels(values, dim, name)


def pressure_axis(ax: Axes, pressure: ArrayLike, language: Language) -> None:
    """Log pressure that decreases upward, with plain numbers."""
    bounds = edges(np.sort(np.asarray(pressure, dtype=np.float64)), log=True)
    bottom, top = float(bounds[-1]), float(bounds[0])
    ax.set_yscale("log")
    ax.set_ylim(bottom, top)
    apart = np.log(bottom / top) / 9.0  # no more than about ten labels
    ticks: list[int] = []
    for p in _PRESSURES:
        if top <= p <= bottom and (not ticks or np.log(ticks[-1] / p) >= apart):
            ticks.append(p)
    ax.set_yticks(ticks, [str(p) for p in ticks])
    ax.minorticks_off()
    ax.set_ylabel(label("pressure (hPa)", language))


def n_days(n: int, language: Language) -> str:
    """1 day, 7 days."""
    return "1 day" if n == 1 and language == "en" else label("{n} days", language, n=n)


def years_of(times: NDArray[Any]) -> str:
    """The year of the times, or the first and last, as 2022–2023."""
    known = times[~np.isnat(times)]
    if known.size == 0:
        return ""
    first, last = (str(t.astype("datetime64[Y]")) for t in (known.min(), known.max()))
    return first if first == last else f"{first}–{last}"


def date_axis(ax: Any, times: NDArray[Any], language: Language) -> None:
    """Dates as 08-23, the year once in the label."""
    dates = mpl("dates")
    locator = dates.AutoDateLocator(minticks=3, maxticks=9)
    one_year = "–" not in years_of(times)
    formats = ["%Y", "%m-%d" if one_year else "%Y-%m", "%m-%d", "%m-%d %H:%M", "%H:%M", "%H:%M:%S"]
    ax.xaxis.set_major_locator(locator)
    formatter = dates.ConciseDateFormatter(
        locator, formats=formats, zero_formats=["%Y", *formats[1:]], offset_formats=[""] * 6, show_offset=False
    )
    ax.xaxis.set_major_formatter(formatter)
    ax.set_xlabel(label("date (UTC), {years}", language, years=years_of(times)).rstrip(", ，"))


def mark_time(ax: Any, time: np.datetime64 | None, language: Language, *, named: bool = True) -> bool:
    """A line at the origin time, drawn through the axes, named above them; none if it lies beyond the axes.

    Returns whether there is one. The limits of the axes must be known.
    """
    if time is None or np.isnat(time):
        return False
    moment = mpl("dates").date2num(np.datetime64(time).astype("datetime64[us]"))
    left, right = ax.get_xlim()
    if not left <= moment <= right:
        return False
    ax.axvline(moment, color="#000000", lw=1.4, ls=(0, (4, 2)), zorder=4, gid="event")
    if named:
        ax.annotate(
            label("earthquake", language), (moment, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
            textcoords="offset points", ha="center", va="bottom", fontsize=8,
        )  # fmt: skip
    return True


def background(ax: Any) -> None:
    """Hatch the axes, so that hatches show wherever no value is drawn over them."""
    ax.patch.set(**MISSING_LOOK, linewidth=0.0)


def draw_ground(ax: Any, x: NDArray[Any], y: NDArray[Any], ground: NDArray[np.bool_], **options: Any) -> None:
    """Cells in the ground: dotted, as no value and no gap is."""
    if ground.any():
        plain = mpl("colors").ListedColormap([UNDERGROUND])
        cells = ax.pcolor(
            x, y, np.ma.masked_where(~ground, np.zeros(ground.shape)), cmap=plain, gid="ground", **options
        )
        cells.set(hatch=GROUND_LOOK["hatch"], edgecolor=GROUND_LOOK["edgecolor"], linewidth=0.0)


def mark_signs(
    ax: Any, x: NDArray[Any], y: NDArray[Any], departures: NDArray[np.float64], beyond: float, **options: Any
) -> None:
    """Write + and − on the cells that depart by `beyond`: in grey the two ends of a diverging scale look alike."""
    halo = [mpl("patheffects").withStroke(linewidth=2.2, foreground="white")]
    for marker, chosen in (("+", departures >= beyond), ("_", departures <= -beyond)):
        rows, columns = np.nonzero(chosen)
        if rows.size:
            ax.plot(
                x[columns], y[rows], marker, ms=3.6, mew=0.9, color="#000000", ls="", zorder=2.5, gid=f"sign {marker}",
                path_effects=halo, **options,
            )  # fmt: skip


def note_empty(ax: Any, language: Language) -> None:
    """Say on the panel that there is nothing to show."""
    is_3d = getattr(ax, "name", "") == "3d"
    place = ax.text2D if is_3d else ax.text
    place(
        0.5, 0.5, label("no valid data", language), transform=ax.transAxes, ha="center", va="center", fontsize=10,
        zorder=9, gid="empty", bbox={"facecolor": "white", "edgecolor": "#888888", "boxstyle": "round,pad=0.4"},
    )  # fmt: skip


def legend_below(ax: Any, *handles: Any, points: float = 34.0, **options: Any) -> None:
    """A legend this many points under the axes, whatever their height."""
    down = mpl("transforms").ScaledTranslation(0.0, -points / 72.0, ax.figure.dpi_scale_trans)
    ax.legend(
        *handles, loc="upper left", bbox_to_anchor=(0.0, 0.0), bbox_transform=ax.transAxes + down, frameon=False,
        fontsize="small", title_fontsize="small", borderaxespad=0.0, **options,
    )  # fmt: skip


def colourbar(ax: Any, mappable: Any, name: str, *, extend: str = "neither") -> Any:
    """A colour bar as high as the axes are drawn, which maps of a fixed shape need. It is a child of the axes."""
    beside = ax.inset_axes([1.03, 0.0, 0.035, 1.0])
    bar = ax.figure.colorbar(mappable, cax=beside, extend=extend)
    bar.set_label(name)
    return bar


def hatch_gaps(ax: Any, days: NDArray[Any], absent: Any) -> None:
    """Hatch the days of which nothing is known."""
    bounds = day_edges(days)
    for k in np.flatnonzero(absent):
        ax.axvspan(bounds[k], bounds[k + 1], lw=0, zorder=0, gid="missing", **MISSING_LOOK)


def day_edges(days: NDArray[Any]) -> NDArray[np.float64]:
    """The midnights between days, as matplotlib counts them."""
    found: NDArray[np.float64] = mpl("dates").date2num(np.append(days, days[-1] + _ONE_DAY))
    return found


def as_days(times: ArrayLike) -> NDArray[Any]:
    """Times as whole days."""
    return np.asarray(times).astype("datetime64[ns]").astype("datetime64[D]")


def every_day(values: xr.DataArray, dim: Hashable) -> xr.DataArray:
    """`values` with a sample for each day between its first and last, NaN where there was none."""
    days = as_days(values[dim].values)
    if days.size == 0:
        return values
    if np.unique(days).size != days.size:
        raise ValueError(
            f"values has several samples on one day along {dim!r}; take one orbit, as in values.sel(orbit='ascending')"
        )
    wanted = np.arange(days.min(), days.max() + _ONE_DAY, _ONE_DAY).astype("datetime64[ns]")
    stamped = values.assign_coords({dim: days.astype("datetime64[ns]")}).sortby(dim)
    return stamped.reindex({dim: wanted}, fill_value=_fill(values))


def _fill(values: xr.DataArray) -> Any:
    """NaN; for verdicts, which are integers, UNDETERMINED."""
    return np.nan if values.dtype.kind == "f" else -1


def legend_handles(items: Iterable[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Patches for a legend."""
    patch = mpl("patches").Patch
    return [patch(label=name, **how) for name, how in items]


def one_of(names: Sequence[str], name: str, what: str) -> str:
    """`name`, if it is among `names`; else an error that lists them."""
    if name not in names:
        raise ValueError(f"{what} must be one of {', '.join(map(repr, names))}, got {name!r}")
    return name


def null_histogram(ax: Any, known: NDArray[np.float64], statistic: float, name: str, language: Language) -> None:
    """Bars of a null; those that reach the statistic stand out, and one edge lies at it."""
    found = np.isfinite(statistic)
    if not known.size:
        note_empty(ax, language)
    else:
        span = np.append(known, statistic) if found else known
        low, high = float(span.min()), float(span.max())
        n_bins = int(np.clip(np.sqrt(known.size) * 1.5, 8, 40))
        width = (high - low) / n_bins or 1.0
        start = statistic if found else low
        # An edge at the statistic: no bar holds both placebos that reach it and placebos that do not.
        left, right = int(np.ceil((start - low) / width)), int(np.floor((high - start) / width)) + 1
        bins = start + width * np.arange(-left, right + 1)
        bins[0], bins[-1] = min(bins[0], low), max(bins[-1], high)  # rounding may have cut one off
        reach = known >= statistic if found else np.zeros(known.shape, dtype=bool)
        ax.hist(known[~reach], bins=bins, color="#B5C7D8", edgecolor="#FFFFFF", lw=0.5)
        if reach.any():
            ax.hist(known[reach], bins=bins, color=OKABE_ITO["blue"], edgecolor="#FFFFFF", hatch="////", lw=0.5,
                    label=label("as much or more", language))  # fmt: skip
    if found:
        # Not to the top, where the legend is.
        ax.axvline(statistic, 0.0, 1.0 / _HEADROOM, color=OKABE_ITO["vermilion"], lw=2.2, label=name, gid="statistic")
    handles, _ = ax.get_legend_handles_labels()
    if handles:
        ax.set_ylim(top=_HEADROOM * max(ax.get_ylim()[1], 1.0))
        ax.legend(fontsize="small", frameon=False, loc="upper left", ncols=2)
    ax.yaxis.set_major_locator(mpl("ticker").MaxNLocator(integer=True))


def styles_for(names: Iterable[str], known: Mapping[str, SeriesStyle] | None = None) -> list[SeriesStyle]:
    """A style for each name: the one that is known, else the next that is free."""
    known = known or {}
    free = iter(SERIES_STYLES * 20)
    return [known[name] if name in known else next(free) for name in names]
