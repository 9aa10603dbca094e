"""Write the table of measurements into a Markdown file, between its two `bench` markers.

Run as ``python tools/bench_table.py README.md [RESULT.json]``; without a result the newest in ``.bench/`` is taken.
No number in the table is typed by hand: everything comes from the JSON that ``make bench`` keeps.

A benchmark says in its ``extra_info`` who ran (``who``: "gasquake" or a peer), whether its answer is right
(``correct``), whether its outputs were allocated in the call (``outputs``: "fresh") or before it ("warm"), how many
bytes must move (``bytes_moved``), the read bandwidth measured in the same run (``read_bandwidth``, bytes/s) and what we
promise (``floor``: who -> ratio; ``bandwidth_floor``: a share; ``ceiling_seconds``). Its ``group`` is the workload.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
US = "gasquake"

Run = dict[str, Any]


def table(result: dict[str, Any]) -> str:
    """The whole text between the markers."""
    workloads: dict[tuple[str, str], dict[str, Run]] = defaultdict(dict)
    for bench in result["benchmarks"]:
        info = bench["extra_info"]
        group = bench["group"] or info["group"]
        workloads[group, info.get("outputs", "fresh")][info["who"]] = {"seconds": bench["stats"]["median"], **info}
    races = [row(group, outputs, runs) for (group, outputs), runs in workloads.items() if US in runs and len(runs) > 1]
    calls = [call(group, run) for (group, _), runs in workloads.items() if len(runs) == 1 for run in runs.values()]
    if not races and not calls:
        raise SystemExit("no benchmark of gasquake in this result")
    lines = []
    if races:
        head = ["workload", "outputs", US, "peers (ours is so many times faster)", "fastest", "fastest correct", "GB/s"]
        lines += [head, ["---", "---", "--:", "---", "--:", "--:", "--:"], *races]
    text = [f"| {' | '.join(cells)} |" for cells in lines]
    if calls:
        head = ["without peers: the cost of a call, and NumPy's for scale", "time", "at most"]
        text += ["", *(f"| {' | '.join(cells)} |" for cells in [head, ["---", "--:", "--:"], *calls])]
    return "\n".join([*text, "", *notes(result)])


def call(group: str, run: Run) -> list[str]:
    """Something that nobody else does: its time, and the ceiling where we promise one."""
    ceiling = run.get("ceiling_seconds")
    said = duration(ceiling) if ceiling else ""
    if ceiling and run["seconds"] > ceiling:
        said = f"ABOVE {said}"
    return [group.replace(":", " "), duration(run["seconds"]), said]


def row(group: str, outputs: str, runs: dict[str, Run]) -> list[str]:
    """One workload: our time, each peer's, the two ratios that count, and the bandwidth."""
    ours = runs[US]
    floors = ours.get("floor") or {} if outputs == "fresh" else {}
    peers = sorted(((who, run) for who, run in runs.items() if who != US), key=lambda item: item[1]["seconds"])
    right = [(who, run) for who, run in peers if run["correct"]]

    def ratio(run: Run) -> float:
        return float(run["seconds"] / ours["seconds"])

    def promised(who: str, run: Run) -> str:
        return f", {below(ratio(run), floors[who])}floor {floors[who]:g}x" if who in floors else ""

    listed = [
        f"{who}{'' if run['correct'] else '†'} {duration(run['seconds'])} ({ratio(run):.2g}x{promised(who, run)})"
        for who, run in peers
    ]
    fastest = f"{ratio(peers[0][1]):.2g}x {peers[0][0]}" if peers else "none"
    fastest_right = "none"
    if right:
        # The floor against whichever correct peer is the fastest has a name of its own.
        who, run = right[0]
        fastest_right = f"{ratio(run):.2g}x {who}{promised('fastest correct', run)}"
    moved = bandwidth(ours, outputs) if ours.get("bytes_moved") else ""
    return [
        group.replace(":", " "),
        outputs,
        duration(ours["seconds"]),
        "<br>".join(listed),
        fastest,
        fastest_right,
        moved,
    ]


def bandwidth(ours: Run, outputs: str) -> str:
    """GB/s of the bytes that must move, and their share of what the machine can read."""
    speed = ours["bytes_moved"] / ours["seconds"]
    if not ours.get("read_bandwidth"):
        return f"{speed / 1e9:.2g}"
    share, floor = speed / ours["read_bandwidth"], ours.get("bandwidth_floor")
    said = f", {below(share, floor)}floor {floor:.0%}" if floor and outputs == "fresh" else ""
    return f"{speed / 1e9:.2g} ({share:.0%}{said})"


def below(found: float, floor: float) -> str:
    """A word for a floor that was not reached."""
    return "BELOW " if found < floor else ""


def duration(seconds: float) -> str:
    """A time to three figures."""
    unit, size = next((pair for pair in (("s", 1.0), ("ms", 1e-3)) if seconds >= pair[1]), ("us", 1e-6))
    return f"{seconds / size:.3g} {unit}"


def notes(result: dict[str, Any]) -> list[str]:
    """When and where it was measured, and how to read it."""
    machine = result["machine_info"]
    cpu = machine.get("cpu") or {}
    runs = [bench["extra_info"] for bench in result["benchmarks"]]
    bandwidths = sorted(info["read_bandwidth"] for info in runs if info.get("read_bandwidth"))
    versions: dict[str, str] = next((info["versions"] for info in runs if info.get("versions")), {})
    said = [
        f"Measured {result['datetime'][:10]} on {cpu.get('brand_raw', machine.get('machine', 'an unnamed machine'))}, "
        f"{cpu.get('count', '?')} cores, {machine['system']}, Python {machine['python_version']}"
        + "".join(f", {name} {version}" for name, version in versions.items())
        + "."
    ]
    if bandwidths:
        said.append(f"Read bandwidth in the same run: {bandwidths[len(bandwidths) // 2] / 1e9:.3g} GB/s (median).")
    said.append(
        "Medians; all runs of a workload take turns in one process. † gives wrong answers on the accuracy cases. "
        '"fresh" allocates the outputs in the call, "warm" before it. GB/s counts only the bytes that must move; '
        "in brackets, its share of the read bandwidth."
    )
    return ["\n".join(said)]


def newest() -> Path:
    """The latest result that ``make bench`` kept."""
    results = sorted(Path(".bench").glob("*.json"), key=lambda path: path.stat().st_mtime)
    if not results:
        raise SystemExit("no result in .bench/: run `make bench` first")
    return results[-1]


def main(arguments: list[str]) -> None:
    """Replace what stands between the markers."""
    if len(arguments) not in (1, 2):
        raise SystemExit(__doc__)
    target = Path(arguments[0])
    source = Path(arguments[1]) if len(arguments) == 2 else newest()
    text = target.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise SystemExit(f"{target} must have the markers {BEGIN} and {END} exactly once")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    result = json.loads(source.read_text(encoding="utf-8"))
    target.write_text(f"{before}{BEGIN}\n{table(result)}\n{END}{after}", encoding="utf-8")
    print(f"{target}: table written from {source}")


if __name__ == "__main__":
    main(sys.argv[1:])
