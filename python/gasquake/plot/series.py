"""Along time: time-height sections with daily verdicts, and anomaly series with their thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.plot import _draw
from gasquake.plot.language import Language, gas_and_orbit, label, orbit_label, usable_language
from gasquake.plot.style import DIVERGING, MISSING, OKABE_ITO, VERDICT_STYLES
from gasquake.profiles import ProfileVerdict
from gasquake.stages import Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["anomaly_series", "time_height"]


def time_height(
    zscore: xr.DataArray,
    /,
    *,
    verdict: xr.DataArray | None = None,
    event_time: np.datetime64 | None = None,
    surface_pressure: float | xr.DataArray | None = None,
    upper: float = 100.0,
    limit: float = 4.0,
    ax: Axes | None = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """Anomaly by day and pressure over one place, with its verdicts (figures 6 and 8 of Zhao et al. 2022).

    Parameters
    ----------
    zscore : DataArray
        Of (time, level), one sample a day: one orbit, one gas, one place. NaN is missing and is hatched, as are days
        without a sample.
    verdict : DataArray, optional
        `gasquake.profiles.ProfileVerdict` of (time), drawn as a strip of colour, hatch and letter.
    event_time : datetime64, optional
        Origin time, UTC: a line.
    surface_pressure : float or DataArray of (time), optional
        hPa. Levels at the ground or below are dotted brown, whatever they hold: not missing, not there.
    upper : float
        hPa; levels above are left out, as `gasquake.profiles.scan_profiles` leaves them out.
    limit : float
        The colours run from -limit to +limit, the same on every figure unless the caller says otherwise, so that days
        and gases compare.
    ax : Axes, optional
        Where to draw; by default a new figure. The strip hangs below it.
    simulated : bool, optional
        Whether to say so; by default what ``zscore.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        Of the section; the strip is its first child axes.

    Raises
    ------
    TypeError
        If an argument is not a DataArray.
    ValueError
        If dims do not fit, or a day has several samples.

    Notes
    -----
    Cells beyond half of `limit` carry + or −: in grey the two ends of the scale look alike.

    A cell is the nominal UTC day of the granule, from 0 to 24 h, though the real overpass may fall on the day before or
    after; whether a sample came before the earthquake is for `gasquake.stages.stage_labels` to say, not for the eye.

    Examples
    --------
    >>> time = np.arange("2022-09-01", "2022-09-08", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> grid = {"time": time, "level": [850.0, 600.0, 400.0]}
    >>> z = xr.DataArray(np.random.default_rng(1).normal(size=(7, 3)), grid, ("time", "level"), "co_zscore")
    >>> ax = time_height(z, verdict=xr.zeros_like(z[:, 0], "i1"), event_time=np.datetime64("2022-09-05T04:52"))
    >>> ax.get_ylabel(), len(ax.child_axes)
    ('pressure (hPa)', 1)
    """
    language = usable_language(language)
    field = _labelled.require_dataarray(zscore, "zscore")
    if not limit > 0.0:
        raise ValueError(f"limit must be positive, got {limit}")
    time = _labelled.find_dim(field, "time", "zscore")
    level, pressure = _draw.find_level(field, "zscore")
    if set(field.dims) != {time, level}:
        raise ValueError(f"zscore must be of (time, level), got {field.dims}; select one orbit and place")
    field, pressure = field.isel({level: pressure >= upper}), pressure[pressure >= upper]
    if not pressure.size:
        raise ValueError(f"zscore has no level at {upper:g} hPa or below; lower upper")
    daily = _draw.every_day(field, time).transpose(level, time)
    numbers = np.asarray(daily.values, dtype=np.float64)
    days = daily[time].values.astype("datetime64[D]")
    ax = _draw.new_axes(ax, (7.2, 4.2))
    _draw.background(ax)
    if days.size:
        order = np.argsort(pressure)
        x, y = _draw.day_edges(days), _draw.edges(pressure[order], log=True)
        ground = _ground(surface_pressure, days, pressure[order])
        shown = np.ma.masked_where(~np.isfinite(numbers[order]) | ground, numbers[order])
        mesh = ax.pcolormesh(x, y, shown, cmap=DIVERGING, vmin=-limit, vmax=limit, rasterized=True)
        known = shown.compressed()
        extend = _draw.colour_limits(known, centre=0.0, limits=(-limit, limit))[2]
        bar = ax.figure.colorbar(mesh, ax=ax, extend=extend, pad=0.02, aspect=25)
        bar.set_label(_draw.shown(field.assign_attrs(units="1").rename(field.name or "zscore"), language)[1])
        _draw.draw_ground(ax, x, y, ground)
        _draw.mark_signs(ax, x[:-1] + 0.5, np.sqrt(y[:-1] * y[1:]), shown.filled(np.nan), limit / 2.0)
        ax.set_xlim(x[0], x[-1])
        _draw.date_axis(ax, days, language)
    else:
        ground = np.zeros((0, 0), dtype=bool)
    _draw.pressure_axis(ax, pressure, language)
    marked = _draw.mark_time(ax, event_time, language)
    if not np.isfinite(numbers).any():
        _draw.note_empty(ax, language)
    handles: list[tuple[str, dict[str, Any]]] = []
    if not days.size or bool((~np.isfinite(numbers[np.argsort(pressure)]) & ~ground).any()):
        handles.append((label("missing", language), _draw.MISSING_LOOK))
    if ground.any():
        handles.append((label("below ground", language), _draw.GROUND_LOOK))
    if verdict is not None and days.size:
        handles += _verdict_strip(ax, verdict, days, event_time, language)
    if handles:
        patches = _draw.legend_handles(handles)
        _draw.legend_below(ax, points=68 if verdict is not None else 38, handles=patches, ncols=4, handlelength=1.6)
    title = _draw.gas_label(field.name)
    if "orbit" in field.coords and field["orbit"].ndim == 0:
        orbit = str(field["orbit"].item())
        title = gas_and_orbit(title, orbit, language) if title else orbit_label(orbit, language)
    ax.set_title(title, loc="left", fontsize="medium")
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, zscore), language=language,
                 lifted=12.0 if marked else 0.0)  # fmt: skip
    return ax


def _ground(
    surface_pressure: float | xr.DataArray | None, days: NDArray[Any], pressure: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Where a level lies in the ground: by day where the pressure is given by day."""
    shape = (pressure.size, days.size)
    if surface_pressure is None:
        return np.zeros(shape, dtype=bool)
    if isinstance(surface_pressure, xr.DataArray) and surface_pressure.ndim:
        time = _labelled.find_dim(surface_pressure, "time", "surface_pressure")
        if surface_pressure.dims != (time,):
            raise ValueError(f"surface_pressure must be one number or of (time), got {surface_pressure.dims}")
        known = surface_pressure.assign_coords({time: _draw.as_days(surface_pressure[time].values)})
        by_day = known.to_series()
        by_day.index = by_day.index.astype("datetime64[ns]")
        # The ground does not move: a day without a pressure has that of the others.
        numbers = by_day.reindex(days.astype("datetime64[ns]")).fillna(by_day.median()).to_numpy(dtype=np.float64)
    else:
        numbers = np.full(days.size, float(surface_pressure))
    below: NDArray[np.bool_] = pressure[:, np.newaxis] > numbers - 5.0
    return below


def _verdict_strip(
    ax: Any, verdict: xr.DataArray, days: NDArray[Any], event_time: np.datetime64 | None, language: Language
) -> list[tuple[str, dict[str, Any]]]:
    """Daily verdicts under the section, on the same days; what the legend must explain comes back."""
    codes = _labelled.require_dataarray(verdict, "verdict")
    time = _labelled.find_dim(codes, "time", "verdict")
    if codes.dims != (time,):
        raise ValueError(f"verdict must be of (time), got {codes.dims}; select one orbit and place")
    own = _draw.as_days(codes[time].values)
    at = {day: ProfileVerdict(int(code)) for day, code in zip(own, codes.values, strict=True)}
    # In points, so that the strip is the same under a low section and a high one.
    place = _draw.mpl("transforms")
    down = place.ScaledTranslation(0.0, -26.0 / 72.0, ax.figure.dpi_scale_trans)
    strip = ax.inset_axes([0.0, 0.0, 1.0, 0.08], transform=ax.transAxes + down, sharex=ax)
    rectangle = _draw.mpl("patches").Rectangle
    edges = _draw.day_edges(days)
    seen: set[ProfileVerdict] = set()
    halo = [_draw.mpl("patheffects").withStroke(linewidth=2.0, foreground="white", alpha=0.8)]
    size = 7 if days.size <= 50 else 5
    for k, day in enumerate(days):
        if day not in at:
            continue
        style = VERDICT_STYLES[at[day]]
        seen.add(at[day])
        strip.add_patch(
            rectangle((edges[k], 0.0), edges[k + 1] - edges[k], 1.0, facecolor=style.colour, hatch=style.hatch,
                      edgecolor="#777777", lw=0.3)
        )  # fmt: skip
        if days.size <= 90:
            strip.text((edges[k] + edges[k + 1]) / 2, 0.47, style.letter, ha="center", va="center", fontsize=size,
                       fontweight="bold", clip_on=True, path_effects=halo)  # fmt: skip
    strip.set_ylim(0.0, 1.0)
    strip.set_yticks([0.5], [label("verdict", language)])
    strip.tick_params(axis="y", length=0)
    strip.set_facecolor(MISSING)
    _draw.mark_time(strip, event_time, language, named=False)
    _draw.date_axis(strip, days, language)
    ax.set_xlabel("")
    ax.tick_params(axis="x", labelbottom=False)
    return [
        (f"{VERDICT_STYLES[v].letter}  {label(v.name.lower(), language).replace('_', ' ')}",
         {"facecolor": VERDICT_STYLES[v].colour, "hatch": VERDICT_STYLES[v].hatch, "edgecolor": "#777777"})
        for v in ProfileVerdict if v in seen
    ]  # fmt: skip


def anomaly_series(
    zscore: xr.DataArray,
    /,
    *,
    threshold: float = 2.0,
    event_time: np.datetime64 | None = None,
    stages: Sequence[Stage] | None = None,
    ax: Axes | None = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """Anomaly of each day with the threshold, the stages and the origin time (figure 13 of Zhao et al. 2022).

    Parameters
    ----------
    zscore : DataArray
        Of (time), or with an orbit or other dim of up to five series. Missing days break the line, and are hatched
        where no series has a value.
    threshold : float
        Drawn on both sides of zero; values above it are ringed.
    event_time : datetime64, optional
        Origin time, UTC: a line.
    stages : sequence of Stage, optional
        Named along the top, with lines between them.
    ax : Axes, optional
        Where to draw; by default a new figure.
    simulated : bool, optional
        Whether to say so; by default what ``zscore.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        Of the series.

    Raises
    ------
    TypeError
        If `zscore` is not a DataArray.
    ValueError
        If it has more dims than time and one other, or a day has several samples.

    Examples
    --------
    >>> time = np.arange("2022-09-01", "2022-09-08", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> z = xr.DataArray([0.1, -0.4, np.nan, 2.6, 3.1, 0.2, -1.0], {"time": time}, ("time",), "xco_zscore")
    >>> ax = anomaly_series(z, event_time=np.datetime64("2022-09-05T04:52"))
    >>> ax.get_ylabel()
    'XCO z-score\\n(standard deviations)'
    """
    language = usable_language(language)
    field = _labelled.require_dataarray(zscore, "zscore")
    time = _labelled.find_dim(field, "time", "zscore")
    others = [d for d in field.dims if d != time]
    if len(others) > 1 or (others and field.sizes[others[0]] > 5):
        raise ValueError(f"zscore must be of (time) and at most one dim of five, got {dict(field.sizes)}; select some")
    daily = _draw.every_day(field, time)
    days = daily[time].values.astype("datetime64[D]")
    names = [str(v) for v in daily[others[0]].values] if others else [_draw.gas_label(field.name) or "z-score"]
    numbers = np.atleast_2d(daily.transpose(*others, time).values.astype(np.float64))
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    ax = _draw.new_axes(ax, (7.2, 3.2))
    # The middle of the nominal day: cells of the sections run from 0 to 24 h.
    moments = days.astype("datetime64[h]") + np.timedelta64(12, "h")
    for values, name, style in zip(numbers, names, _draw.styles_for(names), strict=True):
        ax.plot(moments, values, color=style.colour, marker=style.marker, ls=style.dash, lw=1.2, ms=4,
                label=orbit_label(name, language), zorder=3)  # fmt: skip
        over = np.flatnonzero(values >= threshold)
        if over.size:
            ax.plot(moments[over], values[over], "o", mfc="none", mec=OKABE_ITO["vermilion"], mew=1.8, ms=9, zorder=4,
                    gid="over")  # fmt: skip
    for sign in (1, -1):
        named = label("threshold", language) if sign > 0 else None
        ax.axhline(sign * threshold, color="#444444", lw=1.0, ls="--", zorder=2, label=named)
    ax.axhline(0.0, color="#999999", lw=0.7, zorder=1)
    if days.size:
        _draw.hatch_gaps(ax, days, ~np.isfinite(numbers).any(axis=0))
        ax.set_xlim(*_draw.day_edges(days)[[0, -1]])
        _draw.date_axis(ax, days, language)
    known = np.append(numbers[np.isfinite(numbers)], [-1.4 * threshold, 1.4 * threshold])
    room = 0.06 * float(np.ptp(known))
    ax.set_ylim(known.min() - room, known.max() + room)
    # On two lines: on one it is longer than low axes are high.
    named = _draw.shown(field.assign_attrs(units="1").rename(field.name or "zscore"), language)[1]
    ax.set_ylabel(named.replace(" (", "\n(").replace("（", "\n（"))
    if stages is not None and days.size:
        _name_stages(ax, stages, language)
    marked = _draw.mark_time(ax, event_time, language)
    if not np.isfinite(numbers).any():
        _draw.note_empty(ax, language)
    handles, labels = ax.get_legend_handles_labels()
    if days.size and not np.isfinite(numbers).any(axis=0).all():
        handles += _draw.legend_handles([(label("missing", language), _draw.MISSING_LOOK)])
        labels.append(label("missing", language))
    ring = _draw.mpl("lines").Line2D([], [], marker="o", mfc="none", mec=OKABE_ITO["vermilion"], mew=1.8, ms=9, ls="")
    if bool((numbers >= threshold).any()):
        handles, labels = [*handles, ring], [*labels, label("above the threshold", language)]
    if len(handles) > 1:
        _draw.legend_below(ax, handles, labels, points=36, ncols=5)
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, zscore), language=language,
                 lifted=12.0 if marked else 0.0)  # fmt: skip
    return ax


