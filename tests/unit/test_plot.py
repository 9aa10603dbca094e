"""What every figure promises: its Axes come back, nothing else changes, and what it says is so."""

from __future__ import annotations

import copy
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import plot_examples as examples
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from plot_examples import FIGURES, GRIDS

from gasquake import correlation, plot, profiles
from gasquake.episodes import wilson_interval
from gasquake.plot import language
from gasquake.profiles import ProfileVerdict

EVERY = FIGURES | GRIDS


def figure_of(drawn: Any) -> Figure:
    return (drawn.flat[0] if isinstance(drawn, np.ndarray) else drawn).figure


def draw(figure: Figure) -> None:
    FigureCanvasAgg(figure).draw()  # the canvas of a bare Figure draws nothing


def texts(figure: Figure) -> list[str]:
    """All that can be read on a figure, but for tick labels that are made when it is drawn."""
    return [t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_visible() and t.get_text()]


def gids(drawn: Any) -> set[str]:
    return {a.get_gid() for a in figure_of(drawn).findobj() if a.get_gid()}


# --- All figures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(EVERY))
def test_axes_come_back_drawn_and_nothing_else_changes(name: str) -> None:
    before = [copy.deepcopy(made()) for made in examples.INPUTS]
    settings = dict(mpl.rcParams)
    drawn = EVERY[name]()
    draw(figure_of(drawn))
    assert all(isinstance(ax, Axes) for ax in np.atleast_1d(np.asarray(drawn, dtype=object)).flat)
    assert dict(mpl.rcParams) == settings
    for old, made in zip(before, examples.INPUTS, strict=True):
        new = made()
        for a, b in zip(*((x if isinstance(x, tuple) else (x,)) for x in (old, new)), strict=True):
            if isinstance(a, xr.DataArray | xr.Dataset):
                xr.testing.assert_identical(a, b)
            elif isinstance(a, pd.DataFrame):
                pd.testing.assert_frame_equal(a, b)
            else:
                np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_the_callers_axes_are_used(name: str) -> None:
    figure = Figure(layout="constrained")
    ax = figure.add_subplot(projection="3d" if name == "helix" else None)
    assert FIGURES[name](ax=ax) is ax
    draw(figure)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_simulated_data_say_so_and_others_do_not(name: str) -> None:
    assert texts(figure_of(EVERY[name](simulated=True))).count("simulated data") == 1
    assert "simulated data" not in texts(figure_of(EVERY[name]()))


@pytest.mark.parametrize("attrs", [{"simulated": 1}, {"history": "gasquake 0.1.0: simulate.luding(seed=1)"}])
def test_attributes_say_that_data_are_simulated(attrs: dict[str, Any]) -> None:
    ax = plot.time_height(examples.section().assign_attrs(attrs))
    assert "simulated data" in texts(ax.figure)
    ax = plot.time_height(examples.section().assign_attrs(attrs), simulated=False)
    assert "simulated data" not in texts(ax.figure)


@pytest.mark.parametrize(
    ("name", "axis", "wanted"),
    [
        ("anomaly_series", "y", "XCO z-score\n(standard deviations)"),
        ("anomaly_series", "x", "date (UTC), 2022"),
        ("base_rates", "x", "rate of days (%)"),
        ("correlation_series", "x", "date (UTC), 2022"),
        ("day_profile", "x", "CO anomaly (ppb)"),
        ("day_profile", "y", "pressure (hPa)"),
        ("helix", "x", "east of the epicentre (km)"),
        ("helix", "z", "height (km)"),
        ("stage_profiles", "x", "CO (ppb)"),
        ("time_height", "y", "pressure (hPa)"),
    ],
)
def test_labels_carry_units(name: str, axis: str, wanted: str) -> None:
    assert getattr(FIGURES[name](), f"get_{axis}label")() == wanted


@pytest.mark.parametrize(("name", "bar"), [("column_map", "XCO (ppb)"), ("level_map", "CO (ppb)")])
def test_colour_bars_carry_units(name: str, bar: str) -> None:
    assert bar in texts(FIGURES[name]().figure)


def nothing(data: Any) -> Any:
    return data * np.nan


