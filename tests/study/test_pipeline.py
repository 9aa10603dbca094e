"""A study finds what was put into a world, nothing where nothing was, and says so where the data cannot tell."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
import worlds
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gasquake import report, study
from gasquake.errors import ConfigError
from gasquake.places import Event, Region
from gasquake.profiles import ProfileVerdict
from gasquake.simulate import SimulatedScene
from gasquake.simulate.release import RELEASE
from gasquake.study import StudyResult, output, pipeline, summary
from gasquake.study.inputs import Inputs
from gasquake.study.limits import _off_data, find_limits

#: For what can be seen in one gas with one spiral.
QUICK: dict[str, Any] = {
    "gas": {"gases": ["ch4"]},
    "track": {"kinds": ["involute"], "anchors": ["centre"], "nulls": ["rotate"]},
    "placebo": {"min_distance_km": 100.0},
}

SLOW = os.environ.get("GASQUAKE_SLOW") == "1"
EVENT_DATE = np.datetime64("2022-09-05")


def checked(result: StudyResult) -> dict[str, Any]:
    """The summary as it is read from JSON, held against its schema."""
    found: dict[str, Any] = json.loads(json.dumps(output.plain(study.summarise(result)), allow_nan=False))
    jsonschema.validate(found, output.summary_schema(), cls=jsonschema.Draft202012Validator)
    return found


def verdicts(found: dict[str, Any], gas: str, orbit: str, first: str, last: str) -> list[str]:
    """At the epicentre's cell on the days that could be judged."""
    days = found["profiles"][gas][orbit]["epicentre"]["days"]
    return [d["verdict"] for d in days if first <= d["date"] <= last and d["verdict"] != "UNDETERMINED"]


def pairs(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(gas, orbit) for gas, by_orbit in found["profiles"].items() for orbit in by_orbit]


def limits(found: dict[str, Any]) -> str:
    return " / ".join(found["verdict"]["limits"])


def near(scene: SimulatedScene) -> xr.Dataset:
    return worlds.NEAR.select(scene.cube)


# --- What was put in is found -----------------------------------------------------------------------------------------


def test_a_release_is_rooted(result: StudyResult) -> None:
    found = checked(result)
    headline = found["placebo"]["tests"]["headline"]
    assert found["verdict"]["finding"] == "ROOTED"
    assert "rooted at the ground more than chance" in found["verdict"]["sentence"]
    assert headline["p_value"] == headline["smallest_p"] == found["verdict"]["p_value"] <= 0.05
    assert headline["n"] >= 199
    assert found["placebo"]["kind"] == "rooted"
    assert found["inputs"]["baseline"] == "seasonal"
    assert found["inputs"]["simulated"] is True
    assert found["truth"]["amplitude"] == 1.0


def test_the_onset_is_that_of_the_simulation(result: StudyResult) -> None:
    found = checked(result)
    for gas, orbit in pairs(found):
        episode = found["profiles"][gas][orbit]["neighbourhood"]["episode"]
        onset = np.datetime64(episode["onset"])
        assert abs((onset - np.datetime64(found["truth"]["onset"][gas][:10])).astype(int)) <= 2
        assert episode["onset_low"] <= episode["onset"] <= episode["onset_high"]
        assert episode["p"] <= 0.05


def test_the_release_is_rooted_and_the_plume_is_not(result: StudyResult) -> None:
    found = checked(result)
    for gas, orbit in pairs(found):
        plume = verdicts(found, gas, orbit, "2022-08-07", "2022-08-12")
        assert len(plume) >= 3
        assert plume.count("ROOTLESS") > len(plume) / 2
        assert "ROOTED" not in plume
        release = verdicts(found, gas, orbit, "2022-08-27", "2022-09-08")
        assert len(release) >= 5
        assert release.count("ROOTED") > len(release) / 2
        assert "ROOTLESS" not in release
        rate = found["profiles"][gas][orbit]["epicentre"]["base_rate"]["ROOTED"]
        assert rate["low"] <= rate["rate"] <= rate["high"] < 0.2


def test_base_rates_are_counted_by_hand(result: StudyResult) -> None:
    row, column = 5, 4  # 29.5 N, 102.5 E would be another cell: the epicentre is at 102.08 E, 29.59 N
    judged, days = result.judged, result.days
    row = int(np.abs(judged["lat"].values - 29.59).argmin())
    column = int(np.abs(judged["lon"].values - 102.08).argmin())
    for gas in ("co", "ch4"):
        for orbit in ("ascending", "descending"):
            verdict = judged["verdict"].sel(gas=gas, orbit=orbit).isel(lat=row, lon=column).values
            labels = days.labels.sel(orbit=orbit).values
            year = judged["time"].dt.year.values
            calm = (year != 2022) | (labels == 0)
            known = verdict[calm & (verdict != ProfileVerdict.UNDETERMINED)]
            rate = result.profiles[gas][orbit]["epicentre"]["base_rate"]["ROOTED"]
            assert rate["n"] == known.size
            assert rate["hits"] == (known == ProfileVerdict.ROOTED).sum()


