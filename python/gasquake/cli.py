"""The command line: ``gasquake demo | trace | stage | inspect | doctor``.

Data go to standard output, the log to standard error. Exit codes: 0 done, 1 failed, 2 bad arguments or configuration,
3 finished with some inputs refused, 130 stopped by Ctrl-C. Parsing is click's, progress is rich's.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from gasquake._optional import install_hint
from gasquake.errors import ConfigError, GranuleError, OtherCube

if TYPE_CHECKING:
    from gasquake.places import Region
    from gasquake.study.config import StudyConfig

__all__ = ["main"]

MOST_NAMED = 10
DONE, FAILED, BAD_ARGUMENTS, SOME_REFUSED, STOPPED = 0, 1, 2, 3, 130
# What ends in one line: bad data and arguments, a full disk, another run at the same cube, a library that is missing.
TOLD = (OSError, ValueError, RuntimeError, ImportError)


class _Log:
    """Lines about what is being done: a live line on a terminal, plain lines otherwise."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.quiet = quiet
        self.started = time.monotonic()
        self.status: Any = None

    def step(self, line: str) -> None:
        if self.quiet:
            return
        if self.status is not None:
            self.status.update(line)
        else:
            self.console.print(f"[{time.monotonic() - self.started:6.1f} s] {line}", markup=False)

    def count(self, done: int, total: int) -> None:
        from gasquake.study.inputs import counted

        counted(self.step, done, total)

    def note(self, line: str) -> None:
        self.console.print(line, markup=False)

    def left_out(self, duplicates: list[dict[str, str]]) -> None:
        """Name the granules for which another of their day counts; an archive of two versions has thousands."""
        for duplicate in duplicates[:MOST_NAMED]:
            self.note(f"left out {duplicate['path']}: {duplicate['reason']}")
        if len(duplicates) > MOST_NAMED:
            self.note(f"left out {len(duplicates) - MOST_NAMED} more, each of the same day as another")


@contextmanager
def _logging(*, quiet: bool) -> Iterator[_Log]:
    log = _Log(quiet=quiet)
    if log.console.is_terminal and not quiet:
        with log.console.status("starting") as status:
            log.status = status
            yield log
    else:
        yield log


def _fail(log: _Log, error: Exception) -> NoReturn:
    log.note(f"error: {error or type(error).__name__}")
    sys.exit(BAD_ARGUMENTS if isinstance(error, ConfigError) else FAILED)


def _stop(log: _Log, how: str = "") -> NoReturn:
    """End after Ctrl-C, and say how to go on."""
    log.note(f"stopped{how and '; '}{how}")
    sys.exit(STOPPED)


def _print_json(value: Any) -> None:
    from gasquake.study.output import plain

    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=1))


_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines on standard output.")
_quiet = click.option("--quiet", "-q", is_flag=True, help="No progress on standard error.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gasquake")
def main() -> None:
    """Trace the gas that satellites see around earthquakes, and test it against chance.

    \b
    Example:
      gasquake demo --out demo/
      gasquake trace luding2022.toml
    """


@main.command()
@click.option("--amplitude", type=click.FloatRange(min=0), default=1.0, show_default=True,
              help="Size of the release; 0 is a world without one.")  # fmt: skip
@click.option("--kernel", type=click.Choice(["identity", "thermal-infrared"]), default="identity", show_default=True,
              help="What the instrument resolves: all, or about one degree of freedom.")  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=20220905, show_default=True, help="Of everything random."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"), show_default=True,
              help="Folder for the results.")  # fmt: skip
@_as_json
@_quiet
def demo(amplitude: float, kernel: str, seed: int, out: Path, as_json: bool, quiet: bool) -> None:  # noqa: FBT001
    """Simulate the Luding scene, trace it, and print the verdict beside the truth.

    \b
    Example:
      gasquake demo --out demo/
      gasquake demo --amplitude 0 --out nothing/
    """
    from gasquake import simulate, study

    with _logging(quiet=quiet) as log:
        try:
            _usable(out)
            log.step("simulating 11 years around Luding")
            scene = simulate.luding(amplitude=amplitude, kernel=kernel, seed=seed)  # type: ignore[arg-type]
            config = study.demo_config(scene.event, seed=seed, directory=out)
            truth = scene.truth.to_dict()
            result = study.run(config, cube=scene.cube, catalogue=scene.catalogue, truth=truth, step=log.step)
            _save(result, out, log)
        except TOLD as error:
            _fail(log, error)
        except KeyboardInterrupt:
            _stop(log)
    _show(result, out, as_json=as_json)


