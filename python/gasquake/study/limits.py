"""What the data of a study cannot say: found here once, told in English here and by the report in its language."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import xarray as xr

from gasquake.profiles import ProfileVerdict
from gasquake.study.config import StudyConfig
from gasquake.study.evidence import other_years
from gasquake.study.inputs import Inputs

__all__ = ["Limit", "find_limits"]

_WORDS = {
    "one_layer": "one layer: where in the column an anomaly sits cannot be told",
    "assumed": (
        "that the retrieval resolves the vertical was assumed by the configuration, not shown by averaging kernels"
    ),
    "no_kernel": (
        "the data hold no averaging kernels: whether the vertical shape is the gas's or the retrieval's is not known, "
        "and no profile is called rooted or rootless"
    ),
    "one_degree": "the averaging kernels have about one degree of freedom: the vertical shape is the retrieval's",
    "no_orbit": "the data have no {orbits} orbit",
    "rolling": (
        "{days} days without other years: a day is compared with the {window} before it, and a slow change looks like "
        "an anomaly"
    ),
    "rolling_years": "a day is compared with the {window} before it, and a slow change looks like an anomaly",
    "no_catalogue": "no catalogue was given: placebos may lie near other earthquakes",
    "refused": "{n} input file(s) were refused and left out",
    "one_earthquake": "one earthquake: nothing here says that such anomalies precede earthquakes",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that the data cannot say.

    Attributes
    ----------
    kind : str
        Its name, by which a report finds its own words.
    numbers : dict of str to int
        What the words are filled with.
    orbits : tuple of str
        Those that the data lack, for "no_orbit".
    """

    kind: str
    numbers: dict[str, int] = field(default_factory=dict)
    orbits: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _WORDS[self.kind].format(orbits=" and no ".join(self.orbits), **self.numbers)


def find_limits(config: StudyConfig, inputs: Inputs, judged: xr.Dataset, placebos: pd.DataFrame, /) -> list[Limit]:
    """What these data cannot say.

    Parameters
    ----------
    config : StudyConfig
        What was asked.
    inputs : Inputs
        What there was.
    judged : Dataset
        Verdicts of all profiles, with ``attrs["baseline"]``.
    placebos : DataFrame
        With ``attrs["screened"]``: whether a catalogue kept them away from other earthquakes.

    Returns
    -------
    list of Limit
        The last says that there is one earthquake.
    """
    cube, limits = inputs.cube, []
    if "level" not in cube.dims:
        limits.append(Limit("one_layer"))
    elif config.profile.shape == "assumed":
        limits.append(Limit("assumed"))
    elif not any(f"{gas}_kernel" in cube for gas in config.gas.gases):
        limits.append(Limit("no_kernel"))
    elif bool((judged["verdict"] == ProfileVerdict.AMPLITUDE_ONLY).any()):
        limits.append(Limit("one_degree"))
    absent = tuple(str(orbit) for orbit in config.gas.orbits if orbit not in cube["orbit"].values)
    if absent:
        limits.append(Limit("no_orbit", orbits=absent))
    if judged.attrs["baseline"] == "rolling":
        alone = "rolling_years" if other_years(cube) else "rolling"
        limits.append(Limit(alone, {"days": cube.sizes["time"], "window": config.anomaly.window_days}))
    if not placebos.attrs.get("screened", False):
        limits.append(Limit("no_catalogue"))
    if inputs.refused:
        limits.append(Limit("refused", {"n": len(inputs.refused)}))
    return [*limits, Limit("one_earthquake")]
