"""Fresh interpreters that see what this one sees."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import Any

import numpy as np

from registry import KERNELS


def environment(**changes: str | None) -> dict[str, str]:
    """This process's environment with its import path; None takes a variable away."""
    paths = [path for path in sys.path if path]
    changed = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **changes}
    return {name: value for name, value in changed.items() if value is not None}


def run_python(
    code: str, *arguments: str, timeout: float = 60, **variables: str | None
) -> subprocess.CompletedProcess[str]:
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


def digests(names: list[str], n_threads: int | None, answer: Any) -> None:
    """In a child process: send the digest of each kernel's results on data that goes to the pool."""
    answer.send({name: digest_of(name, n_threads) for name in names})
    answer.close()


def digest_of(name: str, n_threads: int | None = None) -> str:
    kernel = next(kernel for kernel in KERNELS if kernel.name == name)
    return digest(kernel(kernel.arguments(kernel.large), n_threads=n_threads))


def digest(found: dict[str, np.ndarray]) -> str:
    """SHA-256 of names and bytes."""
    whole = hashlib.sha256()
    for name, array in sorted(found.items()):
        whole.update(name.encode() + array.dtype.str.encode() + np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()