def test_a_calm_world_gives_nothing(calm_result: StudyResult) -> None:
    found = checked(calm_result)
    assert found["verdict"]["finding"] == "NONE"
    assert found["verdict"]["p_value"] > 0.05
    assert "no more than at other times and places" in found["verdict"]["sentence"]
    assert found["truth"] is None
    assert summary.beside_truth(calm_result) == []


def test_the_sentence_names_only_the_gas_that_was_there(scene: SimulatedScene, calm: SimulatedScene) -> None:
    # Of CO nothing was released: the mean of both gases is unusual for CH4 alone.
    cube = near(scene).assign(co=near(calm)["co"])
    found = checked(worlds.trace(scene, cube, **{**QUICK, "gas": {"gases": ["co", "ch4"]}}))
    assert found["verdict"]["finding"] == "ROOTED"
    assert found["placebo"]["tests"]["rooted co"]["p_value"] > 0.05
    assert found["verdict"]["sentence"].startswith("CH4 over the epicentre")
    assert " was rooted" in found["verdict"]["sentence"]
    assert any(line.startswith("CO: 0 of") for line in found["verdict"]["rests_on"])


def test_without_shape_there_is_amplitude_only(flat_result: StudyResult) -> None:
    found = checked(flat_result)
    assert found["verdict"]["finding"] == "AMPLITUDE_ONLY"
    assert found["placebo"]["kind"] == "amplitude"
    assert "one degree of freedom" in limits(found)
    judged = flat_result.judged["verdict"].values
    assert (judged == ProfileVerdict.AMPLITUDE_ONLY).any()
    for shaped in (ProfileVerdict.ROOTED, ProfileVerdict.ROOTLESS, ProfileVerdict.MIXED):
        assert not (judged == shaped).any()
    # Nowhere in the whole summary, but for the paper's own criterion and the rates of what never was.
    text = json.dumps({k: v for k, v in found.items() if k not in ("raw_criterion", "truth")})
    assert '"verdict": "ROOT' not in text
    for gas, orbit in pairs(found):
        for rate in found["profiles"][gas][orbit]["epicentre"]["base_rate"].values():
            assert rate["hits"] == 0
    for by_orbit in found["profiles_rolling_baseline"].values():
        for days in by_orbit.values():
            assert {day["verdict"] for day in days} <= {"NONE", "UNDETERMINED", "AMPLITUDE_ONLY"}


def test_no_kernel_no_shape(scene: SimulatedScene) -> None:
    bare = near(scene).drop_vars(["co_kernel", "ch4_kernel"])
    found = checked(worlds.trace(scene, bare, **QUICK))
    assert found["verdict"]["finding"] == "AMPLITUDE_ONLY"
    assert "no averaging kernels" in limits(found)
    for gas, orbit in pairs(found):
        told = set(verdicts(found, gas, orbit, "2022-08-01", "2022-09-10"))
        assert told <= {"NONE", "AMPLITUDE_ONLY"}
    for by_orbit in found["profiles_rolling_baseline"].values():
        for days in by_orbit.values():
            assert {day["verdict"] for day in days} <= {"NONE", "UNDETERMINED", "AMPLITUDE_ONLY"}


def test_an_assumed_shape_is_told(scene: SimulatedScene) -> None:
    bare = near(scene).drop_vars(["co_kernel", "ch4_kernel"])
    found = checked(worlds.trace(scene, bare, **QUICK, profile={"shape": "assumed"}))
    assert found["verdict"]["finding"] == "ROOTED"
    assert "assumed by the configuration" in limits(found)


def test_the_headline_alone_is_the_same(scene: SimulatedScene, result: StudyResult) -> None:
    alone = pipeline.headline(result.config, scene.cube, catalogue=scene.catalogue)
    whole = result.tests["headline"]
    assert (alone.p_value, alone.statistic, alone.n) == (whole.p_value, whole.statistic, whole.n)
    np.testing.assert_array_equal(alone.null, whole.null)


def test_the_truth_is_reported_and_never_used(scene: SimulatedScene, result: StudyResult) -> None:
    lied = worlds.trace(scene)
    one, other = study.summarise(result), study.summarise(lied)
    assert one.pop("truth") is not None
    assert other.pop("truth") is None
    assert output.plain(one) == output.plain(other)


def test_beside_the_truth(result: StudyResult) -> None:
    text = "\n".join(summary.beside_truth(result))
    assert "2022-08-23" in text
    assert "ROOTLESS" in text
    for gas in ("co", "ch4"):
        for orbit in ("ascending", "descending"):
            assert f"{gas} onset {orbit}" in text


# --- The parts that the issue lists -----------------------------------------------------------------------------------


