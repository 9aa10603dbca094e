"""The README's picture: a simulated release of CO and a passing plume, traced with three primitives.

``make picture`` copies the result to docs/images/, where the README finds it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import style
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from gasquake.kernels import ProfileVerdict, locate_maxima, scan_profiles, seasonal_zscore

PRESSURE = np.array([925.0, 850, 700, 600, 500, 400, 300, 250, 200, 150])
LAT, LON = np.arange(27.5, 33.5), np.arange(98.5, 106.5)
YEARS, SEASON = 10, 41
EVENT, RELEASE, PLUME = 35, (22, 38), (5, 13)  # days of the last season
HERE = (2, 3)  # the cell of the epicentre
COLOUR = {
    "UNDETERMINED": "white",
    "NONE": "#DDDDDD",
    "ROOTED": style.VERMILION,
    "ROOTLESS": style.SKY,
    "MIXED": style.PURPLE,
}


def scene() -> tuple[np.ndarray, np.ndarray]:
    """CO in ppb (day, level, lat, lon) and dates: ten quiet seasons, then one with a release and a plume aloft."""
    rng = np.random.default_rng(2022)
    start = np.array([np.datetime64(f"{year}-08-01") for year in range(2022 - YEARS, 2023)])
    day = (start[:, None] + np.arange(SEASON)).ravel()
    height = -7.5 * np.log(PRESSURE / 1000)
    size = 9 * np.exp(-height / 12)[:, None, None]  # ppb, one standard deviation of a day
    co = np.empty((day.size, PRESSURE.size, LAT.size, LON.size), np.float32)
    # Errors of a sounder: alike at neighbouring levels, and a little from day to day.
    mix = np.linalg.cholesky(np.exp(-np.abs(height[:, None] - height) / 4.0))
    state = np.zeros(co.shape[1:])
    for t in range(day.size):
        shock = np.tensordot(mix, rng.normal(0, 1, state.shape), axes=1)
        state = 0.45 * state + np.sqrt(1 - 0.45**2) * shock
        co[t] = 70 + 60 * np.exp(-height / 5)[:, None, None] + size * state
    last = co[-SEASON:]
    near = np.exp(-((LAT[:, None] - LAT[HERE[0]]) ** 2 + (LON - LON[HERE[1]]) ** 2) / 2.0)
    rooted, aloft = np.exp(-height / 3.0), np.exp(-0.5 * ((height - 7.5) / 1.3) ** 2)
    last[slice(*RELEASE)] += (52 * rooted[:, None, None] * near).astype(np.float32)
    last[slice(*PLUME)] += (30 * aloft[:, None, None] * np.ones_like(near)).astype(np.float32)
    # Clouds hide whole columns, two or three cells at a time.
    cloud = rng.random((day.size, LAT.size, LON.size)) < 0.11
    cloud |= np.roll(cloud, 1, axis=2)
    return np.where(cloud[:, None], np.nan, co), day


def main() -> None:
    """Draw the map, the section and the strip of verdicts."""
    co, day = scene()
    seasonal = seasonal_zscore(co, day, half_width=10)
    z, anomaly, std = (array[-SEASON:] for array in (seasonal.zscore, seasonal.anomaly, seasonal.std))
    scan = scan_profiles(anomaly, PRESSURE, sigma=std, surface_pressure=960.0)
    maxima = locate_maxima(z[:, 1])
    days = np.arange(SEASON)

    with style.figure("simulated_trace", 1, height=0.1) as (fig, axes):
        axes[0].remove()
        fig.set_size_inches(8.4, 4.4)
        parts: Any = fig.subfigures(1, 2, width_ratios=[1, 1.35])
        left, right = parts
        ax = left.subplots()
        during = np.nanmean(z[slice(*RELEASE), 1], axis=0)
        mesh = ax.pcolormesh(LON, LAT, during, shading="nearest", cmap=style.DIVERGING, vmin=-4, vmax=4)
        inside = maxima.index[slice(*RELEASE)]
        rows, columns = np.unravel_index(inside[inside >= 0], (LAT.size, LON.size))
        spots, how_often = np.unique(np.stack([rows, columns]), axis=1, return_counts=True)
        ax.scatter(LON[spots[1]], LAT[spots[0]], s=22 * how_often, facecolors="none", edgecolors="k", linewidths=1.2)
        ax.plot(LON[HERE[1]], LAT[HERE[0]], "*", ms=12, mfc=style.YELLOW, mec="k")
        ax.set_aspect(1 / np.cos(np.deg2rad(30.5)))
        ax.set_xlabel("longitude (°E)")
        ax.set_ylabel("latitude (°N)")
        ax.set_title("850 hPa, mean z of the release;\ncircles: where daily maxima fell")
        left.colorbar(mesh, ax=ax, label="z against ten other years", orientation="horizontal", shrink=0.9)

        section, strip = right.subplots(2, 1, sharex=True, height_ratios=[6, 1])
        column = np.ma.masked_invalid(z[:, :, HERE[0], HERE[1]].T)
        section.set_facecolor("white")
        edges = np.sqrt(PRESSURE[1:] * PRESSURE[:-1])
        edges = np.concatenate([[960.0], edges, [PRESSURE[-1] * 0.93]])
        mesh = section.pcolormesh(np.arange(SEASON + 1) - 0.5, edges, column, cmap=style.DIVERGING, vmin=-6, vmax=6)
        style.pressure_axis(section, PRESSURE)
        section.set_ylim(960, edges[-1])
        section.axvline(EVENT - 0.5, color="k", lw=1.4)
        at = section.get_xaxis_transform()
        section.text(EVENT - 0.5, 1.01, "earthquake", fontsize=8.5, ha="center", va="bottom", transform=at)
        section.set_title("over the epicentre; white: clouds")
        right.colorbar(mesh, ax=section, label="z (standard deviations)", pad=0.02)
        names = list(COLOUR)
        number = np.array([[names.index(ProfileVerdict(int(v)).name) for v in scan.verdict[:, HERE[0], HERE[1]]]])
        strip.pcolormesh(
            np.arange(SEASON + 1) - 0.5, [0, 1], number, cmap=ListedColormap(list(COLOUR.values())), vmin=0, vmax=4
        )
        strip.axvline(EVENT - 0.5, color="k", lw=1.4)
        strip.set_yticks([])
        strip.set_xlabel("day of the season")
        strip.set_ylabel("verdict", rotation=0, ha="right", va="center")
        handles = [Patch(facecolor=COLOUR[name], edgecolor="#999999", label=name) for name in names[1:]]
        strip.legend(handles=handles, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.75), columnspacing=1.0)
        strip.set_xlim(days[0] - 0.5, days[-1] + 0.5)


if __name__ == "__main__":
    main()
