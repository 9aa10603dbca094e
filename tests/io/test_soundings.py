"""Soundings from real files and from files made here."""

from __future__ import annotations

import time as clock
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from gasquake.io.gridding import grid_soundings
from gasquake.io.soundings import open_soundings
from gasquake.places import Region

S5P = "profiles/S5P_OFFL_L2__CH4____20190311T101655_20190311T115825_07293_01_010202_20190317T121015.SUB.nc4"
AIRS = "airs/airs_l2_co2_2003-05-01_2003-05-15.nc"
GOSAT = "profiles/gosat-fts_gosat_20160101_ch4-column.nc"


def real(shared_data: Path, name: str) -> Path:
    path = shared_data / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


# --- The real files ---------------------------------------------------------------------------------------------------


def test_airs_co2(shared_data: Path):
    s = open_soundings(real(shared_data, AIRS))
    assert s.sizes == {"obs": 209631}
    assert (s.attrs["gas"], s.attrs["layer"], s.attrs["time_precision"]) == ("co2", "mid-troposphere", "day")
    assert s["value"].attrs["units"] == "mol mol-1"
    # The first line of the table: 373.883 +- 1.34 ppm at 57.52 S 138.62 W on 1 May.
    first = s.isel(obs=0)
    np.testing.assert_allclose(first["value"], 373.883e-6, rtol=1e-7)
    np.testing.assert_allclose(first["error"], 1.34e-6, rtol=1e-6)
    np.testing.assert_allclose([first["lat"], first["lon"]], [-57.52, -138.62], rtol=1e-6)
    assert s["time"].values.min() == np.datetime64("2003-05-01")
    assert s["time"].values.max() == np.datetime64("2003-05-15")

    start = clock.perf_counter()
    cube = grid_soundings(s, step=1.0, weights="error")
    assert clock.perf_counter() - start < 0.5
    assert dict(cube.sizes) == {"time": 15, "orbit": 1, "lat": 180, "lon": 360}
    assert int(cube["co2_count"].sum()) == 209631
    assert cube["co2"].dtype == np.float32
    assert 370e-6 < float(cube["co2"].mean()) < 380e-6
    with pytest.raises(ValueError, match="needs a time of day"):
        grid_soundings(s, orbit="local_time")


def test_gosat(shared_data: Path):
    s = open_soundings(real(shared_data, GOSAT))
    assert s.sizes == {"obs": 49}
    assert (s.attrs["gas"], s.attrs["day_orbit"], s.attrs["time_precision"]) == ("ch4", "descending", "second")
    np.testing.assert_allclose(s["value"][0], 1810.89001465e-9, rtol=1e-10)
    np.testing.assert_allclose(s["error"][0], 9.41453418e-9, rtol=1e-8)
    assert s["time"].values[0] == np.datetime64("2016-01-01T14:59:12.500")
    cube = grid_soundings(s, step=2.0, orbit="local_time")
    assert int(cube["ch4_count"].sel(orbit="descending").sum()) == 49  # all in sunlight
    assert int(cube["ch4_count"].sel(orbit="ascending").sum()) == 0


def test_tropomi_has_nothing_good(shared_data: Path):
    path = real(shared_data, S5P)
    s = open_soundings(path)
    assert s.sizes == {"obs": 0}
    assert s.attrs["note"].startswith("no sounding is left: of 7325 in the file, 7322 have no value and 3 have too low")
    cube = grid_soundings(s, region=Region(15, 20, 25, 32), dates=["2019-03-11"])
    assert cube["ch4"].shape == (1, 1, 12, 10)
    assert bool(cube["ch4"].isnull().all())
    assert grid_soundings(s, step=30.0).sizes["time"] == 0


def test_tropomi_with_what_is_there(shared_data: Path):
    s = open_soundings(real(shared_data, S5P), min_quality=0.4)
    assert s.attrs["variable"] == "methane_mixing_ratio_bias_corrected"
    assert "note" not in s.attrs
    np.testing.assert_allclose(s["value"], [1825.1787e-9, 1892.8511e-9, 1868.1516e-9], rtol=1e-7)
    np.testing.assert_allclose(s["lat"], [23.62566, 29.823387, 29.885262], rtol=1e-7)
    # The scan lines' own text says the same times.
    with xr.open_dataset(real(shared_data, S5P), group="PRODUCT", engine="h5netcdf", decode_times=False) as raw:
        texts = raw["time_utc"].values.ravel()
        lines = np.nonzero(np.isfinite(raw["methane_mixing_ratio"].values))[1]
    expected = np.array([str(texts[line]).rstrip("Z") for line in lines], dtype="datetime64[us]")
    assert (np.abs(s["time"].values - expected) <= np.timedelta64(1, "ms")).all()


