"""The smallest build backend (PEP 517): zips the one module into a wheel."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
NAME = "tinytrace-1.0-py3-none-any.whl"
METADATA = """Metadata-Version: 2.1
Name: tinytrace
Version: 1.0
Requires-Python: >=3.11
Requires-Dist: gasquake
Requires-Dist: numpy
"""
WHEEL = """Wheel-Version: 1.0
Generator: tinytrace
Root-Is-Purelib: true
Tag: py3-none-any
"""


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = "tinytrace-1.0.dist-info"
    files = {
        "tinytrace.py": (HERE / "src" / "tinytrace.py").read_bytes(),
        f"{info}/METADATA": METADATA.encode(),
        f"{info}/WHEEL": WHEEL.encode(),
    }
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    with zipfile.ZipFile(Path(wheel_directory) / NAME, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    return NAME


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
