"""Simulated worlds small enough to be traced in a second, and the configuration that traces them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gasquake import simulate, study
from gasquake.places import Region

#: Room for a few places 300 km from the epicentre and from one another.
DOMAIN = Region(94.0, 24.0, 112.0, 36.0)
#: Less room, for what needs no placebo places.
NEAR = Region(98.0, 26.0, 106.0, 33.0)

SETTINGS: dict[str, dict[str, Any]] = {
    "region": {"west": 98.0, "south": 26.0, "east": 106.0, "north": 33.0},
    "gas": {"path": ["simulated"]},
    "track": {"n_null": 19},
    "placebo": {"n": 199, "min_distance_km": 300.0},
    "output": {"figures": False},
}


def settings_of(event: Any, folder: Path, /, **sections: dict[str, Any]) -> dict[str, Any]:
    """What a TOML file would hold, with `sections` laid over it."""
    origin = str(np.datetime_as_string(event.time, "s")) + "Z"
    found: dict[str, Any] = {
        "seed": 7,
        "event": {"name": "Luding (simulated)", "time": origin, "longitude": event.longitude,
                  "latitude": event.latitude, "magnitude": event.magnitude},
        **{name: dict(section) for name, section in SETTINGS.items()},
    }  # fmt: skip
    found["output"]["directory"] = str(folder)
    for name, section in sections.items():
        found[name] = {**found.get(name, {}), **section}
    return found


def config_of(event: Any, folder: Path, /, **sections: dict[str, Any]) -> study.StudyConfig:
    return study.StudyConfig.model_validate(settings_of(event, folder, **sections))


def scene(**changes: Any) -> simulate.SimulatedScene:
    return simulate.luding(**{"years": 6, "region": DOMAIN, **changes})


def trace(world: simulate.SimulatedScene, cube: xr.Dataset | None = None, /, **sections: Any) -> study.StudyResult:
    """Trace a world, or a cube made of its own."""
    config = config_of(world.event, Path("unused"), **sections)
    return study.run(config, cube=world.cube if cube is None else cube, catalogue=world.catalogue)


def toml(settings: dict[str, Any]) -> str:
    """`settings` as TOML: tables of numbers, strings, truth values and lists of them."""
    plain = [f"{key} = {_value(value)}" for key, value in settings.items() if not _is_table(value)]
    for name, section in settings.items():
        if isinstance(section, dict):
            inner = {k: v for k, v in section.items() if not _is_table(v)}
            plain += ["", f"[{name}]", *(f"{k} = {_value(v)}" for k, v in inner.items())]
            for key, table in section.items():
                if isinstance(table, dict):
                    plain += ["", f"[{name}.{key}]", *(f"{k} = {_value(v)}" for k, v in table.items())]
                elif _is_table(table):
                    for row in table:
                        plain += ["", f"[[{name}.{key}]]", *(f"{k} = {_value(v)}" for k, v in row.items())]
    return "\n".join(plain) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value + "'"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)