def test_stage_means_of_every_gas_and_orbit(result: StudyResult) -> None:
    for gas in ("co", "ch4"):
        assert result.means[f"{gas}_mean"].dims[:2] == ("stage", "orbit")
        assert result.means[f"{gas}_n"].dtype.kind == "i"
    assert result.means["stage"].values.tolist() == ["background", "before", "during", "after"]
    # The earthquake ends "before": the ascending orbit of its date came two hours later.
    labels = result.days.labels.sel(time=EVENT_DATE)
    assert [result.stages[k].name for k in labels.values] == ["during", "before"]


def test_every_spiral_stands_beside_plainer_models(result: StudyResult) -> None:
    found = checked(result)
    for gas in ("co", "ch4"):
        track = found["tracks"][gas]
        names = {model["name"] for model in track["models"]}
        for plain in ("constant", "line", "walk"):
            assert any(plain in name for name in names), names
        spirals = {test["spiral"] for test in track["tests"]}
        assert spirals == {  # an Archimedean spiral begins at its centre
            "archimedean_centre", "involute_centre", "involute_cusp", "logarithmic_centre", "logarithmic_cusp",
        }  # fmt: skip
        assert {test["null"] for test in track["tests"]} == {"permute_days", "rotate", "move_anchor", "climatology"}
        tested = [test for test in track["tests"] if test["p_value"] is not None]
        assert tested
        assert all(test["p_holm"] >= test["p_value"] for test in tested)
        assert track["helix"] is not None


def test_correlations_stand_beside_the_papers(result: StudyResult) -> None:
    rows = checked(result)["correlation"]
    assert {(row["stage"], row["orbit"]) for row in rows} == {
        (stage, orbit) for stage in ("background", "before", "during", "after") for orbit in ("ascending", "descending")
    }
    assert any(row["zhao2022_r"] is not None for row in rows)
    for row in rows:
        if row["pearson"] is not None:
            assert row["low"] is None or row["low"] <= row["pearson"] <= row["high"]
            assert row["n_effective"] <= row["n"]


def test_the_implied_mass_is_of_what_was_released(result: StudyResult, calm_result: StudyResult) -> None:
    # The two worlds differ in what was released, and in nothing else. Not all of it comes back: some lies where nothing
    # was seen, and with so few years the trend takes part of what one year has more.
    with_it, without = checked(result)["masses"], checked(calm_result)["masses"]
    overpass = np.arange("2022-08-23", "2022-09-05", dtype="datetime64[D]").astype("datetime64[ns]")
    for gas in ("co", "ch4"):
        for masses in (with_it, without):
            assert all(stage["n"] > 0 and stage["standard_error"] > 0 for stage in masses[gas].values())
            assert all(stage["n_years"] == 6 for stage in masses[gas].values())
        resident = RELEASE.resident_mass(gas, overpass + np.timedelta64(12, "h")).mean() / 1000.0
        found = with_it[gas]["before"]["tonnes"] - without[gas]["before"]["tonnes"]
        assert 0.4 * resident < found < 1.1 * resident


def test_every_test_has_its_smallest_p(result: StudyResult) -> None:
    for name, test in checked(result)["placebo"]["tests"].items():
        if test["p_value"] is not None:
            assert 0 < test["smallest_p"] <= test["p_value"] <= 1, name
            assert test["n_effective"] <= test["n"]


# --- Odd data ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gas", ["co", "ch4"])
def test_one_gas(scene: SimulatedScene, gas: str) -> None:
    cube = near(scene)[[gas, f"{gas}_kernel", "surface_pressure"]]
    traced = worlds.trace(scene, cube, **{**QUICK, "gas": {"gases": [gas]}})
    found = checked(traced)
    assert list(found["profiles"]) == [gas]
    assert found["correlation"] == []
    assert found["verdict"]["finding"] == "ROOTED"
    assert f"{gas.upper()} over the epicentre" in found["verdict"]["sentence"]
    assert "was rooted" in found["verdict"]["sentence"]


def test_one_orbit(scene: SimulatedScene) -> None:
    found = checked(worlds.trace(scene, near(scene).sel(orbit=["descending"]), **QUICK))
    assert list(found["profiles"]["ch4"]) == ["descending"]
    assert found["verdict"]["finding"] == "ROOTED"
    assert "no ascending orbit" in limits(found)


def test_a_month_without_data(scene: SimulatedScene) -> None:
    cube = near(scene)
    dark = (cube["time"] >= np.datetime64("2022-08-01")) & (cube["time"] < np.datetime64("2022-09-01"))
    cube = cube.assign({gas: cube[gas].where(~dark) for gas in ("co", "ch4")})
    found = checked(worlds.trace(scene, cube, **QUICK))
    for gas, orbit in pairs(found):
        assert verdicts(found, gas, orbit, "2022-08-01", "2022-08-31") == []
    assert found["verdict"]["finding"] in ("ROOTED", "NONE", "UNDETERMINED")


def test_a_year_without_data_is_undetermined(scene: SimulatedScene) -> None:
    cube = near(scene)
    cube = cube.assign({gas: cube[gas].where(cube["time"].dt.year != 2022) for gas in ("co", "ch4")})
    found = checked(worlds.trace(scene, cube, **QUICK))
    assert found["verdict"]["finding"] == "UNDETERMINED"
    assert found["verdict"]["p_value"] is None
    assert "could be judged" in found["verdict"]["sentence"]


