"""Is the headline's p-value what it says, and how large must a release be to be found? Hundreds of simulated worlds.

``make calibrate`` runs it: worlds without a release for the calibration, worlds with one for the power. Results go to
.bench/calibration/worlds.json, and from there into docs/science/calibration.md. Worlds already there are not run again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

STORE = Path(".bench/calibration/worlds.json")
PAGE = Path("docs/science/calibration.md")
AMPLITUDES = (0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5)
# A smaller domain than the demonstration's: what is tested is the test, and a world takes a second.
DOMAIN = (88.0, 18.0, 116.0, 42.0)


def world(job: tuple[float, int]) -> tuple[str, dict[str, Any]]:
    """The headline of one world."""
    from gasquake import simulate, study
    from gasquake.places import Region
    from gasquake.study.pipeline import headline

    amplitude, seed = job
    scene = simulate.luding(amplitude=amplitude, seed=seed, region=Region(*DOMAIN))
    config = study.demo_config(scene.event, seed=seed, directory=Path("unused"))
    rank = headline(config, scene.cube, catalogue=scene.catalogue)
    found = {"p": rank.p_value, "statistic": rank.statistic, "n": rank.n, "n_effective": rank.n_effective}
    return f"{amplitude}/{seed}", found


def load() -> dict[str, Any]:
    """Worlds that were run before."""
    return json.loads(STORE.read_text()) if STORE.exists() else {}


def save(found: dict[str, Any]) -> None:
    """Write aside and rename."""
    STORE.parent.mkdir(parents=True, exist_ok=True)
    aside = STORE.with_suffix(".part")
    aside.write_text(json.dumps(found, indent=0, sort_keys=True))
    aside.replace(STORE)


def table(found: dict[str, Any]) -> str:
    """The results as markdown."""
    by: dict[float, list[float]] = {}
    for key, value in found.items():
        by.setdefault(float(key.split("/")[0]), []).append(value["p"])
    calm = np.array(by.pop(0.0, []))
    lines = []
    if calm.size:
        test = stats.kstest(calm, "uniform")
        ns = [v["n"] for k, v in found.items() if k.startswith("0.0/")]
        lines += [
            f"Worlds without a release: {calm.size}, each with {min(ns)} to {max(ns)} placebos.",
            "",
            "| level | rejected | 95 % interval |",
            "| --: | --: | --- |",
        ]
        for level in (0.01, 0.05, 0.1, 0.2, 0.5):
            hits = int((calm <= level).sum())
            low, high = stats.binomtest(hits, calm.size).proportion_ci(method="wilson")
            lines.append(f"| {level:.0%} | {hits / calm.size:.1%} | {low:.1%} to {high:.1%} |")
        lines += ["", f"Kolmogorov-Smirnov against the uniform distribution: D = {test.statistic:.3f}, "
                  f"p = {test.pvalue:.2g}.", ""]  # fmt: skip
    if by:
        lines += ["| amplitude | worlds | found at 5 % | 95 % interval |", "| --: | --: | --: | --- |"]
        for amplitude, values in sorted(by.items()):
            hits, n = int((np.array(values) <= 0.05).sum()), len(values)
            low, high = stats.binomtest(hits, n).proportion_ci(method="wilson")
            lines.append(f"| {amplitude:g} | {n} | {hits / n:.0%} | {low:.0%} to {high:.0%} |")
    return "\n".join(lines)


def write_page(found: dict[str, Any]) -> None:
    """Put the table between the marks of the page."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- calibration:begin -->", "<!-- calibration:end -->"
    head, rest = text.split(begin)
    PAGE.write_text(f"{head}{begin}\n{table(found)}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def main() -> int:
    """Run what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=500, help="without a release")
    parser.add_argument("--power", type=int, default=40, help="worlds of each amplitude")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    os.environ["GASQUAKE_NUM_THREADS"] = "1"
    jobs = [(0.0, seed) for seed in range(options.worlds)]
    jobs += [(amplitude, 10_000 + seed) for amplitude in AMPLITUDES for seed in range(options.power)]
    found = load()
    todo = [job for job in jobs if f"{job[0]}/{job[1]}" not in found]
    started = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        for k, (key, value) in enumerate(pool.imap_unordered(world, todo), 1):
            found[key] = value
            if k % 10 == 0 or k == len(todo):
                save(found)
                print(f"{k} of {len(todo)} worlds, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print(table(found))
    if PAGE.exists():
        write_page(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
