"""The report's words in English and Chinese, and how it writes numbers.

All text lies in ``messages/*.toml``, each message with its English and its Chinese side by side. It is plain text: the
templates escape it together with whatever is filled in.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

from gasquake._numbers import MISSING, p_text, percent_text, significant

__all__ = ["LANGUAGES", "Language", "Words", "clean", "drawable", "gas_label", "messages", "tied", "unbroken"]

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

_TIES = re.compile(r"(?<=\bp) (?=[=<>] [\d–])|(?<=\bp [=<>]) (?=[\d–])|(?<=\d) (?=%)")
_GASES = {"co": "CO", "ch4": "CH₄", "co2": "CO₂", "o3": "O₃"}
# Characters that a page cannot hold or that turn the direction of what follows: control codes but tab and newlines,
# lone surrogates of file names that are not UTF-8, and the marks of bidirectional text.
_UNFIT = {
    code: "�"
    for span in (
        range(9), range(11, 13), range(14, 32), range(127, 160), range(0xD800, 0xE000), range(0x202A, 0x202F),
        range(0x2066, 0x206A), (0xFFFE, 0xFFFF),
    )
    for code in span
}  # fmt: skip


def clean(text: str, /) -> str:
    """Text as a page can hold it.

    Parameters
    ----------
    text : str
        Of a file's name, a catalogue, a configuration.

    Returns
    -------
    str
        With U+FFFD for every control code, lone surrogate and mark of direction.

    Examples
    --------
    >>> clean("a" + chr(0x202E) + "b" + chr(0))
    'a�b�'
    """
    return text.translate(_UNFIT)


@cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """All messages.

    Returns
    -------
    mapping of str to mapping of str to str
        Key, as "verdict.rooted", -> language -> text.

    Examples
    --------
    >>> messages()["orbit.ascending"]["zh"]
    '升轨'
    """
    found: dict[str, Mapping[str, str]] = {}
    folder = resources.files("gasquake.report").joinpath("messages")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            found.update(_flat(tomllib.loads(file.read_text(encoding="utf-8")), ""))
    return found


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for key, value in table.items():
        if all(isinstance(text, str) for text in value.values()):
            yield prefix + key, value
        else:
            yield from _flat(value, f"{prefix}{key}.")


def gas_label(gas: str, /) -> str:
    """A gas as a reader writes it.

    Parameters
    ----------
    gas : str
        As in a cube.

    Returns
    -------
    str
        With subscripts, as "CH₄"; another name as it is.

    Examples
    --------
    >>> gas_label("ch4")
    'CH₄'
    """
    return _GASES.get(gas, gas)


def unbroken(date: str, /) -> str:
    """A date that no line is broken in.

    Parameters
    ----------
    date : str
        As "08-26".

    Returns
    -------
    str
        With hyphens that hold together.
    """
    return date.replace("-", "\N{NON-BREAKING HYPHEN}")


def tied(text: str, /) -> str:
    """A sentence whose numbers stay with what they belong to when lines are broken.

    Parameters
    ----------
    text : str
        As "p = 0.91, 90 %".

    Returns
    -------
    str
        With no-break spaces after and before a relation, and before a percent sign.

    Examples
    --------
    >>> tied("with p = 0.91, 90 % of them").replace("\\xa0", "_")
    'with p_=_0.91, 90_% of them'
    """
    return _TIES.sub("\N{NO-BREAK SPACE}", text)


def drawable(language: Language, /) -> bool:
    """Whether figures can be labelled in a language here.

    Parameters
    ----------
    language : {"en", "zh"}
        Which.

    Returns
    -------
    bool
        Chinese needs a font that has it.
    """
    from gasquake import plot

    return language == "en" or plot.cjk_font() is not None


class Words:
    """The messages in one language.

    Parameters
    ----------
    language : {"en", "zh"}
        Which.

    Raises
    ------
    ValueError
        For another language.

    Examples
    --------
    >>> say = Words("en")
    >>> say("orbit.ascending"), say.name("stage", "before"), say.name("stage", "my own")
    ('ascending', 'before', 'my own')
    >>> say.number(0.003116, 2), say.number(-2.5e-10), say.number(None)
    ('0.0031', '−2.5 × 10⁻¹⁰', '–')
    """

    def __init__(self, language: Language) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
        self.language = language

    def __call__(self, key: str, /, **values: object) -> str:
        """A message, with values filled in.

        Parameters
        ----------
        key : str
            As "verdict.ROOTED".
        **values : object
            What the names in braces stand for.

        Returns
        -------
        str
            Plain text; nothing in it is escaped yet.
        """
        text = messages()[key][self.language]
        return text.format(**values) if values else text

    def section(self, prefix: str, /) -> dict[str, str]:
        """All messages whose keys start alike.

        Parameters
        ----------
        prefix : str
            As "script.".

        Returns
        -------
        dict of str to str
            Whole keys and their texts.
        """
        return {key: text[self.language] for key, text in messages().items() if key.startswith(prefix)}

    def name(self, kind: str, value: object, /) -> str:
        """A name that may have a translation.

        Parameters
        ----------
        kind : str
            As "stage", "orbit", "verdict".
        value : object
            The name.

        Returns
        -------
        str
            The user's own names as they are.
        """
        key = f"{kind}.{value}"
        return self(key) if key in messages() else str(value)

    def gases(self, gases: list[str], /) -> str:
        """Several gases as one phrase.

        Parameters
        ----------
        gases : list of str
            At least one.

        Returns
        -------
        str
            As "CO and CH₄".
        """
        labels = [gas_label(gas) for gas in gases]
        if len(labels) == 1:
            return labels[0]
        return self("word.and", first=self("word.comma").join(labels[:-1]), last=labels[-1])

    def number(self, value: float | None, digits: int = 3, /) -> str:
        """A number with so many figures that count.

        Parameters
        ----------
        value : float or None
            None and NaN are missing.
        digits : int
            Significant digits.

        Returns
        -------
        str
            A dash for what is missing.
        """
        if value is None or not math.isfinite(value):
            return MISSING
        if 1000.0 <= abs(value) < 1e6:  # a thousand kilometres are no power of ten
            decimals = digits - len(str(int(abs(value))))
            return self.fixed(round(value, decimals), max(decimals, 0))
        return significant(value, digits)

    def p(self, value: float | None, /) -> str:
        """A p-value.

        Parameters
        ----------
        value : float or None
            0 to 1; None and NaN are missing.

        Returns
        -------
        str
            Two figures that count below 0.1, two decimal places above; never 1 for what is less. As the verdict, the
            command line and the figures write it.

        Examples
        --------
        >>> say = Words("en")
        >>> [say.p(value) for value in (0.003116, 0.132, 0.996, 1.0)]
        ['0.0031', '0.13', '> 0.99', '1']
        """
        return p_text(value)

    def fixed(self, value: float | None, places: int = 2, /) -> str:
        """A number with so many decimal places, grouped by thousands.

        Parameters
        ----------
        value : float or None
            None and NaN are missing.
        places : int
            After the point.

        Returns
        -------
        str
            A dash for what is missing.
        """
        if value is None or not math.isfinite(value):
            return MISSING
        value = round(value, places) + 0.0  # no minus before zero
        return f"{value:,.{places}f}".replace("-", "−").replace(",", "\N{NARROW NO-BREAK SPACE}")

    def percent(self, value: float | None, /) -> str:
        """A share as percent.

        Parameters
        ----------
        value : float or None
            0 to 1.

        Returns
        -------
        str
            With one decimal place; English has a space before the sign, Chinese has none.
        """
        if value is None or not math.isfinite(value):
            return MISSING
        text = percent_text(value)
        return text if self.language == "en" else text.replace(" ", "")

    def margin(self, value: float | None, error: float | None, /) -> str:
        """A large number and its uncertainty, both to the second figure of the uncertainty.

        Parameters
        ----------
        value, error : float or None
            None and NaN are missing.

        Returns
        -------
        str
            Without decimal places.

        Examples
        --------
        >>> Words("en").margin(10812.3, 9253.4).replace("\u202f", " ")
        '10 800 ± 9 300'
        """
        if value is None or error is None or not (math.isfinite(value) and math.isfinite(error)):
            return f"{self.fixed(value, 0)} ± {self.fixed(error, 0)}"
        places = min(1 - math.floor(math.log10(abs(error))), 0) if error else 0
        return f"{self.fixed(round(value, places), 0)} ± {self.fixed(round(error, places), 0)}"

    def interval(self, low: float | None, high: float | None, digits: int = 3, /) -> str:
        """An interval of numbers.

        Parameters
        ----------
        low, high : float or None
            Its ends.
        digits : int
            Significant digits.

        Returns
        -------
        str
            A dash if either end is missing.
        """
        if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
            return MISSING
        return self("word.interval", low=self.number(low, digits), high=self.number(high, digits))
