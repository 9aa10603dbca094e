"""Scenes with known truth: the contract of the cube, determinism, and that the truth can be found."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from gasquake import anomalies, io, simulate, trend
from gasquake.places import Region, distance_km
from gasquake.profiles import ProfileVerdict, scan_profiles, shape_information
from gasquake.simulate import noise
from gasquake.simulate.background import BACKGROUND, LEVELS
from gasquake.simulate.kernel import averaging_kernel, smoothed
from gasquake.simulate.scene import REGION
from gasquake.simulate.seismicity import background_catalogue

SMALL = Region(100.0, 27.0, 106.0, 33.0)
ORBITS = ("ascending", "descending")


@pytest.fixture(scope="module")
def scene() -> simulate.SimulatedScene:
    return simulate.luding(region=SMALL, seed=3)


@pytest.fixture(scope="module")
def bare() -> simulate.SimulatedScene:
    return simulate.luding(region=SMALL, seed=3, amplitude=0.0)


# --- The contract -----------------------------------------------------------------------------------------------------


def test_the_cube_keeps_the_contract(scene: simulate.SimulatedScene) -> None:
    cube = scene.cube
    assert cube["co"].dims == cube["ch4"].dims == ("time", "orbit", "level", "lat", "lon")
    assert dict(cube.sizes) == {"time": 451, "orbit": 2, "level": 24, "lat": 6, "lon": 6, "level_true": 24}
    assert {str(cube[name].dtype) for name in ("co", "ch4", "surface_pressure")} == {"float32"}
    assert cube["co"].attrs["units"] == "mol mol-1"
    assert cube["surface_pressure"].attrs["units"] == cube["level"].attrs["units"] == "hPa"
    assert cube["orbit"].values.tolist() == list(ORBITS)
    assert cube["level"].values[[0, 3, -1]].tolist() == [1000.0, 700.0, 1.0]
    assert cube["lat"].values.tolist() == [27.5, 28.5, 29.5, 30.5, 31.5, 32.5]
    assert cube.attrs["simulated"] == 1
    assert cube.attrs["Conventions"].startswith("CF")
    assert cube.attrs["history"].count("\n") == 0
    assert cube["time"].dtype == "datetime64[ns]"
    days = pd.DatetimeIndex(cube["time"].values)
    assert days.strftime("%m-%d").isin(["07-31", "09-11"]).sum() == 0
    assert days.year.value_counts().to_dict() == dict.fromkeys(range(2012, 2023), 41)


def test_windows_are_those_of_the_files(scene: simulate.SimulatedScene) -> None:
    day = scene.cube.sel(time="2022-09-05")
    start = {o: str(day["window_start"].sel(orbit=o).values)[:16] for o in ORBITS}
    end = {o: str(day["window_end"].sel(orbit=o).values)[:16] for o in ORBITS}
    assert start == {"ascending": "2022-09-05T01:30", "descending": "2022-09-04T13:30"}
    assert end == {"ascending": "2022-09-06T01:30", "descending": "2022-09-05T13:30"}


def test_below_ground_is_missing_and_the_rest_is_gas(scene: simulate.SimulatedScene) -> None:
    cube = scene.cube
    below = (cube["level"] > cube["surface_pressure"]).transpose(*cube["co"].dims)
    assert not cube["co"].where(below).notnull().any()
    assert cube["co"].where(~below).notnull().mean() > 0.3
    for gas, low, high in (("co", 5e-9, 3e-7), ("ch4", 1e-7, 2.2e-6)):
        assert low < float(cube[gas].min()) < float(cube[gas].max()) < high


def test_the_ground_leaves_two_levels_at_the_epicentre_and_none_on_the_plateau() -> None:
    cube = simulate.luding(years=0, gases=("co",)).cube
    ground = cube["surface_pressure"].sel(lon=102.5, lat=29.5)
    assert 720.0 < float(ground.min()) < float(ground.max()) < 850.0
    assert 600.0 < float(cube["surface_pressure"].sel(lon=100.5, lat=30.5).max()) < 700.0
    assert float(cube["surface_pressure"].sel(lon=92.5, lat=33.5).max()) < 620.0
    assert float(cube["surface_pressure"].sel(lon=105.5, lat=30.5).min()) > 900.0
    assert float(cube["surface_pressure"].std("time").max()) > 1.0


def test_the_default_region_has_room_for_placebos() -> None:
    lon, lat = (axis.ravel() for axis in np.meshgrid(np.arange(84.5, 120), np.arange(16.5, 44)))
    chosen: list[int] = []
    for i in np.flatnonzero(distance_km(102.08, 29.59, lon, lat) >= 500.0):
        if all(distance_km(lon[i], lat[i], lon[j], lat[j]) >= 500.0 for j in chosen):
            chosen.append(int(i))
    assert len(chosen) >= 20
    assert (REGION.west, REGION.south, REGION.east, REGION.north) == (84.0, 16.0, 120.0, 44.0)


def test_longitudes_go_on_past_180_degrees() -> None:
    cube = simulate.luding(years=0, region=Region(100.0, 28.0, -175.0, 31.0), gases=("co",)).cube
    assert cube["lon"].values[[0, -1]].tolist() == [100.5, 184.5]
    assert np.diff(cube["lon"].values).tolist() == [1.0] * 84


# --- Determinism ------------------------------------------------------------------------------------------------------


def test_one_seed_one_world_bit_for_bit() -> None:
    first, second = (simulate.luding(region=SMALL, years=2, seed=11) for _ in range(2))
    xr.testing.assert_identical(first.cube, second.cube)
    pd.testing.assert_frame_equal(first.catalogue, second.catalogue)
    assert first.truth == second.truth
    other = simulate.luding(region=SMALL, years=2, seed=12)
    assert not np.array_equal(first.cube["co"], other.cube["co"], equal_nan=True)
    assert not np.array_equal(np.isnan(first.cube["co"]), np.isnan(other.cube["co"]))


def test_worlds_with_and_without_release_are_paired(
    scene: simulate.SimulatedScene, bare: simulate.SimulatedScene
) -> None:
    for gas in ("co", "ch4"):
        difference = scene.cube[gas] - bare.cube[gas]
        np.testing.assert_array_equal(np.isnan(scene.cube[gas]), np.isnan(bare.cube[gas]))
        assert not difference.sel(time=slice(None, "2022-08-03")).fillna(0.0).any()
        assert not difference.sel(time=slice("2022-08-17", "2022-08-22")).max() > 1e-11
        assert difference.sel(time="2022-09-01", lon=102.5, lat=29.5).max() > 30e-9
    xr.testing.assert_identical(scene.cube["surface_pressure"], bare.cube["surface_pressure"])


def test_noise_does_not_depend_on_what_else_is_simulated(scene: simulate.SimulatedScene) -> None:
    fewer = simulate.luding(region=SMALL, seed=3, years=2, gases=("ch4",))
    np.testing.assert_array_equal(fewer.cube["ch4"], scene.cube["ch4"].sel(time=slice("2020", None)))


# --- Noise and gaps ---------------------------------------------------------------------------------------------------


def test_markov_field_has_the_correlations_it_is_asked_for(rng: np.random.Generator) -> None:
    steps = np.array([0.9, 0.2, 0.5])
    field = noise.markov_field(rng, (4000, 4, 30), {0: 0.4, 1: steps})
    assert field.dtype == np.float32
    np.testing.assert_allclose(field.std(axis=(0, 2)), 1.0, atol=0.02)
    assert np.corrcoef(field[1:].ravel(), field[:-1].ravel())[0, 1] == pytest.approx(0.4, abs=0.02)
    for k, r in enumerate(steps):
        assert np.corrcoef(field[:, k].ravel(), field[:, k + 1].ravel())[0, 1] == pytest.approx(r, abs=0.02)
    assert np.corrcoef(field[..., 1:].ravel(), field[..., :-1].ravel())[0, 1] == pytest.approx(0.0, abs=0.02)


def test_noise_has_the_size_that_the_background_states(bare: simulate.SimulatedScene) -> None:
    for gas in ("co", "ch4"):
        flat = trend.remove_trend(bare.cube[gas].sel(orbit="ascending", lon=105.5, lat=30.5))
        spread = anomalies.seasonal_zscore(flat)["std"].sel(time=np.datetime64("2022-08-20")).values
        seen = np.isfinite(spread)
        assert seen[2:].all()  # 850 hPa and above
        np.testing.assert_allclose(spread[seen], BACKGROUND[gas].sigma()[seen], rtol=0.35)
        assert np.mean(spread[seen] / BACKGROUND[gas].sigma()[seen]) == pytest.approx(1.05, abs=0.12)


def test_a_fifth_to_two_fifths_is_missing_below_more_than_aloft() -> None:
    cube = simulate.luding(years=1, gases=("co",)).cube
    above = (cube["level"] <= cube["surface_pressure"]).transpose(*cube["co"].dims)
    share = (cube["co"].isnull() & above).sum(["time", "orbit", "lat", "lon"]) / above.sum(
        ["time", "orbit", "lat", "lon"]
    )
    assert 0.2 < share.min() < share.max() < 0.4
    assert share.sel(level=850.0) > share.sel(level=500.0) > share.sel(level=200.0)


def test_holes_are_clustered_in_space_and_time(rng: np.random.Generator) -> None:
    hole = noise.overcast(rng, (300, 20, 20), np.array([700.0]))[:, 0].astype(float)
    for near, far in ((hole[1:], hole[:-1]), (hole[:, 1:], hole[:, :-1]), (hole[..., 1:], hole[..., :-1])):
        assert np.corrcoef(near.ravel(), far.ravel())[0, 1] > 0.15


def test_clouds_never_hide_what_is_above_and_show_what_is_below(rng: np.random.Generator) -> None:
    hidden = noise.overcast(rng, (20, 10, 10), LEVELS)
    assert not (hidden[:, 1:] & ~hidden[:, :-1]).any()


def test_swath_gaps_move_and_come_back_after_sixteen_days() -> None:
    dates = np.arange("2022-08-01", "2022-09-11", dtype="datetime64[D]")
    lon, lat = np.arange(-179.5, 180), np.array([0.5, 29.5, 80.5])
    gap = noise.swath_gaps(dates, lon, lat, ascending=True)
    np.testing.assert_array_equal(gap[16:], gap[:-16])
    assert not np.array_equal(gap[0], gap[1])
    share = gap.mean(axis=(0, 2))
    assert 0.25 < share[0] < 0.35  # the real map of TotCO: 31 % at the equator,
    assert 0.14 < share[1] < 0.22  # 18 % at 30 N
    assert share[2] == 0.0
    assert not np.array_equal(gap, noise.swath_gaps(dates, lon, lat, ascending=False))


# --- The truth can be found -------------------------------------------------------------------------------------------


def _verdicts(scene: simulate.SimulatedScene, gas: str, orbit: str) -> xr.DataArray:
    cube = scene.cube.drop_vars(["window_start", "window_end"])
    cell = cube.sel(orbit=orbit, lon=[102.5], lat=[29.5], drop=True)
    found = anomalies.seasonal_zscore(trend.remove_trend(cell[gas]))
    return scan_profiles(
        found["anomaly"],
        sigma=found["std"],
        surface_pressure=cell["surface_pressure"],
        kernel=cell[f"{gas}_kernel"],
        top=400.0 if gas == "co" else 300.0,
    )["verdict"].squeeze()


def _counts(kernel: str, amplitude: float = 1.0) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for seed in range(4):
        world = simulate.luding(
            region=Region(101.0, 28.0, 104.0, 31.0),
            seed=seed,
            kernel=kernel,
            amplitude=amplitude,  # type: ignore[arg-type]
        )
        for gas in ("co", "ch4"):
            for orbit in ORBITS:
                for value in (verdicts := _verdicts(world, gas, orbit)):
                    expected = world.truth.expected_verdict(gas, orbit, value["time"].values)
                    found.setdefault(expected, Counter())[ProfileVerdict(int(value)).name] += 1
                assert verdicts.sizes == {"time": 451}
    for counter in found.values():
        counter.pop("UNDETERMINED")
    return found


def _share(counter: Counter[str], name: str) -> float:
    return counter[name] / counter.total()


def test_release_is_rooted_plume_is_rootless_and_little_else_is() -> None:
    found = _counts("identity")
    assert _share(found["ROOTED"], "ROOTED") > 0.8
    assert _share(found["ROOTLESS"], "ROOTLESS") > 0.65
    assert _share(found["ROOTLESS"], "ROOTED") < 0.03
    assert _share(found["NONE"], "ROOTED") < 0.02
    assert _share(found["NONE"], "NONE") > 0.8


def test_the_thermal_infrared_sees_that_there_is_something_and_not_where() -> None:
    found = _counts("thermal-infrared")
    assert set(found) == {"NONE", "AMPLITUDE_ONLY"}
    assert all(set(counter) <= {"NONE", "AMPLITUDE_ONLY"} for counter in found.values())
    assert _share(found["AMPLITUDE_ONLY"], "AMPLITUDE_ONLY") > 0.55
    assert _share(found["NONE"], "NONE") > 0.85


def test_without_release_nothing_is_expected_and_little_is_found() -> None:
    found = _counts("identity", 0.0)
    assert set(found) == {"NONE"}
    assert _share(found["NONE"], "ROOTED") < 0.02


def test_methane_grows_as_airs_has_seen_it_grow(bare: simulate.SimulatedScene) -> None:
    yearly = bare.cube["ch4"].sel(level=500.0).groupby("time.year").mean(...)
    slope = np.polyfit(yearly["year"], yearly, 1)[0] * 1e9
    assert slope == pytest.approx(6.0, abs=1.5)


# --- Kernel -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kernel", "shape"), [("identity", True), ("thermal-infrared", False)])
def test_kernels_say_whether_they_carry_shape(kernel: str, shape: bool) -> None:
    cube = simulate.luding(region=SMALL, years=0, kernel=kernel).cube  # type: ignore[arg-type]
    for gas, peak in (("co", 500.0), ("ch4", 300.0)):
        assert cube[f"{gas}_kernel"].dims == ("level", "level_true")
        assert bool(shape_information(cube[f"{gas}_kernel"])["has_shape"]) is shape
        if not shape:
            matrix = averaging_kernel(gas, kernel)
            assert np.trace(matrix) == pytest.approx(1.0)
            assert LEVELS[np.diag(matrix).argmax()] == peak
            assert np.abs(matrix).max() <= 1.0


@pytest.mark.parametrize("gas", ["co", "ch4"])
def test_smoothing_is_the_kernel(rng: np.random.Generator, gas: str) -> None:
    state = rng.standard_normal((3, 24, 2, 5), dtype=np.float32)
    expected = np.einsum("ij,tjyx->tiyx", averaging_kernel(gas, "thermal-infrared"), state)
    np.testing.assert_allclose(smoothed(state, gas), expected, atol=1e-6)


@pytest.mark.parametrize("gas", ["co", "ch4"])
def test_what_was_added_is_seen_through_the_kernel(gas: str) -> None:
    fields = {
        (kernel, amplitude): simulate.luding(
            region=SMALL,
            years=0,
            seed=5,
            gases=(gas,),
            kernel=kernel,
            amplitude=amplitude,  # type: ignore[arg-type]
        ).cube
        for kernel in ("identity", "thermal-infrared")
        for amplitude in (0.0, 1.0)
    }
    true, seen = (fields[k, 1.0][gas] - fields[k, 0.0][gas] for k in ("identity", "thermal-infrared"))
    # A column that misses nothing above its ground.
    cube = fields["identity", 0.0]
    above = cube["level"] <= cube["surface_pressure"]
    whole = (true.notnull() == above).all("level")
    expected = xr.dot(fields["thermal-infrared", 0.0][f"{gas}_kernel"], true.fillna(0.0).rename(level="level_true"))
    error = (seen - expected.transpose(*seen.dims)).where(whole & above)
    assert float(whole.mean()) > 0.5
    assert float(np.abs(error).max()) < 2e-12
    assert float(np.abs(seen).max()) > 5e-9


# --- Truth ------------------------------------------------------------------------------------------------------------


def test_truth_is_json_and_says_when(scene: simulate.SimulatedScene) -> None:
    truth = json.loads(json.dumps(scene.truth.to_dict(), allow_nan=False))
    assert truth["onset"] == {"co": "2022-08-25T00:00:00Z", "ch4": "2022-08-23T00:00:00Z"}
    assert truth["end"] == "2022-09-09T00:00:00Z"
    assert truth["plume"]["onset"]["co"] == "2022-08-05T00:00:00Z"
    assert truth["plume"]["end"] == "2022-08-14T00:00:00Z"
    assert truth["cell"] == [102.5, 29.5]
    release = truth["release"]
    assert release["total_kg"]["co"] == pytest.approx(15 * release["mass_per_day_kg"]["co"])
    assert release["total_kg"]["ch4"] == pytest.approx(17 * release["mass_per_day_kg"]["ch4"])
    for gas in ("co", "ch4"):
        assert release["peak_hpa"][gas] == 700.0
        assert 4.0 < release["peak_sigma"][gas] < 7.0
        assert truth["plume"]["peak_hpa"][gas] == 400.0
        assert 4.0 < truth["plume"]["peak_sigma"][gas] < 5.5
    assert [day for day, *_ in truth["path"]][::16] == ["2022-08-23", "2022-09-08"]
    assert all(distance_km(102.08, 29.59, lon, lat) < 100.0 for _, lon, lat in truth["path"])


def test_expectations_cover_every_date_once(scene: simulate.SimulatedScene) -> None:
    for gas in ("co", "ch4"):
        for orbit in ORBITS:
            mine = [e for e in scene.truth.expected if (e.gas, e.orbit) == (gas, orbit)]
            assert [mine[0].start, mine[-1].end] == ["2022-08-01", "2022-09-11"]
            assert [e.end for e in mine[:-1]] == [e.start for e in mine[1:]]
            assert [e.verdict for e in mine] == ["NONE", "ROOTLESS", "NONE", "ROOTED", "NONE"]
    # CO starts two days later; the descending pass of a nominal date comes the evening before.
    first = {(e.gas, e.orbit): e.start for e in scene.truth.expected if e.verdict == "ROOTED"}
    assert first["ch4", "descending"] == "2022-08-24"
    assert first["co", "descending"] == "2022-08-26"
    assert scene.truth.expected_verdict("co", "ascending", np.datetime64("2017-09-01")) == "NONE"
    with pytest.raises(KeyError, match="o3"):
        scene.truth.expected_verdict("o3", "ascending", "2022-09-01")


def test_peaks_are_those_of_the_cube(scene: simulate.SimulatedScene, bare: simulate.SimulatedScene) -> None:
    release = scene.truth.release
    assert release is not None
    for gas in ("co", "ch4"):
        cell = (scene.cube[gas] - bare.cube[gas]).sel(time=slice("2022-08-23", None), lon=102.5, lat=29.5) * 1e9
        assert float(cell.max()) <= release.peak_ppb[gas] + 0.01
        assert float(cell.max()) > 0.8 * release.peak_ppb[gas]  # some days are missing


def test_amplitude_scales_what_was_added() -> None:
    one, two = (simulate.luding(region=SMALL, years=0, amplitude=a).truth for a in (1.0, 2.5))
    assert one.release is not None
    assert two.release is not None
    for name in ("mass_per_day_kg", "total_kg", "peak_sigma", "peak_ppb", "cell_tonnes"):
        for gas in ("co", "ch4"):
            ratio = getattr(two.release, name)[gas] / getattr(one.release, name)[gas]
            assert ratio == pytest.approx(2.5, rel=1e-3)


def test_a_world_without_release_says_so(bare: simulate.SimulatedScene) -> None:
    truth = bare.truth
    assert (truth.release, truth.plume, truth.onset, truth.end, truth.path) == (None, None, {}, "", ())
    assert {e.verdict for e in truth.expected} == {"NONE"}
    json.dumps(truth.to_dict(), allow_nan=False)


def test_the_plume_can_be_left_out() -> None:
    world = simulate.luding(region=SMALL, years=0, gases=("co",), plume=False)
    assert world.truth.plume is None
    assert [e.verdict for e in world.truth.expected if e.orbit == "ascending"] == ["NONE", "ROOTED", "NONE"]


# --- Catalogue and faults ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_catalogue_holds_the_event_and_leaves_it_alone(scene: simulate.SimulatedScene, seed: int) -> None:
    event = scene.event
    table = background_catalogue(event, seed, range(2012, 2023), np.arange(84.5, 120), np.arange(16.5, 44))
    assert list(table.columns) == [
        "time", "longitude", "latitude", "depth_km", "magnitude", "magnitude_type", "event_id",
    ]  # fmt: skip
    assert table["time"].dtype == "datetime64[ns]"
    assert table["time"].is_monotonic_increasing
    assert table["event_id"].is_unique
    assert table["magnitude"].between(5.0, 7.0).all()
    own = table[table["event_id"] == event.event_id]
    assert own["time"].tolist() == [pd.Timestamp("2022-09-05T04:52:18")]
    assert (event.longitude, event.latitude, event.depth_km, event.magnitude) == (102.08, 29.59, 16.0, 6.8)
    others = table.drop(own.index)
    near = distance_km(102.08, 29.59, others["longitude"], others["latitude"]) < 500.0
    soon = (others["time"] - own["time"].item()).abs() <= pd.Timedelta(days=30)
    assert not (near & soon).any()
    assert 3.0 < len(others) / 11 < 9.0
    assert others["time"].dt.year.nunique() >= 10
    assert list(scene.catalogue.columns) == list(table.columns)


def test_faults_are_lines_through_the_epicentre_and_dujiangyan(scene: simulate.SimulatedScene) -> None:
    for (name, lon, lat), (x, y) in zip(scene.faults, ((102.08, 29.59), (103.6, 31.0)), strict=True):
        assert name
        assert lon.shape == lat.shape
        corner = np.arange(lon.size)
        step = np.linspace(0.0, lon.size - 1, 200)
        assert distance_km(x, y, np.interp(step, corner, lon), np.interp(step, corner, lat)).min() < 15.0


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "value", "error", "match"),
    [
        ("amplitude", -1.0, ValueError, "amplitude"),
        ("amplitude", float("nan"), ValueError, "amplitude"),
        ("kernel", "microwave", ValueError, "kernel must be one of 'identity', 'thermal-infrared'"),
        ("seed", -1, ValueError, "seed"),
        ("seed", 1.5, ValueError, "seed"),
        ("years", -1, ValueError, "years"),
        ("years", True, ValueError, "years"),
        ("gases", (), ValueError, "gases"),
        ("gases", ("co", "so2"), ValueError, "gases"),
        ("gases", ("co", "co"), ValueError, "gases"),
        ("gases", "co", ValueError, "gases"),
        ("region", (97, 27, 107, 34), TypeError, "region"),
        ("region", Region(10.0, 30.0, 20.0, 40.0), ValueError, "epicentre"),
        ("region", Region(102.0, 29.0, 103.0, 30.0), ValueError, "2 cells"),
    ],
)
def test_bad_arguments_are_named(argument: str, value: object, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        simulate.luding(**{argument: value})  # type: ignore[arg-type]


# --- Granules ---------------------------------------------------------------------------------------------------------


def test_version_7_granules_hold_the_cube(scene: simulate.SimulatedScene, tmp_path: Path) -> None:
    sd = pytest.importorskip("pyhdf.SD")
    cube = scene.cube.sel(time=slice("2022-09-04", "2022-09-05"))
    written = simulate.write_granules(cube, tmp_path / "new")
    assert [path.name[:15] for path in written] == ["AIRS.2022.09.04", "AIRS.2022.09.05"]
    assert all(path.suffix == ".hdf" for path in written)
    file = sd.SD(str(written[1]))
    values = file.select("CH4_VMR_D").get()
    file.end()
    expected = cube["ch4"].sel(orbit="descending").isel(time=1).fillna(-9999.0)
    np.testing.assert_array_equal(values[:, 57:63, 280:286], expected.values[:, ::-1])
    assert (values == -9999.0).mean() > 0.99


@pytest.mark.parametrize(("version", "library"), [(7, "pyhdf"), (6, "h5netcdf")])
def test_granules_read_back_are_the_same_bits(
    scene: simulate.SimulatedScene, tmp_path: Path, version: int, library: str
) -> None:
    pytest.importorskip(library)
    cube = scene.cube.isel(time=[-2, -1])
    written = simulate.write_granules(cube, tmp_path, version=version)
    back = io.open_granules(written, region=SMALL)
    assert back.attrs["simulated"] == 1
    for name in ("co", "ch4", "surface_pressure", "window_start", "window_end"):
        np.testing.assert_array_equal(back[name].sel(orbit=list(ORBITS)), cube[name], err_msg=name)


def test_a_cube_without_days_is_refused(scene: simulate.SimulatedScene, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        simulate.write_granules(scene.cube.isel(time=[]), tmp_path)
