"""Vertical profiles: by stage with their spread, and one day with the reasons of its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gasquake import _labelled
from gasquake.plot import _draw
from gasquake.plot.language import Language, label, orbit_label, usable_language
from gasquake.plot.style import OKABE_ITO, STAGE_STYLES, VERDICT_STYLES
from gasquake.profiles import ProfileVerdict, scan_profiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["day_profile", "stage_profiles"]


def stage_profiles(
    means: xr.Dataset,
    /,
    *,
    gas: str,
    orbit: str | None = None,
    at: tuple[float, float] | None = None,
    upper: float = 100.0,
    ax: Axes | None = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """Mean profile of each stage with its spread (figures 5 and 7 of Zhao et al. 2022).

    Parameters
    ----------
    means : Dataset
        As from `gasquake.stages.stage_means`: ``<gas>_mean``, ``<gas>_sd`` and ``<gas>_n`` of (stage, level) and
        whatever `orbit` and `at` select. Levels without a mean are left out, and break the line.
    gas : str
        As "co".
    orbit : str, optional
        "ascending" or "descending", where `means` has both.
    at : (lon, lat), optional
        The nearest cell is drawn: the epicentre, or the place of the maximum.
    upper : float
        hPa; levels above are left out, as `gasquake.profiles.scan_profiles` leaves them out.
    ax : Axes, optional
        Where to draw; by default a new figure.
    simulated : bool, optional
        Whether to say so; by default what ``means.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        Log pressure, decreasing upward.

    Raises
    ------
    TypeError
        If `means` is no Dataset.
    ValueError
        If a variable is missing or dims are left over.

    Notes
    -----
    Bars are plus and minus one standard deviation of the days (``<gas>_sd``), not standard errors: two stages whose
    bars overlap may still differ in their means. Marks of the stages are set apart a little so that bars do not hide
    one another; numbers in the legend are the largest number of days of any level.

    Examples
    --------
    >>> grid = {"stage": ["background", "before"], "level": [850.0, 600.0, 400.0]}
    >>> mean = xr.DataArray([[110.0, 100, 90], [118, 104, 90]], grid, list(grid), attrs={"units": "ppb"})
    >>> means = xr.Dataset({"co_mean": mean, "co_sd": 0 * mean + 8, "co_n": xr.full_like(mean, 9, dtype=int)})
    >>> stage_profiles(means, gas="co").get_xlabel()
    'CO (ppb)'
    """
    language = usable_language(language)
    mean, spread, count, title = _profiles_of_stages(means, gas, orbit, at)
    level, pressure = _draw.find_level(mean, f"{gas}_mean")
    inside = pressure >= upper
    if not inside.any():
        raise ValueError(f"means has no level at {upper:g} hPa or below; lower upper")
    mean, spread, count, pressure = (*(a.isel({level: inside}) for a in (mean, spread, count)), pressure[inside])
    factor, name = _draw.shown(mean, language)
    ax = _draw.new_axes(ax, (4.6, 4.8))
    names = [str(s) for s in mean["stage"].values]
    styles = _draw.styles_for(names, STAGE_STYLES)
    apart = 0.012  # of ln(p), between the marks of neighbouring stages
    drawn = False
    for k, stage in enumerate(names):
        one = {"stage": k}
        numbers = mean.isel(one).transpose(level).values * factor
        if not np.isfinite(numbers).any():
            continue
        days = int(np.nanmax(count.isel(one).values))
        height = pressure * np.exp(apart * (k - (len(names) - 1) / 2.0))
        ax.errorbar(
            numbers, height, xerr=spread.isel(one).transpose(level).values * factor, color=styles[k].colour,
            marker=styles[k].marker, ls=styles[k].dash, lw=1.5, ms=5, capsize=2.5, elinewidth=0.9, zorder=3 + k,
            label=f"{label(stage, language)} ({_draw.n_days(days, language)})",
        )  # fmt: skip
        drawn = True
    _draw.pressure_axis(ax, pressure, language)
    ax.set_xlabel(name)
    ax.set_title(_title_with(title, language), loc="left", fontsize="medium")
    ax.grid(axis="both", lw=0.4, color="#DDDDDD")
    if drawn:
        explained = label("mean ± standard deviation of the days", language)
        _draw.legend_below(ax, points=36, title=explained, ncols=2)
    else:
        _draw.note_empty(ax, language)
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, means), language=language)
    return ax


def _title_with(parts: list[str], language: Language) -> str:
    """Parts of a title, translated where there is a translation."""
    return label(", ", language).join(orbit_label(part, language) for part in parts)


def _profiles_of_stages(
    means: Any, gas: str, orbit: str | None, at: tuple[float, float] | None
) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray, list[str]]:
    """Mean, spread and count of (stage, level), and the title."""
    if not isinstance(means, xr.Dataset):
        raise TypeError(f"means must be a Dataset as from gasquake.stages.stage_means, got {type(means).__name__}")
    wanted = [f"{gas}_mean", f"{gas}_sd", f"{gas}_n"]
    absent = [name for name in wanted if name not in means]
    if absent:
        raise ValueError(f"means has no variable {', '.join(absent)}; it has {', '.join(map(str, means.data_vars))}")
    chosen, title = means[wanted], []
    if orbit is not None and "orbit" in chosen.dims:
        _draw.one_of([str(o) for o in chosen["orbit"].values], orbit, "orbit")
        chosen = chosen.sel(orbit=orbit)
        title.append(orbit)
    if at is not None:
        lat, lon = (_labelled.find_dim(chosen, role, "means") for role in ("lat", "lon"))
        chosen = chosen.sel({lon: at[0], lat: at[1]}, method="nearest")
        title.append(f"{float(chosen[lon]):g}°E {float(chosen[lat]):g}°N")
    chosen = chosen.squeeze([d for d in chosen.dims if chosen.sizes[d] == 1 and d in ("orbit", "lat", "lon")])
    level = _labelled.find_dim(chosen, "level", "means")
    rest = [d for d in chosen.dims if d not in ("stage", level)]
    if rest or "stage" not in chosen.dims:
        raise ValueError(f"means must be left with (stage, level), has {tuple(chosen.dims)}; use orbit= and at=")
    mean, spread, count = (chosen[name] for name in wanted)
    return mean.rename(gas), spread, count, title


# --- One day ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Profile:
    """One profile as `scan_profiles` sees it."""

    pressure: NDArray[np.float64]
    values: NDArray[np.float64]
    sigma: NDArray[np.float64]  # ones for z-scores
    counted: NDArray[np.bool_]
    height: NDArray[np.float64]  # km, from 1000 hPa


def day_profile(
    values: xr.DataArray,
    /,
    *,
    sigma: xr.DataArray | None = None,
    surface_pressure: float | xr.DataArray | None = None,
    kernel: xr.DataArray | None = None,
    split: float = 600.0,
    top: float = 400.0,
    upper: float = 100.0,
    threshold: float = 2.0,
    quiet: float = 1.0,
    min_below: int = 2,
    scale_height_km: float = 7.5,
    ax: Axes | None = None,
    simulated: bool | None = None,
    language: Language = "en",
) -> Axes:
    """One anomaly profile with the verdict on it and what the verdict rests on (figure 9 of Zhao et al. 2022).

    Parameters
    ----------
    values : DataArray
        Anomalies with `sigma`, or z-scores, of (level). NaN is missing.
    sigma : DataArray, optional
        Standard deviation of each level, same units.
    surface_pressure : float or DataArray, optional
        hPa. Levels at the ground or below do not count. None counts all levels; a missing one counts none.
    kernel : DataArray, optional
        Averaging kernel of (level, level_true).
    split, top, upper, threshold, quiet, min_below, scale_height_km
        Criteria of `gasquake.profiles.scan_profiles`, which is asked here: the picture shows the very verdict.
    ax : Axes, optional
        Where to draw; by default a new figure.
    simulated : bool, optional
        Whether to say so; by default what ``values.attrs["simulated"]`` says.
    language : {"en", "zh"}
        Of the labels.

    Returns
    -------
    Axes
        Log pressure, decreasing upward; the title says verdict and reasons.

    Raises
    ------
    TypeError
        If an argument is not a DataArray of real numbers.
    ValueError
        As `gasquake.profiles.scan_profiles`.

    Notes
    -----
    Filled marks count, hollow ones do not (below ground, or above `upper`). The band about the gradient line is
    1.645 standard errors: where the whole band leans to the left going up, the anomaly falls with height. The line
    passes through the weighted mean of the fitted levels, as least squares do.

    Examples
    --------
    >>> level = xr.DataArray([925.0, 850.0, 700.0, 500.0, 300.0], dims="level", attrs={"units": "hPa"})
    >>> zscore = xr.DataArray([4.0, 3.0, 2.0, 0.5, 0.0], {"level": level}, name="co")
    >>> day_profile(zscore, surface_pressure=960.0).get_title(loc="left").splitlines()[0]
    'ROOTED'
    """
    language = usable_language(language)
    field = _labelled.require_dataarray(values, "values").squeeze()
    level, pressure = _draw.find_level(field, "values")
    if field.dims != (level,):
        raise ValueError(f"values must be one profile of (level), got {values.dims}; select one day and place")
    field = field.assign_coords({level: xr.DataArray(pressure, dims=(level,), attrs={"units": "hPa"})})
    ground = surface_pressure
    if isinstance(ground, int | float | np.number):
        ground = xr.DataArray(float(ground), attrs={"units": "hPa"})
    spread = None
    if sigma is not None:
        spread = _labelled.require_dataarray(sigma, "sigma").squeeze().assign_coords({level: field[level]})
    found = scan_profiles(
        field, sigma=spread, surface_pressure=ground, kernel=kernel, split=split, top=top, upper=upper,
        threshold=threshold, quiet=quiet, min_below=min_below, scale_height_km=scale_height_km, level_dim=level,
    )  # fmt: skip
    factor, name = _draw.shown(field, language)
    profile = _as_scanned(field, spread, ground, pressure, upper, scale_height_km, factor)
    if sigma is not None:
        name = name.replace(" (", f" {label('anomaly', language)} (", 1)
    ax = _draw.new_axes(ax, (5.0, 5.2))

    order = np.argsort(pressure)
    p = profile.pressure[order]
    for z, dash, text in ((threshold, "--", "threshold ({z:g} σ)"), (quiet, ":", "quiet ({z:g} σ)")):
        ax.plot(z * profile.sigma[order], p, color="#444444", lw=1.1, ls=dash, label=label(text, language, z=z))
    ax.axvline(0.0, color="#999999", lw=0.7, zorder=1)
    ax.axhline(split, color=OKABE_ITO["green"], lw=1.4, zorder=1, label=label("split {p:g} hPa", language, p=split))
    if sigma is not None:
        ax.errorbar(
            profile.values, pressure, xerr=profile.sigma, fmt="none", ecolor="#888888", elinewidth=0.9, capsize=2,
            zorder=3,
        )  # fmt: skip
    _gradient(ax, profile, found, top, factor, language)
    ax.plot(profile.values[order], p, color="#000000", lw=0.9, zorder=3)
    marks = ((profile.counted, "#000000", "counted level"), (~profile.counted, "#FFFFFF", "not counted"))
    for chosen, face, text in marks:
        here = chosen & np.isfinite(profile.values)
        if here.any():
            ax.plot(profile.values[here], pressure[here], "o", mfc=face, mec="#000000", ms=6, zorder=5,
                    label=label(text, language))  # fmt: skip
    _draw.pressure_axis(ax, pressure, language)
    if ground is not None and np.isfinite(float(ground)):
        bottom = ax.get_ylim()[0]
        ax.axhspan(min(float(ground), bottom), bottom, lw=0, zorder=1, gid="ground", **_draw.GROUND_LOOK)
    ax.set_xlabel(name)
    verdict = ProfileVerdict(int(found["verdict"]))
    reasons = _reasons(found, verdict, split, threshold, min_below, factor, language)
    title = ax.set_title("\n".join([_headline(verdict, language), *reasons]), loc="left", fontsize="small")
    _draw.legend_below(ax, points=36, ncols=2)
    if not np.isfinite(profile.values).any():
        _draw.note_empty(ax, language)
    # The stamp goes on the line of the headline, which is short.
    lifted = 1.2 * float(title.get_fontsize()) * len(reasons)
    _draw.finish(ax, simulated=_draw.is_simulated(simulated, values), language=language, lifted=lifted)
    return ax


def _as_scanned(
    field: xr.DataArray, spread: xr.DataArray | None, ground: xr.DataArray | None, pressure: NDArray[np.float64],
    upper: float, scale_height_km: float, factor: float,
) -> _Profile:  # fmt: skip
    """The levels that count, by the rule of `gasquake.kernels.scan_profiles`."""
    numbers = field.values.astype(np.float64)
    sigma = (
        np.ones_like(numbers) if spread is None else np.broadcast_to(spread.values.astype(np.float64), numbers.shape)
    )
    counted = np.isfinite(numbers) & np.isfinite(sigma) & (sigma > 0.0) & (pressure >= upper)
    if ground is not None:
        counted &= pressure <= float(ground) - 5.0  # NaN: none
    scale = 1.0 if spread is None else factor
    height = -scale_height_km * np.log(pressure / 1000.0)
    return _Profile(pressure, np.where(np.isfinite(numbers), numbers, np.nan) * scale, sigma * scale, counted, height)


def _gradient(ax: Axes, profile: _Profile, found: xr.Dataset, top: float, factor: float, language: Language) -> None:
    """The fitted line with 1.645 standard errors, over the levels that it was fitted to."""
    slope, error = (float(found[name]) * factor for name in ("gradient", "gradient_se"))
    fitted = profile.counted & (profile.pressure >= top)
    if not np.isfinite(slope) or fitted.sum() < 2:
        return
    weight = 1.0 / profile.sigma[fitted] ** 2
    height = profile.height[fitted]
    middle, value = (float(np.average(a, weights=weight)) for a in (height, profile.values[fitted]))
    reach = np.linspace(height.min(), height.max(), 30)
    line = value + slope * (reach - middle)
    order = np.argsort(height)
    p = np.exp(np.interp(reach, height[order], np.log(profile.pressure[fitted][order])))
    colour = OKABE_ITO["vermilion"]
    if np.isfinite(error):
        half = 1.645 * error * np.abs(reach - middle)
        ax.fill_betweenx(p, line - half, line + half, color=colour, alpha=0.2, lw=0, zorder=2)
    ax.plot(line, p, color=colour, lw=2.2, zorder=2, label=label("gradient, 90 % interval", language), gid="gradient")


def _headline(verdict: ProfileVerdict, language: Language) -> str:
    if language == "en":
        return verdict.name.replace("_", " ")
    return f"{label(verdict.name.lower(), language)} ({VERDICT_STYLES[verdict].letter})"


def _reasons(
    found: xr.Dataset, verdict: ProfileVerdict, split: float, threshold: float, least: int, factor: float,
    language: Language,
) -> list[str]:  # fmt: skip
    """One line for each thing that the verdict rests on."""
    per_km = str(found["gradient"].attrs.get("units", "km-1"))
    unit = "km⁻¹"
    if per_km != "km-1" and factor != 1.0:
        unit = "ppm km⁻¹" if factor == 1e6 else "ppb km⁻¹"
    elif per_km != "km-1":
        unit = per_km.replace("km-1", "km⁻¹")
    slope, error = (float(found[name]) * factor for name in ("gradient", "gradient_se"))
    falls = slope + 1.645 * error < 0.0
    lines = [
        label("{n} counted levels at {p:g} hPa and below (needs {least})", language, n=int(found["n_below"]), p=split,
              least=least),
        label("below the split: largest z {z} (threshold {t:g})", language, z=_number(found["z_below"]), t=threshold),
        label("above the split: largest z {z} (threshold {t:g})", language, z=_number(found["z_above"]), t=threshold),
    ]  # fmt: skip
    if np.isfinite(slope):
        fitted = label(
            "gradient {g} ± {se} {unit}", language, g=f"{slope:.2g}".replace("-", "−"), se=f"{error:.2g}", unit=unit
        )
        falling = label("falls with height" if falls else "not shown to fall with height", language)
        lines.append(label("{name}: {what}", language, name=fitted, what=falling))
    if verdict is ProfileVerdict.AMPLITUDE_ONLY:
        lines.append(label("the averaging kernel carries no vertical shape", language))
    return lines


def _number(value: xr.DataArray) -> str:
    number = float(value)
    return f"{number:.1f}".replace("-", "−") if np.isfinite(number) else "–"
