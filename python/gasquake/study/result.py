"""What a study found, all of it: the numbers behind every file and figure."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from gasquake import stages
from gasquake.places import Event
from gasquake.study import local, movement, notebook, placebo, verdict
from gasquake.study.config import StudyConfig
from gasquake.study.inputs import Inputs

if TYPE_CHECKING:
    from gasquake.plot.study import StudyPlots

__all__ = ["StudyResult"]


@dataclass(frozen=True, slots=True, eq=False)
class StudyResult:
    """All that a study found.

    Attributes
    ----------
    config : StudyConfig
        What was asked.
    event : Event
        The earthquake.
    stages : list of Stage
        In order of time.
    inputs : Inputs
        The data, and what was refused.
    days : Days
        Which days are which.
    judged : Dataset
        Verdicts of the whole domain and archive, dims (gas, orbit, time, lat, lon).
    means : Dataset
        Stage means in the region.
    fields : Dataset
        In the region, in the event's year: ``<gas>_zscore`` and ``<gas>_anomaly`` with level, ``x<gas>_zscore`` and
        ``x<gas>_anomaly`` of the column.
    profiles : dict
        gas -> orbit -> daily verdicts, base rates, runs, onset.
    raw : dict
        The paper's criterion on raw profiles.
    lateral : Dataset
        Epicentre against the ring of 1 to 3 degrees.
    maxima : dict of str to Dataset
        Daily maxima of each gas on every level, dims (time, orbit, level); empty for a one-layer product.
    tracks : list of Track
        One for each gas.
    correlation : dict of str to Dataset
        Stage correlations and differences; empty with one gas.
    placebos : DataFrame
        One row each, with every statistic.
    tests : dict of str to Rank
        Every statistic among its placebos; "headline" is the one that decides.
    headline_kind : str
        "rooted" or "amplitude".
    masses : dict
        Implied masses.
    rolling : dict
        Daily verdicts at the epicentre's cell against the days before, where the seasonal baseline decides.
    verdict : Verdict
        The sentence.
    truth : dict or None
        Of a simulated scene.
    """

    config: StudyConfig
    event: Event
    stages: list[stages.Stage]
    inputs: Inputs
    days: local.Days
    judged: xr.Dataset
    means: xr.Dataset
    fields: xr.Dataset
    profiles: dict[str, dict[str, Any]]
    raw: dict[str, dict[str, Any]]
    lateral: xr.Dataset
    maxima: dict[str, xr.Dataset]
    tracks: list[movement.Track]
    correlation: dict[str, xr.Dataset]
    placebos: pd.DataFrame
    tests: dict[str, placebo.Rank]
    headline_kind: str
    masses: dict[str, dict[str, Any]]
    rolling: dict[str, dict[str, Any]]
    verdict: verdict.Verdict
    truth: dict[str, Any] | None = field(default=None)

    @property
    def plot(self) -> StudyPlots:
        """Every figure that this result has data for, as ``result.plot.time_height("co")``.

        Returns
        -------
        StudyPlots
            Its ``names`` lists them; in a notebook, show ``.figure`` of what a method returns.
        """
        # Imports go down only, and figures stand above studies. This is the one look upwards: late and by name, so that
        # a study needs no matplotlib and the layers still hold.
        plots: StudyPlots = import_module("gasquake.plot.study").StudyPlots(self)
        return plots

    def __repr__(self) -> str:
        return notebook.as_text(self)

    def _repr_html_(self) -> str:
        return notebook.as_html(self)