@main.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder, instead of output.directory.")
@click.option("--resume", is_flag=True, help="Go on where a killed run stopped.")
@_as_json
@_quiet
def trace(config: Path, out: Path | None, resume: bool, as_json: bool, quiet: bool) -> None:  # noqa: FBT001
    """Trace the earthquake that CONFIG (a TOML file) describes.

    \b
    Example:
      gasquake trace luding2022.toml --out luding/
    """
    from gasquake import study

    with _logging(quiet=quiet) as log:
        try:
            settings: StudyConfig = study.load_config(config)
            if out is not None:
                section = settings.output.model_copy(update={"directory": out.resolve()})
                settings = settings.model_copy(update={"output": section})
            folder = _usable(settings.output.directory)
            result = study.run(settings, resume=resume, step=log.step)
            for refused in result.inputs.refused:
                log.note(f"refused {refused['path']}: {refused['reason']}")
            log.left_out(result.inputs.duplicates)
            _save(result, folder, log)
        except TOLD as error:
            _fail(log, error)
        except KeyboardInterrupt:
            _stop(log, "with --resume, granules that were staged are not read again")
    _show(result, folder, as_json=as_json)
    sys.exit(SOME_REFUSED if result.inputs.refused else DONE)


def _usable(folder: Path) -> Path:
    """The folder for the results if it can be made, asked before the work; a run that fails at once leaves none."""
    told = None
    try:
        there = next(path for path in (folder, *folder.parents) if _is_there(path))
        if not there.is_dir():
            told = f"{there} is no folder"
        elif not os.access(there, os.W_OK | os.X_OK):
            told = f"{there} may not be written to"
    except OSError as error:
        told = str(error.strerror)
    if told:
        raise ConfigError(f"output.directory: {folder} cannot be made: {told}")
    return folder


def _is_there(path: Path) -> bool:
    """Whether something has this name; an error if it can never be made, as one that is too long."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _typed(edges: tuple[float, float, float, float]) -> Region:
    """The region of ``--region``, which may be as wide as that of a configuration."""
    from gasquake.places import Region, swapped_edges

    region = Region(*edges)
    told = swapped_edges(region)
    if told:
        raise ConfigError(f"--region: {told}")
    return region


def _save(result: Any, folder: Path, log: _Log) -> None:
    from gasquake import study

    study.write(result, folder, step=log.step, note=lambda line: log.note(f"! {line}"))
    if result.config.output.figures:
        from gasquake import report

        report.write(result, folder, step=log.step)


def _show(result: Any, folder: Path, *, as_json: bool) -> None:
    """The verdict, beside the truth where it is known."""
    from gasquake.study import summary

    found = summary.summarise(result)
    if as_json:
        _print_json(found)
        return
    click.echo(result.verdict.sentence)
    for line in result.verdict.rests_on:
        click.echo(f"  - {line}")
    for line in result.verdict.also:
        click.echo(f"  + {line}")
    if found["inputs"]["simulated"]:
        click.echo("  ! simulated data: no satellite saw any of this")
    for line in result.verdict.limits:
        click.echo(f"  ! {line}")
    if result.truth is not None:
        click.echo("")
        for line in summary.beside_truth(result):
            click.echo(line)
    click.echo("")
    if result.config.output.figures:
        click.echo(f"report: {folder / 'report.html'}")
    click.echo(f"results: {folder}")


@main.command()
@click.argument("granules", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The Zarr cube to make or to extend.")
@click.option("--region", type=float, nargs=4, metavar="WEST SOUTH EAST NORTH", help="Degrees.")
@click.option("--gas", "gases", multiple=True, type=click.Choice(["co", "ch4", "o3"]), help="May be repeated.")
@click.option("--grid", type=click.Choice(["standard", "TqJoint"]), default="standard", show_default=True)
@click.option("--processes", type=click.IntRange(min=1), help="Reading processes; by default one for each core.")
@_as_json
@_quiet
def stage(
    granules: tuple[str, ...], out: Path, region: tuple[float, float, float, float] | None, gases: tuple[str, ...],
    grid: str, processes: int | None, as_json: bool, quiet: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Turn any number of GRANULES (files, folders, patterns) into one cube. Run it again to resume or to append.

    \b
    Example:
      gasquake stage granules/ --out airs.zarr --region 85 15 119 46 --gas co --gas ch4
    """
    from gasquake import staging

    with _logging(quiet=quiet) as log:
        try:
            report = staging.stage(
                list(granules), out, region=None if region is None else _typed(region),
                gases=gases or ("co", "ch4"), grid=grid, n_processes=processes, progress=log.count,
            )  # fmt: skip
        except GranuleError as error:
            _fail(log, error)
        except OtherCube as error:
            _fail(log, ConfigError(f"--out: {error.found}; give another name, or delete that cube"))
        except ValueError as error:  # the arguments do not go together, or not with the cube that is there
            _fail(log, ConfigError(str(error)))
        except TOLD as error:
            _fail(log, error)
        except KeyboardInterrupt:
            _stop(log, "run it again to go on")
        for refused in report.refused:
            log.note(f"refused {refused.path}: {refused.reason}")
        duplicates = [
            {"path": str(s.path), "reason": s.reason, "date": s.date, "used": s.counts}
            for s in report.skipped
            if s.duplicate
        ]
        log.left_out(duplicates)
    found = {
        "out": report.out,
        "staged": len(report.staged),
        "skipped": len(report.skipped) - len(duplicates),
        "duplicates": duplicates,
        "refused": [{"path": str(r.path), "reason": r.reason} for r in report.refused],
    }
    if as_json:
        _print_json(found)
    else:
        twins = f", {len(duplicates)} of the same day as another" if duplicates else ""
        click.echo(f"{report.out}: {found['staged']} granules staged, {found['skipped']} already there, "
                   f"{len(report.refused)} refused{twins}")  # fmt: skip
    sys.exit(SOME_REFUSED if report.refused else DONE)


