"""The readers on real files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gasquake.io import GranuleError, describe_file, open_airs, open_column_map, open_hdf4, open_profiles
from gasquake.io.limb import tai93_to_utc
from gasquake.places import Region
from gasquake.profiles import ProfileVerdict, scan_profiles


def test_a_daily_column_map(shared_data: Path) -> None:
    path = shared_data / "airs" / "scrubbed.AIRX3STD_006_TotCO_A.20151001.nc"
    maps = open_column_map(path)
    column = maps["co_column"]
    assert dict(maps.sizes) == {"time": 1, "orbit": 1, "lat": 180, "lon": 360}
    assert maps["time"].values[0] == np.datetime64("2015-10-01")
    assert list(maps["orbit"].values) == ["ascending"]
    assert column.attrs["units"] == "molecules cm-2"
    assert "mol/cm2" in column.attrs["comment"]
    assert column.isnull().mean() == pytest.approx(0.2216, abs=1e-4)
    assert float(column.min()) == pytest.approx(6.97495e17, rel=1e-5)
    assert float(column.max()) == pytest.approx(7.1472126e18, rel=1e-6)
    part = open_column_map(path, region=Region(170, -10, -170, 10))
    np.testing.assert_array_equal(part["lon"], np.arange(170.5, 190))
    np.testing.assert_array_equal(part["co_column"].sel(lon=185.5), column.sel(lon=-174.5, lat=part["lat"]))
    with pytest.raises(GranuleError, match=r"no CO_VMR_A; of gases it holds TotCO_A"):
        open_airs(path)


@pytest.mark.parametrize(
    ("pattern", "name", "mean", "begin"),
    [("*TotCO_A.2009*", "co_column", 1.6e18, "2009-12-31"), ("*TotCH4_A*", "ch4_column", 3.5e19, "2002-08-31")],
)
def test_mean_maps_have_no_time(shared_data: Path, pattern: str, name: str, mean: float, begin: str) -> None:
    (path,) = (shared_data / "airs").glob(pattern)
    maps = open_column_map(path)
    assert maps[name].dims == ("orbit", "lat", "lon")
    assert maps.attrs["time_coverage_start"].startswith(begin)
    assert float(maps[name].mean()) == pytest.approx(mean, rel=0.2)
    assert describe_file(path)["date"] is None


def test_outgoing_longwave_radiation(shared_data: Path) -> None:
    path = shared_data / "surface" / "airs_v6_clrolr_a_2015-12-30.nc"
    maps = open_column_map(path)
    radiation = maps["clear_sky_olr"]
    assert maps["time"].values[0] == np.datetime64("2015-12-30")
    assert (np.diff(maps["lat"]) == 1.0).all()  # north to south in the file
    assert radiation.isnull().mean() == pytest.approx(0.197, abs=0.001)
    assert "comment" not in radiation.attrs
    north, tropics, south = (
        float(radiation.sel(lat=slice(*edges)).mean()) for edges in ((70, 90), (-20, 20), (-90, -70))
    )
    assert north < south < tropics  # the polar night is in the north: the rows were turned the right way


def test_mls_profiles_and_their_scan(shared_data: Path) -> None:
    mls = open_profiles(shared_data / "profiles" / "MLS-Aura_L2GP-CO_v05-01-c01_2021d043.he5")
    assert dict(mls.sizes) == {"profile": 3495, "level": 37}
    assert mls["co"].attrs["units"] == "mol mol-1"
    assert float(mls["level"][0]) == 1000.0
    assert (np.diff(mls["level"]) < 0).all()
    # The file's own attribute says that its day begins at TAI93 = 887241610 s: ten leap seconds.
    day = np.datetime64("2021-02-12")
    assert ((mls["time"] >= day) & (mls["time"] < day + 1)).all()
    assert (np.diff(mls["time"].values) > np.timedelta64(0)).all()
    assert mls["co"].isel(level=slice(0, 3)).isnull().all()  # a-priori there: precision < 0
    assert mls["co"].isel(level=slice(4, 20)).isnull().mean() < 0.1
    assert (mls["co"] < 0).any()  # noise about small amounts stays
    assert (mls["co_precision"].where(mls["co"].notnull()) > 0).sum() == mls["co"].notnull().sum()
    co = mls["co"].isel(profile=slice(0, 500))
    anomaly = (co - co.mean("profile")).assign_attrs(units="mol mol-1")
    sigma = co.std("profile").assign_attrs(units="mol mol-1")
    low = scan_profiles(anomaly, sigma=sigma)
    assert (low["verdict"] == ProfileVerdict.UNDETERMINED).all()  # nothing is measured below 600 hPa
    high = scan_profiles(anomaly, sigma=sigma, split=150.0, top=46.0, upper=10.0)
    assert set(np.unique(high["verdict"])) >= {ProfileVerdict.NONE, ProfileVerdict.ROOTLESS}
    assert int(high["n_below"].max()) == 2  # 316 and 215 hPa
    assert float(high["peak_pressure"].min()) >= 10.0


def test_leap_seconds_are_taken_out() -> None:
    before = (np.datetime64("2016-12-31T23:59:59") - np.datetime64("1993-01-01")).astype(float) + 9
    seconds = np.array([0.0, before, before + 2.0, 887241610.0, np.nan])  # before + 1 is 23:59:60
    expected = ["1993-01-01", "2016-12-31T23:59:59", "2017-01-01", "2021-02-12", "NaT"]
    np.testing.assert_array_equal(tai93_to_utc(seconds), np.array(expected, dtype="datetime64[ns]"))


def test_modis_land_surface_temperature(shared_data: Path) -> None:
    path = shared_data / "surface" / "MOD11A1.hdf"
    modis = open_hdf4(path)
    assert len(modis.data_vars) == 12
    day = modis["LST_Day_1km"]
    assert day.dims == ("YDim:MODIS_Grid_Daily_1km_LST", "XDim:MODIS_Grid_Daily_1km_LST")
    assert day.attrs["units"] == "K"
    assert 150 <= float(day.min()) < float(day.max()) < 340
    angle = open_hdf4(path, variables=["Day_view_angl"])["Day_view_angl"]
    assert -65 <= float(angle.min()) < 0 < float(angle.max()) <= 65  # the offset is added after the scale
    with pytest.raises(GranuleError, match=r"has no LST; it has LST_Day_1km"):
        open_hdf4(path, variables=["LST"])
    with pytest.raises(GranuleError, match=r"no AIRS level 3 file with gases.*holds Clear_day_cov"):
        open_airs(path)
    report = describe_file(path)
    assert report["kind"] == "other"
    first = next(v for v in report["variables"] if v["name"] == "LST_Day_1km")
    assert first["missing"] == pytest.approx(float(day.isnull().mean()))


def test_structures_without_data_are_refused(shared_data: Path) -> None:
    for path in sorted((shared_data / "airs").iterdir()):
        if path.suffix in (".dmr", ".dmrpp", ".das", ".cdl", ".txt", ".csv"):
            with pytest.raises(GranuleError, match="no HDF4, HDF5 or netCDF file"):
                open_airs(path)


def test_the_others_say_what_they_are_not(shared_data: Path) -> None:
    for name in ("airs/airs_l2_co2_2003-05-01_2003-05-15.nc", "winds/era5_1995-07-14T12.nc", "surface/etopo60.cdf"):
        with pytest.raises(GranuleError, match="no AIRS level 3 file"):
            open_airs(shared_data / name)
        with pytest.raises(GranuleError, match="none of the one-layer fields"):
            open_column_map(shared_data / name)
        with pytest.raises(GranuleError, match="no MLS level-2 file"):
            open_profiles(shared_data / name)
        assert describe_file(shared_data / name)["variables"]
