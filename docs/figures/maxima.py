"""One day's maximum with cells missing; and where maxima of pure noise fall when some cells are noisier."""

from __future__ import annotations

from typing import Any

import numpy as np
import style
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.patches import Rectangle

from gasquake.kernels import locate_maxima

LAT, LON = np.arange(27.5, 34.5), np.arange(97.5, 107.5)


def cells(ax: Axes, field: np.ndarray, **options: Any) -> QuadMesh:
    """A map of cells with degrees on the axes; hatched where nothing was seen."""
    mesh = ax.pcolormesh(LON, LAT, field, shading="nearest", edgecolors="white", linewidth=0.6, **options)
    for i, j in np.argwhere(np.isnan(field)):
        corner = (LON[j] - 0.5, LAT[i] - 0.5)
        ax.add_patch(Rectangle(corner, 1, 1, facecolor="white", edgecolor="#B0B0B0", hatch="////", lw=0))
    ax.set_aspect(1 / np.cos(np.deg2rad(30.5)))
    ax.set_xlabel("longitude (°E)")
    ax.set_ylabel("latitude (°N)")
    return mesh


def main() -> None:
    """Draw both maps."""
    rng = np.random.default_rng(5)
    shape = (LAT.size, LON.size)
    day = rng.normal(0, 1, shape) + 3.2 * np.exp(-((LAT[:, None] - 29.6) ** 2 + (LON - 102.1) ** 2) / 2.2)
    day[rng.random(shape) < 0.22] = np.nan
    day[4:6, 6:9] = np.nan
    one = locate_maxima(day)
    noise = rng.normal(0, 1, (400, *shape))
    noise *= 1 + 0.9 * np.exp(-((LAT[:, None] - 31.5) ** 2 + (LON - 104.5) ** 2) / 1.5)
    fell = np.bincount(locate_maxima(noise).index, minlength=day.size).reshape(shape)
    with style.figure("maxima", 2, height=3.5) as (fig, axes):
        mesh = cells(axes[0], day, cmap=style.DIVERGING, vmin=-4, vmax=4)
        row, column = np.unravel_index(int(one.index), shape)
        axes[0].plot(LON[column], LAT[row], "*", ms=17, mfc=style.YELLOW, mec="k")
        axes[0].set_title(f"one day: largest z {float(one.value):.1f} of {int(one.count)} cells")
        fig.colorbar(mesh, ax=axes[0], label="z (standard deviations)", shrink=0.8)
        mesh = cells(axes[1], fell.astype(float), cmap=style.SEQUENTIAL, vmin=0)
        axes[1].set_title("where 400 maxima of pure noise fell")
        fig.colorbar(mesh, ax=axes[1], label="days with the maximum here", shrink=0.8)


if __name__ == "__main__":
    main()