# --- Files made here --------------------------------------------------------------------------------------------------


def save(tmp_path: Path, ds: xr.Dataset) -> Path:
    path = tmp_path / "soundings.nc"
    ds.to_netcdf(path, engine="h5netcdf")
    return path


def points(**changes: Any) -> xr.Dataset:
    return xr.Dataset(
        {
            "xch4": ("n", [1850.0, 1860.0, 1870.0], {"units": "ppb"}),
            "latitude": ("n", [29.0, 30.0, 31.0]),
            "longitude": ("n", [102.0, 103.0, 104.0]),
            "time": ("n", [0.0, 60.0, 120.0], {"units": "seconds since 2022-09-05"}),
            **changes,
        }
    )


def test_flags_and_missing_values(tmp_path: Path):
    s = open_soundings(save(tmp_path, points(xch4_quality_flag=("n", np.array([0, 1, 0], dtype=np.int8)))))
    assert s["lat"].values.tolist() == [29.0, 31.0]
    assert s.attrs["n_below_quality"] == 1
    assert "day_orbit" not in s.attrs
    assert "error" not in s
    s = open_soundings(save(tmp_path, points(xch4=("n", [np.nan, 1.0, 2.0], {"units": "ppb"}))))
    assert (s.sizes["obs"], s.attrs["n_without_value"]) == (2, 1)


def test_a_swath_with_its_dims_in_another_order(tmp_path: Path):
    value = np.arange(6.0).reshape(2, 3) + 1800
    lat = np.arange(6.0).reshape(2, 3)
    ds = xr.Dataset(
        {
            "xch4": (("line", "pixel"), value, {"units": "1e-9"}),
            "lat": (("pixel", "line"), lat.T),
            "lon": (("line", "pixel"), lat + 100),
            "time": ("line", [0, 1], {"units": "days since 2022-09-05"}),
        }
    )
    s = open_soundings(save(tmp_path, ds))
    assert s["lat"].values.tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose(s["value"], value.ravel() * 1e-9, rtol=1e-12)
    assert s["time"].values[2:4].tolist() == [
        np.datetime64("2022-09-05", "ns").astype(int), np.datetime64("2022-09-06", "ns").astype(int)
    ]  # fmt: skip
    assert s.attrs["time_precision"] == "day"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"xch4": ("n", [1.0, 2.0, 3.0])}, "xch4 has no units"),
        ({"xch4": ("n", [1.0, 2.0, 3.0], {"units": "mol m-2"})}, "xch4 must have units that convert to 'mol mol-1'"),
        ({"time": ("n", [1.0, 2.0, 3.0], {"units": "s"})}, "time has units 's'"),
        ({"latitude": (("n", "m"), [[1.0, 2.0]] * 3)}, r"latitude has dimensions \['m'\]"),
    ],
)
def test_files_that_cannot_be_understood(tmp_path: Path, changes: Any, error: str):
    path = save(tmp_path, points(**changes))
    with pytest.raises(ValueError, match=error) as caught:
        open_soundings(path)
    assert str(path) in str(caught.value)


def test_foreign_and_damaged_files(tmp_path: Path):
    path = tmp_path / "x.nc"
    path.write_bytes(b"CDF\x01 and so on")
    with pytest.raises(ValueError, match="not a netCDF-4 file"):
        open_soundings(path)
    with pytest.raises(ValueError, match=r"no known product of soundings; it has .*tas.*known are TROPOMI"):
        open_soundings(save(tmp_path, xr.Dataset({"tas": 1.0})))
    whole = save(tmp_path, points()).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"x\.nc"):
        open_soundings(path)
    with pytest.raises(FileNotFoundError):
        open_soundings(tmp_path / "absent.nc")
    no_place = points().drop_vars("latitude")
    with pytest.raises(ValueError, match="none of the variables"):
        open_soundings(save(tmp_path, no_place))
