"""What differs between two versions of a source file, by layer source: how it is written does not count."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from openaddr.source.model import BrokenEntry, LayerSource, Source
from openaddr.source.positions import escape

Entry = LayerSource | BrokenEntry
LONGEST = 60


class Kind(StrEnum):
    """What became of a layer source."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True)
class Difference:
    """One value that is not what it was; `before` or `after` is None where there is none, else its JSON, cut."""

    pointer: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Change:
    """A layer source and what became of it. Pointers of `differences` are within the entry."""

    layer: str
    name: str
    kind: Kind
    differences: tuple[Difference, ...] = ()


def changes(old: Source | None, new: Source | None) -> list[Change]:
    """All layer sources of both versions, in the order of the new one; None stands for a file that is not there."""
    before, after = _entries(old), _entries(new)
    found = [_change(key, before.get(key), entry, old, new) for key, entry in after.items()]
    return found + [Change(*key, Kind.REMOVED) for key in before if key not in after]


def _entries(source: Source | None) -> dict[tuple[str, str], Entry]:
    return {(str(entry.layer), entry.name): entry for entry in source.entries} if source else {}


def _change(key: tuple[str, str], before: Entry | None, after: Entry, old: Source | None, new: Source | None) -> Change:
    if before is None or old is None or new is None:
        return Change(*key, Kind.ADDED)
    if _essence(before) == _essence(after) and not isinstance(after, BrokenEntry):
        return Change(*key, Kind.SAME)
    found = tuple(_differences(_raw(old, before), _raw(new, after), ""))
    return Change(*key, Kind.CHANGED if found or _essence(before) != _essence(after) else Kind.SAME, found)


def _essence(entry: Entry) -> Entry:
    """What a run is made of: where the entry stands in its file, and what we say of it, is not."""
    return replace(entry, pointer="", warnings=(), tests=_tests(entry)) if isinstance(entry, LayerSource) else entry


def _tests(entry: LayerSource) -> tuple[Any, ...]:
    return tuple(replace(test, pointer="") for test in entry.tests)


def _raw(source: Source, entry: Entry) -> Any:
    """The JSON of an entry, {} where its place is not known."""
    pointer = entry.pointer if isinstance(entry, LayerSource) else entry.problem.pointer or ""
    value = json.loads(source.text)
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (LookupError, TypeError, ValueError):
            return {}
    return value


def _differences(before: Any, after: Any, pointer: str) -> Iterator[Difference]:
    if before == after and type(before) is type(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            place = f"{pointer}/{escape(name)}"
            if name in before and name in after:
                yield from _differences(before[name], after[name], place)
            else:
                yield Difference(place, _shown(before, name), _shown(after, name))
        return
    yield Difference(pointer, _cut(before), _cut(after))


def _shown(members: dict[str, Any], name: str) -> str | None:
    return _cut(members[name]) if name in members else None


def _cut(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
