"""Which format a catalogue is in, told by its content.

ObsPy reads QuakeML and pyCSEP reads its own CSV; both were rejected because they bring matplotlib and compiled code for
what the standard library reads in a page.
"""

from __future__ import annotations

from gasquake.io._catalogue_documents import read_geojson, read_quakeml
from gasquake.io._catalogue_records import Records, unknown
from gasquake.io._catalogue_tables import has_chinese_names, read_table

__all__ = ["read_records"]


def read_records(data: bytes) -> Records:
    """Read a catalogue whose format its content tells.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    Records
        Its events.

    Raises
    ------
    ValueError
        If it is damaged or in no known format. The message does not name the file.
    """
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or data[:4] in (b"\xff\xfe<\0", b"\xfe\xff\0<"):
        return read_quakeml(data)
    text = _decode(data)
    if text.lstrip().startswith(("{", "[")):
        return read_geojson(text)
    return read_table(text)


def _decode(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ValueError(f"the text begins as UTF-16 but breaks at byte {error.start}; save it as UTF-8") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        broken = error
    if b"\0" in data[:4096]:
        raise unknown("bytes that are no text")
    line = data[: broken.start].count(b"\n") + 1
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        raise ValueError(f"line {line} is neither UTF-8 nor GB18030; save the file as UTF-8") from None
    # Nearly any bytes decode as GB18030: only a header with known Chinese names proves it.
    header = next((row for row in text.splitlines() if row.strip()), "")
    if not has_chinese_names(header):
        raise ValueError(f"line {line} is not UTF-8, and the encoding cannot be told; save the file as UTF-8")
    return text
