"""The whole TOML file: read, checked, and its paths made absolute."""

from __future__ import annotations

import glob
import re
import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import Field, ValidationError

from gasquake.errors import ConfigError
from gasquake.study.config._section import Section
from gasquake.study.config.method import AnomalyConfig, OutputConfig, PlaceboConfig, ProfileConfig, TrackConfig
from gasquake.study.config.subject import EventConfig, GasConfig, RegionConfig, StagesConfig

__all__ = ["StudyConfig", "load_config"]


_DATE_TIME = "2022-09-05T04:52:18Z"

#: What pydantic says in the words of a programmer.
_WORDS = {
    "datetime_parsing": f"must be date and time, as {_DATE_TIME}",
    "datetime_from_date_parsing": f"must be date and time, as {_DATE_TIME}",
    "datetime_type": f"must be date and time, as {_DATE_TIME}",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "literal_error": "must be {expected}",
    "too_short": "must name at least {min_length}",
    "string_too_short": "must not be empty",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be {le:g} or less",
    "finite_number": "must be a finite number",
}


class StudyConfig(Section):
    """All that a study needs to know: the sections of one TOML file.

    Attributes
    ----------
    event : EventConfig
        The earthquake.
    region : RegionConfig
        Where maps and tracks look.
    gas : GasConfig
        The data.
    stages : StagesConfig
        Before, during, after.
    anomaly : AnomalyConfig
        Against what.
    profile : ProfileConfig
        The vertical criterion.
    track : TrackConfig
        Maxima and spirals.
    placebo : PlaceboConfig
        The test against chance.
    output : OutputConfig
        Where results go.
    seed : int
        Of everything random.
    """

    event: EventConfig
    region: RegionConfig
    gas: GasConfig
    stages: StagesConfig = StagesConfig()
    anomaly: AnomalyConfig = AnomalyConfig()
    profile: ProfileConfig = ProfileConfig()
    track: TrackConfig = TrackConfig()
    placebo: PlaceboConfig = PlaceboConfig()
    output: OutputConfig = OutputConfig()
    seed: int = Field(default=20220905, ge=0, lt=2**63)


def load_config(path: str | Path, /) -> StudyConfig:
    """Read and check a study's configuration.

    Parameters
    ----------
    path : path_like
        A TOML file. Paths in it are relative to its folder.

    Returns
    -------
    StudyConfig
        With absolute paths.

    Raises
    ------
    ConfigError
        Naming the file, each key that is wrong, and what was found there.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no valid TOML, which is text; give a configuration") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no valid TOML: {_where(error, path)}") from error
    try:
        config = StudyConfig.model_validate(raw)
    except ValidationError as error:
        lines = "\n".join(f"  {line}" for line in _problems(error))
        several = f"{error.error_count()} problems" if error.error_count() > 1 else "a problem"
        raise ConfigError(f"{path} has {several}:\n{lines}") from error
    try:
        config = _absolute(config, path.resolve().parent)
        event = config.event.resolve()
        config.stages.resolve(event.time)
        config.region.around(event)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return config


def _problems(error: ValidationError) -> list[str]:
    """One line for each problem: the key, what is wrong, what was found."""
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"]) or "the file"
        message = _WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
        message = message.format_map(problem.get("ctx", {})) if problem["type"] in _WORDS else message
        if problem["type"] == "extra_forbidden":
            lines.append(f"{key}: no such key; {_known(problem['loc'])}")
        elif problem["type"] == "missing":
            lines.append(f"{key}: missing")
        elif problem["type"] == "told" or isinstance(problem.get("input"), dict):
            lines.append(f"{key}: {message}")
        else:
            lines.append(f"{key}: {message}, found {problem.get('input')!r}")
    return lines


def _where(error: tomllib.TOMLDecodeError, path: Path) -> str:
    """What tomllib says, with the line that it means: its own words seldom tell what is wrong there."""
    place = re.search(r" \(at line (\d+), (column \d+)\)", str(error))
    if place is None:
        return str(error)
    line = path.read_text(encoding="utf-8").split("\n")[int(place[1]) - 1].strip()
    told = f"{str(error)[: place.start()]}, at {place[2]}"
    if re.match(r"\d{1,4}[-./]\d{1,2}[-./]\d", line.partition("=")[2].strip()):
        told = f"no date and time, as {_DATE_TIME}"
    elif told.startswith("Illegal character '\\n'"):
        told = "a quotation mark is not closed"
    return f"line {place[1]}, {line}: {told}"


def _known(place: Sequence[int | str]) -> str:
    """What a key that is not known may have been meant for, or else the keys that its section has."""
    *sections, key = (str(part) for part in place if not isinstance(part, int))
    section: Any = StudyConfig
    for name in sections:
        section = _section(section.model_fields[name].annotation)
    close = get_close_matches(key, section.model_fields, n=1)
    if close:
        return f"did you mean {'.'.join([*sections, close[0]])}?"
    for name, field in StudyConfig.model_fields.items():
        if key in getattr(_section(field.annotation), "model_fields", ()):
            return f"did you mean {name}.{key}?"
    return f"there are {', '.join(section.model_fields)}"


def _section(annotation: Any) -> Any:
    """The section that a field holds, or holds a list of."""
    return next(iter(get_args(annotation)), annotation)


def _absolute(config: StudyConfig, folder: Path) -> StudyConfig:
    """The configuration with every path made absolute from `folder`."""

    def place(path: Any) -> Any:
        return None if path is None else (folder / path).resolve()

    update: dict[str, Any] = {
        "event": {"catalogue": place(config.event.catalogue)},
        "gas": {"path": [_pattern(p, folder) for p in config.gas.path]},
        "track": {"roti": place(config.track.roti)},
        "placebo": {"catalogue": place(config.placebo.catalogue)},
        "output": {"directory": place(config.output.directory)},
    }
    return config.model_copy(
        update={name: getattr(config, name).model_copy(update=section) for name, section in update.items()}
    )


def _pattern(path: str, folder: Path) -> str:
    """A pattern from `folder`, whose own name is none."""
    literal = folder / path
    return str(literal) if literal.exists() or Path(path).is_absolute() else str(Path(glob.escape(str(folder)), path))
