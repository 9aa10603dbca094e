"""Every figure that a study has data for: picks what `gasquake.plot` draws. A result has it as ``result.plot``."""

from __future__ import annotations

from typing import Any

import numpy as np

from gasquake import correlation
from gasquake._optional import attempt_import
from gasquake.plot import _draw, chance, correlations, maps, picked, profiles, series, spirals
from gasquake.plot import tracks as track_figures
from gasquake.plot.language import Language, model_label, usable_language
from gasquake.plot.picked import best_spiral, compared_rates, orbit_label, telling_day
from gasquake.study.movement import Track
from gasquake.study.result import StudyResult

__all__ = ["CORRELATION_DAYS", "StudyPlots"]

CORRELATION_DAYS = 15  # [D] the shortest window of `gasquake.correlation.rolling_correlation`
MAP_LEVELS = (700.0, 500.0, 300.0)  # [D] of the stage maps, hPa: low, middle and upper troposphere


class StudyPlots:
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
        self._result = result
        self._language = usable_language(result.config.output.language if language is None else language)
        self._shared: dict[str, Any] = {
            "simulated": bool(result.inputs.cube.attrs.get("simulated", 0)), "language": self._language,
        }  # fmt: skip
        self._orbits: list[str] = result.fields["orbit"].values.tolist()
        self._layered = "level" in result.fields.dims
        dates = result.fields["time"].values
        inside = dates[0] <= result.event.time < dates[-1] + np.timedelta64(1, "D")
        self._event_time = result.event.time if inside else None  # else its line would lie beyond the axes
        self._epicentre = picked.Epicentre(result)

    def __repr__(self) -> str:
        lines = ["<StudyPlots: "]
        for name in self.names:
            if len(lines[-1]) + len(name) > 115:
                lines.append(" ")
            lines[-1] += f"{name}, "
        return "\n".join(line.rstrip() for line in lines).rstrip(",") + ">"

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

    # --- Where and when -----------------------------------------------------------------------------------------------

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
        grid = _draw.new_grid(axes, (1, len(orbits)), (5.6 * len(orbits), 4.3), share=False)
        for ax, name in zip(grid.flat, orbits, strict=True):
            z = self._result.fields[f"x{gas}_zscore"].sel(orbit=name)
            window = self._result.days.window.sel(orbit=name, time=z["time"])
            mean = z.where(window).mean("time", keep_attrs=True).rename(f"x{gas}_zscore")
            standard = {"event": self._result.event, "limits": (-3.0, 3.0), **self._shared}
            maps.column_map(mean, ax=ax, **standard | options)
            self._title(ax, f"X{_draw.gas_label(gas)}", name)
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
        ax.set_title(f"{_draw.gas_label(gas)}, {float(z['level']):g} hPa, {str(date)[:10]}", loc="left", fontsize=10)
        return ax

    def stage_maps(
        self, gas: str | None = None, *, orbit: str | None = None, levels: Any = None, **options: Any
    ) -> Any:
        """Means of the stages on some levels, as differences from the background if there is one.

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
            "surface_pressure": ground, "event": result.event,
            "relative_to": "background" if "background" in names and len(names) > 1 else None, **self._shared,
        }  # fmt: skip
        return maps.stage_maps(
            result.means, gas=gas, levels=sorted(near, reverse=True), orbit=orbit, **standard | options
        )

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
                "verdict": verdict, "event_time": self._event_time, "surface_pressure": self._epicentre.ground(name),
                "upper": result.config.profile.upper, **self._shared,
            }  # fmt: skip
            series.time_height(z, ax=ax, **standard | options)
            self._title(ax, _draw.gas_label(gas), name)
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
            z = self._epicentre.of(result.fields[f"x{name}_zscore"])
            standard = {
                "threshold": result.config.profile.threshold, "event_time": self._event_time, "stages": result.stages,
                **self._shared,
            }  # fmt: skip
            series.anomaly_series(z, ax=ax, **standard | options)
        return grid

    # --- Rooted or drifted --------------------------------------------------------------------------------------------

    def base_rates(self, **options: Any) -> Any:
        """How often the criteria fire without an earthquake, and how often in the tested days.

        Parameters
        ----------
        **options : object
            As for `gasquake.plot.base_rates`.

        Returns
        -------
        Axes
            Of the figure.
        """
        rates = compared_rates(self._result, language=self._language)
        self._need(rates is not None, "base_rates", "reference days that could be judged")
        return chance.base_rates(rates, **self._shared | options)  # type: ignore[arg-type]

    def day_profile(self, gas: str | None = None, *, date: Any = None, orbit: str | None = None, **options: Any) -> Any:
        """The anomaly's profile over the epicentre on one day, and why the verdict.

        Parameters
        ----------
        gas : str, optional
            The first of the study if not given.
        date : datetime64 or str, optional
            The tested day with the largest anomaly near the ground if not given; see `telling_day`.
        orbit : str, optional
            That of `date`, or the first.
        **options : object
            As for `gasquake.plot.day_profile`.

        Returns
        -------
        Axes
            Of the profile.
        """
        result, gas, config = self._result, self._gas(gas), self._result.config.profile
        self._need(self._layered, "day_profile", "levels")
        kernel = result.inputs.cube.get(f"{gas}_kernel") if config.shape == "kernel" else None
        self._need(config.shape != "kernel" or kernel is not None, "day_profile", "averaging kernels, so no shape")
        self._need(date is not None or telling_day(result, gas) is not None, "day_profile", "a judged tested day")
        date, orbit = self._day(gas, date, orbit)
        anomaly, z = (
            self._epicentre.of(result.fields[f"{gas}_{name}"], orbit=orbit, time=date) for name in ("anomaly", "zscore")
        )
        sigma = (anomaly / z).assign_attrs(units=anomaly.attrs.get("units", "mol mol-1"))
        ground = self._epicentre.ground(orbit)
        if ground is not None and "time" in ground.dims:
            ground = ground.sel(time=date)
        if kernel is not None:
            kernel = kernel.load()
            kernel = kernel.sel({kernel.dims[0]: anomaly["level"].values, kernel.dims[1]: anomaly["level"].values})
        standard = {
            "sigma": sigma, "surface_pressure": None if ground is None else float(ground), "kernel": kernel,
            "split": config.split, "top": min({str(k): v for k, v in config.top.items()}.get(gas, 400.0), config.split),
            "upper": config.upper, "threshold": config.threshold, "quiet": config.quiet,
            "min_below": config.min_below, **self._shared,
        }  # fmt: skip
        return profiles.day_profile(anomaly, **standard | options)

    def stage_profiles(
        self, gas: str | None = None, *, orbit: str | None = None, axes: Any = None, **options: Any
    ) -> Any:
        """Mean profiles of the stages over the epicentre, orbit by orbit.

        Parameters
        ----------
        gas : str, optional
            The first of the study if not given.
        orbit : str, optional
            One instead of each.
        axes : Axes or array of Axes, optional
            One for each orbit.
        **options : object
            As for `gasquake.plot.stage_profiles`.

        Returns
        -------
        array of Axes
            One row.
        """
        result, gas, orbits = self._result, self._gas(gas), self._chosen(orbit)
        self._need(self._layered, "stage_profiles", "levels")
        grid = _draw.new_grid(axes, (1, len(orbits)), (4.8 * len(orbits), 5.0), share=False)
        for ax, name in zip(grid.flat, orbits, strict=True):
            standard = {
                "at": (result.event.longitude, result.event.latitude), "upper": result.config.profile.upper,
                **self._shared,
            }  # fmt: skip
            profiles.stage_profiles(result.means, gas=gas, orbit=name, ax=ax, **standard | options)
            self._title(ax, _draw.gas_label(gas), name)
        return grid

    # --- Motion -------------------------------------------------------------------------------------------------------

    def maxima_map(self, gas: str | None = None, **options: Any) -> Any:
        """Where the daily maxima of the column lay, coloured by date.

        Parameters
        ----------
        gas : str, optional
            The first of the study if not given.
        **options : object
            As for `gasquake.plot.maxima_map`.

        Returns
        -------
        Axes
            Of the map.
        """
        result = self._result
        standard = {"region": result.config.region.resolve(), "event": result.event, **self._shared}
        return track_figures.maxima_map(self._track(gas).points, **standard | options)

    def spiral_map(self, gas: str | None = None, **options: Any) -> Any:
        """The best spiral over the daily maxima, beside random tracks of the same days.

        Parameters
        ----------
        gas : str, optional
            The first of the study if not given.
        **options : object
            As for `gasquake.plot.spiral_map`.

        Returns
        -------
        array of Axes
            The map and the null distribution.
        """
        result, track = self._result, self._track(gas)
        name = best_spiral(track)
        self._need(name is not None, "spiral_map", "a spiral that could be fitted")
        curve, null = picked.spiral_curve(result, track, str(name))
        standard = {"null": null, "region": result.config.region.resolve(), **self._shared}
        curves = {model_label(str(name), self._language): curve}
        return spirals.spiral_map(track.points, curves=curves, event=result.event, **standard | options)

    def helix(self, gas: str | None = None, **options: Any) -> Any:
        """The daily maxima of the volume in space, with the fitted helix.

        Parameters
        ----------
        gas : str, optional
            The first of the study if not given.
        **options : object
            As for `gasquake.plot.helix`.

        Returns
        -------
        Axes3D
            Of the figure.
        """
        track = self._track(gas)
        points, fit = track.volume, track.helix
        self._need(fit is not None, "helix", "levels")
        height = -7.5 * np.log(points["level"].values / 1000.0)
        standard = {"fit": picked.helix_curve(track), "p_value": fit.p_value, **self._shared}  # type: ignore[union-attr]
        return spirals.helix(
            points["x"].values, points["y"].values, height, points["time"].values, **standard | options
        )

    # --- Links and chance ---------------------------------------------------------------------------------------------

    def correlation_table(self, **options: Any) -> Any:
        """Correlation of CO and CH4 by stage and orbit, beside what was published.

        Parameters
        ----------
        **options : object
            As for `gasquake.plot.correlation_table`.

        Returns
        -------
        Axes
            Of the figure.
        """
        self._need("stages" in self._result.correlation, "correlation_table", "both CO and CH4")
        standard = {"published": correlation.ZHAO2022_TABLE_1, **self._shared}
        return correlations.correlation_table(self._result.correlation["stages"], **standard | options)

    def correlation_series(self, **options: Any) -> Any:
        """Rolling correlation of the region's mean anomalies of CO and CH4.

        Parameters
        ----------
        **options : object
            As for `gasquake.plot.correlation_series`.

        Returns
        -------
        Axes
            Of the figure.
        """
        fields = self._result.fields
        self._need("stages" in self._result.correlation, "correlation_series", "both CO and CH4")
        self._need(fields.sizes["time"] > CORRELATION_DAYS, "correlation_series", f"more than {CORRELATION_DAYS} days")
        one, other = (picked.bare(fields[f"x{gas}_anomaly"].mean(["lat", "lon"])) for gas in ("co", "ch4"))
        rolling = correlation.rolling_correlation(one, other, CORRELATION_DAYS, min_count=8)
        return correlations.correlation_series(rolling, **{"event_time": self._event_time, **self._shared} | options)

    def placebo_distribution(self, **options: Any) -> Any:
        """The headline's statistic among its placebos.

        Parameters
        ----------
        **options : object
            As for `gasquake.plot.placebo_distribution`.

        Returns
        -------
        Axes
            Of the figure.
        """
        rank = self._result.tests["headline"]
        standard = {
            "statistic": rank.statistic, "p_value": rank.p_value, "n_effective": rank.n_effective, **self._shared,
        }  # fmt: skip
        return chance.placebo_distribution(rank.null, **standard | options)

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

    # --- What is picked -----------------------------------------------------------------------------------------------

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

    def _title(self, ax: Any, gas: str, orbit: str) -> None:
        ax.set_title(f"{gas}, {orbit_label(orbit, self._language)}", loc="left", fontsize=10)
