"""What ``gas.path`` names: files and folders that are there and can hold data, or an error that says what they hold."""

from __future__ import annotations

import glob
from collections import Counter
from pathlib import Path

from gasquake.errors import ConfigError
from gasquake.io.products import SUFFIXES

__all__ = ["files_in", "matching"]

_MOST_KINDS = 4  # [D] kinds of files that are named of a folder without data


def matching(patterns: list[str], /) -> list[Path]:
    """Every file, folder or cube that the patterns name, in order.

    Parameters
    ----------
    patterns : list of str
        Of ``gas.path``, absolute.

    Returns
    -------
    list of Path
        At least one.

    Raises
    ------
    ConfigError
        If a pattern matches nothing, or a folder that it names is empty, holds the results of a study instead of data,
        or no file that could be data.
    """
    found: list[Path] = []
    for pattern in patterns:
        literal = Path(pattern)  # a name may hold brackets
        paths = [literal] if literal.exists() else [Path(p) for p in sorted(glob.glob(pattern, recursive=True))]
        if not paths:
            raise ConfigError(f"gas.path: {pattern} matches no file")
        for path in paths:
            if path.is_dir() and not any(path.iterdir()):
                raise ConfigError(f"gas.path: the folder {path} is empty")
        told = _no_data(literal) if paths == [literal] else None  # what a pattern matches besides is told when refused
        if told:
            raise ConfigError(f"gas.path: {told}")
        found += paths
    return found


def files_in(paths: list[Path], /) -> list[Path]:
    """The files among some paths, and those in the folders among them.

    Parameters
    ----------
    paths : list of Path
        As from `matching`.

    Returns
    -------
    list of Path
        Hidden files and subfolders left out.
    """
    inside = ((p for p in sorted(path.iterdir()) if not p.name.startswith(".")) if path.is_dir() else [path]
              for path in paths)  # fmt: skip
    return [path for several in inside for path in several if path.is_file()]


def _no_data(path: Path) -> str | None:
    """Why a path cannot be data, and what to give instead; None where it may be."""
    if path.is_file():
        return _of_study(path.parent, f"{path} is a result") if _is_result(path) else None
    if (path / "zarr.json").is_file():
        return None
    if any(p.suffix.lower() in SUFFIXES and p.is_file() and not _is_result(p) for p in path.rglob("*")):
        return None
    if (path / "summary.json").is_file():
        return _of_study(path, f"{path} holds the results")
    cubes = sorted(p for p in path.iterdir() if (p / "zarr.json").is_file())
    if cubes:
        return f"{path} holds no granules but the cube {cubes[0].name}; give the cube itself: {cubes[0]}"
    return (
        f"no file in the folder {path} ends in {', '.join(sorted(SUFFIXES))}, as granules do; it holds "
        f"{_kinds(path)}; give the folder that holds the granules, files or a pattern of them, or a staged cube"
    )


def _is_result(path: Path) -> bool:
    """Whether a file is what a study writes, not what it reads."""
    return path.name == "products.nc" and path.with_name("summary.json").is_file()


def _of_study(folder: Path, what: str) -> str:
    cube = folder / ".work" / "cube.zarr"
    own = f", or the cube that they were staged into: {cube}" if (cube / "zarr.json").is_file() else ""
    return f"{what} of a finished study, no granules; give what that study was made from: its granules{own}"


def _kinds(folder: Path) -> str:
    """What lies in a folder, the most frequent first, as "12 .csv, 2 folders"."""
    kinds = Counter("folders" if p.is_dir() else p.suffix or "without a suffix" for p in folder.iterdir())
    told = [f"{n} {kind}" for kind, n in kinds.most_common(_MOST_KINDS)]
    left = kinds.total() - sum(n for _, n in kinds.most_common(_MOST_KINDS))
    return ", ".join([*told, f"{left} more"] if left else told)