def _name_stages(ax: Any, stages: Sequence[Stage], language: Language) -> None:
    """Lines between the stages and their names along the top, on end where they are too narrow, clear of the values."""
    to_number = _draw.mpl("dates").date2num
    halo = [_draw.mpl("patheffects").withStroke(linewidth=2.5, foreground="white")]
    room = ax.bbox.width * 72.0 / ax.figure.dpi  # points
    left, right = ax.get_xlim()
    tallest = 0.0
    for stage in stages:
        start, end = (float(to_number(t.astype("datetime64[us]"))) for t in (stage.start, stage.end))
        for edge in (start, end):
            if left < edge < right:
                ax.axvline(edge, color="#AAAAAA", lw=0.8, ls=":", zorder=1)
        start, end = max(start, left), min(end, right)
        if end - start > 0.0:
            name = label(stage.name, language)
            need = sum(8.0 if ord(letter) > 0x2E80 else 5.0 for letter in name)  # points of 8 point type
            wide = (end - start) / (right - left) * room > need
            tallest = max(tallest, 10.0 if wide else need)
            ax.annotate(
                name, ((start + end) / 2, 0.97), xycoords=("data", "axes fraction"), fontsize=8, ha="center", va="top",
                color="#333333", rotation=0 if wide else 90, path_effects=halo, zorder=5,
            )  # fmt: skip
    bottom, top = ax.get_ylim()
    taken = min((tallest + 6.0) / (0.8 * ax.bbox.height * 72.0 / ax.figure.dpi), 0.5)  # 0.8: what the labels leave
    ax.set_ylim(bottom, bottom + (top - bottom) / (1.0 - taken))
