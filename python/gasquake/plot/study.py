"""Every figure that a study has data for: picks what `gasquake.plot` draws. A result has it as ``result.plot``."""

from __future__ import annotations

from typing import Any

from gasquake._optional import attempt_import
from gasquake.plot import _draw
from gasquake.plot._study_evidence import EvidencePlots
from gasquake.plot._study_picks import CORRELATION_DAYS
from gasquake.plot._study_where import WherePlots
from gasquake.plot.language import Language
from gasquake.study.result import StudyResult

__all__ = ["CORRELATION_DAYS", "StudyPlots"]


class StudyPlots(WherePlots, EvidencePlots):
    """The figures of one study, as ``result.plot``.

    Each method draws one figure of `gasquake.plot` from the data of the result, with the event, the thresholds of the
    configuration and the word "simulated" where it belongs. What the figure's function takes, a method passes on:
    ``result.plot.column_map("co", faults=my_faults)``.

    Parameters
    ----------
    result : StudyResult
        Of `gasquake.study.run`.
    language : {"en", "zh"}, optional
        Of the labels; that of the configuration if not given. English where no font can write Chinese.

    Notes
    -----
    In a notebook, show ``.figure`` of what a method returns. Where a result has no data for a figure, its method raises
    ValueError and says what is missing; `names` lists those that have.

    Examples
    --------
    >>> from pathlib import Path
    >>> from gasquake import simulate, study
    >>> from gasquake.places import Region
    >>> scene = simulate.luding(years=2, region=Region(94, 24, 112, 36))
    >>> config = study.demo_config(scene.event, seed=1, directory=Path("unused"))
    >>> result = study.run(config, cube=scene.cube, catalogue=scene.catalogue)
    >>> result.plot
    <StudyPlots: anomaly_series, base_rates, column_map, correlation_series, correlation_table, day_profile, helix,
     level_map, maxima_map, overview, placebo_distribution, spiral_map, stage_maps, stage_profiles, time_height>
    >>> axes = result.plot.time_height("ch4")
    >>> [ax.get_title(loc="left") for ax in axes.flat]
    ['CH₄, ascending', 'CH₄, descending']
    """

    def __init__(self, result: StudyResult, *, language: Language | None = None) -> None:
        super().__init__(result, language=language)

    def __repr__(self) -> str:
        lines = ["<StudyPlots: "]
        for name in self.names:
            if len(lines[-1]) + len(name) > 115:
                lines.append(" ")
            lines[-1] += f"{name}, "
        return "\n".join(line.rstrip() for line in lines).rstrip(",") + ">"

    def overview(self, gas: str | None = None, *, orbit: str | None = None) -> Any:
        """Where, when and at which height, and against what chance: three panels that tell the study.

        Parameters
        ----------
        gas : str, optional
            That of the tested day with the largest anomaly near the ground if not given.
        orbit : str, optional
            That of the same day if not given.

        Returns
        -------
        Figure
            12 by 6.2 inches.
        """
        gas, orbit = self._telling(gas, orbit)
        figure = _draw.mpl("figure").Figure(figsize=(12.0, 6.2), layout="constrained")
        # Parts that are laid out by themselves: the legend of one does not push the others about.
        left, right = figure.subfigures(1, 2, width_ratios=[1.0, 1.55])
        where, among = left.subfigures(2, 1, height_ratios=[1.15, 1.0])
        # Names of stages are the user's: a dollar in them is no formula.
        matplotlib = attempt_import("matplotlib", extra="study", purpose="to draw figures")
        with matplotlib.rc_context({"text.parse_math": False}):
            self.column_map(gas, orbit=orbit, axes=where.subplots())
            if self._layered:
                self.time_height(gas, orbit=orbit, axes=right.subplots())
            else:
                self.anomaly_series(gas, axes=right.subplots())
            ax = self.placebo_distribution(ax=among.subplots(), simulated=False)  # the figure says it twice already
            ax.set_title(ax.get_title(loc="left"), loc="left", fontsize=10)
        return figure
