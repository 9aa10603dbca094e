"""What there is to do: which granules were given, of which day each is, and which of several of one day counts."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gasquake.io.airs import Refused
from gasquake.io.products import GRANULE_NAME, SUFFIXES
from gasquake.places import Region

#: [D] Days along the time axis of a chunk: about a month, so that 20 years of a place are some 230 reads.
DAYS = 32

_STAMP = re.compile(r"\.G(\d{11})\b")
_PATTERN = re.compile(r"[*?\[]")

Reader = Callable[..., xr.Dataset]


@dataclass(frozen=True, slots=True)
class Choice:
    """What of each granule goes into the cube; it is part of the cube and never changes."""

    gases: tuple[str, ...]
    region: tuple[float, float, float, float] | None
    grid: str

    def read(self, reader: Reader, path: Path) -> xr.Dataset:
        region = None if self.region is None else Region(*self.region)
        return reader(path, gases=self.gases, region=region, grid=self.grid)

    def text(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    def unlike(self, other: str) -> str:
        """What another choice has instead, as "region 8 39 20 47, not 8 39 21 47"."""
        there, here = json.loads(other), json.loads(self.text())
        return ", and ".join(
            f"{key} {_plainly(there.get(key))}, not {_plainly(here[key])}"
            for key in here
            if there.get(key) != here[key]
        )


def _plainly(value: Any) -> str:
    if value is None:
        return "all cells"
    return value if isinstance(value, str) else " ".join(v if isinstance(v, str) else f"{v:g}" for v in value)


@dataclass(frozen=True, slots=True)
class Source:
    """A granule that was given."""

    path: Path
    size: int

    @property
    def rank(self) -> tuple[str, str]:
        """Of two granules of one day the higher rank counts: the later production stamp, then the name."""
        return rank(self.path.name)


def rank(name: str) -> tuple[str, str]:
    stamp = _STAMP.search(name)
    return (stamp[1] if stamp else "", name)


def day_of_name(name: str) -> int | None:
    """Days since 1970-01-01 of the date in a granule's name."""
    match = GRANULE_NAME.search(name)
    try:
        return day_number(f"{match['year']}-{match['month']}-{match['day']}") if match else None
    except ValueError:
        return None


def day_number(date: Any) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def find_granules(granules: Any) -> tuple[list[Source], list[Refused]]:
    """The files that `granules` (a path, a folder, a pattern, or several of these) stand for, and what stands for none.

    Of a folder and its subfolders those count whose suffix is that of a data file: the metadata and pictures that lie
    beside granules do not. The order is that of the paths, whatever order they were given in.
    """
    given = [granules] if isinstance(granules, str | os.PathLike) else granules
    if not isinstance(given, Iterable):
        raise TypeError(f"granules must be a path, a pattern, or several of these, got {type(granules).__name__}")
    found: dict[str, Source] = {}
    refused = []
    for item in given:
        path = Path(item)
        if path.is_dir():
            paths = [p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
            nothing = f"no file in this folder ends in {', '.join(sorted(SUFFIXES))}"
        elif path.exists() or not _PATTERN.search(str(item)):
            paths, nothing = [path] if path.is_file() else [], "there is no such file"
        else:
            paths = [p for p in map(Path, glob.glob(str(item), recursive=True)) if p.is_file()]
            nothing = "no file matches this pattern"
        if not paths:
            refused.append(Refused(path, nothing))
        for p in paths:
            found.setdefault(os.path.realpath(p), Source(p, p.stat().st_size))
    return sorted(found.values(), key=lambda source: str(source.path)), refused


def by_day(
    sources: Iterable[Source], date_of: Callable[[Source], int]
) -> tuple[dict[int, list[Source]], list[Refused]]:
    """The granules of each day, the one that counts first. `date_of` looks into files whose name has no date."""
    days: dict[int, list[Source]] = {}
    refused = []
    for source in sources:
        day = day_of_name(source.path.name)
        if day is None:
            try:
                day = date_of(source)
            except (ValueError, OSError) as error:
                refused.append(Refused(source.path, reason_of(error)))
                continue
        days.setdefault(day, []).append(source)
    for several in days.values():
        # The sort is stable: of equal ranks the first path counts.
        several.sort(key=lambda source: source.rank, reverse=True)
    return days, refused


def why_superseded(source: Source, counts: Source) -> str:
    """Why `source` does not count where `counts`, of the same day, does."""
    if source.path.name == counts.path.name:
        why = "another copy of it"
    elif source.rank[0] != counts.rank[0]:
        why = "whose production stamp is later"
    else:
        why = "whose name sorts last"
    return f"superseded by {counts.path}, {why}"


def reason_of(error: Exception) -> str:
    return str(getattr(error, "reason", error))


@dataclass(frozen=True, slots=True)
class Task:
    """One block of days: what to read, what to keep of the cube that is there, and where to put the result."""

    block: int
    choice: Choice
    cells: Mapping[str, Any]  # level, lat, lon, orbit, and the dims of each variable
    sources: Mapping[int, tuple[Source, ...]]  # by day, the one that counts first
    kept: Mapping[int, Mapping[str, Any]]  # by day: what the cube says of the granule it has
    cube: Path
    cube_block: int  # the cube's first block
    folder: Path

    @property
    def days(self) -> range:
        return range(self.block * DAYS, (self.block + 1) * DAYS)
