"""What a push or a pull request proposes: the layer sources that it changes, and what lint says of its files."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct, field

from openaddr.errors import ProblemError
from openaddr.github.changes import FileChange
from openaddr.lint.check import check_bytes
from openaddr.lint.findings import Finding
from openaddr.source.catalog import path_of
from openaddr.source.changes import Kind, changes
from openaddr.source.model import LayerSource, Source
from openaddr.source.parse import parse_source

WHOLE_FILE = ("", "")
"""Layer and name of a run that stands for a file of which nothing can be used: it will say why."""
FINDINGS_OF_FILE = 100
"""Findings that are kept of one file: nobody reads more."""


class Layer(Struct, frozen=True):
    """A layer source that has to run: where it is from, and in which line of its file it begins."""

    source_id: str
    layer: str
    name: str
    line: int | None = None


class Proposal(Struct):
    """What there is to do.

    `paths` are the source files that differ, `layers` the layer sources to run, `removed` names those that are gone,
    `renamed` has paths before and after. `unchanged` counts layer sources of these files that are as they were.
    `findings` are by path, and only those that are new; `limits` sentences about what is not run.
    """

    paths: list[str] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)

    def add(self, change: FileChange) -> None:
        """Take note of one source file that differs."""
        path = path_of(change.id)
        self.paths.append(path)
        if change.was:
            self.renamed.append((path_of(change.was), path))
        # The id of a source is a part of its rows: after a move everything is new.
        old = _parsed(change.id, None if change.was else change.before)
        if change.after is None:
            self.removed += [_label(change.id, layer, name) for layer, name in _entries(old)]
            return
        self.findings[path] = new_findings(change)[:FINDINGS_OF_FILE]
        new = _parsed(change.id, change.after)
        if new is None or not new.entries:
            self.layers.append(Layer(change.id, *WHOLE_FILE))
            return
        lines = _lines(new)
        for found in changes(old, new):
            if found.kind is Kind.REMOVED:
                self.removed.append(_label(change.id, found.layer, found.name))
            elif found.kind is Kind.SAME:
                self.unchanged += 1
            else:
                place = lines.get((found.layer, found.name))
                self.layers.append(Layer(change.id, found.layer, found.name, place))

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def propose(found: Iterable[FileChange]) -> tuple[Proposal, dict[str, bytes]]:
    """What changed files come to, and the new content of those with something to run, by id."""
    proposal, contents = Proposal(), {}
    for change in found:
        before = len(proposal.layers)
        proposal.add(change)
        if len(proposal.layers) > before and change.after is not None:
            contents[change.id] = change.after
    return proposal, contents


def read_proposal(found: object) -> Proposal:
    """What was kept; nothing for what an earlier version of this program kept in another way."""
    try:
        return msgspec.convert(found, Proposal, strict=False)
    except msgspec.ValidationError:
        return Proposal()


def new_findings(change: FileChange) -> list[Finding]:
    """What lint says of a file and did not say of it before: a contributor answers for the change, not for the rest."""
    earlier = (
        Counter(map(_essence, check_bytes(change.was or change.id, change.before))) if change.before else Counter()
    )
    found = []
    for finding in check_bytes(change.id, change.after or b""):
        if earlier[_essence(finding)] > 0:
            earlier[_essence(finding)] -= 1
        else:
            found.append(finding)
    return found


def _essence(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.pointer, finding.message


def _parsed(identity: str, content: bytes | None) -> Source | None:
    """The source file, None when there is none or nothing of it can be used."""
    try:
        return None if content is None else parse_source(identity, content)
    except ProblemError:
        return None


def _entries(source: Source | None) -> list[tuple[str, str]]:
    return [(str(entry.layer), entry.name) for entry in source.entries] if source else []


def _lines(source: Source) -> dict[tuple[str, str], int]:
    """In which line each layer source begins."""
    found = {}
    for entry in source.entries:
        place = entry.pointer if isinstance(entry, LayerSource) else entry.problem.pointer or ""
        line = source.line_of(place)
        if line is not None:
            found[str(entry.layer), entry.name] = line
    return found


def _label(identity: str, layer: str, name: str) -> str:
    return " ".join(filter(None, (identity, layer, name)))
