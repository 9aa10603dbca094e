"""A track on an involute with its fit, the null distribution of that fit, and R2 of fits to random points."""

from __future__ import annotations

import numpy as np
import style

from gasquake.kernels import fit_spirals, spiral_null

SIGMA = 50.0
DAYS = np.arange(24.0)


def involute(scale: float, phase: float, s: np.ndarray) -> np.ndarray:
    """Points of the curve about its centre, east + i north, in km."""
    return np.asarray(scale * np.exp(1j * phase) * (1 - 1j * s) * np.exp(1j * s))


def free_branches(x: np.ndarray, y: np.ndarray, turns: int = 4) -> np.ndarray:
    """R2 of r = a + b theta where each point may take the turn that suits it best: how not to fit a spiral."""
    r, theta = np.hypot(x, y), np.arctan2(y, x) % (2 * np.pi)
    angles = theta[..., None] + 2 * np.pi * np.arange(turns)
    total = ((r - r.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
    best = np.full(r.shape[:-1], -np.inf)
    for a in np.linspace(-100, 300, 9):
        for b in np.linspace(10, 60, 26):
            slope, start = np.full(best.shape, b), np.full(best.shape, a)
            for _ in range(5):  # choose turns, fit the line, choose again
                error = np.abs(r[..., None] - start[:, None, None] - slope[:, None, None] * angles)
                angle = np.take_along_axis(angles, error.argmin(axis=-1)[..., None], axis=-1)[..., 0]
                middle = angle.mean(axis=-1, keepdims=True)
                slope = ((angle - middle) * r).sum(axis=-1) / ((angle - middle) ** 2).sum(axis=-1)
                start = r.mean(axis=-1) - slope * middle[:, 0]
            error = r - start[:, None] - slope[:, None] * angle
            best = np.maximum(best, 1 - (error**2).sum(axis=-1) / total)
    return best


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
    x, y = rng.uniform(-480, 480, (500, 33)), rng.uniform(-390, 390, (500, 33))
    random = fit_spirals(x, y, np.arange(33.0), sigma=SIGMA).r2
    free = free_branches(x, y)

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
        bins = list(np.linspace(0, 1, 41))
        ax.hist(random, bins=bins, color=style.BLUE)
        ax.hist(free, bins=bins, color=style.ORANGE, hatch="////", edgecolor="white", lw=0)
        ax.set_title("500 tracks of 33\nrandom points")
        top = ax.get_ylim()[1]
        ax.text(0.03, 0.57 * top, f"by time\nmedian {np.median(random):.2f}", color=style.BLUE, va="top")
        ax.text(0.8, 0.97 * top, f"free turns\nmedian {np.median(free):.2f}", color="#9C6B00", va="top", ha="right")
        ax.set_xlim(0, 1)
        ax.set_xlabel("R² of the fitted spiral")
        ax.set_ylabel("tracks")


if __name__ == "__main__":
    main()
