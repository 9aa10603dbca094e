"""How numbers are written for a reader: the same p-value and the same share in the same figures everywhere."""

from __future__ import annotations

import math
from itertools import count

__all__ = ["LEVEL", "MISSING", "p_equals", "p_text", "percent_text", "significant"]

LEVEL = 0.05  # [D] a headline is called unusual at or below this p-value

MISSING = "–"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def significant(value: float, digits: int, /) -> str:
    """A finite number with so many figures that count, a power of ten where it is very small or large.

    Examples
    --------
    >>> significant(0.003116, 2), significant(-2.5e-10, 3)
    ('0.0031', '−2.5 × 10⁻¹⁰')
    """
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    power = f" × 10{str(int(exponent)).translate(_RAISED)}" if exponent else ""
    return mantissa.replace("-", "−") + power


def p_text(value: float | None, /) -> str:
    """A p-value, or another share that is read like one: 0 to 1.

    Two figures that count below 0.1, two decimal places above; never 1 for what is less, and as many figures more as it
    takes to see on which side of the level it lies. None and NaN are missing.

    Examples
    --------
    >>> [p_text(value) for value in (0.003116, 0.05, 0.0502, 0.132, 0.905, 0.996, 1.0)]
    ['0.0031', '0.05', '0.0502', '0.13', '0.91', '> 0.99', '1']
    """
    if value is None or math.isnan(value):
        return MISSING
    if value >= 0.995:
        return "1" if value >= 1.0 else "> 0.99"
    if value >= 0.0995:
        return f"{value:.2f}"
    digits = next(n for n in count(2) if (float(f"{value:.{n}g}") <= LEVEL) == (value <= LEVEL))
    return significant(value, digits)


def p_equals(value: float | None, /) -> str:
    """A p-value with its letter.

    Examples
    --------
    >>> p_equals(0.905), p_equals(0.996), p_equals(float("nan"))
    ('p = 0.91', 'p > 0.99', 'p = –')
    """
    text = p_text(value)
    return f"p {text}" if text.startswith(">") else f"p = {text}"


def percent_text(share: float, /) -> str:
    """A share as percent, with a space as the SI has it.

    Examples
    --------
    >>> percent_text(0.003)
    '0.3 %'
    """
    return f"{share * 100:.1f} %"
