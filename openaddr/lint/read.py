"""The door of the lint: the bytes of a source file in, what the rules look at out."""

from collections.abc import Iterator, Mapping
from typing import Any

from openaddr.errors import Code, Problem, ProblemError
from openaddr.lint.subject import Subject
from openaddr.source.model import Source
from openaddr.source.parse import decode, typed_source
from openaddr.source.positions import escape


def read_subject(identity: str, raw: bytes) -> tuple[Subject, list[Problem]]:
    """A source file, and the problem of its layers where they cannot be told apart. Raises ProblemError.

    Sources to skip are read like the others, because one day somebody takes `skip` away.
    """
    text, value = decode(raw)
    skipped = frozenset(_skipped(value))
    source: Source | None = None
    refused: list[Problem] = []
    try:
        source = typed_source(identity, text, _without(value, skipped))
    except ProblemError as error:
        if error.problem.code is Code.SOURCE_TOO_LARGE:
            raise
        refused.append(error.problem)
    return Subject(identity, text, value, source, skipped), refused


def _skipped(value: Mapping[str, Any]) -> Iterator[str]:
    """Pointers of the entries that say to skip."""
    layers = value.get("layers")
    if "layers" not in value and value.get("skip"):
        yield ""
    for layer, members in layers.items() if isinstance(layers, dict) else ():
        for index, member in enumerate(members if isinstance(members, list) else ()):
            if isinstance(member, dict) and member.get("skip"):
                yield f"/layers/{escape(layer)}/{index}"


def _without(value: dict[str, Any], pointers: frozenset[str]) -> dict[str, Any]:
    """The file as if nothing were to be skipped."""
    if not pointers:
        return value
    if "" in pointers:
        return {key: member for key, member in value.items() if key != "skip"}
    layers = {
        layer: [_unskipped(member) for member in members] if isinstance(members, list) else members
        for layer, members in value["layers"].items()
    }
    return {**value, "layers": layers}


def _unskipped(member: Any) -> Any:
    return {key: part for key, part in member.items() if key != "skip"} if isinstance(member, dict) else member
