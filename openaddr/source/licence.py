"""What a source says of its licence, from the present and the retired keys of the schema.

Facts of the keys: legacy `attribution` at the entry, `license` as text or object with `text`, `url`, `attribution`,
`attribution name` and `share-alike`. What is not said stays None: unknown is not the same as no.
"""

from collections.abc import Mapping
from typing import Any

from openaddr.source.model import License

_YES = {"true", "t", "yes", "y"}
_NO = {"false", "f", "no", "n", ""}


def parse_licence(entry: Mapping[str, Any]) -> License:
    """Licence and attribution of one entry; unreadable values count as not said."""
    given = entry.get("license")
    licence = given if isinstance(given, dict) else {}
    name = _text(licence.get("attribution name")) or _legacy_name(entry)
    required = _flag(licence.get("attribution"))
    if required is None and name:
        required = True
    return License(
        text=_text(given) if isinstance(given, str) else _text(licence.get("text")),
        url=_text(licence.get("url")),
        attribution_required=required,
        attribution_name=name if required else None,
        share_alike=_flag("" if licence.get("share-alike", "absent") is None else licence.get("share-alike")),
    )


def _legacy_name(entry: Mapping[str, Any]) -> str | None:
    return _text(entry.get("attribution"))


def _text(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str) else None
    return True if word in _YES else False if word in _NO else None
