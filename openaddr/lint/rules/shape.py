"""The file against our JSON Schema, in our own words: the library's quote whole objects."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from openaddr.lint.findings import Fix, Found, Severity, quoted
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject
from openaddr.source.entries import json_kind
from openaddr.source.positions import escape

SCHEMA_FILE = Path(__file__).parents[1] / "schema.json"
MOST = 200
"""Errors of one file that are looked at; nobody reads more."""
ALIKE = 0.75
"""Likeness of two names from which one is taken for the other misspelt."""
LONGEST_NAME = 40
OPEN_OBJECTS = ("/coverage", "/coverage/US Census", "/coverage/ISO 3166")
"""Objects that may have members of which the schema knows nothing."""

KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
LIMITS = {
    "minLength": "the fewest characters are {}",
    "maxLength": "the most characters are {}",
    "minItems": "the fewest items are {}",
    "maxItems": "the most items are {}",
    "minimum": "the least is {}",
    "maximum": "the most is {}",
    "not": "the schema rules that out",
}
"""What the schema says about a size, by its keyword."""


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of source files."""
    found: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return found


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema())


@lru_cache(maxsize=1)
def _errors(subject: Subject) -> list[jsonschema_rs.ValidationError]:
    """Where the file leaves the schema. A flat file of schema 1 is another thing, of which its own rule tells.

    Kept for the rules that ask one after the other.
    """
    if "layers" not in subject.value and subject.value.get("schema") in (None, 1):
        return []
    return list(islice(_validator().iter_errors(subject.value), MOST))


def _violations(subject: Subject) -> Iterator[Found]:
    for error in _errors(subject):
        if not isinstance(error.kind, Kind.AdditionalProperties):
            yield _violation(error)


def _violation(error: jsonschema_rs.ValidationError) -> Found:
    pointer, value = _pointer(error.instance_path), error.instance
    described = _described(error.schema_path)
    name = _named(error.instance_path)
    fix = None
    match error.kind:
        case Kind.Required(missing):
            part = described.get("properties", {}).get(missing, {})
            return Found(pointer, f"`{missing}` is missing.", _instead(_resolved(part)))
        case Kind.Enum(options):
            return _not_one_of(pointer, name, value, [str(option) for option in options])
        case Kind.Type(types):
            message = f"{name} is {json_kind(value)}; it has to be {' or '.join(KINDS[kind] for kind in types)}."
        case Kind.Constant(wanted):
            message = f"{name} is {quoted(value)}; it has to be {quoted(wanted)}."
        case Kind.Pattern(pattern):
            message = f"{name} is {quoted(value)}, which is not of the form `{pattern}`."
            small = str(value).lower()
            fix = Fix(small) if re.search(pattern, small) else None
        case kind:
            limit = LIMITS.get(kind.name, "{} does not allow it").format(quoted(kind.value))
            message = f"{name} is {quoted(value)}; {limit}."
    return Found(pointer, message, _instead(described), fix=fix)


def _named(path: list[str | int]) -> str:
    """What a value is called: the name of the member, or which item of which list."""
    match path:
        case [*_, str(name), int(index)]:
            return f"Item {index + 1} of `{name}`"
        case [*_, str(name)]:
            return f"`{name}`"
    return "The file"


def _not_one_of(pointer: str, name: str, value: object, options: list[str]) -> Found:
    near = _nearest(value, options) if isinstance(value, str) else None
    same = near is not None and isinstance(value, str) and near.casefold() == value.casefold()
    instead = f"Write {json.dumps(near)}." if near else f"Write one of {', '.join(map(json.dumps, options))}."
    message = f"{name} is {quoted(value)}, which is unknown; known are {', '.join(options)}."
    return Found(pointer, message, instead, fix=Fix(near) if same and near else None)