EMPTY = {
    "anomaly_series": lambda: plot.anomaly_series(nothing(examples.series())),
    "anomaly_series_no_days": lambda: plot.anomaly_series(examples.series().isel(time=slice(0))),
    "base_rates": lambda: plot.base_rates(pd.DataFrame({"rate": [np.nan], "n": [0]}, index=["rooted"])),
    "column_map": lambda: plot.column_map(nothing(examples.xco()).assign_attrs(units="ppb")),
    "correlation_series": lambda: plot.correlation_series(nothing(examples.rolling())),
    "correlation_table": lambda: plot.correlation_table(nothing(examples.by_stage())),
    "day_profile": lambda: plot.day_profile(nothing(examples.section().isel(time=0)).rename("co_zscore")),
    "helix": lambda: plot.helix(*np.full((4, 3), np.nan)),
    "level_map": lambda: plot.level_map(nothing(examples.field()).assign_attrs(units="ppb"), level=600),
    "maxima_map": lambda: plot.maxima_map(nothing(examples.track())),
    "maxima_map_event": lambda: plot.maxima_map(nothing(examples.track()), event=examples.EVENT),
    "placebo_distribution": lambda: plot.placebo_distribution([np.nan], statistic=np.nan, p_value=np.nan),
    "placebo_distribution_event": lambda: plot.placebo_distribution([], statistic=1.0, p_value=np.nan),
    "spiral_map": lambda: plot.spiral_map(nothing(examples.track()), curves={}, event=examples.EVENT),
    "stage_maps": lambda: plot.stage_maps(
        examples.means().assign(co_n=0 * examples.means()["co_n"]), gas="co", levels=[600], orbit="descending"
    ),
    "stage_profiles": lambda: plot.stage_profiles(
        nothing(examples.means()), gas="co", orbit="descending", at=(102.0, 29.6)
    ),
    "time_height": lambda: plot.time_height(nothing(examples.section())),
    "time_height_no_days": lambda: plot.time_height(examples.section().isel(time=slice(0))),
}


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_nothing_to_show_is_said_and_drawn(name: str) -> None:
    found = EMPTY[name]()
    draw(figure_of(found))
    assert "no valid data" in texts(figure_of(found))


@pytest.mark.parametrize("name", sorted(EVERY))
def test_figures_of_data_do_not_say_that_they_are_empty(name: str) -> None:
    assert "empty" not in gids(EVERY[name]())


