"""Coasts, and the lines that a caller names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gasquake.io import read_faults
from gasquake.plot import coastlines, draw_geography


def test_coasts_are_lines_without_borders_or_the_frame_of_the_map() -> None:
    lon, lat = coastlines()
    known = np.isfinite(lon)
    assert (np.isfinite(lat) == known).all()
    assert np.abs(lon[known]).max() <= 180
    assert lat[known].min() > -86
    assert (np.abs(np.diff(lon)[known[:-1] & known[1:]]) < 20).all()  # no line across the map
    # The middle of Asia, America and Africa has borders, and no coast.
    for west, east, south, north in ((78, 100, 26, 50), (-110, -96, 33, 50), (15, 30, -10, 10)):
        inside = (lon > west) & (lon < east) & (lat > south) & (lat < north)
        assert not inside.any()
    assert ((lon > 119) & (lon < 123) & (lat > 21) & (lat < 26)).sum() > 5
    assert not lon.flags.writeable


def test_a_map_takes_a_file_what_was_read_of_it_or_lines(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    file = tmp_path / "faults.gmt"
    file.write_text('> -L"Xianshuihe"\n100.0 31.5\n102.3 29.2\n', encoding="utf-8")
    for faults in (file, str(file), read_faults(file), [("Xianshuihe", [100.0, 102.3], [31.5, 29.2])]):
        ax = Figure().add_subplot()
        draw_geography(ax, extent=(97, 107, 27, 34), faults=faults)
        (drawn,) = [line for line in ax.lines if line.get_gid() == "fault"]
        assert drawn.get_xydata().tolist() == [[100.0, 31.5], [102.3, 29.2]]
        assert "Xianshuihe" in [text.get_text() for text in ax.texts]
    with pytest.raises(ValueError, match=r"must be \(name, lon, lat\), got 'Xianshuihe'"):
        draw_geography(Figure().add_subplot(), extent=(97, 107, 27, 34), faults=["Xianshuihe"])
