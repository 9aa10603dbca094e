"""Which samples are the reference of one sample: in September, and across New Year."""

from __future__ import annotations

import numpy as np
import style
from matplotlib.axes import Axes

from gasquake.kernels import seasonal_zscore

DAY = np.arange("2016-07-01", "2023-07-01", dtype="datetime64[D]")
HALF = 10


def reference_of(target: np.datetime64) -> tuple[np.ndarray, int]:
    """Ask the kernel itself which samples enter: leave one out at a time and see whether the count falls."""
    at = int(np.flatnonzero(target == DAY)[0])
    # One pixel for each sample left out, all judged at once.
    values = np.tile(np.arange(DAY.size, dtype=float)[:, None], (1, DAY.size))
    np.fill_diagonal(values, np.nan)
    near = np.abs((DAY - target).astype(int)[:, None] + 365.25 * np.arange(-8, 9)).min(axis=1) <= HALF + 8
    kept = np.flatnonzero(near)
    count = seasonal_zscore(values[kept][:, kept], DAY[kept], half_width=HALF).count[np.searchsorted(kept, at)]
    own = int(np.searchsorted(kept, at))
    # Where the sample itself is left out nothing is missing from its reference: the full count.
    return kept[count < count[own]], int(count[own])


def draw(ax: Axes, target: np.datetime64, title: str) -> None:
    """One row a season: days relative to the target's day of year."""
    used, count = reference_of(target)
    month_day = str(target)[4:]
    for year in range(2016, 2024):
        centre = np.datetime64(f"{year}{month_day}")
        days = DAY[np.abs((DAY - centre).astype(int)) <= 18]
        if days.size == 0:
            continue
        offset = (days - centre).astype(int)
        is_used = np.isin(days, DAY[used])
        own = (np.abs(offset) <= HALF) & (centre == target)
        ax.plot(offset[~is_used & ~own], np.full((~is_used & ~own).sum(), year), ".", color="#C8C8C8", ms=4)
        ax.plot(offset[is_used], np.full(is_used.sum(), year), "o", color=style.BLUE, ms=4.2)
        ax.plot(offset[own], np.full(own.sum(), year), "o", mfc="white", mec=style.VERMILION, ms=4.5)
    ax.plot(0, int(str(target)[:4]), "*", color="k", ms=12)
    ax.axvline(-HALF - 0.5, color=style.GREY, lw=0.8, ls=":")
    ax.axvline(HALF + 0.5, color=style.GREY, lw=0.8, ls=":")
    ax.set_title(f"{title}: {count} samples", pad=15)
    ax.set_xlabel("days from the sample's day of year")
    ax.invert_yaxis()


def main() -> None:
    """Draw both."""
    with style.figure("climatology", 2, height=3.7, sharey=False) as (fig, axes):
        draw(axes[0], np.datetime64("2020-09-05"), "2020-09-05")
        draw(axes[1], np.datetime64("2020-01-03"), "2020-01-03")
        new_year = -2.5
        axes[1].axvline(new_year, color=style.GREEN, lw=1.2)
        at = axes[1].get_xaxis_transform()
        axes[1].text(new_year, 1.01, "New Year", color=style.GREEN, fontsize=8, ha="center", va="bottom", transform=at)
        axes[0].set_ylabel("year of the season")
        handles = [
            axes[0].plot([], [], "*", color="k", ms=11, ls="")[0],
            axes[0].plot([], [], "o", color=style.BLUE, ls="")[0],
            axes[0].plot([], [], "o", mfc="white", mec=style.VERMILION, ls="")[0],
            axes[0].plot([], [], ".", color="#C8C8C8", ls="")[0],
        ]
        names = ["the sample", "its reference", "its own occurrence, left out", "farther than 10 days"]
        fig.legend(handles, names, loc="outside upper center", ncols=4)


if __name__ == "__main__":
    main()
