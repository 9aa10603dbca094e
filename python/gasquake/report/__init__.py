"""The report that a researcher opens: one HTML file that needs no network, and the figures beside it.

`write` puts both into a study's folder; `render` returns the page. Text comes from `messages`, form from `templates`.
"""

from __future__ import annotations

from gasquake.report.page import render, write

__all__ = ["render", "write"]
