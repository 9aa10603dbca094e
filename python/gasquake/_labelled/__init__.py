"""What every labelled function needs: its dimensions found, its units read, its kernel applied, its results named."""

from __future__ import annotations

from gasquake._labelled.checks import check_aligned, float_dtype, is_lazy, require_dataarray, with_units
from gasquake._labelled.dims import calendar_days, find_dim, matching_dims, pressure_levels, time_dim
from gasquake._labelled.results import apply, describe, history, thread_count, with_attrs
from gasquake._labelled.series import block_length, lag_one, over_series, shuffled_blocks

__all__ = [
    "apply", "block_length", "calendar_days", "check_aligned", "describe", "find_dim", "float_dtype", "history",
    "is_lazy", "lag_one", "matching_dims", "over_series", "pressure_levels", "require_dataarray", "shuffled_blocks",
    "thread_count", "time_dim", "with_attrs", "with_units",
]  # fmt: skip