def test_no_data_at_all_is_undetermined(scene: SimulatedScene) -> None:
    cube = near(scene)
    cube = cube.assign({gas: cube[gas].where(xr.zeros_like(cube["time"], dtype=bool)) for gas in ("co", "ch4")})
    found = checked(worlds.trace(scene, cube, **QUICK))
    assert found["verdict"]["finding"] == "UNDETERMINED"
    assert found["placebo"]["tests"]["headline"]["n"] == 0


def test_one_year_alone_rolls(scene: SimulatedScene) -> None:
    cube = worlds.DOMAIN.select(scene.cube)
    cube = cube.sel(time=cube["time"].dt.year == 2022)
    found = checked(worlds.trace(scene, cube))
    assert found["inputs"]["baseline"] == "rolling"
    assert found["profiles_rolling_baseline"] == {}
    assert "without other years" in limits(found)
    assert {member["year"] for member in found["placebo"]["members"]} == {2022}
    assert found["placebo"]["tests"]["headline"]["n_effective"] < 40
    if found["verdict"]["smallest_p"] > 0.05:
        assert found["verdict"]["finding"] == "UNDETERMINED"


def test_both_baselines_are_reported(result: StudyResult) -> None:
    found = checked(result)
    for gas, orbit in pairs(found):
        rolling = found["profiles_rolling_baseline"][gas][orbit]
        seasonal = found["profiles"][gas][orbit]["epicentre"]["days"]
        assert [d["date"] for d in rolling] == [d["date"] for d in seasonal]
        assert [d["verdict"] for d in rolling] != [d["verdict"] for d in seasonal]


def test_rolling_by_choice(scene: SimulatedScene) -> None:
    changed = {**QUICK, "anomaly": {"baseline": "rolling"}}
    found = checked(worlds.trace(scene, near(scene), **changed))
    assert found["inputs"]["baseline"] == "rolling"
    assert {member["year"] for member in found["placebo"]["members"]} >= {2018, 2021}
    assert "without other years" not in limits(found)


def test_too_few_placebos_are_undetermined(scene: SimulatedScene) -> None:
    cube = near(scene)
    found = checked(worlds.trace(scene, cube, placebo={"places": False}))
    headline = found["placebo"]["tests"]["headline"]
    assert headline["n"] == 6
    assert found["verdict"]["finding"] == "UNDETERMINED"
    assert "only 6 independent placebos" in found["verdict"]["sentence"]
    assert f"{headline['smallest_p']:.2g}" in found["verdict"]["sentence"]


def test_without_a_catalogue_it_is_told(scene: SimulatedScene) -> None:
    config = worlds.config_of(scene.event, Path("unused"), **QUICK)
    found = checked(study.run(config, cube=near(scene)))
    assert "no catalogue" in limits(found)
    assert found["placebo"]["screened"] is None


def test_a_catalogue_of_other_years_is_no_assurance(scene: SimulatedScene) -> None:
    config = worlds.config_of(scene.event, Path("unused"), **QUICK)
    old = scene.catalogue.assign(time=scene.catalogue["time"] - pd.Timedelta(days=20_000))
    found = checked(study.run(config, cube=near(scene), catalogue=old))
    assert "the catalogue has no earthquake in the years and the area of the placebos" in limits(found)
    assert found["placebo"]["screened"] == 0


def test_a_catalogue_of_some_of_the_years_is_told(scene: SimulatedScene) -> None:
    config = worlds.config_of(scene.event, Path("unused"), **QUICK)
    often = pd.DataFrame(
        {"time": pd.date_range("2019-01-05", "2022-12-31", freq="7D"), "longitude": 103.0, "latitude": 30.0,
         "depth_km": 10.0, "magnitude": 3.0, "magnitude_type": "ML", "event_id": "small"}
    )  # fmt: skip
    late = pd.concat([scene.catalogue[scene.catalogue["time"] >= "2019-01-01"], often]).sort_values("time")
    result = study.run(config, cube=near(scene), catalogue=late)
    found = checked(result)
    n = sum(member["year"] < 2019 for member in found["placebo"]["members"])
    assert 0 < n == found["placebo"]["unscreened"] < len(found["placebo"]["members"])
    first, last = (f"{late['time'].iloc[k]:%Y-%m-%d}" for k in (0, -1))
    told = (
        f"{n} of {len(result.placebos)} placebo windows could not be screened for earthquakes: the catalogue covers "
        f"{first} to {last}"
    )
    assert told in found["verdict"]["limits"]
    for language, words in (("en", told), ("zh", f"地震目录覆盖 {first} 至 {last}")):
        page = report.render(result, language=language, pictures=[])
        assert words in page
        assert f"{n} could not be screened" in page or f"{n} 个因地震目录未覆盖其日期而无法筛查" in page


