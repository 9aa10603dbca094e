"""What all figures of a study share: its epicentre, language and orbits, and what is picked where nothing is named."""

from __future__ import annotations

from typing import Any

import numpy as np

from gasquake.plot import _draw, picked
from gasquake.plot.language import Language, gas_and_orbit, usable_language
from gasquake.plot.picked import best_spiral, compared_rates, telling_day
from gasquake.study.movement import Track
from gasquake.study.result import StudyResult

__all__ = ["CORRELATION_DAYS", "StudyPicks"]

CORRELATION_DAYS = 15  # [D] the shortest window of `gasquake.correlation.rolling_correlation`


class StudyPicks:
    """A result, and what its figures are drawn of.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    language : {"en", "zh"}, optional
        Of the labels; that of the configuration if not given.
    """

    def __init__(self, result: StudyResult, *, language: Language | None = None) -> None:
        self._result = result
        self._language = usable_language(result.config.output.language if language is None else language)
        self._shared: dict[str, Any] = {
            "simulated": bool(result.inputs.cube.attrs.get("simulated", 0)), "language": self._language,
        }  # fmt: skip
        self._orbits: list[str] = result.fields["orbit"].values.tolist()
        self._layered = "level" in result.fields.dims
        self._epicentre = picked.Epicentre(result)

    @property
    def names(self) -> list[str]:
        """The figures that the result has data for.

        Returns
        -------
        list of str
            Names of methods, in alphabetical order.
        """
        result = self._result
        found = {"anomaly_series", "column_map", "maxima_map", "overview", "placebo_distribution"}
        if self._layered:
            found |= {"level_map", "stage_maps", "stage_profiles", "time_height"}
            found |= {"day_profile"} if any(telling_day(result, gas) for gas in result.profiles) else set()
        found |= {"base_rates"} if compared_rates(result) is not None else set()
        found |= {"spiral_map"} if any(best_spiral(track) for track in result.tracks) else set()
        found |= {"helix"} if any(track.helix is not None for track in result.tracks) else set()
        if "stages" in result.correlation:
            found |= {"correlation_table"}
            found |= {"correlation_series"} if result.fields.sizes["time"] > CORRELATION_DAYS else set()
        return sorted(found)

    def _need(self, has: bool, name: str, what: str) -> None:  # noqa: FBT001
        if not has:
            raise ValueError(f"plot.{name}: this result has no {what}; it has {', '.join(self.names)}")

    def _gas(self, gas: str | None) -> str:
        gases = list(self._result.profiles)
        return gases[0] if gas is None else _draw.one_of(gases, gas, "gas")

    def _chosen(self, orbit: str | None) -> list[str]:
        return self._orbits if orbit is None else [_draw.one_of(self._orbits, orbit, "orbit")]

    def _track(self, gas: str | None) -> Track:
        name = self._gas(gas)
        return next(track for track in self._result.tracks if track.gas == name)

    def _telling(self, gas: str | None, orbit: str | None) -> tuple[str, str]:
        gases = list(self._result.profiles) if gas is None else [self._gas(gas)]
        known = {name: found for name in gases if (found := telling_day(self._result, name)) is not None}
        name = next(iter(known), gases[0])
        return name, self._chosen(orbit)[0] if orbit is not None or name not in known else known[name][1]

    def _day(self, gas: str, date: Any, orbit: str | None) -> tuple[np.datetime64, str]:
        """A date and an orbit, where the caller names neither, one or both."""
        chosen = telling_day(self._result, gas)
        if date is not None:
            return np.datetime64(date, "ns"), self._chosen(orbit)[0]
        if chosen is not None and orbit in (None, chosen[1]):
            return chosen
        orbit = self._chosen(orbit)[0]
        tested = self._result.days.window.sel(orbit=orbit)
        return tested["time"].values[tested.values][-1], orbit

    def _column_name(self, gas: str) -> str:
        """As "xco" for a column; the gas's own name where the data are of one layer, which is no column."""
        return f"x{gas}" if self._layered else gas

    def _label(self, gas: str, orbit: str) -> str:
        return gas_and_orbit(_draw.gas_label(gas), orbit, self._language)

    def _title(self, ax: Any, gas: str, orbit: str) -> None:
        ax.set_title(self._label(gas, orbit), loc="left", fontsize=10)
