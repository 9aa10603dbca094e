"""An archive of granules as one chunked cube on disk.

Twenty years of daily granules are too many files, and too many bytes that nobody asked for, to be read at every use.
`stage` reads each of them once, in several processes, keeps the gases and the region that were chosen, and writes one
Zarr store (format 3) in which the time series of a place is a few reads. `open_cube` opens it lazily.

[D] How it is stored. Days are counted from 1970-01-01 and taken in blocks of 32: each block is read by one process,
and its chunks are written once, to a folder of its own beside the cube. At the end these chunk files become those of
the cube under another name (hard links), and the finished store takes the place of the one before. Hence a killed run
loses the blocks that it was at and nothing else; new granules cost the reading of their own blocks' days; and the bytes
depend on the granules alone, not on their order, the number of processes or runs. Days without a granule have a place
in the store, without a chunk or as NaN; `open_cube` leaves them out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gasquake.errors import GranuleError, OtherCube
from gasquake.io.airs import Refused, open_airs
from gasquake.io.products import GASES, GRIDS
from gasquake.kernels import build_info
from gasquake.places import Region
from gasquake.staging._block import cells_of
from gasquake.staging._cube import Cube, assemble, exchange, is_cube, open_cube, working_folder
from gasquake.staging._plan import (
    DAYS,
    Choice,
    Reader,
    Source,
    Task,
    by_day,
    day_number,
    day_of_name,
    find_granules,
    rank,
    reason_of,
    why_superseded,
)
from gasquake.staging._workers import Workers

__all__ = ["Skipped", "StageReport", "first_granule", "open_cube", "stage"]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A granule that did not have to be read.

    Attributes
    ----------
    path : Path
        The file.
    reason : str
        That the cube holds it already, or which other granule of its day counts.
    duplicate : bool
        Whether another granule of its day counts.
    date : str
        That day, as "2022-09-05"; empty for what is no duplicate.
    counts : str
        Name of the granule that counts; empty for what is no duplicate.
    """

    path: Path
    reason: str
    duplicate: bool = False
    date: str = ""
    counts: str = ""


@dataclass(frozen=True, slots=True)
class StageReport:
    """What became of each granule that `stage` was given.

    Attributes
    ----------
    staged : tuple of Path
        Now in the cube, in the order of their dates.
    skipped : tuple of Skipped
        In the cube before, or superseded by another granule of the same day.
    refused : tuple of Refused
        Damaged, foreign, or not of the cube's grid: each with its reason.
    out : Path
        The cube.
    """

    staged: tuple[Path, ...]
    skipped: tuple[Skipped, ...]
    refused: tuple[Refused, ...]
    out: Path


def stage(
    granules: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    region: Region | None = None,
    gases: Sequence[str] = ("co", "ch4"),
    grid: str = "standard",
    n_processes: int | None = None,
    resume: bool = True,
    progress: Callable[[int, int], object] | None = None,
) -> StageReport:
    """Put granules into one cube on disk, or add them to the cube that is there.

    Parameters
    ----------
    granules : path, folder, pattern, or several of these
        As ``"airs/2022/*.hdf"``. Of folders all data files count, subfolders included.
    out : path-like
        The cube, a folder: as ``"luding.zarr"``.
    region : Region, optional
        Cells whose centres lie in it; all by default.
    gases : sequence of {"co", "ch4", "o3"}
        Which gases.
    grid : {"standard", "TqJoint"}
        As for `gasquake.io.airs.open_airs`.
    n_processes : int, optional
        How many granules are read at a time, each in its own process that holds 32 days of the region; by default as
        many as there are processors to use (GASQUAKE_NUM_THREADS limits it).
    resume : bool
        Keep what an earlier run has finished, and what the cube holds; if not, begin anew and replace the cube.
    progress : callable, optional
        Called as ``progress(done, total)`` for each day that is done.

    Returns
    -------
    StageReport
        What was staged, skipped and refused.

    Raises
    ------
    GranuleError
        If not one granule can be read and there is no cube.
    ValueError
        If an argument is unknown, nothing was given, or `out` is something else or a cube of another choice.
    RuntimeError
        If another run is staging to `out`, or a process ended early.
    ImportError
        If zarr, or a library that a granule needs, is missing.

    Notes
    -----
    A granule that cannot be used is refused with its reason, and the rest is staged. Of several granules of one date
    the one with the latest production stamp in its name counts (then the one whose name sorts last), and an earlier one
    if that is refused; the others are read too, so that a damaged one is refused and not taken for a duplicate. Of a
    date that the cube holds only granules that would count instead are read. A granule is taken for the one in the cube
    if name and size are the same. The first date's granule decides cells and attributes: one with other cells is
    refused.

    A killed run leaves under `out` what was there before; run again with `resume`. Same granules, same bytes.

    Examples
    --------
    >>> report = stage("airs/", "luding.zarr", region=Region(97, 27, 107, 34))  # doctest: +SKIP
    >>> len(report.staged), [refused.reason for refused in report.refused]  # doctest: +SKIP
    """
    return _stage(granules, out, region, gases, grid, n_processes, resume, progress, open_airs)


