"""Readers and writers: files in, arrays with units and coordinates out; a fill value never gets past here.

Importing this package loads nothing: every name loads its module, and that its libraries, when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gasquake.errors import GranuleError
    from gasquake.io.airs import Refused, open_airs, open_granules
    from gasquake.io.airs_writer import granule_name, write_granule
    from gasquake.io.catalogues import event_from_row, find_event, read_catalogue
    from gasquake.io.describe import describe_file
    from gasquake.io.faults import Fault, Faults, read_faults
    from gasquake.io.files import sha256, write_aside
    from gasquake.io.gridding import grid_soundings
    from gasquake.io.hdf4 import open_hdf4
    from gasquake.io.limb import open_profiles
    from gasquake.io.maps import open_column_map
    from gasquake.io.soundings import open_soundings

# Name -> module that defines it. One line for each, so that parts written apart merge without a conflict.
_HOMES = {
    "Fault": "gasquake.io.faults",
    "Faults": "gasquake.io.faults",
    "GranuleError": "gasquake.errors",
    "Refused": "gasquake.io.airs",
    "describe_file": "gasquake.io.describe",
    "event_from_row": "gasquake.io.catalogues",
    "find_event": "gasquake.io.catalogues",
    "granule_name": "gasquake.io.airs_writer",
    "grid_soundings": "gasquake.io.gridding",
    "open_airs": "gasquake.io.airs",
    "open_column_map": "gasquake.io.maps",
    "open_granules": "gasquake.io.airs",
    "open_hdf4": "gasquake.io.hdf4",
    "open_profiles": "gasquake.io.limb",
    "open_soundings": "gasquake.io.soundings",
    "read_catalogue": "gasquake.io.catalogues",
    "read_faults": "gasquake.io.faults",
    "sha256": "gasquake.io.files",
    "write_aside": "gasquake.io.files",
    "write_granule": "gasquake.io.airs_writer",
}

__all__ = [
    "Fault",
    "Faults",
    "GranuleError",
    "Refused",
    "describe_file",
    "event_from_row",
    "find_event",
    "granule_name",
    "grid_soundings",
    "open_airs",
    "open_column_map",
    "open_granules",
    "open_hdf4",
    "open_profiles",
    "open_soundings",
    "read_catalogue",
    "read_faults",
    "sha256",
    "write_aside",
    "write_granule",
]


def __getattr__(name: str) -> Any:
    """Load the module that defines a name at its first use (PEP 562)."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
