"""Rooted or drifted, moving, linked, more than chance: the figures of a study's evidence."""

from __future__ import annotations

from typing import Any

import numpy as np

from gasquake import correlation
from gasquake.plot import _draw, chance, correlations, picked, profiles, spirals
from gasquake.plot import tracks as track_figures
from gasquake.plot._study_picks import CORRELATION_DAYS, StudyPicks
from gasquake.plot.language import label, model_label
from gasquake.plot.picked import best_spiral, compared_rates, telling_day
from gasquake.study.placebo import FEWEST_YEARS

__all__ = ["EvidencePlots"]


class EvidencePlots(StudyPicks):
    """Figures of profiles, motion, links and chance; see `gasquake.plot.study.StudyPlots`."""

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
        ax = profiles.day_profile(anomaly, **standard | options)
        shown = label("{first}, {second}", self._language, first=self._label(gas, orbit), second=str(date)[:10])
        ax.set_title(f"{shown}\n{ax.get_title(loc='left')}", loc="left", fontsize="small")
        return ax

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
            self._title(ax, gas, name)
        return grid

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
        standard = {"event_time": self._result.event.time, **self._shared}
        return correlations.correlation_series(rolling, **standard | options)

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
        years = np.unique(self._result.inputs.cube["time"].dt.year.values).size
        standard = {
            "statistic": rank.statistic, "p_value": rank.p_value, "n_effective": rank.n_effective,
            "standardised": years > FEWEST_YEARS, **self._shared,
        }  # fmt: skip
        return chance.placebo_distribution(rank.null, **standard | options)