def test_a_catalogue_that_is_right_is_counted(result: StudyResult) -> None:
    found = checked(result)
    assert 0 < found["placebo"]["screened"] <= len(result.placebos) * 1000
    assert found["placebo"]["unscreened"] == 0
    assert "catalogue" not in limits(found)
    assert "the data end" not in limits(found)


@pytest.mark.parametrize(
    ("text", "told"),
    [("time,latitude,longitude,depth,mag,magType,id\n", "holds no earthquake"), (None, "cannot be read (no such file")],
)
def test_a_catalogue_of_nothing_is_an_error(scene: SimulatedScene, tmp_path: Path, text: str | None, told: str) -> None:
    path = tmp_path / "hdr.csv"
    if text is not None:
        path.write_text(text)
    config = worlds.config_of(scene.event, Path("unused"), **{**QUICK, "placebo": {"catalogue": str(path)}})
    with pytest.raises(ConfigError) as caught:
        study.run(config, cube=near(scene))
    assert str(caught.value).startswith(f"placebo.catalogue: {path} {told}")


def test_a_region_beyond_the_data_is_told(scene: SimulatedScene) -> None:
    wide = {"west": 98.0, "east": 130.0, "south": 25.6, "north": 40.0}
    found = checked(worlds.trace(scene, near(scene), **QUICK, region=wide))
    told = [line for line in found["verdict"]["limits"] if "the data end" in line]
    # The row below 26 N has its centre at 25.5 N: the region holds all of its side.
    assert told == ["the region reaches 130 E, the data end at 106 E", "the region reaches 40 N, the data end at 33 N"]


def test_soundings_end_where_none_is(scene: SimulatedScene) -> None:
    """Their grid is that of the region, however little of it they fill."""
    config = worlds.config_of(scene.event, Path("unused"), **QUICK)
    cube = near(scene)
    cube = cube.assign(ch4=cube["ch4"].where(cube["lon"] < 104.0), co=cube["co"].where(cube["lon"] < 104.0))
    found = {}
    for kind in ("soundings", "cube"):
        judged = xr.Dataset({"verdict": ((), 0), "amplitude": cube["co"]}, attrs={"baseline": "seasonal"})
        said = find_limits(config, Inputs(cube, kind), judged, pd.DataFrame(), event=scene.event)
        found[kind] = [str(limit) for limit in said if limit.kind == "off_data"]
    assert found == {"soundings": ["the region reaches 106 E, the data end at 104 E"], "cube": []}


def test_a_region_without_a_value_is_told(scene: SimulatedScene) -> None:
    config = worlds.config_of(scene.event, Path("unused"), **QUICK)
    region, cube = config.region.resolve(), near(scene)
    inside = xr.DataArray(region.contains(*np.meshgrid(cube["lon"], cube["lat"])), dims=("lat", "lon"))
    for empty in (True, False):
        amplitude = cube["co"].where(~inside) if empty else cube["co"]
        judged = xr.Dataset({"verdict": ((), 0), "amplitude": amplitude}, attrs={"baseline": "seasonal"})
        said = find_limits(config, Inputs(cube, "granules"), judged, pd.DataFrame(), event=scene.event)
        kinds = [limit.kind for limit in said]
        assert ("no_value" in kinds) == empty


def test_data_that_end_before_the_earthquake_say_so(scene: SimulatedScene) -> None:
    config = worlds.config_of(scene.event, Path("unused"), **QUICK)
    judged = xr.Dataset({"verdict": ((), 0), "amplitude": scene.cube["co"]}, attrs={"baseline": "seasonal"})
    said = {}
    for last in ("2022-08-30", "2022-09-04", "2022-09-05", "2022-09-10"):
        inputs = Inputs(scene.cube.sel(time=slice(None, last)), "cube")
        found = find_limits(config, inputs, judged, pd.DataFrame(), event=scene.event)
        said[last] = [limit.numbers for limit in found if limit.kind == "ends_before"]
    assert said == {
        "2022-08-30": [{"last": "2022-08-30", "days": 6}], "2022-09-04": [{"last": "2022-09-04", "days": 1}],
        "2022-09-05": [], "2022-09-10": [],
    }  # fmt: skip


def test_a_region_all_around_the_earth_of_data_of_a_part(scene: SimulatedScene) -> None:
    globe = xr.Dataset(coords={"lat": np.arange(26.5, 33.0), "lon": np.arange(0.5, 360.0)})
    for whole in (Region(-180.0, 26.0, 180.0, 33.0), Region(0.0, 26.0, 360.0, 33.0)):
        assert [limit.numbers for limit in _off_data(whole, near(scene))] == [
            {"reach": "-180 E", "end": "98 E"}, {"reach": "180 E", "end": "106 E"},
        ]  # fmt: skip
        assert _off_data(whole, globe) == []
    across = Region(170.0, 26.0, -160.0, 33.0)
    lon = xr.DataArray(np.arange(172.5, 190.0), dims="lon")
    moved = near(scene).isel(lon=[0] * lon.size).assign_coords(lon=lon)
    assert [limit.numbers for limit in _off_data(across, moved)] == [
        {"reach": "170 E", "end": "172 E"}, {"reach": "-160 E", "end": "-170 E"},
    ]  # fmt: skip


