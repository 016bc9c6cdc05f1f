"""What source files say of themselves: what they cover, where the data is, what one may do with it."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from openaddr.errors import Problem, ProblemError
from openaddr.outputs.licence import UNKNOWN, attribution_words, flag_words
from openaddr.source.model import BrokenEntry, LayerSource, License
from openaddr.source.parse import parse_source
from openaddr.words import shown, web

COVERAGE = {"country": "Country", "state": "State", "county": "County", "city": "City", "town": "Town"}
MOST_LINE = 200
EXCERPT = 2
"""Lines shown before and after the one that is meant."""


@dataclass(frozen=True)
class Licence:
    """Licence and attribution in words; `url` is '' or may be linked to."""

    text: str
    url: str
    attribution: str
    share_alike: str

    @property
    def is_known(self) -> bool:
        """Whether the source says anything of its licence."""
        return self.text != UNKNOWN


@dataclass(frozen=True)
class EntryFacts:
    """What one entry says. `address` is without user, password and query; `fault` says why it cannot be used."""

    layer: str
    name: str
    address: str = ""
    host: str = ""
    protocol: str = ""
    website: str = ""
    licence: Licence = Licence(UNKNOWN, "", UNKNOWN, UNKNOWN)
    fault: str = ""


@dataclass(frozen=True)
class Facts:
    """What one source file says. `coverage` is (what, value); `fault` says why nothing of it can be used."""

    coverage: tuple[tuple[str, str], ...] = ()
    entries: tuple[EntryFacts, ...] = ()
    fault: str = ""

    def entry(self, layer: str, name: str) -> EntryFacts:
        """What is said of one layer source."""
        found = (entry for entry in self.entries if (entry.layer, entry.name) == (layer, name))
        return next(found, EntryFacts(layer, name))


@dataclass(frozen=True)
class ExcerptLine:
    """One line of a source file."""

    number: int
    text: str
    is_meant: bool


@lru_cache(4_096)
def facts_of(source_id: str, content: bytes) -> Facts:
    """The facts of a source file, whatever is in it; read once for all pages of all its runs."""
    try:
        source = parse_source(source_id, content)
    except ProblemError as error:
        return Facts(fault=error.problem.message)
    return Facts(_coverage(source.coverage), tuple(map(_entry, source.entries)))


def excerpt(content: bytes, line: int | None) -> list[ExcerptLine]:
    """The line of a source file that a problem is about, with its neighbours; nothing without such a line."""
    lines = content.decode(errors="replace").splitlines()
    if line is None or not 1 <= line <= len(lines):
        return []
    numbers = range(max(1, line - EXCERPT), min(len(lines), line + EXCERPT) + 1)
    return [ExcerptLine(number, shown(lines[number - 1], MOST_LINE), number == line) for number in numbers]


def licence_of(licence: License) -> Licence:
    """A licence in words."""
    url = web(licence.url) or web(licence.text)
    text = shown(licence.text or licence.url or UNKNOWN)
    return Licence(text, url, shown(attribution_words(licence)), flag_words(licence.share_alike))


def _entry(entry: LayerSource | BrokenEntry) -> EntryFacts:
    if isinstance(entry, BrokenEntry):
        return EntryFacts(entry.layer, entry.name, fault=_told(entry.problem))
    address, host = _address(entry.data)
    return EntryFacts(
        entry.layer.value,
        entry.name,
        address,
        host,
        entry.protocol,
        web(entry.website),
        licence_of(entry.license),
    )


def _told(problem: Problem) -> str:
    return f"{problem.code}: {problem.message}"


def _address(data: str) -> tuple[str, str]:
    """An address that may be shown, and its host; '' and '' for what is none."""
    try:
        parts = urlsplit(data.strip())
        host = parts.hostname or ""
        return (f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if host else ""), host
    except ValueError:
        return "", ""


def _coverage(coverage: Any) -> tuple[tuple[str, str], ...]:
    """What is covered, as words."""
    found = [(title, shown(_words(coverage[key]))) for key, title in COVERAGE.items() if coverage.get(key)]
    for key in ("US Census", "ISO 3166"):
        if isinstance(coverage.get(key), dict):
            found.append((key, shown(", ".join(f"{name} {_words(value)}" for name, value in coverage[key].items()))))
    geometry = coverage.get("geometry")
    if isinstance(geometry, dict) and isinstance(geometry.get("type"), str):
        found.append(("Area", shown(f"drawn as a {geometry['type']}", 80)))
    return tuple(found)


def _words(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:1_000]
