"""One entry of a layer: JSON member by JSON member into a `LayerSource`, or into the problem that stops it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from openaddr.errors import Code, Problem, ProblemError
from openaddr.source.licence import parse_licence
from openaddr.source.model import AcceptanceTest, BrokenEntry, Conform, LayerSource
from openaddr.source.positions import escape
from openaddr.source.rules import Rule, RuleError, parse_rule
from openaddr.stages import ATTRIBUTES, Layer

PROTOCOLS = {"http": "http", "https": "http", "ftp": "ftp", "file": "file", "esri": "ESRI"}
FORMATS = ("csv", "geojson", "shapefile", "shapefile-polygon", "gdb", "gpkg", "xml")
COMPRESSIONS = ("zip", "gzip")
MAX_ENTRIES = 500
"""Layer sources of one file; the largest known has 4."""


def parse_entries(value: Mapping[str, Any]) -> Iterator[LayerSource | BrokenEntry]:
    """All entries of a source file in order; names are made unique within their layer.

    A file of schema 1 is flat and has no layers: it is one entry of addresses named `primary`.
    """
    if "layers" not in value:
        if value.get("schema") not in (None, 1):
            raise schema_error(f"A source file of schema {value['schema']!r} needs `layers`.", "")
        yield _entry_or_problem("addresses", {"name": "primary", **value}, "")
        return
    layers = value["layers"]
    if not isinstance(layers, dict):
        raise schema_error(f"`layers` is an object of lists, not {json_kind(layers)}.", "/layers")
    count = sum(len(members) if isinstance(members, list) else 1 for members in layers.values())
    if count > MAX_ENTRIES:
        message = f"The source file has {count:,} sources in its layers; {MAX_ENTRIES:,} are allowed."
        raise ProblemError(Code.SOURCE_TOO_LARGE, message, pointer="/layers")
    for layer, members in layers.items():
        yield from _layer_entries(layer, members, f"/layers/{escape(layer)}")


def _layer_entries(layer: str, members: object, pointer: str) -> Iterator[LayerSource | BrokenEntry]:
    if not isinstance(members, list):
        error = schema_error(f"A layer is a list of sources, not {json_kind(members)}.", pointer)
        yield BrokenEntry(layer, "", error.problem)
        return
    taken: set[str] = set()
    for index, member in enumerate(members):
        entry = _renamed(_entry_or_problem(layer, member, f"{pointer}/{index}"), taken)
        taken.add(entry.name)
        yield entry


def _entry_or_problem(layer: str, member: object, pointer: str) -> LayerSource | BrokenEntry:
    try:
        return _entry(layer, member, pointer)
    except ProblemError as error:
        name = member.get("name") if isinstance(member, dict) else None
        return BrokenEntry(layer, name if isinstance(name, str) else "", error.problem)


def _renamed(entry: LayerSource | BrokenEntry, taken: set[str]) -> LayerSource | BrokenEntry:
    """The entry under a name of its own: of two equal ones the second becomes `name-2`, with a warning."""
    if entry.name not in taken:
        return entry
    number = next(number for number in range(2, len(taken) + 3) if f"{entry.name}-{number}" not in taken)
    unique = f"{entry.name}-{number}"
    if isinstance(entry, BrokenEntry):
        return replace(entry, name=unique)
    message = f"Two sources of layer {entry.layer} are named {entry.name!r}; this one runs as {unique!r}."
    warning = Problem(Code.NAME_REPEATED, message, pointer=f"{entry.pointer}/name")
    return replace(entry, name=unique, warnings=(*entry.warnings, warning))


def _entry(layer: str, member: object, pointer: str) -> LayerSource:
    if layer not in ATTRIBUTES:
        known = ", ".join(ATTRIBUTES)
        raise ProblemError(Code.LAYER_UNKNOWN, f"There is no layer {layer!r}; layers are {known}.", pointer=pointer)
    if not isinstance(member, dict):
        raise schema_error(f"A source is an object, not {json_kind(member)}.", pointer)
    kind = Layer(layer)
    if member.get("skip"):
        # Whatever else is wrong with it, the source says not to look.
        return LayerSource(kind, _name(member, pointer), pointer, protocol="", data="", conform=None, skip=True)
    return LayerSource(
        layer=kind,
        name=_name(member, pointer),
        pointer=pointer,
        protocol=_protocol(member, pointer),
        data=_text(member, "data", pointer),
        conform=_conform(kind, member, pointer),
        compression=_one_of(member, "compression", COMPRESSIONS, Code.COMPRESSION_UNKNOWN, pointer),
        headers=_request_headers(member, pointer),
        tests=tuple(_tests(member, pointer)),
        license=parse_licence(member),
        website=_optional(member, "website", str, pointer),
    )


def _name(member: Mapping[str, Any], pointer: str) -> str:
    name = _text(member, "name", pointer)
    if name != name.strip() or not name:
        raise schema_error(f"`name` is {name!r}; it has to be a word without blanks around it.", f"{pointer}/name")
    return name


def _protocol(member: Mapping[str, Any], pointer: str) -> str:
    given = _text(member, "protocol", pointer)
    if given.lower() not in PROTOCOLS:
        message = f"The protocol {given!r} is unknown; known are http, ftp and ESRI."
        raise ProblemError(Code.PROTOCOL_UNKNOWN, message, pointer=f"{pointer}/protocol")
    return PROTOCOLS[given.lower()]


def _request_headers(member: Mapping[str, Any], pointer: str) -> dict[str, str]:
    request = _optional(member, "request", dict, pointer) or {}
    headers = _optional(request, "headers", dict, f"{pointer}/request") or {}
    for name, value in headers.items():
        if not isinstance(value, str) or any(character in f"{name}{value}" for character in "\r\n\0"):
            place = f"{pointer}/request/headers/{escape(name)}"
            raise schema_error(f"The header {name!r} has to be one line of text.", place)
    return headers


def _conform(layer: Layer, member: Mapping[str, Any], pointer: str) -> Conform | None:
    """The conform of an entry, None when it has none. ESRI data is always what the server sends."""
    value = _optional(member, "conform", dict, pointer)
    if value is None:
        return None
    place = f"{pointer}/conform"
    separator = _optional(value, "csvsplit", str, place) or ","
    if len(separator) != 1:
        raise schema_error(f"`csvsplit` is {separator!r}; it has to be one character.", f"{place}/csvsplit")
    return Conform(
        format=_one_of(value, "format", FORMATS, Code.FORMAT_UNKNOWN, place, required=True) or "",
        rules=tuple((key, _rule(rule, f"{place}/{key}")) for key, rule in value.items() if key in ATTRIBUTES[layer]),
        file=_optional(value, "file", str, place),
        layer=_optional(value, "layer", (str, int), place),
        srs=_optional(value, "srs", str, place),
        encoding=_optional(value, "encoding", str, place),
        csvsplit=separator,
        headers=_line_number(value, "headers", -1, place),
        skiplines=_line_number(value, "skiplines", 0, place),
        lon=_rule(value["lon"], f"{place}/lon") if value.get("lon") is not None else None,
        lat=_rule(value["lat"], f"{place}/lat") if value.get("lat") is not None else None,
    )


def _rule(value: object, pointer: str) -> Rule:
    """A rule; a bare number, as `accuracy` allows, is that constant."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = {"function": "constant", "value": value}
    try:
        return parse_rule(value)
    except RuleError as error:
        message = f"{str(error)[:1].upper()}{str(error)[1:]}."
        raise ProblemError(Code.FUNCTION_INVALID, message, pointer=pointer + error.pointer) from None


