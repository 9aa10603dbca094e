"""The events of a catalogue as text, before any of it is understood."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["FORMATS", "Records", "unknown"]

#: Every format known, as errors list them.
FORMATS = (
    "ComCat CSV",
    "ComCat GeoJSON",
    "QuakeML",
    "FDSN text",
    "pyCSEP CSV",
    "CENC text",
    "table of year, month, day",
    "table of seconds or milliseconds since 1970",
    "table with a header of time, latitude, longitude and magnitude",
)


@dataclass(slots=True)
class Records:
    """The events of one catalogue as text.

    Attributes
    ----------
    format : str
        One of `FORMATS`.
    columns : dict of str to list of str
        Fields by name ("time", "longitude", ...), one text for each event, empty where missing.
    where : list of str
        The place in the file of each event, as "line 12".
    labels : dict of str to str
        What the file calls each field.
    zone : str or None
        The zone of times that name none, where the format defines it.
    epoch : {"s", "ms"} or None
        What bare numbers count, where the format or the column's name says it.
    kilometres : float
        What one unit of depth is in km.
    """

    format: str
    columns: dict[str, list[str]]
    where: list[str]
    labels: dict[str, str] = field(default_factory=dict)
    zone: str | None = None
    epoch: str | None = None
    kilometres: float = 1.0


def unknown(found: str) -> ValueError:
    """The error for a file in no known format."""
    return ValueError(f"found {found}, which is none of the known formats: {'; '.join(FORMATS)}")
