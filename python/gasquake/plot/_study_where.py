"""Where and when: the maps, sections and series of a study."""

from __future__ import annotations

from typing import Any

import numpy as np

from gasquake.plot import _draw, maps, series
from gasquake.plot._study_picks import StudyPicks
from gasquake.plot.language import label

__all__ = ["WherePlots"]

MAP_LEVELS = (700.0, 500.0, 300.0)  # [D] of the stage maps, hPa: low, middle and upper troposphere


class WherePlots(StudyPicks):
    """Figures that show where and when; see `gasquake.plot.study.StudyPlots`."""

    def column_map(self, gas: str | None = None, *, orbit: str | None = None, axes: Any = None, **options: Any) -> Any:
        """Mean z-score of the column over the tested days, orbit by orbit.

        Parameters
        ----------
        gas : str, optional
            The first of the study if not given.
        orbit : str, optional
            One instead of each.
        axes : Axes or array of Axes, optional
            One for each orbit.
        **options : object
            As for `gasquake.plot.column_map`.

        Returns
        -------
        array of Axes
            One row.
        """
        gas, orbits = self._gas(gas), self._chosen(orbit)
        named = self._column_name(gas)
        grid = _draw.new_grid(axes, (1, len(orbits)), (5.6 * len(orbits), 4.3), share=False)
        for ax, name in zip(grid.flat, orbits, strict=True):
            z = self._result.fields[f"x{gas}_zscore"].sel(orbit=name)
            window = self._result.days.window.sel(orbit=name, time=z["time"])
            mean = z.where(window).mean("time", keep_attrs=True).rename(f"{named}_zscore")
            standard = {"event": self._result.event, "limits": (-3.0, 3.0), **self._shared}
            maps.column_map(mean, ax=ax, **standard | options)
            self._title(ax, named, name)
        return grid

    def level_map(
        self, gas: str | None = None, *, date: Any = None, orbit: str | None = None, level: float = 600.0,
        **options: Any,
    ) -> Any:  # fmt: skip
        """The z-score of one day, orbit and level.

        Parameters
        ----------
        gas : str, optional
            The first of the study if not given.
        date : datetime64 or str, optional
            The day of the figure `day_profile` if not given, or the last day of the tested stages.
        orbit : str, optional
            That of `date`, or the first.
        level : float
            Pressure, hPa; the nearest level is drawn.
        **options : object
            As for `gasquake.plot.level_map`.

        Returns
        -------
        Axes
            Of the map.
        """
        gas = self._gas(gas)
        self._need(self._layered, "level_map", "levels")
        date, orbit = self._day(gas, date, orbit)
        z = self._result.fields[f"{gas}_zscore"].sel(time=date, orbit=orbit).sel(level=level, method="nearest")
        standard = {"event": self._result.event, "limits": (-4.0, 4.0), **self._shared}
        ax = maps.level_map(z, **standard | options)
        comma = label(", ", self._language)
        shown = comma.join([_draw.gas_label(gas), f"{float(z['level']):g} hPa", str(date)[:10]])
        ax.set_title(shown, loc="left", fontsize=10)
        return ax

    def stage_maps(
        self, gas: str | None = None, *, orbit: str | None = None, levels: Any = None, **options: Any
    ) -> Any:
        """Means of the stages on some levels, as differences from the background if there is one.

        All orbits of a gas have one colour scale.

        Parameters
        ----------
        gas : str, optional
            The first of the study if not given.
        orbit : str, optional
            The first of the study if not given.
        levels : sequence of float, optional
            Pressures, hPa; the nearest to 700, 500 and 300 hPa if not given.
        **options : object
            As for `gasquake.plot.stage_maps`.

        Returns
        -------
        array of Axes
            One row for each level, one column for each stage.
        """
        result, gas = self._result, self._gas(gas)
        self._need(self._layered, "stage_maps", "levels")
        orbit = self._chosen(orbit)[0]
        known = result.means["level"].values
        near = {float(known[np.abs(np.log(known / p)).argmin()]) for p in (MAP_LEVELS if levels is None else levels)}
        ground = result.config.region.resolve().select(result.inputs.cube).get("surface_pressure")
        if ground is not None:
            ground = ground.sel(orbit=orbit) if "orbit" in ground.dims else ground
            ground = ground.sel(time=result.days.in_event_year).mean("time") if "time" in ground.dims else ground
        names = result.means["stage"].values.tolist()
        standard = {
            "surface_pressure": ground, "event": result.event, "levels": sorted(near, reverse=True),
            "relative_to": "background" if "background" in names and len(names) > 1 else None, **self._shared,
        }  # fmt: skip
        chosen = standard | options
        if "limits" not in options:
            chosen["limits"] = maps.stage_limits(
                result.means, gas=gas, levels=chosen["levels"], relative_to=chosen["relative_to"]
            )
        return maps.stage_maps(result.means, gas=gas, orbit=orbit, **chosen)

    def time_height(self, gas: str | None = None, *, orbit: str | None = None, axes: Any = None, **options: Any) -> Any:
        """Time and height over the epicentre with each day's verdict, orbit by orbit.

        Parameters
        ----------
        gas : str, optional
            The first of the study if not given.
        orbit : str, optional
            One instead of each.
        axes : Axes or array of Axes, optional
            One for each orbit.
        **options : object
            As for `gasquake.plot.time_height`.

        Returns
        -------
        array of Axes
            One column.
        """
        result, gas, orbits = self._result, self._gas(gas), self._chosen(orbit)
        self._need(self._layered, "time_height", "levels")
        grid = _draw.new_grid(axes, (len(orbits), 1), (9.0, 4.3 * len(orbits)), share=False)
        for ax, name in zip(grid.flat, orbits, strict=True):
            z = self._epicentre.of(result.fields[f"{gas}_zscore"], orbit=name)
            verdict = self._epicentre.of(result.judged["verdict"], gas=gas, orbit=name, time=z["time"])
            standard = {
                "verdict": verdict, "event_time": result.event.time, "surface_pressure": self._epicentre.ground(name),
                "upper": result.config.profile.upper, **self._shared,
            }  # fmt: skip
            series.time_height(z, ax=ax, **standard | options)
            self._title(ax, gas, name)
        return grid

    def anomaly_series(self, gas: str | None = None, *, axes: Any = None, **options: Any) -> Any:
        """Column anomalies over the epicentre with the threshold and the stages.

        Parameters
        ----------
        gas : str, optional
            One instead of each.
        axes : Axes or array of Axes, optional
            One for each gas.
        **options : object
            As for `gasquake.plot.anomaly_series`.

        Returns
        -------
        array of Axes
            One column.
        """
        result = self._result
        gases = list(result.profiles) if gas is None else [self._gas(gas)]
        grid = _draw.new_grid(axes, (len(gases), 1), (9.0, 2.9 * len(gases)), share=False)
        for ax, name in zip(grid.flat, gases, strict=True):
            z = self._epicentre.of(result.fields[f"x{name}_zscore"]).rename(f"{self._column_name(name)}_zscore")
            standard = {
                "threshold": result.config.profile.threshold, "event_time": result.event.time, "stages": result.stages,
                **self._shared,
            }  # fmt: skip
            series.anomaly_series(z, ax=ax, **standard | options)
        return grid