def test_no_pyplot_and_no_matplotlib_before_it_is_needed() -> None:
    code = (
        "import sys; from gasquake import plot; assert 'matplotlib' not in sys.modules\n"
        "plot.placebo_distribution([0.1, 0.5], statistic=0.3, p_value=0.6).figure.savefig('/dev/null', format='png')\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_without_matplotlib_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'to draw figures; .*: pip install "gasquake\[study\]"'):
        plot.column_map(examples.xco())


# --- Languages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh_fonts() -> Iterator[None]:
    language.cjk_font.cache_clear()
    language._say_once.cache_clear()
    yield
    language.cjk_font.cache_clear()
    language._say_once.cache_clear()


@pytest.mark.usefixtures("fresh_fonts")
def test_without_a_chinese_font_labels_are_english_and_it_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_CJK_FAMILIES", ("No Such Font",))
    with pytest.warns(UserWarning, match="no Chinese font was found"):
        ax = plot.column_map(examples.xco(), language="zh")
    assert ax.get_xlabel() == "longitude"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot.column_map(examples.xco(), language="zh")


@pytest.mark.usefixtures("fresh_fonts")
@pytest.mark.parametrize("name", sorted(EVERY))
def test_with_a_chinese_font_every_word_of_ours_is_chinese(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_CJK_FAMILIES", ("DejaVu Serif",))  # stands for a font that has Chinese
    figure = figure_of(EVERY[name](language="zh", simulated=True))
    words = [t for t in figure.findobj(mpl.text.Text) if t.get_text()]
    assert any("模拟数据" in t.get_text() for t in words)
    for text in words:
        if any("\u4e00" <= c <= "\u9fff" for c in text.get_text()):
            assert "DejaVu Serif" in text.get_fontfamily(), text
    english = {key for key in language._ZH if len(key) > 3}
    assert not english.intersection(t.get_text() for t in words)


def test_translations_keep_what_is_filled_in() -> None:
    import string

    def fields(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    for english, chinese in language._ZH.items():
        assert fields(english) == fields(chinese), english


def test_unknown_languages_are_refused() -> None:
    with pytest.raises(ValueError, match="language must be 'en' or 'zh', got 'de'"):
        plot.column_map(examples.xco(), language="de")  # type: ignore[arg-type]


# --- Maps -------------------------------------------------------------------------------------------------------------


def meshes(ax: Axes) -> list[Any]:
    return [c for c in ax.collections if isinstance(c, mpl.collections.QuadMesh) and c.get_gid() != "ground"]


def test_a_map_shows_its_cells_where_they_are_and_hatches_the_rest() -> None:
    da = xr.DataArray(
        [[1.0, np.nan], [3.0, np.inf]], {"lat": [28.5, 29.5], "lon": [101.5, 102.5]}, ("lat", "lon"), "co",
        {"units": "ppb"},
    )  # fmt: skip
    ax = plot.level_map(da)
    (mesh,) = meshes(ax)
    shown = mesh.get_array()
    assert shown.mask.tolist() == [[False, True], [False, True]]
    assert shown.compressed().tolist() == [1.0, 3.0]
    assert_allclose(mesh.get_coordinates()[0, :, 0], [101, 102, 103])
    assert_allclose(mesh.get_coordinates()[:, 0, 1], [28, 29, 30])
    assert ax.patch.get_hatch() == "////"
    assert_allclose(ax.get_aspect(), 1 / np.cos(np.radians(29.0)))
    assert "missing" in texts(ax.figure)


def test_a_map_draws_the_nearest_level_in_either_orientation() -> None:
    field = examples.field()
    up = plot.level_map(field, level=610)
    down = plot.level_map(field.isel(level=slice(None, None, -1)).transpose("lon", "level", "lat"), level=610)
    assert up.get_title(loc="left") == down.get_title(loc="left") == "600 hPa"
    wanted = field.sel(level=600).values * 1e9
    for ax in (up, down):
        assert_allclose(meshes(ax)[0].get_array().filled(np.nan), wanted)


def test_departures_are_centred_and_values_are_not() -> None:
    z = examples.field().isel(level=0).rename("co_zscore").assign_attrs(units="1", long_name="z-score")
    z = z.copy(data=np.linspace(-1, 5, z.size).reshape(z.shape))
    (mesh,) = meshes(plot.level_map(z))
    assert mesh.norm.vmin == -mesh.norm.vmax
    assert mesh.get_cmap().name == "PuOr_r"
    (mesh,) = meshes(plot.column_map(examples.xco()))
    assert mesh.get_cmap().name == "cividis"


def test_ground_is_drawn_apart_from_what_is_missing() -> None:
    ax = plot.level_map(examples.field(), level=850, surface_pressure=examples.ground())
    (ground,) = [c for c in ax.collections if c.get_gid() == "ground"]
    below = ~np.ma.getmaskarray(ground.get_array())
    assert_allclose(below, examples.ground().values - 5.0 < 850.0)
    assert not (below & ~meshes(ax)[0].get_array().mask).any()


def test_stage_maps_share_one_scale_and_hide_cells_without_days() -> None:
    means = examples.means()
    grid = plot.stage_maps(means, gas="co", levels=[300, 600], orbit="descending")
    assert grid.shape == (2, 3)
    every = [meshes(ax)[0] for ax in grid.flat]
    assert len({(m.norm.vmin, m.norm.vmax) for m in every}) == 1
    assert [ax.get_ylabel() for ax in grid[:, 0]] == ["300 hPa", "600 hPa"]  # as in the air
    one = means.sel(orbit="descending", level=600).isel(stage=1)
    assert (meshes(grid[1, 1])[0].get_array().mask == (one.co_n.values == 0)).all()
    assert "before\n7 days" in texts(figure_of(grid))


def test_stage_maps_relative_to_one_leave_it_out_and_subtract_it() -> None:
    means = examples.means()
    grid = plot.stage_maps(means, gas="co", levels=[600], orbit="ascending", relative_to="background")
    assert grid.shape == (1, 2)
    here = means.sel(orbit="ascending", level=600)
    known = here.co_mean.where(here.co_n > 0)
    wanted = (known.sel(stage="during") - known.sel(stage="background")).values * 1e9
    assert_allclose(meshes(grid[0, 1])[0].get_array().filled(np.nan), wanted)


def test_a_region_across_180_degrees_has_coasts_and_faults() -> None:
    lon, lat = np.arange(170.5, 190.5), np.arange(-20.5, -10.5)
    da = xr.DataArray(np.ones((10, 20)), {"lat": lat, "lon": lon}, ("lat", "lon"), "co", {"units": "ppb"})
    ax = plot.column_map(da, faults=[("trench", [-175.0, -172.0], [-19.0, -15.0])])
    (fault,) = [line for line in ax.lines if line.get_gid() == "fault"]
    assert_allclose(fault.get_xdata(), [185.0, 188.0])
    coasts = [line.get_xydata() for line in ax.lines if line.get_gid() == "coast"]
    inside = [((c[:, 0] > 170) & (c[:, 0] < 190) & (c[:, 1] > -20) & (c[:, 1] < -11)).sum() for c in coasts]
    assert sum(inside) > 5  # Fiji and Vanuatu
    draw(ax.figure)
    assert "175°W" in texts(ax.figure)
    east = examples.EVENT.__class__(examples.ORIGIN, -176.0, -16.0)
    ax = plot.maxima_map(examples.track().assign(lon=("time", np.linspace(175, 185, 30))), event=east)
    (star,) = [line for line in ax.lines if line.get_gid() == "epicentre"]
    assert_allclose(star.get_xdata(), [184.0])
    assert ax.get_xlim() == (174.0, 186.0)


@pytest.mark.parametrize("name", ["level_map", "maxima_map", "stage_maps"])
def test_a_projection_of_cartopy(name: str) -> None:
    crs = pytest.importorskip("cartopy.crs", reason="cartopy is not installed: the extra maps brings it")
    drawn = EVERY[name](projection=crs.LambertConformal(102, 30))
    draw(figure_of(drawn))
    first = drawn.flat[0] if isinstance(drawn, np.ndarray) else drawn
    west, east, south, north = first.get_extent(crs.PlateCarree())
    assert west < 99.0 < 103.0 < east
    assert south < 29.0 < 31.0 < north


def test_a_projection_without_cartopy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [m for m in sys.modules if m.partition(".")[0] == "cartopy"] + ["cartopy"]:
        monkeypatch.setitem(sys.modules, name, None)
    ax = Figure().add_subplot()
    ax.projection = "what cartopy's axes have"  # type: ignore[attr-defined]
    with pytest.raises(ImportError, match=r'to draw in a projection; .*: pip install "gasquake\[maps\]"'):
        plot.column_map(examples.xco(), ax=ax)


def test_maps_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="9 levels; say which to draw, as level=925"):
        plot.level_map(examples.field())
    with pytest.raises(ValueError, match="no level dimension"):
        plot.level_map(examples.xco(), level=600)
    with pytest.raises(ValueError, match="is no column"):
        plot.column_map(examples.field())
    with pytest.raises(ValueError, match="orbit must be one of 'ascending', 'descending', got 'up'"):
        plot.stage_maps(examples.means(), gas="co", levels=[600], orbit="up")
    with pytest.raises(ValueError, match="means has no variable ch4_mean, ch4_n"):
        plot.stage_maps(examples.means(), gas="ch4", levels=[600], orbit="ascending")
    with pytest.raises(ValueError, match=r"beside lat and lon; select one, as in values.isel\(stage=0\)"):
        plot.level_map(examples.means()["co_mean"].isel(orbit=0), level=600)


# --- Profiles ---------------------------------------------------------------------------------------------------------


def test_stage_profiles_draw_means_and_spread_from_100_hpa_down() -> None:
    means = examples.means()
    ax = plot.stage_profiles(means, gas="co", orbit="descending", at=(102.1, 29.6), upper=300.0)
    here = means.sel(orbit="descending").sel(lon=102.5, lat=29.5)
    for container, stage in zip(ax.containers, here.stage.values, strict=True):
        line, _, (bars,) = container
        wanted = here.sel(stage=stage).where(here.level >= 300, drop=True)
        assert_allclose(line.get_xdata(), wanted.co_mean * 1e9)
        widths = [np.ptp(segment[:, 0]) for segment in bars.get_segments()]
        assert_allclose(widths, 2 * wanted.co_sd * 1e9)
    assert ax.yaxis_inverted()


finite = st.floats(-6, 6, allow_nan=False).map(lambda v: round(v, 3))


@given(
    values=st.lists(finite | st.just(float("nan")), min_size=9, max_size=9), surface=st.sampled_from([1000.0, 800.0])
)
def test_the_profile_shows_the_verdict_of_the_scan(values: list[float], surface: float) -> None:
    level = examples.level_coordinate()
    z = xr.DataArray(values, {"level": level}, ("level",), "co_zscore", {"units": "1"})
    found = profiles.scan_profiles(z, surface_pressure=xr.DataArray(surface, attrs={"units": "hPa"}))
    ax = plot.day_profile(z, surface_pressure=surface)
    title = ax.get_title(loc="left").splitlines()
    assert title[0] == ProfileVerdict(int(found.verdict)).name.replace("_", " ")
    assert title[1].startswith(f"{int(found.n_below)} counted level")
    drawn = [line for line in ax.lines if line.get_gid() == "gradient"]
    assert len(drawn) == int(np.isfinite(float(found.gradient)))
    if drawn:  # the line falls or rises as fast as the scan says
        x, height = drawn[0].get_xdata(), -7.5 * np.log(drawn[0].get_ydata() / 1000.0)
        assert_allclose((x[-1] - x[0]) / (height[-1] - height[0]), float(found.gradient), rtol=1e-3, atol=1e-9)


def test_the_weighted_gradient_is_the_least_squares_line() -> None:
    values, sigma = examples.anomaly()
    ax = plot.day_profile(values, sigma=sigma, surface_pressure=880.0)
    (line,) = [line for line in ax.lines if line.get_gid() == "gradient"]
    p = examples.LEVELS
    used = (p <= 875) & (p >= 400)
    height = -7.5 * np.log(p / 1000)
    slope, start = np.polyfit(height[used], values.values[used] * 1e9, 1, w=1 / (sigma.values[used] * 1e9))
    own = -7.5 * np.log(np.asarray(line.get_ydata()) / 1000)
    assert_allclose(line.get_xdata(), start + slope * own, rtol=1e-6)


def test_a_retrieval_without_shape_says_so() -> None:
    kernel = xr.DataArray(np.outer(np.linspace(0.1, 0.3, 9), np.linspace(0.3, 1, 9)), dims=("level", "level_true"))
    values, sigma = examples.anomaly()
    title = plot.day_profile(values, sigma=sigma, surface_pressure=880.0, kernel=kernel).get_title(loc="left")
    assert title.startswith("AMPLITUDE ONLY")
    assert "carries no vertical shape" in title


# --- Along time -------------------------------------------------------------------------------------------------------


def test_a_section_has_a_column_for_every_day() -> None:
    z = examples.section()  # 29 samples of 30 days
    ax = plot.time_height(z, surface_pressure=880.0)
    (mesh,) = meshes(ax)
    shown = mesh.get_array()
    assert shown.shape == (9, 30)
    full = z.reindex(time=examples.days("2022-08-10", 30)).transpose("level", "time").values[::-1]
    assert_allclose(shown.compressed(), full[:-1][np.isfinite(full[:-1])])  # all but 925 hPa, which is in the ground
    (ground,) = [c for c in ax.collections if c.get_gid() == "ground"]
    assert (~np.ma.getmaskarray(ground.get_array())).sum(axis=1).tolist() == [0] * 8 + [30]
    assert {"missing", "below ground"} <= set(texts(ax.figure))


def test_signs_are_written_on_what_departs_for_those_who_see_grey() -> None:
    z = examples.section()
    ax = plot.time_height(z, surface_pressure=880.0, limit=3.0)
    above = z.where(z.level < 880)
    for marker, wanted in (("+", above >= 1.5), ("_", above <= -1.5)):
        (marks,) = [line for line in ax.lines if line.get_gid() == f"sign {marker}"]
        found = {(round(x - 0.5), y) for x, y in zip(marks.get_xdata(), marks.get_ydata(), strict=True)}
        assert len(found) == int(wanted.sum())
        assert {day for day, _ in found} == {
            round(mpl.dates.date2num(t)) for t in z.time.values[wanted.any("level").values]
        }
    assert not [line for line in plot.column_map(examples.xco()).lines if str(line.get_gid()).startswith("sign")]


def test_the_strip_has_the_letter_of_each_days_verdict() -> None:
    ax = plot.time_height(examples.section(), verdict=examples.verdicts())
    strip = ax.child_axes[0]
    letters = "".join(t.get_text() for t in strip.texts)
    wanted = {-1: "?", 0: "·", 1: "R", 2: "L", 3: "M", 4: "A"}
    assert letters == "".join(wanted[int(v)] for v in examples.verdicts().values)
    assert len(strip.patches) == 29  # the day without a sample stays open


def test_the_origin_time_is_where_it_belongs() -> None:
    for ax in (FIGURES["time_height"](), FIGURES["anomaly_series"](), FIGURES["correlation_series"]()):
        (line,) = [x for x in ax.lines if x.get_gid() == "event"]
        moment = mpl.dates.num2date(line.get_xdata()[0])
        assert moment.strftime("%Y-%m-%dT%H:%M:%S") == "2022-09-05T04:52:18"


def test_an_origin_time_beyond_the_axes_is_not_drawn_and_moves_nothing() -> None:
    for away in (np.timedelta64(-400, "D"), np.timedelta64(40, "D")):
        when = examples.ORIGIN + away
        for ax in (
            plot.time_height(examples.section(), verdict=examples.verdicts(), event_time=when, simulated=True),
            plot.anomaly_series(examples.series(), event_time=when, stages=examples.STAGES, simulated=True),
            plot.correlation_series(examples.rolling(), event_time=when, simulated=True),
        ):
            assert not [x for part in (ax, *ax.child_axes) for x in part.lines if x.get_gid() == "event"]
            assert "earthquake" not in texts(ax.figure)
            (stamp,) = [t for t in ax.texts if t.get_gid() == "simulated"]
            assert stamp.xyann == (0.0, 3.0)  # nothing to make room for
            left, right = ax.get_xlim()
            assert right - left <= 60.0


def test_two_samples_on_a_day_are_refused() -> None:
    z = examples.section()
    twice = xr.concat([z, z], "time")
    with pytest.raises(ValueError, match="several samples on one day along 'time'; take one orbit"):
        plot.time_height(twice)
    with pytest.raises(ValueError, match="several samples on one day"):
        plot.anomaly_series(twice.isel(level=0))


def test_a_series_rings_what_is_over_the_threshold_and_hatches_gaps() -> None:
    z = examples.series()
    ax = plot.anomaly_series(z, threshold=2.0)
    ringed = np.concatenate([line.get_ydata() for line in ax.lines if line.get_gid() == "over"])
    over = z.values.T
    assert_allclose(ringed, over[over >= 2.0])
    assert sum(p.get_gid() == "missing" for p in ax.patches) == 3


# --- Tracks and chance ------------------------------------------------------------------------------------------------


def test_maxima_are_drawn_in_order_of_time_with_days_that_have_one() -> None:
    ax = plot.maxima_map(examples.track(), event=examples.EVENT)
    (dots,) = [c for c in ax.collections if c.get_gid() == "maxima"]
    track = examples.track().dropna("time")
    assert_allclose(dots.get_offsets(), np.stack([track.lon, track.lat], 1))
    assert_allclose(dots.get_array(), mpl.dates.date2num(track.time.values))
    assert ax.get_title(loc="left") == "daily maximum: 29 of 30 days"


def test_curves_lie_about_the_epicentre() -> None:
    ax = plot.spiral_map(examples.track(), curves={"east": ([0.0, 100.0], [0.0, 0.0])}, event=examples.EVENT)
    (line,) = [x for x in ax.lines if x.get_gid() == "curve"]
    assert_allclose(line.get_xdata(), [102.08, 102.08 + 100 / (111.195 * np.cos(np.radians(29.59)))], rtol=1e-4)


@settings(max_examples=20)
@given(
    null=st.lists(st.floats(-3, 3).map(lambda v: round(v, 1)), min_size=1, max_size=60),
    statistic=st.floats(-3.5, 3.5).map(lambda v: round(v, 1)),
)
def test_hatched_bars_hold_the_placebos_that_reach_the_event(null: list[float], statistic: float) -> None:
    ax = plot.placebo_distribution(null, statistic=statistic, p_value=0.5)
    bars = [p for p in ax.patches if isinstance(p, mpl.patches.Rectangle)]
    reach = sum(p.get_height() for p in bars if p.get_hatch())
    rest = sum(p.get_height() for p in bars if not p.get_hatch())
    assert (reach, rest) == (sum(v >= statistic for v in null), sum(v < statistic for v in null))


def test_rates_have_wilsons_interval_by_the_effective_number() -> None:
    ax = plot.base_rates(examples.rates())
    bars = ax.containers[0][2][0].get_segments()
    low, high = wilson_interval(0.06, 120.0)
    assert_allclose(bars[0][:, 0], [100 * low, 100 * high])
    assert next(t.get_text() for t in ax.get_yticklabels()) == "CO, rooted"
    assert "11 of 180\n7 of 14" in texts(ax.figure)


def test_rows_keep_the_names_that_callers_give() -> None:
    names = ["CO", "SO2", "DBSCAN_2", "GNSS and VLF", ("ch4", "AMPLITUDE_ONLY"), "CO, raw"]
    rates = examples.rates().iloc[[0] * len(names)].set_axis(pd.Index(names, tupleize_cols=False))
    shown = [t.get_text() for t in plot.base_rates(rates).get_yticklabels()]
    assert shown == ["CO", "SO2", "DBSCAN_2", "GNSS and VLF", "CH₄, amplitude only", "CO, raw"]


def test_the_legend_of_base_rates_keeps_clear_of_the_stamp() -> None:
    ax = plot.base_rates(examples.rates(), simulated=True)
    ax.figure.draw_without_rendering()
    (stamp,) = [t for t in ax.texts if t.get_gid() == "simulated"]
    assert not ax.get_legend().get_window_extent().overlaps(stamp.get_window_extent())


def test_the_table_shows_numbers_intervals_and_what_was_published() -> None:
    ax = plot.correlation_table(examples.by_stage(), published=correlation.ZHAO2022_TABLE_1)
    found = texts(ax.figure)
    assert "+0.31 [−0.58, +0.86]" in found
    assert "+0.89 [–]" in found  # three days: no interval
    assert found.count("published") == 6
    assert len(ax.get_yticks()) == 12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot.spiral_null([0.1]), "statistic= and p_value= of the track must be given"),
        (lambda: plot.base_rates(pd.DataFrame({"rate": [0.1]})), "rates has no column n"),
        (lambda: plot.base_rates(pd.DataFrame({"rate": [10.0], "n": [3]})), r"rate must lie in 0\.\.1"),
        (lambda: plot.helix([1.0], [1.0, 2.0], [1.0], [1.0]), "must be 1-d of one length"),
        (lambda: plot.maxima_map(xr.Dataset({"x": ("time", [1.0])})), "track has no lon, lat"),
        (lambda: plot.correlation_series(xr.Dataset()), "rolling has no variable correlation, count"),
        (lambda: plot.level_map(examples.xco(), faults=[("a", [1.0])]), r"must be \(name, lon, lat\)"),
        (lambda: plot.time_height(examples.section(), limit=0.0), "limit must be positive"),
    ],
)
def test_bad_input_is_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


# --- Files ------------------------------------------------------------------------------------------------------------


def test_saved_files_are_the_same_every_time_at_300_dpi(tmp_path: Path) -> None:
    from matplotlib.image import imread

    first = plot.save(FIGURES["time_height"](), tmp_path / "a.png")
    second = plot.save(FIGURES["time_height"]().figure, tmp_path / "b")
    assert [p.name for p in first] == ["a.png", "a.svg"]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    assert imread(first[0]).shape[:2] == (round(4.2 * 300), round(7.2 * 300))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "a.svg", "b.png", "b.svg"]
    with pytest.raises(TypeError, match="drawing must be a Figure, Axes or an array of Axes, got str"):
        plot.save("figure", tmp_path / "c")
