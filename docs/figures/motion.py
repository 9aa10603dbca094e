"""A track with the models that compete for it, and how often noise and lines are called spirals."""

from __future__ import annotations

from typing import Any

import numpy as np
import style

from gasquake import kernels, motion

DAYS = np.arange(24.0)
PLAIN = ("constant", "line", "random_walk")


def noise(rng: np.random.Generator, sigma: float, n: int = 24) -> Any:
    """Errors of a position, east + i north, in km."""
    return rng.normal(0, sigma, n) + 1j * rng.normal(0, sigma, n)


def called_spirals(n_tracks: int = 100) -> dict[str, tuple[float, float]]:
    """Share of tracks of each kind that have a spiral as the model of least AICc, and as `best`."""
    rng = np.random.default_rng(4)
    counts = {}
    for name in ("noise", "straight line", "random walk", "spiral"):
        least = best = 0
        for _ in range(n_tracks):
            way = np.exp(2j * np.pi * rng.random())
            track = {
                "noise": noise(rng, 250.0),
                "straight line": way * (200 + 20 * np.exp(1j * rng.random()) * DAYS) + noise(rng, 50.0),
                "random walk": np.cumsum(noise(rng, 70.0)) + noise(rng, 50.0),
                "spiral": 45 * way * (1 - 1j * (0.5 + 0.25 * DAYS)) * np.exp(0.25j * DAYS) + noise(rng, 50.0),
            }[name]
            found = motion.compare_models(track.real, track.imag, DAYS, leave_one_out=False)
            least += found.least_aicc not in PLAIN
            best += found.best not in PLAIN
        counts[name] = (least / n_tracks, best / n_tracks)
    return counts


def main() -> None:
    """Draw the three panels."""
    rng = np.random.default_rng(8)
    s = 0.6 + 0.25 * DAYS
    track = 55 * np.exp(0.4j) * (1 - 1j * s) * np.exp(1j * s) + noise(rng, 40.0)
    found = motion.compare_models(track.real, track.imag, DAYS)
    fit = kernels.fit_spirals(track.real, track.imag, DAYS, loss="square")
    path = motion.spiral_path(fit, np.linspace(0, 23, 300), kind="involute", anchor="centre")
    line = found["line"].parameters
    counts = called_spirals()

    with style.figure("motion", 3, height=3.5, width_ratios=[1.1, 1, 1]) as (_, axes):
        ax = axes[0]
        ax.plot(*path, color=style.VERMILION, lw=1.4, label="involute")
        ends = np.array([0.0, 23.0])
        ax.plot(line["x"] + line["vx"] * ends, line["y"] + line["vy"] * ends, "--", color=style.BLUE, label="line")
        ax.plot(found["constant"].parameters["x"], found["constant"].parameters["y"], "s", color="k", label="constant")
        ax.scatter(track.real, track.imag, c=DAYS, cmap=style.SEQUENTIAL, s=24, edgecolors="k", linewidths=0.4)
        ax.set_aspect("equal")
        ax.set_ylim(-380, 470)
        ax.set_xlabel("east of the epicentre (km)")
        ax.set_ylabel("north of the epicentre (km)")
        ax.set_title("24 days, errors of 40 km")
        ax.legend(loc="upper left", fontsize=7.5)

        ax = axes[1]
        names = [*PLAIN, "involute_centre", "archimedean_centre"]
        labels = ["constant", "line", "random walk", "involute", "Archimedean"]
        rows = np.arange(len(names))
        ax.barh(rows - 0.2, [found[name].rmse_km for name in names], 0.38, color=style.GREY, label="fit")
        ax.barh(rows + 0.2, [found[name].loo_rmse_km for name in names], 0.38, color=style.ORANGE, label="day left out")
        ax.set_yticks(rows, labels)
        ax.invert_yaxis()
        ax.set_xlabel("rmse (km)")
        ax.set_title("the same track")
        ax.legend(loc="lower right", fontsize=7.5)

        ax = axes[2]
        rows = np.arange(len(counts))
        ax.barh(rows - 0.2, [100 * least for least, _ in counts.values()], 0.38, color=style.GREY, label="least AICc")
        ax.barh(
            rows + 0.2, [100 * best for _, best in counts.values()], 0.38, color=style.BLUE, label="by a margin of 10"
        )
        ax.set_yticks(rows, list(counts))
        ax.invert_yaxis()
        ax.set_xlabel("called a spiral (%)")
        ax.set_title("100 tracks of each kind")
        ax.legend(loc="upper right", bbox_to_anchor=(1.02, 0.86), fontsize=7.5)


if __name__ == "__main__":
    main()
