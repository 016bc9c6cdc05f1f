"""A source file as the rules see it: its text, the JSON in it, and its entries as a run would take them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openaddr.source.model import Conform, LayerSource, Source
from openaddr.source.positions import escape, unescape
from openaddr.source.rules import Chain, Rule


@dataclass(frozen=True)
class Entry:
    """One layer source that says how to read its data: parsed, and as the JSON that it was parsed from."""

    parsed: LayerSource
    conform: Conform
    member: Mapping[str, Any]

    @property
    def pointer(self) -> str:
        """Where the entry is."""
        return self.parsed.pointer

    @property
    def conform_pointer(self) -> str:
        """Where its conform is."""
        return f"{self.parsed.pointer}/conform"

    @property
    def conform_member(self) -> Mapping[str, Any]:
        """The conform as JSON."""
        found = self.member.get("conform")
        return found if isinstance(found, dict) else {}

    def rule(self, attribute: str) -> Rule | None:
        """The rule of an output attribute."""
        return dict(self.conform.rules).get(attribute)

    def rule_pointer(self, attribute: str) -> str:
        """Where the rule of an attribute is."""
        return f"{self.conform_pointer}/{escape(attribute)}"


@dataclass(frozen=True, eq=False)
class Subject:
    """One source file. `source` is None where its layers cannot be told apart, `value` is always an object.

    Layer sources that are to be skipped are parsed like the others; `skipped` are the pointers of those.
    """

    id: str
    text: str
    value: Mapping[str, Any]
    source: Source | None
    skipped: frozenset[str] = frozenset()

    @property
    def layer_sources(self) -> tuple[LayerSource, ...]:
        """Those that can be parsed."""
        entries = self.source.entries if self.source else ()
        return tuple(entry for entry in entries if isinstance(entry, LayerSource))

    @property
    def entries(self) -> Iterator[Entry]:
        """The layer sources that have a conform."""
        for entry in self.layer_sources:
            if entry.conform is not None:
                yield Entry(entry, entry.conform, self.object_at(entry.pointer))

    @property
    def coverage(self) -> Mapping[str, Any]:
        """What the file says that it covers."""
        return self.object_at("/coverage")

    def at(self, pointer: str) -> Any:
        """The JSON value at a pointer, None where there is none."""
        value: Any = self.value
        for step in pointer.split("/")[1:]:
            if isinstance(value, dict):
                value = value.get(unescape(step))
            elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            else:
                return None
        return value

    def object_at(self, pointer: str) -> Mapping[str, Any]:
        """The object at a pointer, an empty one where there is something else."""
        value = self.at(pointer)
        return value if isinstance(value, dict) else {}


def every_rule(entry: Entry) -> Iterator[tuple[str, str, Rule]]:
    """Attribute, pointer and rule of each rule of a conform, and of each step of its chains."""
    extra = (("lon", entry.conform.lon), ("lat", entry.conform.lat))
    for attribute, rule in (*entry.conform.rules, *((name, rule) for name, rule in extra if rule is not None)):
        for pointer, part in _parts(rule, entry.rule_pointer(attribute)):
            yield attribute, pointer, part


def _parts(rule: Rule, pointer: str) -> Iterator[tuple[str, Rule]]:
    yield pointer, rule
    if isinstance(rule, Chain):
        for index, step in enumerate(rule.steps):
            yield from _parts(step, f"{pointer}/functions/{index}")
