"""``python -m gasquake`` and the command ``gasquake``."""

from __future__ import annotations

import sys

from gasquake._optional import install_hint


def main() -> None:
    """Run the command line, or say what to install for it.

    The command line needs libraries that the primitives do not.
    """
    try:
        import click  # noqa: F401
    except ModuleNotFoundError:
        print(f"The command line needs more libraries; {install_hint('study')}", file=sys.stderr)
        raise SystemExit(1) from None
    from gasquake.cli import main as command

    command(prog_name="gasquake")


if __name__ == "__main__":
    main()
