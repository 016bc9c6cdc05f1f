"""One answer of an ESRI layer query: its features as raw JSON, and what it says of its fields."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from openaddr.conform.readers.text import MARK, marked, open_utf8
from openaddr.errors import Code, ProblemError

OID_TYPE = "esriFieldTypeOID"


class _Field(msgspec.Struct):
    name: str
    type: str = ""


class _Answer(msgspec.Struct):
    features: list[msgspec.Raw] | None = None
    object_id_field: str | None = msgspec.field(default=None, name="objectIdFieldName")
    fields: list[_Field] | None = None


class _Attributes(msgspec.Struct):
    attributes: dict[str, msgspec.Raw] | None = None


_answer = msgspec.json.Decoder(_Answer)
_attributes = msgspec.json.Decoder(_Attributes)


@dataclass(frozen=True)
class Page:
    """`names` are the attributes of its first feature, `object_id` the one that identifies a feature, if it says so."""

    features: list[msgspec.Raw]
    names: tuple[str, ...]
    object_id: str | None
    has_marks: bool
    size: int


def open_page(path: Path) -> Page:
    """Read one page. Raises ProblemError(DATA_UNREADABLE) when it is not the answer of a layer query."""
    with open_utf8(path, None) as file:
        data = file.read(path.stat().st_size + 1)
    try:
        answer = _answer.decode(data)
    except (msgspec.DecodeError, RecursionError):
        data = _strict(data, path)
        answer = _decoded(data, path)
    if answer.features is None:
        raise ProblemError(
            Code.DATA_UNREADABLE, f"{path.name} is not an answer of an ESRI layer query: it has {_shown(data)}."
        )
    names = _names(answer.features)
    object_id = answer.object_id_field or next(
        (field.name for field in answer.fields or () if field.type == OID_TYPE), None
    )
    spelt = spelt_as([object_id], names)[0] if object_id else None
    return Page(answer.features, names, spelt, MARK in data, len(data))


def _strict(data: bytes, path: Path) -> bytes:
    """The same JSON where Python's lenient module can read it: NaN as text, lone surrogates as markers."""
    try:
        value = json.loads(data, strict=False, parse_constant=str.lower)
    except (ValueError, RecursionError) as error:
        raise ProblemError(
            Code.DATA_UNREADABLE, f"{path.name} is not JSON: {str(error)[:100]}; it starts with {data[:40]!r}."
        ) from None
    return marked(json.dumps(value, ensure_ascii=False)).encode()


def _decoded(data: bytes, path: Path) -> _Answer:
    try:
        return _answer.decode(data)
    except msgspec.DecodeError as error:
        raise ProblemError(
            Code.DATA_UNREADABLE, f"{path.name} is not an answer of an ESRI layer query: {str(error)[:200]}."
        ) from None


def _shown(data: bytes) -> str:
    """What an answer without features says instead."""
    value = json.loads(data)
    error = value.get("error")
    if isinstance(error, dict):
        return f"the error {str(error.get('message') or error)[:200]!r}"
    return f"only {', '.join(list(value)[:10])}" if value else "no members"


def _names(features: Sequence[msgspec.Raw]) -> tuple[str, ...]:
    for feature in features:
        try:
            attributes = _attributes.decode(feature).attributes
        except (msgspec.DecodeError, RecursionError):
            continue
        if attributes:
            return tuple(attributes)
    return ()


def spelt_as(wanted: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Names as a page spells them: exactly, else the only one that differs just in case, else as wanted."""
    folded: dict[str, list[str]] = {}
    for name in names:
        folded.setdefault(name.casefold(), []).append(name)
    exact = set(names)

    def spelt(name: str) -> str:
        alike: list[Any] = folded.get(name.casefold(), [])
        return name if name in exact or len(alike) != 1 else alike[0]

    return tuple(map(spelt, wanted))