def _stage(
    granules: Any,
    out: str | os.PathLike[str],
    region: Region | None,
    gases: Sequence[str],
    grid: str,
    n_processes: int | None,
    resume: bool,  # noqa: FBT001 - all are positional here
    progress: Callable[[int, int], object] | None,
    reader: Reader,
) -> StageReport:
    """`stage` with the reader as an argument."""
    choice = _choice(region, gases, grid)
    if n_processes is not None and n_processes < 1:
        raise ValueError(f"n_processes must be at least 1, got {n_processes}")
    out = Path(out)
    if not out.absolute().parent.is_dir():
        raise ValueError(f"out must lie in a folder that exists, but there is no {out.absolute().parent}")
    if out.exists() and not is_cube(out):
        raise ValueError(f"out is {out}, which exists and is no staged cube; give another name")
    sources, refused = find_granules(granules)
    if not sources and not refused:
        raise ValueError("granules is empty: there is nothing to stage")

    with working_folder(out) as work:
        old = Cube(out) if resume and out.exists() else None
        if old and old.choice != choice.text():
            raise OtherCube(f"{out} was staged with {choice.unlike(old.choice)}")
        if not resume:
            for path in work.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
        days, undated = by_day(sources, lambda s: day_number(choice.read(reader, s.path)["time"].values[0]))
        refused += undated
        wanted, skipped = _news(days, old)
        n_blocks = len({day // DAYS for day in wanted})
        with Workers(min(n_processes or build_info().threads, n_blocks)) as workers:
            # They start while this process looks into the first granule.
            cells, unread = _cells(wanted, old, choice, reader)
            refused += unread
            tasks = _tasks(wanted, old, choice, cells, work, out) if cells else []
            records = workers.stage(tasks, reader, tell=_counter(progress, len(wanted)))
        finished = {t.block: (t.folder, r) for t, r in zip(tasks, records, strict=True) if r["staged"]}
        if finished:
            assemble(work / "new", finished, old, choice, cells)
            exchange(work, out)
    staged = tuple(Path(path) for record in records for path in record["staged"])
    refused += [Refused(Path(path), reason) for record in records for path, reason in record["refused"]]
    if not staged and old is None:
        if not sources:
            raise GranuleError(refused[0].path, refused[0].reason)
        raise GranuleError(refused[0].path, f"none of {len(refused)} can be staged; this one: {refused[0].reason}")
    skipped += _superseded(wanted, set(staged), {r.path for r in refused})
    return StageReport(staged, tuple(skipped), tuple(refused), out)


def first_granule(
    granules: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    region: Region | None = None,
    gases: Sequence[str] = ("co", "ch4"),
    grid: str = "standard",
) -> xr.Dataset:
    """Read the first of the granules that can be read: what `stage` will find, before it has made anything.

    Parameters
    ----------
    granules : path, folder, pattern, or several of these
        As for `stage`.
    region : Region, optional
        As for `stage`.
    gases : sequence of {"co", "ch4", "o3"}
        Which gases.
    grid : {"standard", "TqJoint"}
        As for `gasquake.io.airs.open_airs`.

    Returns
    -------
    Dataset
        A gas cube of one day, in memory.

    Raises
    ------
    GranuleError
        If not one granule can be read, or the first three that are whole have no cell in the region.
    ValueError
        If an argument is unknown or nothing was given.

    Examples
    --------
    >>> first_granule("airs/", region=Region(97, 27, 107, 34)).sizes  # doctest: +SKIP
    """
    choice = _choice(region, gases, grid)
    sources, refused = find_granules(granules)
    sources.sort(key=lambda source: source.rank, reverse=True)
    sources.sort(key=lambda source: day_of_name(source.path.name) or sys.maxsize)
    off: list[Refused] = []
    for source in sources:
        try:
            return choice.read(open_airs, source.path)
        except (ValueError, OSError) as error:
            refused.append(Refused(source.path, reason_of(error)))
        if "no cell lies in the region" in refused[-1].reason:
            off.append(refused[-1])
        if len(off) == 3:  # [D] no accident any more, and an archive of twenty years is not read to the end for it
            break
    if not refused:
        raise ValueError("granules is empty: there is nothing to stage")
    told = (off or refused)[0]
    if not sources:
        raise GranuleError(told.path, told.reason)
    raise GranuleError(told.path, f"none of {len(refused)} can be staged; this one: {told.reason}")


def _choice(region: Region | None, gases: Sequence[str], grid: str) -> Choice:
    if isinstance(gases, str) or not gases or not set(gases) <= set(GASES) or len(set(gases)) < len(gases):
        raise ValueError(f"gases must be a sequence of some of {list(GASES)}, each once, got {gases!r}")
    if grid not in GRIDS:
        raise ValueError(f"grid must be one of {list(GRIDS)}, got {grid!r}")
    if region is not None and not isinstance(region, Region):
        raise TypeError(f"region must be a gasquake.places.Region, got {type(region).__name__}")
    box = None if region is None else (region.west, region.south, region.east, region.north)
    return Choice(tuple(gases), box, grid)


def _counter(progress: Callable[[int, int], object] | None, total: int) -> Callable[[], object]:
    done = count(1)
    return lambda: None if progress is None else progress(next(done), total)


def _news(days: dict[int, list[Source]], old: Cube | None) -> tuple[dict[int, tuple[Source, ...]], list[Skipped]]:
    """The granules to read by day, the one that counts first; and those that the cube makes needless."""
    wanted, skipped = {}, []
    for day, several in sorted(days.items()):
        here = old.days.get(day) if old else None
        if here is None:
            wanted[day] = tuple(several)
            continue
        name, size = here["name"], here["size"]
        news = tuple(s for s in several if s.rank > rank(name) or (s.path.name == name and s.size != size))
        if news:
            wanted[day] = news
        left = [s for s in several if s not in news]
        held = next((s for s in left if s.path.name == name), None)
        skipped += [
            Skipped(s.path, "the cube holds it")
            if s is held
            else _duplicate(s, f"the cube holds {name} of that day", day, name)
            for s in left
        ]
    return wanted, skipped


def _cells(
    wanted: dict[int, tuple[Source, ...]], old: Cube | None, choice: Choice, reader: Reader
) -> tuple[dict[str, Any] | None, list[Refused]]:
    """The cells of the cube, or those of the first granule that can be read, or why none can."""
    if old:
        return {"axes": old.axes, "variables": old.variables}, []
    unread = []
    for source in (s for several in wanted.values() for s in several):
        try:
            return cells_of(choice.read(reader, source.path)), []
        except (ValueError, OSError) as error:
            unread.append(Refused(source.path, reason_of(error)))
    return None, unread


def _tasks(
    wanted: dict[int, tuple[Source, ...]], old: Cube | None, choice: Choice, cells: Any, work: Path, out: Path
) -> list[Task]:
    """The blocks to do. Each has a folder named after all that goes into it, so that no other run's is taken for it."""
    tasks = []
    axes = {name: axis.tolist() for name, axis in cells["axes"].items()}
    for block in sorted({day // DAYS for day in wanted}):
        sources = {day: several for day, several in wanted.items() if day // DAYS == block}
        kept = {day: known for day, known in old.days.items() if day // DAYS == block} if old else {}
        files = {day: [(str(s.path), s.size) for s in several] for day, several in sources.items()}
        all_that_counts = json.dumps([choice.text(), axes, cells["variables"], files, kept], sort_keys=True)
        digest = hashlib.sha256(all_that_counts.encode()).hexdigest()[:16]
        folder = work / f"block-{block}-{digest}"
        tasks.append(Task(block, choice, cells, sources, kept, out, old.first_block if old else 0, folder))
    for path in work.iterdir():
        if path.is_dir() and path not in {task.folder for task in tasks}:
            shutil.rmtree(path)
    return tasks


def _superseded(wanted: dict[int, tuple[Source, ...]], staged: set[Path], refused: set[Path]) -> list[Skipped]:
    found = []
    for day, several in wanted.items():
        counts = next((s for s in several if s.path in staged), None)
        if counts is not None:
            left = [s for s in several if s.path != counts.path and s.path not in refused]
            found += [_duplicate(s, why_superseded(s, counts), day, counts.path.name) for s in left]
    return found


def _duplicate(source: Source, reason: str, day: int, counts: str) -> Skipped:
    return Skipped(source.path, reason, duplicate=True, date=str(np.datetime64(day, "D")), counts=counts)