def _line_number(value: Mapping[str, Any], key: str, least: int, pointer: str) -> int | None:
    number: int | None = _optional(value, key, int, pointer)
    if number is not None and (number < least or number == 0 or number > 1_000_000):
        raise schema_error(f"`{key}` is {number}; it counts lines from 1.", f"{pointer}/{key}")
    return number


def _tests(member: Mapping[str, Any], pointer: str) -> Iterator[AcceptanceTest]:
    """The acceptance tests of an entry, none when they are switched off."""
    test = _optional(member, "test", dict, pointer)
    if not test or not test.get("enabled", True):
        return
    place = f"{pointer}/test/acceptance-tests"
    cases = test.get("acceptance-tests") or []
    if not isinstance(cases, list):
        raise schema_error(f"`acceptance-tests` is a list, not {json_kind(cases)}.", place)
    for index, case in enumerate(cases):
        if not isinstance(case, dict):
            raise schema_error(f"An acceptance test is an object, not {json_kind(case)}.", f"{place}/{index}")
        inputs = _optional(case, "inputs", dict, f"{place}/{index}") or {}
        expected = _optional(case, "expected", dict, f"{place}/{index}") or {}
        description = case.get("description") or f"test {index + 1}"
        yield AcceptanceTest(str(description), f"{place}/{index}", inputs, expected)


def _one_of(
    member: Mapping[str, Any],
    key: str,
    allowed: tuple[str, ...],
    code: Code,
    pointer: str,
    *,
    required: bool = False,
) -> str | None:
    given: str | None = _text(member, key, pointer) if required else _optional(member, key, str, pointer)
    if given in (None, "") and not required:
        return None
    if str(given).lower() not in allowed:
        message = f"The {key} {given!r} is unknown; known are {', '.join(allowed)}."
        raise ProblemError(code, message, pointer=f"{pointer}/{key}")
    return str(given).lower()


def _text(member: Mapping[str, Any], key: str, pointer: str) -> str:
    if key not in member:
        raise schema_error(f"`{key}` is missing.", pointer)
    value: str | None = _optional(member, key, str, pointer)
    if not value:
        raise schema_error(f"`{key}` is empty.", f"{pointer}/{key}")
    return value


def _optional(member: Mapping[str, Any], key: str, kind: type | tuple[type, ...], pointer: str) -> Any:
    value = member.get(key)
    if value is None or (isinstance(value, kind) and not isinstance(value, bool)):
        return value
    names = {str: "text", int: "a whole number", dict: "an object", (str, int): "text or a whole number"}
    message = f"`{key}` is {json_kind(value)}; it has to be {names[kind]}."
    raise schema_error(message, f"{pointer}/{escape(key)}")


def schema_error(message: str, pointer: str) -> ProblemError:
    """The problem of a value that does not follow the schema of source files."""
    return ProblemError(Code.SOURCE_SCHEMA, message, pointer=pointer)


def json_kind(value: object) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