def _unknown_keys(subject: Subject) -> Iterator[Found]:
    for pointer, key, known in _strange_keys(subject):
        if _meant(key, known, subject.object_at(pointer)) is None:
            message = f"Nothing reads the key {quoted(key)}; known here are {', '.join(known)}."
            yield Found(f"{pointer}/{escape(key)}", message, at_name=True)


def _misspelt_keys(subject: Subject) -> Iterator[Found]:
    taken: set[str] = set()
    for pointer, key, known in (*_strange_keys(subject), *_open_keys(subject)):
        meant = _meant(key, known, subject.object_at(pointer))
        if meant is not None:
            # Of two that are alike to the same name only one can have it.
            fix = Fix(meant, name=True) if f"{pointer}/{meant}" not in taken else None
            taken.add(f"{pointer}/{meant}")
            message = f"Nothing reads the key {quoted(key)}, which looks like `{meant}`."
            yield Found(f"{pointer}/{escape(key)}", message, f"Write `{meant}`.", at_name=True, fix=fix)


def _strange_keys(subject: Subject) -> Iterator[tuple[str, str, list[str]]]:
    """Pointer of an object, a key that the schema forbids in it, and those that it allows."""
    for error in _errors(subject):
        if isinstance(error.kind, Kind.AdditionalProperties):
            known = list(_described(error.schema_path).get("properties", {}))
            for key in error.kind.unexpected[:MOST]:
                yield _pointer(error.instance_path), key, known


def _open_keys(subject: Subject) -> Iterator[tuple[str, str, list[str]]]:
    """The same for objects that may have any key: whatever the schema does not name."""
    for pointer in OPEN_OBJECTS:
        described = schema()
        for step in pointer.split("/")[1:]:
            described = described["properties"][step]
        known = list(described["properties"])
        strange = (key for key in subject.object_at(pointer) if key not in known)
        yield from ((pointer, key, known) for key in islice(strange, MOST))


def _meant(key: str, known: list[str], siblings: Mapping[str, Any]) -> str | None:
    """The known name that a key most likely was meant to be, if the object lacks it."""
    near = _nearest(key, [name for name in known if name not in siblings])
    # A name that is as near to one that is there is a further one of its kind, such as `subdivision (fi)`.
    return near if near and _nearest(key, known) == near else None


def _nearest(text: str, known: Iterable[str]) -> str | None:
    """The name that is most like a text, if any is alike."""
    if len(text) > LONGEST_NAME:
        return None
    folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(text.casefold(), folded, 1, ALIKE)
    return folded[found[0]] if found else None


def _pointer(path: Iterable[str | int]) -> str:
    return "".join(f"/{escape(str(step))}" for step in path)


def _described(schema_path: list[str | int]) -> dict[str, Any]:
    """The part of the schema that says what should be: all of the path but the keyword at its end."""
    part: Any = schema()
    described: dict[str, Any] = {}
    for step in schema_path[:-1]:
        part = part[step]
        if isinstance(part, dict) and ("description" in part or "properties" in part):
            described = part
    return described


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema with what it refers to."""
    name = part.get("$ref", "").rpartition("/")[2]
    return {**schema()["$defs"].get(name, {}), **part}


def _instead(described: Mapping[str, Any]) -> str:
    examples = described.get("examples", [])
    example = f" Such as {json.dumps(examples[0], ensure_ascii=False)}." if examples else ""
    return f"{described.get('description', '')}{example}".strip()


CHECKS = (
    Check(
        "schema",
        Severity.BUG,
        "A value is not what the schema asks for",
        "What the schema says of the key; it is in the message.",
        _violations,
        mends=True,
    ),
    Check(
        "key-misspelt",
        Severity.BUG,
        "A key that nothing reads is much like one that is known and absent",
        "The known key.",
        _misspelt_keys,
        mends=True,
    ),
    Check(
        "key-unknown",
        Severity.WARNING,
        "A key that nothing reads",
        "Take it out; remarks go into `note`.",
        _unknown_keys,
    ),
)
