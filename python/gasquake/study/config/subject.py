"""The sections that say what is looked at: the earthquake, the region, the files, the stages."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from gasquake import places, stages
from gasquake.errors import ConfigError
from gasquake.study.config._section import Gas, Latitude, Longitude, Once, Orbit, Positive, Section, between, told

__all__ = ["EventConfig", "GasConfig", "RegionConfig", "StageWindow", "StagesConfig", "unreadable"]


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class EventConfig(Section):
    """``[event]``: the earthquake itself, or a catalogue and the id of the earthquake in it.

    Attributes
    ----------
    name : str
        A reader's name.
    time : datetime
        Origin time; UTC unless it says another zone. A date without a time of day is refused: the origin time separates
        before from after.
    longitude, latitude : float
        Epicentre, degrees.
    depth_km, magnitude : float
        Depth in km, -10 to 800, and magnitude, -3 to 10; NaN is unknown.
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
    depth_km: Annotated[float, between(-10.0, 800.0, "km")] = math.nan
    magnitude: Annotated[float, between(-3.0, 10.0)] = math.nan
    magnitude_type: str = ""
    catalogue: Path | None = None
    id: str = ""
    tz: str | None = None

    @field_validator("time", mode="before")
    @classmethod
    def _time_of_day(cls, value: object) -> object:
        text = str(value).strip()
        if isinstance(value, int | float) or (re.fullmatch(r"[-+.\d]+", text) and not _DATE.fullmatch(text)):
            raise told(f"{value!r} is a number; give date and time, for instance 2022-09-05T04:52:18Z")
        if _DATE.fullmatch(text) and not isinstance(value, datetime):
            raise told(f"{text} is a date only; give the time of day, for instance {text}T04:52:18Z")
        return value

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
            except OSError as error:
                raise unreadable("event.catalogue", self.catalogue, error) from error
            except (ValueError, KeyError) as error:
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


class RegionConfig(Section):
    """``[region]``: where maps, maxima and tracks look.

    Attributes
    ----------
    west, south, east, north : float
        Degrees; east less than west lies across 180 degrees. At most 180 degrees wide, or all around the Earth: -180
        to 180 or 0 to 360.
    """

    west: Longitude
    south: Latitude
    east: Longitude
    north: Latitude

    @model_validator(mode="after")
    def _area(self) -> Self:
        told = places.swapped_edges(self.resolve())
        if told:
            raise ValueError(told)
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


class GasConfig(Section):
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


class StageWindow(Section):
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


class StagesConfig(Section):
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


def unreadable(key: str, path: Path, error: OSError, /) -> ConfigError:
    """The error of a file that a key names and that cannot be opened.

    Parameters
    ----------
    key : str
        As "placebo.catalogue".
    path : Path
        The file.
    error : OSError
        Why not.

    Returns
    -------
    ConfigError
        To be raised.
    """
    reason = (error.strerror or str(error)).lower()
    return ConfigError(
        f"{key}: {path} cannot be read ({reason}); give a file that is there, its path relative to the folder of the "
        "configuration"
    )


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=None) if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
