"""What goes through the wall of the box for the bench: records made of plain values, checked when they come in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openaddr.errors import Problem
from openaddr.stages import Bounds, Layer


@dataclass(frozen=True)
class LayerListed:
    """A layer of a service; `address` is what a source would name, `geometry` '' where the server does not say."""

    number: int
    name: str
    kind: str
    geometry: str
    address: str


@dataclass(frozen=True)
class ServiceListed:
    """A service: `problem` says why its layers are not known, `more` how many of them are not listed."""

    path: str
    kind: str
    layers: tuple[LayerListed, ...] = ()
    problem: str = ""
    more: int = 0


@dataclass(frozen=True)
class Directory:
    """Services below an address, in the order of the server; `unseen` folders and services were not asked."""

    address: str
    services: tuple[ServiceListed, ...]
    unseen: int = 0


@dataclass(frozen=True)
class DeclaredField:
    """A field as an ESRI layer declares it."""

    name: str
    type: str
    alias: str


@dataclass(frozen=True)
class DeclaredLayer:
    """What an ESRI layer says of itself; `count` is None when it does not say, `extent` is in `crs`."""

    name: str
    geometry: str
    crs: str | None
    extent: Bounds | None
    count: int | None
    fields: tuple[DeclaredField, ...]
    copyright: str = ""
    description: str = ""


@dataclass(frozen=True)
class Fetched:
    """What came of a look at an address: a directory, or files of ours with the whole data or its beginning.

    Of an ESRI `layer` the file is a page, and `columns` are all that it has. `size` is how many bytes came, `total` how
    many there are, None when nobody says; a file that `is_cut` ends anywhere.
    """

    directory: Directory | None = None
    layer: DeclaredLayer | None = None
    files: tuple[Path, ...] = ()
    columns: tuple[str, ...] = ()
    size: int = 0
    total: int | None = None
    is_cut: bool = False
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class FieldFound:
    """A column of the data in the rows that were looked at: in how many it is filled, with how many values."""

    name: str
    type: str
    filled: int
    distinct: int
    examples: tuple[str, ...]
    alias: str = ""


@dataclass(frozen=True)
class Choice:
    """The rule that is suggested for an attribute, the columns that it reads, and some of what it gives."""

    attribute: str
    rule: Any
    columns: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Suggested:
    """A conform for one layer of ours, as it stands in a source file, and the choices that it is made of."""

    layer: str
    conform: dict[str, Any]
    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """One table of features: a layer, or a file, or a layer in a file.

    `rows` is None when they were not counted; with `is_estimate` they were reckoned from the size of what came.
    `bounds` are in degrees, `center` is in the middle of the rows that were looked at. A `problem` says why nothing
    else is known.
    """

    file: str
    layer: str
    format: str
    geometry: str = ""
    rows: int | None = None
    is_estimate: bool = False
    looked_at: int = 0
    crs: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    bounds: Bounds | None = None
    center: tuple[float, float] | None = None
    fields: tuple[FieldFound, ...] = ()
    suggestions: tuple[Suggested, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True)
class Examined:
    """All that was found in the files, and the names of other files that are no data."""

    found: tuple[Found, ...]
    others: tuple[str, ...] = ()
    compression: str | None = None


@dataclass(frozen=True)
class Wish:
    """How many rows are to be looked at, what they are to be, and in which country they may lie ('' = unknown)."""

    rows: int
    layer: Layer | None = None
    country: str = ""
