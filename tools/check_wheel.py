"""Check the release wheel: small, one abi3 extension, no foreign C library, and installed in this environment.

Run as ``python tools/check_wheel.py WHEEL``.
"""

from __future__ import annotations

import importlib.metadata
import io
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

MAX_BYTES = 5_000_000
ABI = "cp311-abi3"
# What every Linux has; anything else would have to be shipped along.
SYSTEM_LIBRARIES = ("libc.so", "libm.so", "libgcc_s.so", "libpthread.so", "libdl.so", "librt.so", "ld-linux")


def needed(library: bytes) -> list[str]:
    """Shared libraries that an ELF file asks the loader for."""
    dynamic = ELFFile(io.BytesIO(library)).get_section_by_name(".dynamic")
    if not isinstance(dynamic, DynamicSection):
        raise SystemExit("the extension has no dynamic section: not a shared library")
    tags: Iterable[Any] = dynamic.iter_tags("DT_NEEDED")  # whose attributes depend on the tag
    return [tag.needed for tag in tags]


def faults(wheel: Path) -> list[str]:
    """What is wrong with the wheel, one line each."""
    found = []
    size = wheel.stat().st_size
    if size >= MAX_BYTES:
        found.append(f"the wheel has {size} bytes, {MAX_BYTES} are the limit")
    if ABI not in wheel.name:
        found.append(f"the wheel's name has no {ABI} tag")
    with zipfile.ZipFile(wheel) as archive:
        binaries = [name for name in archive.namelist() if Path(name).suffix in {".so", ".pyd", ".dylib", ".dll"}]
        if len(binaries) != 1 or not binaries[0].startswith("gasquake/_core."):
            found.append(f"expected the one extension gasquake/_core, found {binaries}")
        for name in binaries:
            data = archive.read(name)
            if data.startswith(b"\x7fELF"):
                foreign = [lib for lib in needed(data) if not lib.startswith(SYSTEM_LIBRARIES)]
                if foreign:
                    found.append(f"{name} needs {foreign}")
        found += not_installed(archive)
    return found


def not_installed(archive: zipfile.ZipFile) -> list[str]:
    """Files of the package whose installed copy is missing or differs, and what is off in the import."""
    found = []
    distribution = importlib.metadata.distribution("gasquake")
    for name in archive.namelist():
        installed = Path(str(distribution.locate_file(name)))
        same = installed.is_file() and installed.read_bytes() == archive.read(name)
        if name.startswith("gasquake/") and not same:
            found.append(f"{name} is not what is installed: run `make install`")

    import gasquake
    from gasquake.kernels import build_info

    home = Path(str(distribution.locate_file("gasquake"))).resolve()
    if gasquake.__file__ is None or Path(gasquake.__file__).resolve().parent != home:
        found.append(f"gasquake is imported from {gasquake.__file__}, not from the installed wheel in {home}")
    if build_info().profile != "release":
        found.append(f"the extension is a {build_info().profile} build")
    return found


def main() -> int:
    """Print the faults; 1 if there are any."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    wheel = Path(sys.argv[1])
    found = faults(wheel)
    for fault in found:
        print(f"{wheel.name}: {fault}", file=sys.stderr)
    if not found:
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB, {ABI}, no foreign library, installed as built")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
