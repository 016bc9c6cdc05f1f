"""JSON values as text columns, and the typed decoding of the needed members of an object."""

from collections.abc import Callable, Sequence
from math import isfinite
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl

from openaddr.conform.readers.text import marked

Values = list[Any]
Getters = list[Callable[[Any], Any]]
_NONE = type(None)


def geojson_text(value: object) -> str:
    """A GeoJSON property as text: a whole number without `.0`, other numbers, lists and objects as Python's repr."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and isfinite(value) and value.is_integer():
        return str(int(value))
    return str(value)


def esri_text(value: object) -> str:
    """An ESRI attribute as text: Python's str, with '' for null; 5.0 stays `5.0`."""
    return "" if value is None else str(value)


def text_column(name: str, values: Values, rule: Callable[[object], str]) -> pl.Series:
    """One column of text from JSON values."""
    kinds = set(map(type, values))
    if kinds <= {str, _NONE}:
        return pl.Series(name, values, dtype=pl.String).fill_null("")
    if kinds == {int}:
        return pl.Series(name, list(map(str, values)), dtype=pl.String)
    return pl.Series(name, [value if type(value) is str else rule(value) for value in values], dtype=pl.String)


def text_frame(names: Sequence[str], columns: Sequence[Values], rule: Callable[[object], str]) -> pl.DataFrame:
    """A frame of text columns."""
    # From a dict: a frame made of a list of series gives a column called '' another name.
    return pl.DataFrame({name: text_column(name, values, rule) for name, values in zip(names, columns, strict=True)})


def members_type(names: Sequence[str]) -> tuple[Any, Getters]:
    """A type for msgspec that decodes only the members named, and what gets their values out, in order.

    Absent members are None. Names that a struct cannot have (quotes, backslashes, control characters) make it decode
    whole objects instead.
    """
    fields = [f"c{at}" for at in range(len(names))]
    if any(sign in name for name in names for sign in ('"', "\\")) or any(
        sign < " " for name in names for sign in name
    ):
        return dict[str, Any], [_member(name) for name in names]
    struct = msgspec.defstruct(
        "Members", [(field, Any, None) for field in fields], rename=dict(zip(fields, names, strict=True)), gc=False
    )
    return struct, [attrgetter(field) for field in fields]


def _member(name: str) -> Callable[[Any], Any]:
    return lambda members: members.get(name)


def plain(value: Any) -> Any:
    """A value of Python's lenient json module as one that a text column can hold."""
    return marked(value) if isinstance(value, str) else value
