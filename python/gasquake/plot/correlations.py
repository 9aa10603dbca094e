"""How two gases go together: along time, and stage by stage with what can be claimed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from gasquake import _labelled
from gasquake._numbers import p_text
from gasquake.correlation import PublishedCorrelation, fisher_interval
from gasquake.plot import _draw
from gasquake.plot.language import Language, gas_and_orbit, label, orbit_label, usable_language
from gasquake.plot.style import OKABE_ITO

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["correlation_series", "correlation_table"]


def correlation_series(
    rolling: xr.Dataset,
    /,
    *,
    event_time: np.datetime64 | None = None,
    level: float = 0.95,
    ax: Axes | None = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """Correlation of two gases over a moving window, with its interval (figure 17 of Zhao et al. 2022).

    Parameters
    ----------
    rolling : Dataset
        As from `gasquake.correlation.rolling_correlation`: ``correlation`` and ``count`` of (time), or with an orbit
        or other dim of up to five series. Days without a value break the line.
    event_time : datetime64, optional
        Origin time, UTC: a line.
    level : float
        Coverage of the interval.
    ax : Axes, optional
        Where to draw; by default a new figure.
    simulated : bool, optional
        Whether to say so; by default what ``rolling.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        From -1 to 1.

    Raises
    ------
    TypeError
        If `rolling` is no Dataset.
    ValueError
        If a variable is missing or dims do not fit.

    Notes
    -----
    The band is `gasquake.correlation.fisher_interval` of the pairs in each window, as if the days were independent: it
    is the narrowest that can be claimed. Neighbouring windows share all but one of their days, so that a long excursion
    is one event, not many.

    Examples
    --------
    >>> time = np.arange("2022-09-01", "2022-09-04", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> rolling = xr.Dataset({"correlation": ("time", [0.1, np.nan, 0.4]), "count": ("time", [15, 9, 15])},
    ...                      {"time": time})
    >>> correlation_series(rolling).get_ylabel()
    'correlation coefficient'
    """
    language = usable_language(language)
    _require(rolling, "rolling", ["correlation", "count"])
    r = rolling["correlation"]
    time = _labelled.find_dim(r, "time", "rolling")
    others = [d for d in r.dims if d != time]
    if len(others) > 1 or (others and r.sizes[others[0]] > 5):
        raise ValueError(f"correlation must be of (time) and at most one dim of five, got {dict(r.sizes)}; select some")
    daily = xr.Dataset({
        "r": _draw.every_day(r, time),
        "n": _draw.every_day(rolling["count"].astype(np.float64), time),
    }).transpose(*others, time)  # fmt: skip
    days = daily[time].values.astype("datetime64[D]")
    names = [str(v) for v in daily[others[0]].values] if others else [""]
    values, counts = (np.atleast_2d(daily[name].values.astype(np.float64)) for name in ("r", "n"))
    ax = _draw.new_axes(ax, (7.2, 3.2))
    moments = days.astype("datetime64[h]") + np.timedelta64(12, "h")
    for one, n, name, style in zip(values, counts, names, _draw.styles_for(names), strict=True):
        low, high = fisher_interval(np.where(np.isfinite(n), one, np.nan), np.nan_to_num(n), level=level)
        ax.fill_between(moments, low, high, color=style.colour, alpha=0.16, lw=0)
        for edge in (low, high):  # so that overlapping bands keep apart, in grey too
            ax.plot(moments, edge, color=style.colour, ls=style.dash, lw=0.6)
        ax.plot(moments, one, color=style.colour, ls=style.dash, marker=style.marker, ms=3, lw=1.6,
                label=orbit_label(name, language) or None)  # fmt: skip
    ax.axhline(0.0, color="#999999", lw=0.7, zorder=1)
    ax.set_ylim(-1.03, 1.03)
    ax.set_ylabel(label("correlation coefficient", language))
    if days.size:
        _draw.hatch_gaps(ax, days, ~np.isfinite(values).any(axis=0))
        _draw.date_axis(ax, days, language)
        ax.set_xlim(days[0], days[-1] + np.timedelta64(1, "D"))
    marked = _draw.mark_time(ax, event_time, language)
    if not np.isfinite(values).any():
        _draw.note_empty(ax, language)
    elif others:
        _draw.legend_below(ax, points=36, ncols=4)
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, rolling), language=language,
                 lifted=12.0 if marked else 0.0)  # fmt: skip
    return ax


def correlation_table(
    found: xr.Dataset,
    /,
    *,
    published: Sequence[PublishedCorrelation] = (),
    ax: Axes | None = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """Correlation in each stage and orbit with interval, days and p-value (table 1 of Zhao et al. 2022).

    Parameters
    ----------
    found : Dataset
        As from `gasquake.correlation.stage_correlation`: ``pearson``, ``low``, ``high``, ``n``, ``n_effective`` and
        ``pearson_p`` of (stage), or (stage, orbit).
    published : sequence of PublishedCorrelation
        Drawn under the row of their stage and orbit, as `gasquake.correlation.ZHAO2022_TABLE_1`.
    ax : Axes, optional
        Where to draw; by default a new figure.
    simulated : bool, optional
        Whether to say so; by default what ``found.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        A row each, with the numbers at its right. A coefficient without an interval says so: of so few days none can
        be had.

    Raises
    ------
    TypeError
        If `found` is no Dataset.
    ValueError
        If a variable is missing or dims do not fit.

    Examples
    --------
    >>> found = xr.Dataset(
    ...     {"pearson": ("stage", [0.1]), "low": ("stage", [-0.3]), "high": ("stage", [0.5]), "n": ("stage", [25]),
    ...      "n_effective": ("stage", [22.0]), "pearson_p": ("stage", [0.6])}, {"stage": ["background"]})
    >>> correlation_table(found).get_xlim()
    (np.float64(-1.05), np.float64(1.05))
    """
    language = usable_language(language)
    names = ["pearson", "low", "high", "n", "n_effective", "pearson_p"]
    _require(found, "found", names)
    extra = [d for d in found["pearson"].dims if d not in ("stage", "orbit")]
    if extra or "stage" not in found["pearson"].dims:
        raise ValueError(f"found must be of (stage) or (stage, orbit), got {found['pearson'].dims}")
    rows = _rows(found[names], published)
    ax = _draw.new_axes(ax, (8.4, 0.34 * max(len(rows), 2) + 1.3))
    place = np.arange(len(rows))[::-1]
    for y, row in zip(place, rows, strict=True):
        colour = OKABE_ITO["vermilion"] if row["published"] else OKABE_ITO["blue"]
        mark: dict[str, Any] = {"marker": "D" if row["published"] else "o", "color": colour, "ms": 6}
        if row["published"]:
            mark["mfc"] = "#FFFFFF"
        if np.isfinite(row["low"]) and np.isfinite(row["high"]):
            ax.plot([row["low"], row["high"]], [y, y], color=colour, lw=2.0, ls=":" if row["published"] else "-")
        if np.isfinite(row["r"]):
            ax.plot([row["r"]], [y], ls="", **mark)
        _write(ax, y, _cells(row, language))
    _write(ax, len(rows) - 0.2, [label(t, language) for t in ("r [interval]", "days", "independent", "p")], "bold")
    ax.axvline(0.0, color="#999999", lw=0.8, zorder=1)
    ax.set_xlim(-1.05, 1.05)
    ax.set_ylim(-0.6, max(len(rows), 1) - 0.4)
    ax.set_yticks(place, [_title(row, language) for row in rows])
    measured, bars = label("correlation coefficient", language), label("95 % interval", language)
    ax.set_xlabel(label("{first}, {second}", language, first=measured, second=bars))
    ax.grid(axis="x", lw=0.4, color="#DDDDDD")
    if not any(np.isfinite(row["r"]) for row in rows):
        _draw.note_empty(ax, language)
    # Above the line of the headings beside the axes.
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, found), language=language, lifted=12.0)
    return ax


def _require(data: Any, name: str, variables: list[str]) -> None:
    if not isinstance(data, xr.Dataset):
        raise TypeError(f"{name} must be a Dataset, got {type(data).__name__}")
    absent = [v for v in variables if v not in data]
    if absent:
        raise ValueError(f"{name} has no variable {', '.join(absent)}; it has {', '.join(map(str, data.data_vars))}")


def _rows(found: xr.Dataset, published: Sequence[PublishedCorrelation]) -> list[dict[str, Any]]:
    """One for each stage and orbit, those published beneath their own."""
    orbits = [str(o) for o in np.atleast_1d(found["orbit"].values)] if "orbit" in found.coords else [""]
    flat = found if "orbit" in found.dims else found.drop_vars("orbit", errors="ignore").expand_dims(orbit=orbits)
    rows = []
    for j, orbit in enumerate(orbits):
        for i, stage in enumerate(str(s) for s in found["stage"].values):
            one = flat.isel(stage=i, orbit=j)
            row: dict[str, Any] = {"stage": stage, "orbit": orbit, "published": False, "r": float(one["pearson"])}
            rows.append(row | {name: float(one[name]) for name in ("low", "high", "n", "n_effective", "pearson_p")})
            for known in published:
                if (known.stage, known.orbit or orbit) == (stage, orbit):
                    low, high = fisher_interval(known.r, known.n)
                    rows.append({"stage": stage, "orbit": orbit, "published": True, "r": known.r, "low": low,
                                 "high": high, "n": known.n, "n_effective": np.nan, "pearson_p": np.nan})  # fmt: skip
    return rows


def _title(row: dict[str, Any], language: Language) -> str:
    if row["published"]:
        return label("published", language)
    stage = label(row["stage"], language)
    return gas_and_orbit(stage, row["orbit"], language) if row["orbit"] else stage


def _write(ax: Axes, y: float, texts: Sequence[str], weight: str = "normal") -> None:
    """Numbers in columns of a fixed width beside the axes."""
    for points, text in zip((8.0, 112.0, 146.0, 212.0), texts, strict=True):
        ax.annotate(text, (1.0, y), xytext=(points, 0.0), xycoords=("axes fraction", "data"), va="center", fontsize=8,
                    textcoords="offset points", fontweight=weight)  # fmt: skip


def _cells(row: dict[str, Any], language: Language) -> tuple[str, str, str, str]:
    """The numbers of a row as text."""
    if not np.isfinite(row["r"]):
        text = "–"
    elif np.isfinite(row["low"]):
        text = f"{row['r']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
    else:
        text = f"{row['r']:+.2f} [–]"
    text = text.replace("-", "−")
    worth = f"{row['n_effective']:.1f}" if np.isfinite(row["n_effective"]) else "–"
    p = p_text(row["pearson_p"])
    return text, f"{row['n']:.0f}", worth, p