def test_an_event_in_another_year_than_the_data(scene: SimulatedScene) -> None:
    event = {"time": "2030-09-05T04:52:18Z"}
    with pytest.raises(ConfigError) as caught:
        worlds.trace(scene, near(scene), **QUICK, event=event)
    message = str(caught.value)
    assert "'before' (2030-0" in message
    assert "'during' (2030-09-05 to 2030-" in message
    assert "the data reach from 20" in message
    assert "event.time = 2030-09-05T04:52:18Z: is that right?" in message
    with pytest.raises(
        ConfigError, match=r"season of the stages, .*'before' \(2022-0.* event.time = 2022-03-05T04:52:18Z"
    ):
        worlds.trace(scene, near(scene), **QUICK, event={"time": "2022-03-05T04:52:18Z"})


def turned(scene: SimulatedScene, degrees: float) -> tuple[xr.Dataset, Event, pd.DataFrame]:
    """The same world elsewhere on the same parallels: what was seen, when, and where from the epicentre stay."""
    from gasquake import stages

    cube = near(scene)
    lon = (cube["lon"] + degrees + 180.0) % 360.0 - 180.0
    overpass = stages.overpass_time(cube, longitude=scene.event.longitude).rename("overpass")
    cube = cube.assign(overpass=overpass).assign_coords(lon=lon.assign_attrs(cube["lon"].attrs)).sortby("lon")
    event = Event(scene.event.time, scene.event.longitude + degrees, scene.event.latitude, magnitude=6.8)
    shifted = (scene.catalogue["longitude"] + degrees + 180.0) % 360.0 - 180.0
    return cube, event, scene.catalogue.assign(longitude=shifted)