@main.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@_as_json
def inspect(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Say what is in FILE, what was masked, and its real UTC windows.

    \b
    Example:
      gasquake inspect AIRS.2022.09.05.L3.RetStd_IR001.v7.0.7.0.G22249120000.hdf
    """
    from gasquake import io
    from gasquake.io.describe import in_words

    with _logging(quiet=True) as log:
        try:
            if file.is_dir():
                raise GranuleError(file, _of_folder(file))
            found = io.describe_file(file)
        except TOLD as error:
            _fail(log, error)
    if as_json:
        _print_json(found)
    else:
        _print_tree(in_words(found))


def _of_folder(folder: Path) -> str:
    if (folder / "zarr.json").is_file():
        return "a staged cube, no file; gas.path of a configuration takes it, and gasquake.staging.open_cube opens it"
    return "a folder; give one of its files"


def _print_tree(value: Any, indent: int = 0) -> None:
    """Nested mappings as indented lines."""
    pad = "  " * indent
    for key, item in value.items():
        if isinstance(item, dict):
            click.echo(f"{pad}{key}:")
            _print_tree(item, indent + 1)
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            click.echo(f"{pad}{key}:")
            for row in item:
                told = (f"{name} {part}" for name, part in row.items() if part is not None and name != "name")
                click.echo(f"{pad}  {row.get('name', '-')}: {', '.join(told)}")
        else:
            click.echo(f"{pad}{key}: {item}")


@main.command()
@_as_json
def doctor(as_json: bool) -> None:  # noqa: FBT001
    """Print versions, extras, threads and the SIMD level: what to send with a bug report.

    \b
    Example:
      gasquake doctor
    """
    import platform
    from dataclasses import asdict

    from gasquake import kernels

    needed = _needed()
    versions = {name: _version(name) for name in sorted({name for names in needed.values() for name in names})}
    lacking = {extra: [n for n in names if versions[n] is None] for extra, names in needed.items() if extra}
    found = {
        "gasquake": asdict(kernels.build_info()),
        "python": platform.python_version(),
        "system": platform.platform(),
        "extras": {
            extra: f"without {', '.join(names)}; {install_hint(extra)}" if names else "complete"
            for extra, names in lacking.items()
        },
        "libraries": {name: version or "not installed" for name, version in versions.items()},
    }
    if as_json:
        _print_json(found)
    else:
        _print_tree(found)


def _needed() -> dict[str, list[str]]:
    """The libraries of each extra by the package's metadata; those of "" are needed always."""
    needed: dict[str, list[str]] = {}
    for line in metadata.requires("gasquake") or []:
        name, extra = re.match(r"[\w.-]+", line), re.search(r"extra == ['\"](\w+)", line)
        if name and name[0] != "gasquake" and not (extra and extra[1] == "test"):
            needed.setdefault(extra[1] if extra else "", []).append(name[0])
    return needed


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
