"""A series, the band of its trailing window, and the two z-scores after an unmasked fill value."""

from __future__ import annotations

from typing import Any

import numpy as np
import style

from gasquake.kernels import rolling_zscore

WINDOW, FILL_DAY, RISE = 15, 34, 72


def series() -> np.ndarray:
    """90 days of CO in ppb: autocorrelated noise, a gap, one fill value, six days of 30 ppb more."""
    rng = np.random.default_rng(11)
    co = np.empty(90)
    state = 0.0
    for t in range(co.size):
        state = 0.4 * state + rng.normal(0, 6)
        co[t] = 110 + state
    co[RISE : RISE + 6] += 30
    co[18:21] = np.nan
    co[FILL_DAY] = 9999.0
    return co


def main() -> None:
    """Draw it."""
    co, day = series(), np.arange(90)
    moment = rolling_zscore(co, WINDOW, min_count=10)
    robust = rolling_zscore(co, WINDOW, min_count=10, method="robust")
    with style.figure("windows", 1, height=0.1) as (fig, axes):
        axes[0].remove()
        fig.set_size_inches(8.4, 5.0)
        top, bottom = fig.subplots(2, 1, sharex=True, height_ratios=[1.1, 1])
        mean, std = co - moment.anomaly, moment.anomaly / moment.zscore
        band = "mean ± 2 std of the 15 days before"
        top.fill_between(day, mean - 2 * std, mean + 2 * std, color=style.SKY, alpha=0.35, lw=0, label=band)
        top.plot(day, mean, color=style.BLUE, lw=1.2, label="their mean")
        top.plot(day, co, "o", color="k", ms=3, label="CO")
        top.set_ylim(80, 160)
        # An arrow out of the picture: the point itself lies sixty times higher.
        top.annotate("9999", (FILL_DAY, 160), (FILL_DAY - 4, 146), ha="center", arrowprops={"arrowstyle": "->"})
        top.set_ylabel("CO (ppb)")
        bottom.axhspan(-2, 2, color="#F2F2F2", zorder=0)
        for ax in (top, bottom):
            ax.axvspan(RISE - 0.5, RISE + 5.5, color=style.YELLOW, alpha=0.35, lw=0, label="30 ppb added")
        top.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
        inside = (FILL_DAY + 0.5, FILL_DAY + WINDOW + 0.5)
        bottom.axvspan(*inside, facecolor="none", hatch="///", edgecolor="#D8D8D8", lw=0)
        said: dict[str, Any] = {
            "fontsize": 8,
            "color": "#505050",
            "ha": "center",
            "bbox": {"fc": "white", "lw": 0, "pad": 1},
        }
        bottom.text(FILL_DAY + 8, 5.0, "9999 is in the window", **said)
        bottom.plot(day, moment.zscore, "o-", color=style.BLUE, ms=3.5, lw=1, label="z, moment")
        bottom.plot(day, robust.zscore, "s-", color=style.ORANGE, ms=3.5, lw=1, label="z, robust")
        bottom.set_ylim(-4, 9)
        bottom.set_ylabel("z (standard deviations)")
        bottom.set_xlabel("day")
        bottom.set_xlim(0, 89)
        handles, names = bottom.get_legend_handles_labels()
        bottom.legend(handles[1:], names[1:], loc="upper left", ncols=2)


if __name__ == "__main__":
    main()
