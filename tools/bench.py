"""Run the benches on the installed release wheel and keep their JSON in ``.bench/``.

Run as ``python tools/bench.py [PYTEST ARGUMENTS]``, for example ``-k rolling_zscore``.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from gasquake.kernels import build_info


def main(arguments: list[str]) -> int:
    """The exit code of pytest, or 2 for a build that nobody gets."""
    if build_info().profile != "release":
        print(f"refused: the installed extension is a {build_info().profile} build", file=sys.stderr)
        return 2
    Path(".bench").mkdir(exist_ok=True)
    target = Path(".bench") / f"{time.strftime('%Y-%m-%dT%H%M%S')}.json"
    command = [sys.executable, "-m", "pytest", "benches", "--benchmark-only", f"--benchmark-json={target}"]
    # The first bench of a race measures the whole race: no time limit on a test here.
    code = subprocess.run([*command, "--timeout=0", *arguments], check=False).returncode
    if code == 0:
        print(f"kept {target}")
    elif target.exists():
        # A run that failed half way must not feed the table.
        target.rename(target.with_suffix(".failed"))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
