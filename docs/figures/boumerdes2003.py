"""The overview of the study of Boumerdes 2003, where the real soundings are; the page shows its copy in images/."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from style import OUT

from gasquake import study

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("GASQUAKE_SHARED_DATA", ROOT / ".." / "shared" / "data")).resolve()

if DATA.is_dir():
    text = (ROOT / "examples" / "boumerdes2003.toml").read_text(encoding="utf-8")
    config = study.StudyConfig.model_validate(tomllib.loads(text.replace("../../shared/data", DATA.as_posix())))
    OUT.mkdir(exist_ok=True)
    study.run(config).plot.overview().savefig(OUT / "boumerdes2003.png", dpi=80)
else:
    print(f"boumerdes2003.png is not drawn anew: the real soundings are not at {DATA}")
