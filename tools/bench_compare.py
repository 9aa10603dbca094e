"""Time this tree against another revision: both release wheels, the benches of this tree, in turns.

Run as ``python tools/bench_compare.py BASE [--rounds N] [PYTEST ARGUMENTS]``. Each revision gets a bare virtual
environment that holds its own gasquake and borrows everything else from the one that runs this, so that nothing but
gasquake differs. The benches run A B A B ...; the ratio of a bench id is that of the medians over the rounds, and the
range says how far single rounds went apart: a ratio inside the range of the rounds is no difference.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

Times = dict[str, list[float]]


def build(source: Path, out: Path) -> Path:
    """The release wheel of a source tree."""
    command = [sys.executable, "-m", "maturin", "build", "--release", "--locked", "--interpreter", sys.executable]
    # One target directory for both: dependencies are compiled once.
    environ = {"CARGO_TARGET_DIR": str(Path.cwd() / "target"), **os.environ}
    subprocess.run([*command, "--out", str(out)], cwd=source, check=True, env=environ)
    (wheel,) = out.glob("gasquake-*.whl")
    return wheel


def environment(home: Path, wheel: Path) -> Path:
    """A virtual environment with this wheel, and with ours for the rest; returns its Python."""
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True)
    (site,) = home.glob("lib/python*/site-packages")
    # Paths of a .pth file come after the environment's own: its gasquake is found first.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    found = subprocess.run([python, "-c", "import gasquake; print(gasquake.__file__)"], check=True, capture_output=True)
    if not Path(found.stdout.decode().strip()).is_relative_to(home):
        raise SystemExit(f"{python} imports gasquake from {found.stdout.decode().strip()}")
    return python


def measure(python: Path, target: Path, arguments: list[str]) -> dict[str, float]:
    """Median seconds of each bench id, one round."""
    options = ["--benchmark-only", "--quiet", "--timeout=0", f"--benchmark-json={target}"]
    code = subprocess.run([python, "-m", "pytest", "benches", *options, *arguments], check=False).returncode
    # 1: some benches failed, such as those of a kernel that the other revision has not. The rest still compare.
    if code not in (0, 1):
        raise SystemExit(f"pytest ended with exit code {code}")
    benches = json.loads(target.read_text(encoding="utf-8"))["benchmarks"]
    return {bench["fullname"]: bench["stats"]["median"] for bench in benches}


def report(base: Times, here: Times) -> str:
    """One line per bench id that both have."""
    lines = [f"{'base/here':>9}  {'rounds':>13}  {'base':>10}  {'here':>10}  bench"]
    for name in sorted(base.keys() & here.keys()):
        rounds = [b / h for b, h in zip(base[name], here[name], strict=True)]
        b, h = statistics.median(base[name]), statistics.median(here[name])
        lines.append(f"{b / h:8.2f}x  {min(rounds):5.2f} - {max(rounds):5.2f}  {b:9.3g}s  {h:9.3g}s  {name}")
    lines += [f"only in one of the two: {name}" for name in sorted(base.keys() ^ here.keys())]
    return "\n".join(lines)


def main() -> None:
    """Build both, run them in turns, print the ratios (above 1: this tree is faster)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="a revision that git knows")
    parser.add_argument("--rounds", type=int, default=3)
    chosen, arguments = parser.parse_known_args()
    # Peers did not change, and warm benches call a binding that may have: time our fresh calls unless told otherwise.
    arguments = arguments or ["-k", "gasquake and not warm"]
    os.environ.pop("PYTHONPATH", None)
    with tempfile.TemporaryDirectory(prefix="gasquake-compare-") as temporary:
        home = Path(temporary)
        tree = home / "base-tree"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(tree), chosen.base], check=True)
        try:
            pythons = {
                "base": environment(home / "base", build(tree, home / "base-wheel")),
                "here": environment(home / "here", build(Path.cwd(), home / "here-wheel")),
            }
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], check=True)
        times: dict[str, Times] = {"base": {}, "here": {}}
        for number in range(chosen.rounds):
            for who, python in pythons.items():
                print(f"round {number + 1} of {chosen.rounds}: {who}", flush=True)
                for name, seconds in measure(python, home / f"{who}.json", arguments).items():
                    times[who].setdefault(name, []).append(seconds)
        print(report(times["base"], times["here"]))


if __name__ == "__main__":
    main()
