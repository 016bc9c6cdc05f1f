"""A source file once it is through the door: frozen records, nothing left to check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openaddr.errors import Problem
from openaddr.source.positions import line_of
from openaddr.source.rules import Rule
from openaddr.stages import Layer


@dataclass(frozen=True)
class Conform:
    """How to read the data and make the output attributes from it.

    `layer` is the layer inside the data, by name or by index from 0. `headers` and `skiplines` count lines from 1;
    `headers` -1 means that the data has no header. `rules` holds (output attribute, rule) in the order of the JSON.
    """

    format: str
    rules: tuple[tuple[str, Rule], ...]
    file: str | None = None
    layer: str | int | None = None
    srs: str | None = None
    encoding: str | None = None
    csvsplit: str = ","
    headers: int | None = None
    skiplines: int | None = None
    lon: Rule | None = None
    lat: Rule | None = None


@dataclass(frozen=True)
class AcceptanceTest:
    """One case of a source's own tests: columns in, output attributes expected."""

    description: str
    pointer: str
    inputs: Mapping[str, Any]
    expected: Mapping[str, Any]


@dataclass(frozen=True)
class License:
    """What the source says of its licence. None means that it says nothing: unknown, which is not the same as no."""

    text: str | None = None
    url: str | None = None
    attribution_required: bool | None = None
    attribution_name: str | None = None
    share_alike: bool | None = None


@dataclass(frozen=True)
class LayerSource:
    """One entry of one layer. `pointer` is its place in the file, `name` is unique within its layer."""

    layer: Layer
    name: str
    pointer: str
    protocol: str
    data: str
    conform: Conform | None
    compression: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    skip: bool = False
    tests: tuple[AcceptanceTest, ...] = ()
    license: License = License()
    website: str | None = None
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class BrokenEntry:
    """An entry that cannot be used; the other entries of its file still can."""

    layer: str
    name: str
    problem: Problem


@dataclass(frozen=True)
class Source:
    """A whole source file. `id` is its path without ending, such as `us/ca/alameda`."""

    id: str
    text: str
    coverage: Mapping[str, Any]
    entries: tuple[LayerSource | BrokenEntry, ...]

    def located(self, problem: Problem) -> Problem:
        """The problem with the line of its pointer."""
        if problem.pointer is None or problem.line is not None:
            return problem
        return problem.on_line(self.line_of(problem.pointer))

    def line_of(self, pointer: str) -> int | None:
        """The line of a value in the file."""
        return line_of(self.text, pointer)
