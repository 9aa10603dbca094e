"""A track that follows an involute with its fit, the null distribution of that fit, and R2 of fits to random points."""

from __future__ import annotations

import numpy as np
import style

from gasquake.kernels import fit_spirals, spiral_null

SIGMA = 50.0
DAYS = np.arange(24.0)


def involute(scale: float, phase: float, s: np.ndarray) -> np.ndarray:
    """Points of the curve about its centre, east + i north, in km."""
    return np.asarray(scale * np.exp(1j * phase) * (1 - 1j * s) * np.exp(1j * s))


def main() -> None:
    """Draw the three panels."""
    rng = np.random.default_rng(8)
    noise = rng.normal(0, SIGMA / np.sqrt(2), (2, DAYS.size))
    track = involute(70.0, 0.4, 0.6 + 0.25 * DAYS) + noise[0] + 1j * noise[1]
    fit = fit_spirals(track.real, track.imag, DAYS, sigma=SIGMA)
    fine = np.linspace(DAYS[0], DAYS[-1], 400)
    curve = involute(1.0, 0.0, fit.offset + fit.rate * fine)
    curve = fit.scale * np.exp(1j * fit.phase) * (curve if fit.chirality > 0 else curve.conj())
    null = spiral_null(track.real, track.imag, DAYS, n=999, null="permute_days", seed=1, sigma=SIGMA)
    x, y = rng.uniform(-450, 450, (2, 500, DAYS.size))
    random = fit_spirals(x, y, DAYS, sigma=SIGMA)

    with style.figure("spirals", 3, height=3.5, width_ratios=[1.25, 1, 1]) as (fig, axes):
        ax = axes[0]
        ax.plot(curve.real, curve.imag, color=style.VERMILION, lw=1.4, zorder=1)
        dots = ax.scatter(track.real, track.imag, c=DAYS, cmap=style.SEQUENTIAL, s=26, edgecolors="k", linewidths=0.4)
        ax.plot(0, 0, "*", ms=13, mfc=style.YELLOW, mec="k")
        ax.set_aspect("equal")
        ax.set_xlabel("east of the epicentre (km)")
        ax.set_ylabel("north of the epicentre (km)")
        ax.set_title(f"involute of a circle of {fit.scale:.0f} km\nrmse {fit.rmse:.0f} km")
        fig.colorbar(dots, ax=ax, label="day", shrink=0.75)

        ax = axes[1]
        ax.hist(null.null_statistics, bins=40, color=style.GREY)
        ax.axvline(null.statistic, color=style.VERMILION, lw=1.6)
        ax.set_xlim(0, 1)
        ax.set_title(f"days permuted 999 times:\np = {null.p_value:.3g}")
        ax.set_xlabel("statistic (1: perfect fit)")
        ax.set_ylabel("permuted tracks")

        ax = axes[2]
        ax.hist(random.r2, bins=40, color=style.BLUE)
        ax.axvline(np.median(random.r2), color="k", lw=1.2, ls="--")
        ax.set_title(f"500 random tracks:\nmedian R² {np.median(random.r2):.2f}")
        ax.set_xlim(0, 1)
        ax.set_xlabel("R² of the fitted involute")
        ax.set_ylabel("tracks")


if __name__ == "__main__":
    main()
