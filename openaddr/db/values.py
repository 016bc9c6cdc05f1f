"""Text of strangers, made fit for Postgres, which stores neither NUL nor halves of surrogate pairs nor NaN in JSON."""

import hashlib
import math
from collections.abc import Mapping

from psycopg.types.json import Jsonb

LONGEST_WORD = 200
"""Characters of what is in an index, whose entries may have 2,700 bytes in all."""


def storable(text: str) -> str:
    """The text with what cannot be stored written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def word(text: str) -> str:
    """A storable name; one longer than any name is cut and told apart by a digest."""
    text = storable(text)
    if len(text) <= LONGEST_WORD:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: LONGEST_WORD - 18]}… {digest}"


def document(value: Mapping[str, object]) -> Jsonb:
    """An object for a column of JSON."""
    return Jsonb(_clean(value))


def _clean(value: object) -> object:
    match value:
        case str():
            return storable(value)
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {storable(str(key)): _clean(member) for key, member in value.items()}
        case list() | tuple():
            return [_clean(member) for member in value]
        case _:
            return value