def placeless(value: Any) -> Any:
    """A summary without longitudes, and rounded."""
    if isinstance(value, dict):
        return {k: placeless(v) for k, v in value.items() if k not in ("longitude", "west", "east")}
    if isinstance(value, list):
        return [placeless(v) for v in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


@pytest.mark.parametrize("degrees", [78.0, 84.0])
def test_across_180_degrees(scene: SimulatedScene, degrees: float) -> None:
    found = []
    # 180 degrees lie in the region, or beyond it among the placebos on either side.
    for turn in (0.0, degrees):
        cube, event, catalogue = turned(scene, turn)
        west, east = ((edge + turn + 180.0) % 360.0 - 180.0 for edge in (99.0, 105.0))
        config = worlds.config_of(
            event, Path("unused"), **{**QUICK, "placebo": {"places": False}},
            region={"west": west, "east": east, "south": 27.0, "north": 32.0},
        )  # fmt: skip
        traced = study.run(config, cube=cube, catalogue=catalogue)
        found.append(checked(traced))
        for gas in ("ch4",):
            for feature in study.summary.track_geojson(traced)["features"]:
                assert -180 <= feature["geometry"]["coordinates"][0] <= 180
            for day in traced.profiles[gas]["ascending"]["maximum"]["days"]:
                assert Region(west, 27.0, east, 32.0).contains(day["longitude"], day["latitude"])
    assert placeless(found[0]["profiles"]) == placeless(found[1]["profiles"])
    for part in ("verdict", "stages", "raw_criterion", "lateral", "correlation", "masses", "placebo"):
        assert placeless(found[0][part]) == placeless(found[1][part]), part


@pytest.mark.parametrize("pole", [1.0, -1.0])
def test_a_polar_region(scene: SimulatedScene, pole: float) -> None:
    cube, event, _ = turned(scene, 0.0)
    lat = xr.DataArray(pole * (83.5 + np.arange(7.0)), dims="lat", attrs=cube["lat"].attrs)
    cube = cube.assign_coords(lat=lat).sortby("lat")
    event = Event(event.time, event.longitude, pole * 86.6, magnitude=6.8)
    south, north = sorted((pole * 83.0, pole * 90.0))
    traced = study.run(
        worlds.config_of(event, Path("unused"), **QUICK, region={"south": south, "north": north}), cube=cube
    )  # fmt: skip
    found = checked(traced)
    assert found["verdict"]["finding"] in ("ROOTED", "NONE", "UNDETERMINED")
    assert verdicts(found, "ch4", "ascending", "2022-08-27", "2022-09-08").count("ROOTED") >= 3


def test_one_layer(scene: SimulatedScene) -> None:
    layer = near(scene).sel(level=500.0, drop=True).drop_vars(["co_kernel", "ch4_kernel", "level_true"])
    found = checked(worlds.trace(scene, layer, **QUICK))
    assert found["verdict"]["finding"] in ("AMPLITUDE_ONLY", "NONE")
    assert "one layer" in limits(found)
    assert found["placebo"]["kind"] == "amplitude"
    for gas, orbit in pairs(found):
        assert verdicts(found, gas, orbit, "2022-08-01", "2022-09-10") == []
        assert found["tracks"][gas]["helix"] is None
    assert found["masses"] == {}  # of a layer at 500 hPa
    bare = layer.drop_vars("surface_pressure")
    assert checked(worlds.trace(scene, bare, **QUICK))["verdict"] == found["verdict"]


def test_an_archive_of_whole_years(scene: SimulatedScene) -> None:
    # Before and after the season that was simulated stands the release of 2022 once more, in all years.
    cube = near(scene)
    release = cube.sel(time=cube["time"].dt.year == 2022)
    parts = [cube]
    for year in range(2016, 2023):
        for days in (-100, 100):
            moved = release["time"].values + np.timedelta64(days + 365 * (year - 2022), "D")
            shift = moved - release["time"].values
            parts.append(
                release.assign_coords(
                    time=moved,
                    window_start=release["window_start"] + shift[:, np.newaxis],
                    window_end=release["window_end"] + shift[:, np.newaxis],
                )
            )
    whole = xr.concat(parts, "time", data_vars="minimal", coords="minimal", compat="override", join="outer")
    for gas in ("co", "ch4"):
        assert whole[gas].sizes["time"] > 2.5 * cube.sizes["time"]
    one, other = (checked(worlds.trace(scene, c, **QUICK)) for c in (cube, whole.sortby("time")))
    assert one == other


def test_a_season_across_new_year(scene: SimulatedScene) -> None:
    cube = near(scene)
    shift = np.timedelta64(120, "D")
    moved = cube.assign_coords(
        time=cube["time"] + shift, window_start=cube["window_start"] + shift, window_end=cube["window_end"] + shift
    )
    event = Event(scene.event.time + shift, scene.event.longitude, scene.event.latitude, magnitude=6.8)
    assert str(event.time)[:10] == "2023-01-03"
    found = checked(study.run(worlds.config_of(event, Path("unused"), **QUICK), cube=moved))
    assert found["verdict"]["finding"] == "ROOTED"
    assert found["inputs"]["days_in_event_year"] == 41
    assert found["profiles"]["ch4"]["ascending"]["neighbourhood"]["episode"]["onset"][:7] == "2022-12"
    assert [stage["name"] for stage in found["stages"]] == ["background", "before", "during", "after"]
    assert {member["year"] for member in found["placebo"]["members"]} == set(range(2017, 2024))


# --- Data that do not go with the configuration -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "key", "found"),
    [
        ({"region": {"west": -10.0, "east": 10.0}, "event": {"longitude": 0.0}}, "region", "98.5..105.5 E"),
        ({"event": {"longitude": 120.0}}, "region", "120 E"),
        ({"region": {"west": 101.9, "east": 103.1}}, "region", "1 cells"),
        ({"region": {"east": 120.0}, "event": {"longitude": 115.0}}, "region", "off the data"),
        ({"gas": {"gases": ["co2"]}}, "gas.gases", "['co', 'ch4']"),
        ({"gas": {"orbits": ["all"]}}, "gas.orbits", "ascending"),
        ({"event": {"time": "1999-09-05T04:52:18Z"}}, "stages", "before"),
    ],
)
def test_what_the_data_lack_is_named(scene: SimulatedScene, sections: dict[str, Any], key: str, found: str) -> None:
    with pytest.raises(ConfigError) as caught:
        worlds.trace(scene, near(scene), **sections)
    assert str(caught.value).startswith(key)
    assert found in str(caught.value)


def test_levels_without_a_ground(scene: SimulatedScene) -> None:
    with pytest.raises(ConfigError, match="no surface_pressure"):
        worlds.trace(scene, near(scene).drop_vars("surface_pressure"))


def test_days_in_disorder(scene: SimulatedScene) -> None:
    with pytest.raises(ConfigError, match="do not increase"):
        worlds.trace(scene, near(scene).isel(time=slice(None, None, -1)))


def test_a_cube_that_does_not_say_when(scene: SimulatedScene) -> None:
    with pytest.raises(ValueError, match="window_start"):
        worlds.trace(scene, near(scene).drop_vars(["window_start", "window_end"]))


@pytest.mark.parametrize("key", ["placebo.catalogue", "track.roti"])
def test_tables_are_read_before_anything_else(scene: SimulatedScene, tmp_path: Path, key: str) -> None:
    section, name = key.split(".")
    path = tmp_path / "table.csv"
    config = worlds.config_of(scene.event, tmp_path, **{section: {name: str(path)}})
    with pytest.raises(ConfigError, match=key):
        study.run(config)  # [gas] names nothing that is there, and that is not what is told
    path.write_text("no,table,of,this,kind\n1,2,3,4,5\n")
    with pytest.raises(ConfigError, match=key):
        study.run(config)


WINDOWS = [
    {"name": "background", "start": "2022-08-01T00:00:00Z", "end": "2022-08-23T00:00:00Z"},
    {"name": "before", "start": "2022-08-23T00:00:00Z", "end": "2022-09-05T04:52:18Z"},
    {"name": "during", "start": "2022-09-05T04:52:18Z", "end": "2022-09-07T00:00:00Z"},
    {"name": "late", "start": "2022-09-08T00:00:00Z", "end": "2022-09-09T00:00:00Z"},
]


