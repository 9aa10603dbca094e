"""Process-wide options, read from the environment."""

from __future__ import annotations

from typing import Any

from gasquake import _core
from gasquake._array import check_positive_int

__all__ = ["threads"]


def threads(n_threads: Any = None) -> int:
    """How many threads a call uses: the least of `n_threads`, ``GASQUAKE_NUM_THREADS``, affinity and cgroup quota.

    Raises
    ------
    TypeError, ValueError
        If `n_threads` or the environment variable is not a positive integer.
    """
    limit = _AVAILABLE
    wanted = _core.requested_threads()
    if wanted:
        if not (wanted.isascii() and wanted.strip().isdigit() and int(wanted) >= 1):
            raise ValueError(f"GASQUAKE_NUM_THREADS must be a positive integer, got {wanted!r}")
        limit = min(limit, int(wanted))
    if n_threads is None:
        return limit
    return min(limit, check_positive_int(n_threads, "n_threads"))


_AVAILABLE: int = _core.build_info()[3]
