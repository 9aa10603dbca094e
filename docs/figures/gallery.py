"""The figures of the demonstration's report with their captions, for gallery.md, and the README's picture.

``make picture`` copies overview.png to docs/images/, where the README finds it.
"""

from __future__ import annotations

import base64
from pathlib import Path

from style import OUT

from gasquake import simulate, study
from gasquake.report import figures

scene = simulate.luding()
config = study.demo_config(scene.event, seed=20220905, directory=Path("unused"))
result = study.run(config, cube=scene.cube, catalogue=scene.catalogue, truth=scene.truth.to_dict())

folder = OUT / "gallery"
folder.mkdir(parents=True, exist_ok=True)
page = [f"> {result.verdict.sentence}", ""]
for picture in figures.draw(result, language="en"):
    if "ch4" in picture.name or "descending" in picture.name:
        continue  # as its twin of CO, or of the ascending orbit
    (folder / f"{picture.name}.png").write_bytes(base64.b64decode(picture.uri.partition(",")[2]))
    page += [
        f"## {picture.title}",
        "",
        f"![{picture.alt}](_generated/gallery/{picture.name}.png)",
        "",
        picture.caption,
        "",
    ]
(OUT / "gallery.md").write_text("\n".join(page), encoding="utf-8")
result.plot.overview().savefig(OUT / "overview.png", dpi=100)  # 1200 pixels wide
