"""What a study looks at and how, from one TOML file: validated before anything is read.

Parsing is tomllib's and validation pydantic's. Every key that is not known is an error, since a misspelt threshold that
silently keeps its default would be worse than none. Paths are relative to the file that names them.
"""

from __future__ import annotations

import glob
import math
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gasquake import places, stages
from gasquake.errors import ConfigError

__all__ = [
    "AnomalyConfig", "EventConfig", "GasConfig", "OutputConfig", "PlaceboConfig", "ProfileConfig", "RegionConfig",
    "StageWindow", "StagesConfig", "StudyConfig", "TrackConfig", "load_config",
]  # fmt: skip

Gas = Literal["co", "ch4", "co2", "o3"]
Orbit = Literal["ascending", "descending", "all"]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=360)]
Latitude = Annotated[float, Field(ge=-90, le=90)]


def _once(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise ValueError(f"{values} names something twice")
    return values


Once = AfterValidator(_once)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, hide_input_in_errors=False)


class EventConfig(_Section):
    """``[event]``: the earthquake itself, or a catalogue and the id of the earthquake in it.

    Attributes
    ----------
    name : str
        A reader's name.
    time : datetime
        Origin time; UTC unless it says another zone.
    longitude, latitude : float
        Epicentre, degrees.
    depth_km, magnitude : float
        Depth in km and magnitude.
    magnitude_type : str
        As "Ms".
    catalogue : Path
        A file that `gasquake.io.read_catalogue` reads, instead of time and place.
    id : str
        The event's id in `catalogue`.
    tz : str
        Zone of the times in `catalogue` where the file does not tell, as "UTC" or "Asia/Shanghai".
    """

    name: str = ""
    time: datetime | None = None
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    depth_km: float = math.nan
    magnitude: float = math.nan
    magnitude_type: str = ""
    catalogue: Path | None = None
    id: str = ""
    tz: str | None = None

    @field_validator("time")
    @classmethod
    def _zone(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @field_validator("depth_km", "magnitude", mode="before")
    @classmethod
    def _unknown(cls, value: object) -> object:
        return math.nan if value is None else value  # as JSON has it

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [k for k in ("time", "longitude", "latitude") if getattr(self, k) is not None]
        if self.catalogue is not None:
            if not self.id:
                raise ValueError("catalogue needs id, the event's id in it")
            if given:
                raise ValueError(f"catalogue and {', '.join(given)} are both given; keep one of the two")
        elif len(given) < 3:
            missing = [k for k in ("time", "longitude", "latitude") if k not in given]
            raise ValueError(f"{', '.join(missing)} missing (or give catalogue and id)")
        return self

    def resolve(self) -> places.Event:
        """The event, looked up in its catalogue if it names one.

        Returns
        -------
        Event
            With time in UTC.

        Raises
        ------
        ConfigError
            If the catalogue cannot be read or has no such event.
        """
        if self.catalogue is not None:
            from gasquake import io

            try:
                found = io.find_event(io.read_catalogue(self.catalogue, tz=self.tz), self.id)
            except (OSError, ValueError, KeyError) as error:
                raise ConfigError(f"event.catalogue: {error}") from error
            return places.Event(
                found.time, found.longitude, found.latitude, found.depth_km, found.magnitude, found.magnitude_type,
                found.event_id, self.name or found.name,
            )  # fmt: skip
        assert self.time is not None and self.longitude is not None and self.latitude is not None  # noqa: S101, PT018
        return places.Event(
            np.datetime64(self.time.replace(tzinfo=None), "ns"), self.longitude, self.latitude, self.depth_km,
            self.magnitude, self.magnitude_type, self.id, self.name,
        )  # fmt: skip


class RegionConfig(_Section):
    """``[region]``: where maps, maxima and tracks look.

    Attributes
    ----------
    west, south, east, north : float
        Degrees; east less than west lies across 180 degrees.
    """

    west: Longitude
    south: Latitude
    east: Longitude
    north: Latitude

    @model_validator(mode="after")
    def _area(self) -> Self:
        self.resolve()
        return self

    def resolve(self) -> places.Region:
        """The region.

        Returns
        -------
        Region
            The same four edges.
        """
        return places.Region(self.west, self.south, self.east, self.north)

    def around(self, event: places.Event, /) -> places.Region:
        """The region, which must hold the event.

        Parameters
        ----------
        event : Event
            The earthquake.

        Returns
        -------
        Region
            As from `resolve`.

        Raises
        ------
        ConfigError
            If the event lies outside.
        """
        region = self.resolve()
        if not region.contains(event.longitude, event.latitude):
            raise ConfigError(
                f"region: the event at {event.longitude:g} E {event.latitude:g} N lies outside "
                f"{region.west:g}..{region.east:g} E, {region.south:g}..{region.north:g} N"
            )
        return region


class GasConfig(_Section):
    """``[gas]``: the files and what to read of them.

    Attributes
    ----------
    source : {"auto", "granules", "cube", "soundings"}
        What the files are; by default a folder that is a Zarr cube is one, and files are granules.
    path : list of str
        Files, folders or patterns such as "granules/*.hdf".
    gases : list of {"co", "ch4", "co2", "o3"}
        Which.
    orbits : list of {"ascending", "descending", "all"}
        Which; never averaged together. "all" is for soundings that do not tell their orbit.
    grid : {"standard", "TqJoint"}
        Grid of AIRS granules.
    step : float
        Cell size in degrees for soundings.
    min_soundings : int
        Fewest soundings that make a cell.
    """

    source: Literal["auto", "granules", "cube", "soundings"] = "auto"
    path: list[str] = Field(min_length=1)
    gases: Annotated[list[Gas], Once] = Field(default=["co", "ch4"], min_length=1)
    orbits: Annotated[list[Orbit], Once] = Field(default=["ascending", "descending"], min_length=1)
    grid: Literal["standard", "TqJoint"] = "standard"
    step: Positive = 1.0
    min_soundings: int = Field(default=1, ge=1)

    @field_validator("path", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class StageWindow(_Section):
    """One of ``[[stages.windows]]``: from `start` until before `end`, UTC.

    Attributes
    ----------
    name : str
        As "before".
    start, end : datetime
        Half-open.
    """

    name: str = Field(min_length=1)
    start: datetime
    end: datetime

    def resolve(self) -> stages.Stage:
        """The stage.

        Returns
        -------
        Stage
            With times in UTC.
        """
        start, end = (np.datetime64(_utc(t), "ns") for t in (self.start, self.end))
        return stages.Stage(self.name, start, end)


class StagesConfig(_Section):
    """``[stages]``: a preset, or windows of one's own.

    Attributes
    ----------
    preset : str
        One of `gasquake.stages.PRESETS`.
    windows : list of StageWindow
        Instead of a preset. The stages before, during and after the event must not straddle its origin time.
    tested : list of str
        Stages in which the headline looks for rooted profiles.
    """

    preset: str | None = None
    windows: list[StageWindow] = Field(default=[])
    tested: list[str] = Field(default=["before", "during"], min_length=1)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.preset is not None and self.windows:
            raise ValueError("preset and windows are both given; keep one of the two")
        if self.preset is not None and self.preset not in stages.PRESETS:
            raise ValueError(f"preset {self.preset!r} is not known; there are {sorted(stages.PRESETS)}")
        return self

    def resolve(self, origin_time: np.datetime64) -> list[stages.Stage]:
        """The stages of an event.

        Parameters
        ----------
        origin_time : datetime64
            UTC.

        Returns
        -------
        list of Stage
            In order of time.

        Raises
        ------
        ConfigError
            If stages overlap or straddle the origin time, or a tested one does not exist.
        """
        try:
            if self.windows:
                found = [w.resolve() for w in self.windows]
            else:
                found = stages.stages_from_preset(self.preset or "default", origin_time=origin_time)
            found = sorted(found, key=lambda s: s.start)
            stages.check_stages(found, origin_time=origin_time)
        except ValueError as error:
            raise ConfigError(f"stages: {error}") from error
        names = [s.name for s in found]
        missing = [name for name in self.tested if name not in names]
        if missing:
            raise ConfigError(f"stages.tested: no stage is called {missing}; there are {names}")
        return found


class AnomalyConfig(_Section):
    """``[anomaly]``: against what a day is compared.

    Attributes
    ----------
    baseline : {"auto", "seasonal", "rolling"}
        Which decides; auto is seasonal where the archive has `min_years` other years. Both are reported if possible.
    method : {"moment", "robust"}
        Mean and standard deviation, or median and MAD.
    half_width_days, min_years, min_count : int
        Seasonal: days each side of the same day of year, other years needed, samples needed.
    window_days : int
        Rolling: days before.
    min_fraction : float
        Rolling: part of the window that must hold data.
    """

    baseline: Literal["auto", "seasonal", "rolling"] = "auto"
    method: Literal["moment", "robust"] = "moment"
    half_width_days: int = Field(default=10, ge=0, le=182)
    min_years: int = Field(default=5, ge=1)
    min_count: int = Field(default=15, ge=2)
    window_days: int = Field(default=15, ge=2)
    min_fraction: float = Field(default=0.6, gt=0, le=1)


class ProfileConfig(_Section):
    """``[profile]``: the vertical criterion (see `gasquake.profiles.scan_profiles`).

    Attributes
    ----------
    split, upper : float
        hPa.
    top : dict of str to float
        Smallest pressure in the gradient for each gas, hPa.
    threshold, quiet : float
        z-scores.
    min_below : int
        Levels needed below the split.
    radius_cells : int
        Neighbourhood of the epicentre: 1 is 3 by 3 cells.
    shape : {"kernel", "assumed"}
        What says that the retrieval resolves the vertical: its averaging kernel in the data, without which verdicts
        that rest on shape are AMPLITUDE_ONLY; or the user's word, which the report repeats.
    """

    split: Positive = 600.0
    upper: Positive = 100.0
    top: dict[Gas, Positive] = Field(default={"co": 400.0, "ch4": 300.0, "co2": 300.0, "o3": 300.0})
    threshold: Positive = 2.0
    quiet: Positive = 1.0
    min_below: int = Field(default=2, ge=1)
    radius_cells: int = Field(default=1, ge=0, le=5)
    shape: Literal["kernel", "assumed"] = "kernel"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.upper >= self.split:
            raise ValueError(f"upper ({self.upper:g} hPa) must lie above split ({self.split:g} hPa), at less pressure")
        if self.quiet > self.threshold:
            raise ValueError(f"quiet ({self.quiet:g}) must not exceed threshold ({self.threshold:g})")
        return self


class TrackConfig(_Section):
    """``[track]``: the daily maxima and the curves through them.

    Attributes
    ----------
    kinds : list of {"involute", "archimedean", "logarithmic"}
        Spirals tried.
    anchors : list of {"centre", "cusp"}
        Where the epicentre sits in them.
    nulls : list of {"permute_days", "rotate", "move_anchor"}
        How chance is imitated.
    n_null : int
        Draws of each null.
    sigma_km : float
        Standard error of a position.
    loss : {"huber", "square"}
        Loss of the fits.
    roti : Path
        Table with columns date and roti; days below `roti_threshold` are dropped.
    roti_threshold : float
        TECU/min.
    """

    kinds: Annotated[list[Literal["involute", "archimedean", "logarithmic"]], Once] = Field(
        default=["involute", "archimedean", "logarithmic"], min_length=1
    )
    anchors: Annotated[list[Literal["centre", "cusp"]], Once] = Field(default=["centre", "cusp"], min_length=1)
    nulls: Annotated[list[Literal["permute_days", "rotate", "move_anchor"]], Once] = Field(
        default=["permute_days", "rotate", "move_anchor"], min_length=1
    )
    n_null: int = Field(default=999, ge=19)
    sigma_km: Positive = 50.0
    loss: Literal["huber", "square"] = "huber"
    roti: Path | None = None
    roti_threshold: Positive = 0.3


class PlaceboConfig(_Section):
    """``[placebo]``: the same question asked where and when there was no earthquake.

    Attributes
    ----------
    n : int
        Most placebos.
    min_distance_km : float
        Least distance of a place from the epicentre, and from one another where there is room.
    min_magnitude : float
        Earthquakes that spoil a placebo.
    exclusion_days, exclusion_km : float
        How near in time and space they do.
    margin_degrees : float
        How far beyond the region places are looked for; data there are read too.
    catalogue : Path
        Where those earthquakes are listed.
    tz : str
        Zone of the times in `catalogue` where the file does not tell.
    dates, places : bool
        Whether other years and other places are used.
    """

    n: int = Field(default=499, ge=1)
    min_distance_km: Positive = 500.0
    min_magnitude: float = Field(default=5.0, allow_inf_nan=False)
    exclusion_days: Positive = 30.0
    exclusion_km: Positive = 300.0
    margin_degrees: float = Field(default=12.0, ge=0, le=360)
    catalogue: Path | None = None
    tz: str | None = None
    dates: bool = True
    places: bool = True


class OutputConfig(_Section):
    """``[output]``: where the results go.

    Attributes
    ----------
    directory : Path
        Made if it does not exist.
    language : {"en", "zh"}
        Of the report.
    figures : bool
        Whether to draw.
    """

    directory: Path = Path("gasquake-out")
    language: Literal["en", "zh"] = "en"
    figures: bool = True


class StudyConfig(_Section):
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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no valid TOML: {error}") from error
    try:
        config = StudyConfig.model_validate(raw)
    except ValidationError as error:
        lines = "\n".join(f"  {line}" for line in _problems(error))
        raise ConfigError(f"{path} has {error.error_count()} problem(s):\n{lines}") from error
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
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            lines.append(f"{key}: no such key")
        elif problem["type"] == "missing":
            lines.append(f"{key}: missing")
        elif isinstance(problem.get("input"), dict):
            lines.append(f"{key}: {message}")
        else:
            lines.append(f"{key}: {message}, found {problem.get('input')!r}")
    return lines


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


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=None) if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
