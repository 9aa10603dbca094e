"""Catalogues that are trees: GeoJSON and QuakeML."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET
from xml.parsers import expat

from gasquake.io._catalogue_records import Records, unknown

__all__ = ["read_geojson", "read_quakeml"]

_FIELDS = (
    "time", "longitude", "latitude", "depth", "magnitude", "magnitude_type", "event_id", "place", "event_type",
)  # fmt: skip


# --- GeoJSON ----------------------------------------------------------------------------------------------------------


def read_geojson(text: str) -> Records:
    """The events of a FeatureCollection, or the one of a Feature."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: broken JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError("the JSON is nested too deeply to be a catalogue") from None
    kind = document.get("type") if isinstance(document, dict) else None
    features = [document] if kind == "Feature" else document.get("features") if kind == "FeatureCollection" else None
    if not isinstance(features, list):
        raise unknown(f"JSON of type {kind!r}")
    columns: dict[str, list[str]] = {name: [] for name in _FIELDS}
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict):
            raise ValueError(f"feature {number} is no object but {str(feature)[:40]!r}")
        properties, geometry = feature.get("properties") or {}, feature.get("geometry") or {}
        if not isinstance(properties, dict) or not isinstance(geometry, dict):
            raise ValueError(f"feature {number} has properties or a geometry that are no objects")
        if number == 1 and not {"time", "mag"} <= properties.keys():
            raise unknown(f"GeoJSON whose features have no properties time and mag, but {sorted(properties)[:8]}")
        coordinates = geometry.get("coordinates")
        point = [*(coordinates if isinstance(coordinates, list) else []), None, None, None]
        row = {
            "time": properties.get("time"),
            "longitude": point[0],
            "latitude": point[1],
            # Where both stand, the property is the depth and the coordinate may be a height.
            "depth": properties.get("depth", point[2]),
            "magnitude": properties.get("mag"),
            "magnitude_type": properties.get("magType", properties.get("magtype")),
            "event_id": feature.get("id", properties.get("unid")),
            "place": properties.get("place", properties.get("flynn_region")),
            "event_type": properties.get("type"),
        }
        for name, value in row.items():
            columns[name].append("" if value is None else str(value))
    where = [f"feature {number}" for number in range(1, len(features) + 1)]
    bare = all(re.fullmatch(r"-?\d*", time) for time in columns["time"])
    return Records("ComCat GeoJSON", columns, where, zone="UTC", epoch="ms" if bare else None)


# --- QuakeML ----------------------------------------------------------------------------------------------------------


class _RootReached(Exception):
    """The prolog is over and had nothing dangerous in it."""


def _refuse_declarations(data: bytes) -> None:
    """Refuse a document that declares anything: entities that expand without end stand in its DOCTYPE only."""

    def doctype(*_: object) -> None:
        raise ValueError("found a DOCTYPE, which no QuakeML has and which can hide an entity bomb; take it out")

    def start(*_: object) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat takes no keywords
    except _RootReached:
        return
    except expat.ExpatError as error:
        raise ValueError(f"line {error.lineno}, column {error.offset + 1}: broken XML ({error})") from None


def read_quakeml(data: bytes) -> Records:
    """The events of a QuakeML document."""
    _refuse_declarations(data)
    try:
        root = ET.fromstring(data)
    except ET.ParseError as error:
        line, column = error.position
        raise ValueError(f"line {line}, column {column + 1}: broken XML ({error}); the file may be cut short") from None
    if _local(root.tag) != "quakeml":
        raise unknown(f"XML with the root <{_local(root.tag)}>")
    columns: dict[str, list[str]] = {name: [] for name in _FIELDS}
    where = []
    for number, event in enumerate((e for e in root.iter() if _local(e.tag) == "event"), 1):
        origin = _preferred(event, "origin", "preferredOriginID")
        magnitude = _preferred(event, "magnitude", "preferredMagnitudeID")
        row = {
            "time": _text(origin, "time", "value"),
            "longitude": _text(origin, "longitude", "value"),
            "latitude": _text(origin, "latitude", "value"),
            "depth": _text(origin, "depth", "value"),
            "magnitude": _text(magnitude, "mag", "value"),
            "magnitude_type": _text(magnitude, "type"),
            "event_id": _event_id(event),
            "place": _text(event, "description", "text"),
            "event_type": _text(event, "type"),
        }
        for name, value in row.items():
            columns[name].append(value)
        where.append(f"event {number} ({event.get('publicID', 'without publicID')})")
    # QuakeML 1.2 defines every time as UTC and every depth in metres.
    return Records("QuakeML", columns, where, zone="UTC", kilometres=1e-3)


def _local(tag: Any) -> str:
    """A tag or attribute without its namespace: files of one network differ in prefixes alone."""
    return str(tag).rpartition("}")[2]


def _child(element: ET.Element | None, name: str) -> ET.Element | None:
    return None if element is None else next((c for c in element if _local(c.tag) == name), None)


def _text(element: ET.Element | None, *path: str) -> str:
    for name in path:
        element = _child(element, name)
    return "" if element is None else (element.text or "").strip()


def _preferred(event: ET.Element, kind: str, pointer: str) -> ET.Element | None:
    """The origin or magnitude that the event prefers; the first where it names none that is there."""
    found = [child for child in event if _local(child.tag) == kind]
    wanted = _text(event, pointer)
    return next((child for child in found if child.get("publicID") == wanted), found[0] if found else None)


def _event_id(event: ET.Element) -> str:
    """The id that the same event has in its network's other formats."""
    attributes = {_local(key): value for key, value in event.attrib.items()}
    if "eventid" in attributes:  # ComCat: source and code
        return attributes.get("eventsource", "") + attributes["eventid"]
    public = attributes.get("publicID", "")
    return parse_qs(urlsplit(public).query).get("eventid", [public])[0]
