"""The sections that say how it is looked at: baseline, vertical criterion, tracks, placebos; and where results go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gasquake.study.config._section import Gas, Once, Positive, Section

__all__ = ["AnomalyConfig", "OutputConfig", "PlaceboConfig", "ProfileConfig", "TrackConfig"]


class AnomalyConfig(Section):
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


class ProfileConfig(Section):
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


class TrackConfig(Section):
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


class PlaceboConfig(Section):
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


class OutputConfig(Section):
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
