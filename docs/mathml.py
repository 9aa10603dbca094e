"""Sphinx extension: formulas as MathML by docutils' own converter. Browsers draw it without any network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.logging import getLogger

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

LOG = getLogger(__name__)


def visit_inline(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula that stands in a line."""
    write(translator, node, block=False)


def visit_block(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula that stands alone."""
    write(translator, node, block=True)


def write(translator: HTML5Translator, node: nodes.Element, *, block: bool) -> None:
    """Convert and write; what docutils cannot convert is a warning, and so fails the build."""
    try:
        translator.body.append(tex2mathml(node.astext(), as_block=block))
    except MathError as error:
        LOG.warning("formula %r: %s", node.astext(), error, location=node)
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer; ``html_math_renderer = "mathml"`` chooses it."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
