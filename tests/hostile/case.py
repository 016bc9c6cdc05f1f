"""One bad input: a source file, what a web server holds for it, and what has to come out."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.servers.serving import Response

HERE = "http://here.invalid"
"""In a source: the folder of the case on the web server."""
SOME_ROWS = "some rows"
"""An outcome: the run succeeded with at least one row, however many; only for inputs damaged at random."""
CONFORM: Mapping[str, Any] = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street"}
HEADER = "no,street,x,y\n"
ROW = "5,Main St,10.5,50.25\n"
ROWS = HEADER + ROW

Content = bytes | Response
Maker = Callable[[], Content]


@dataclass(frozen=True)
class World:
    """Where the machine of a proof keeps what nobody may touch, and what is served.

    `web` may be fetched; `canary_url` may not, although it is on this machine. `canary` is a file outside of
    `allowed`, the one folder whose files an operator lets be read.
    """

    web: str
    canary_url: str
    canary: Path
    allowed: Path


@dataclass(frozen=True)
class Case:
    """`expected` are the outcomes of each of its `runs` (see `outcome`); `files` are made when they are asked for."""

    family: str
    name: str
    source: Any
    expected: frozenset[str]
    files: Mapping[str, Content | Maker] = field(default_factory=dict)
    runs: int = 1

    @property
    def slug(self) -> str:
        """The name as the name of a file and as a path on the server."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:100]

    def source_bytes(self, web: str) -> bytes:
        """The source file, with the address of its data."""
        raw = self.source if isinstance(self.source, bytes) else json.dumps(self.source).encode()
        return raw.replace(HERE.encode(), f"{web}/{self.family}/{self.slug}".encode())


def case(family: str, name: str, source: Any, *expected: str, runs: int = 1, **files: Content | Maker) -> Case:
    """A case; a file `data__csv` is served as data.csv."""
    served = {name.replace("__", "."): content for name, content in files.items()}
    return Case(family, name, source, frozenset(expected), served, runs)


def source(
    data: str = f"{HERE}/data.csv", conform: Any = CONFORM, layer: str = "addresses", **members: Any
) -> dict[str, Any]:
    """A source of one entry; members given as None are left out."""
    entry = {"name": "town", "protocol": "http", "data": data, "conform": conform} | members
    kept = {key: value for key, value in entry.items() if value is not None}
    return {"schema": 2, "coverage": {"country": "xx", "geometry": {}}, "layers": {layer: [kept]}}


def outcome(run: Mapping[str, Any]) -> str:
    """What came out in one phrase: the code of a problem, or `2 rows, 1 ROW_TOO_LONG`."""
    if run["problem"]:
        return str(run["problem"]["code"])
    rejected = run["rejected"]["reasons"].items()
    return ", ".join([f"{run['rows']} rows", *(f"{count} {reason}" for reason, count in rejected)])


def is_expected(found: str, expected: frozenset[str]) -> bool:
    """Whether an outcome is one of those expected."""
    return found in expected or (SOME_ROWS in expected and re.match(r"[1-9]\d* rows", found) is not None)
