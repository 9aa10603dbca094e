"""Fresh interpreters that see what this one sees."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any


def environment(**changes: str | None) -> dict[str, str]:
    """This process's environment with its import path; None takes a variable away."""
    paths = [path for path in sys.path if path]
    changed = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **changes}
    return {name: value for name, value in changed.items() if value is not None}


def run_python(code: str, *arguments: str, timeout: float = 60, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run `code` and wait for it."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def start_python(code: str, *arguments: str, **variables: Any) -> subprocess.Popen[str]:
    """Start `code` with its standard output to read from."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
