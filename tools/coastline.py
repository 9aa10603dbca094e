"""Make python/gasquake/plot/data/coastline.npz: python tools/coastline.py geopandas-0.14.4-py3-none-any.whl.

That wheel holds the countries of Natural Earth 1:110m (public domain). The coast is every edge that belongs to one
country only: borders, which lie between two, drop out. Fetch it with: pip download --no-deps geopandas==0.14.4
"""

from __future__ import annotations

import struct
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

Point = tuple[float, float]
SHAPES = "geopandas/datasets/naturalearth_lowres/naturalearth_lowres.shp"
OUT = Path(__file__).parents[1] / "python" / "gasquake" / "plot" / "data" / "coastline.npz"


def rings(shapes: bytes) -> Iterator[list[Point]]:
    """The rings of all polygons of an ESRI shapefile (type 5)."""
    at = 100
    while at < len(shapes):
        (words,) = struct.unpack_from(">i", shapes, at + 4)
        content = at + 8
        n_parts, n_points = struct.unpack_from("<2i", shapes, content + 36)
        starts = struct.unpack_from(f"<{n_parts}i", shapes, content + 44)
        points = np.frombuffer(shapes, "<f8", 2 * n_points, content + 44 + 4 * n_parts).reshape(-1, 2).round(2)
        for start, end in zip(starts, (*starts[1:], n_points), strict=True):
            yield [(float(x), float(y)) for x, y in points[start:end]]
        at = content + 2 * words


def at_the_frame(a: Point, b: Point) -> bool:
    """Edges along 180 degrees and the pole close the polygons of a flat map; no coast is there."""
    return (abs(a[0]) == abs(b[0]) == 180.0) or (a[1] == b[1] == -90.0)


def coast(polygons: list[list[Point]]) -> list[list[Point]]:
    """Chains of the edges that one polygon has to itself."""
    edges = Counter(frozenset(edge) for ring in polygons for edge in pairwise(ring))
    lines = []
    for ring in polygons:
        line: list[Point] = []
        for a, b in pairwise(ring):
            if a != b and edges[frozenset((a, b))] == 1 and not at_the_frame(a, b):
                line = [*(line or [a]), b]
            elif line:
                lines.append(line)
                line = []
        if line:
            lines.append(line)
    return lines


def main() -> None:
    """Write the file."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        lines = coast(list(rings(wheel.read(SHAPES))))
    points = np.concatenate([np.array(line) for line in lines])
    hundredths = np.rint(points * 100).astype(np.int16)
    lengths = np.array([len(line) for line in lines], dtype=np.int16)
    OUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(OUT, lon=hundredths[:, 0], lat=hundredths[:, 1], lengths=lengths)
    print(f"{OUT.name}: {len(lines)} lines, {len(points)} points, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