def some(**choices: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the keys, each with one of its values."""
    return st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in choices.items()})


SECTIONS = st.fixed_dictionaries(
    {
        "gas": some(gases=[["co"], ["ch4"], ["ch4", "co"]], orbits=[["ascending"], ["descending", "ascending"]]),
        "profile": some(split=[850.0, 600.0, 400.0], upper=[50.0, 300.0], threshold=[1.0, 6.0], min_below=[1, 5],
                        radius_cells=[0, 2, 5], shape=["kernel", "assumed"]),
        "anomaly": some(baseline=["seasonal", "rolling"], method=["moment", "robust"], half_width_days=[0, 182],
                        min_years=[1, 20], min_count=[2, 200], window_days=[2, 60], min_fraction=[0.01, 1.0]),
        "track": some(kinds=[["involute"], ["archimedean"]], anchors=[["centre"], ["cusp"]],
                      nulls=[["permute_days"], ["rotate"], ["move_anchor"]], loss=["huber", "square"]),
        "placebo": some(n=[1, 499], min_distance_km=[50.0, 5000.0], exclusion_km=[1.0, 9000.0],
                        margin_degrees=[0.0, 360.0], dates=[True, False], places=[True, False]),
        "region": st.sampled_from([{}, {"west": 101.0, "east": 104.0, "south": 28.0, "north": 31.0}]),
        "stages": st.sampled_from([{}, {"preset": "zhao2022_table_1"}, {"windows": WINDOWS[1:3]},
                                   {"windows": WINDOWS, "tested": ["late"]}]),
    }
)  # fmt: skip


@settings(max_examples=60 if SLOW else 6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SECTIONS, st.sampled_from(["whole", "one year", "few years", "gaps", "holes"]), st.integers(0, 99))
def test_any_study_ends_in_a_summary_or_says_why_not(
    scene: SimulatedScene, sections: dict[str, Any], kind: str, seed: int
) -> None:
    cube, rng = near(scene), np.random.default_rng(seed)
    if kind in ("one year", "few years"):
        cube = cube.sel(time=cube["time"].dt.year >= (2022 if kind == "one year" else 2020))
    elif kind == "gaps":
        cube = cube.isel(time=np.sort(rng.choice(cube.sizes["time"], 60, replace=False)))
    elif kind == "holes":
        cube = cube.assign({gas: cube[gas].where(rng.random(cube[gas].shape) < 0.02) for gas in ("co", "ch4")})
    merged = {name: {**QUICK.get(name, {}), **section} for name, section in sections.items()}
    try:
        checked(worlds.trace(scene, cube, **merged))
    except ConfigError as error:
        assert "no day of the data" in str(error)


def test_the_smallest_region(scene: SimulatedScene) -> None:
    region = {"west": 101.0, "east": 104.0, "south": 28.0, "north": 31.0}
    found = checked(worlds.trace(scene, near(scene), **QUICK, region=region))
    assert found["verdict"]["finding"] == "ROOTED"


# --- However the data lie ---------------------------------------------------------------------------------------------


def test_a_chunked_cube_gives_the_same(scene: SimulatedScene) -> None:
    pytest.importorskip("dask")
    cube = near(scene)
    one = output.plain(study.summarise(worlds.trace(scene, cube, **QUICK)))
    other = output.plain(study.summarise(worlds.trace(scene, cube.chunk(time=32, lat=3, lon=4, orbit=1), **QUICK)))
    assert one == other


def test_the_order_of_the_grid_does_not_matter(scene: SimulatedScene) -> None:
    cube = near(scene)
    one = output.plain(study.summarise(worlds.trace(scene, cube, **QUICK)))
    flipped = cube.isel(lat=slice(None, None, -1)).assign_coords(lon=cube["lon"] + 360.0)
    flipped["lon"].attrs = cube["lon"].attrs
    assert output.plain(study.summarise(worlds.trace(scene, flipped, **QUICK))) == one


def test_days_filtered_by_roti(scene: SimulatedScene, tmp_path: Path) -> None:
    dates = pd.date_range("2022-08-01", "2022-09-10")
    roti = np.where(np.arange(dates.size) % 4 == 0, 0.5, 0.1)
    table = tmp_path / "roti.csv"
    pd.DataFrame({"date": dates.strftime("%Y-%m-%d"), "roti": roti}).to_csv(table, index=False)
    changed = {**QUICK, "track": {**QUICK["track"], "roti": str(table)}}
    found = checked(worlds.trace(scene, near(scene), **changed))
    for track in found["tracks"].values():
        assert track["roti"]["threshold"] == 0.3
        assert track["roti"]["days_kept"] < track["roti"]["days"]
        assert 0 < track["roti"]["p_random_subset"] <= 1
        assert all(int(point["date"][8:]) for point in track["points"])
