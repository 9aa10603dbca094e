"""Sphinx configuration. The figures are drawn here, from the installed kernels, each time the docs are built."""

from __future__ import annotations

import runpy
import sys
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # mathml.py

project = "gasquake"
author = "the gasquake developers"
copyright = "the gasquake developers, BSD-3-Clause"
version = release = installed("gasquake")

extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_generated", "figures"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_update_mathjax = False
html_math_renderer = "mathml"

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say shape, dtype and unit; the hints say less
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["gasquake.css"]
html_title = f"gasquake {release}"
html_theme_options = {
    "show_toc_level": 2,
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# Pages without pages below them have nothing to put there.
html_sidebars: dict[str, list[str]] = {
    page: [] for page in ("install", "tutorial", "tutorial.zh", "contributing", "changelog")
}
html_show_sourcelink = False


def draw_figures(_app: Sphinx) -> None:
    """Run every script in figures/; each writes its pictures into _generated/."""
    scripts = HERE / "figures"
    sys.path.insert(0, str(scripts))
    try:
        for script in sorted(scripts.glob("*.py")):
            if script.stem != "style":
                runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.path.remove(str(scripts))


def trim_code(_app: Sphinx, doctree: nodes.document) -> None:
    """Drop the empty last line that doctest needs before a closing fence."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext().rstrip()
        block.rawsource = text
        block.children = [nodes.Text(text)]


def setup(app: Sphinx) -> None:
    """Draw before anything is read."""
    app.connect("builder-inited", draw_figures)
    app.connect("doctree-read", trim_code)
