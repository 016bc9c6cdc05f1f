"""What one stage hands to the next: small frozen records, so that any stage can run in a process of its own."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from openaddr.errors import ROW_REASONS, Code, Problem, RowReason

EXAMPLES_PER_REASON = 5
VALUE_SHOWN = 120


class Layer(StrEnum):
    """The four kinds of data that OpenAddresses collects."""

    ADDRESSES = "addresses"
    PARCELS = "parcels"
    BUILDINGS = "buildings"
    CENTERLINES = "centerlines"


ATTRIBUTES: dict[Layer, tuple[str, ...]] = {
    Layer.ADDRESSES: (
        "number", "street", "unit", "city", "district", "region", "postcode", "id", "accuracy",
    ),
    Layer.BUILDINGS: ("height", "levels"),
    Layer.PARCELS: ("pid",),
    Layer.CENTERLINES: (
        "id", "name", "oneway", "speed", "classification", "surface",
        "addr_from_left", "addr_to_left", "addr_from_right", "addr_to_right", "zip_left", "zip_right",
    ),
}  # fmt: skip
"""Output attributes of each layer in output order, without `hash`, which always comes first."""

Progress = Callable[[str, int, int | None, str], None]
"""Called as (stage, done, total or None when unknown, unit): `("download", 1048576, None, "bytes")`."""


def silent(stage: str, done: int, total: int | None, unit: str) -> None:
    """Progress for nobody."""


@dataclass(frozen=True)
class Edition:
    """What a server says of its data by which a later request can tell that it is still the same; '' = nothing said.

    `etag` and `last_modified` are the header fields as sent (RFC 9110, 8.8), over FTP `last_modified` is what MDTM and
    SIZE answer; `last_edit` is what an ESRI layer calls its last edit (`editingInfo.lastEditDate`).
    """

    etag: str = ""
    last_modified: str = ""
    last_edit: str = ""


NO_EDITION = Edition()


@dataclass(frozen=True)
class Downloaded:
    """The publisher's bytes on our disk.

    `files` is one file for http, ftp and file; for ESRI the pages of features in the order asked for, each as the
    server sent it. `columns` is what an ESRI layer says its fields are called, () elsewhere.
    `fingerprint` is the md5 of the bytes of all files in order. `edition` is what a later download may ask the server
    about. `unchanged` says that it still is the edition known before: nothing was fetched and there are no files.
    """

    files: tuple[Path, ...]
    fingerprint: str
    size: int
    columns: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    edition: Edition = NO_EDITION
    unchanged: bool = False


@dataclass(frozen=True)
class RejectedRow:
    """One row that was left out, as an example for people: `row` counts the data rows from 1."""

    reason: RowReason
    row: int
    value: str

    def as_json(self) -> dict[str, object]:
        """The object of the command line contract."""
        return {"reason": self.reason.value, "row": self.row, "value": self.value}


@dataclass
class RowAccount:
    """Keeps rows in = rows out + rows rejected by reason, with a few examples of each reason."""

    received: int = 0
    kept: int = 0
    rejected: Counter[RowReason] = field(default_factory=Counter)
    examples: list[RejectedRow] = field(default_factory=list)

    def reject(self, reason: RowReason, count: int, examples: Iterable[tuple[int, str]] = ()) -> None:
        """Count rows out; `examples` are (row number from 1, offending value), of which the first few are kept."""
        seen = sum(1 for example in self.examples if example.reason == reason)
        for row, value in examples:
            if seen >= EXAMPLES_PER_REASON:
                break
            self.examples.append(RejectedRow(reason, row, value[:VALUE_SHOWN]))
            seen += 1
        self.rejected[reason] += count

    @property
    def rejected_total(self) -> int:
        """Rows left out, for whatever reason."""
        return sum(self.rejected.values())

    def warning(self) -> Problem | None:
        """A warning with the numbers when some rows were left out of an otherwise good run."""
        if not self.rejected_total:
            return None
        reasons = ", ".join(f"{count:,} because {ROW_REASONS[reason]}" for reason, count in self.rejected.most_common())
        message = f"{self.rejected_total:,} of {self.received:,} rows were left out: {reasons}."
        return Problem(Code.ROWS_REJECTED, message)


Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


@dataclass(frozen=True)
class Misplaced:
    """How many rows are where they hardly can be.

    `outside` of the box that their source covers, None when nobody knows that box; `swapped` are those of them that
    would be inside if longitude and latitude changed places. `null_island` are those at 0° north, 0° east.
    """

    outside: int | None = None
    swapped: int = 0
    null_island: int = 0


NOWHERE_ELSE = Misplaced()


@dataclass(frozen=True)
class AttributeProfile:
    """What one attribute says in the rows that were looked at.

    In how many it is `filled`, how many `distinct` values that are, and the most frequent ones with their counts.
    """

    filled: int
    distinct: int
    top: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Profile:
    """What the attributes say in `rows` rows: all of them, or an even sample of many."""

    rows: int
    attributes: dict[str, AttributeProfile]


class GeometryKind(StrEnum):
    """How the working extract stores where a row is."""

    POINT = "point"
    ANY = "any"


@dataclass(frozen=True)
class Extract:
    """Conformed rows in the publisher's order: an Arrow IPC file (lz4) with one record batch for each batch read.

    Columns: `hash` and the layer's ATTRIBUTES as strings that are never null, then where the row is, in EPSG:4326,
    rounded to 7 places: `lon` and `lat` (float64, both null where a row has no geometry) when `geometry` is POINT,
    else `geometry` (binary, ISO WKB, null where a row has none). `numeric` names the attributes whose text is to be
    written as JSON numbers. `bounds` is (west, south, east, north), None when no row has a geometry. `fills` counts the
    rows in which each attribute is not '', and under `geometry` those that have one.
    """

    path: Path
    layer: Layer
    geometry: GeometryKind
    rows: int
    bounds: Bounds | None
    numeric: frozenset[str]
    account: RowAccount
    warnings: tuple[Problem, ...] = ()
    fills: dict[str, int] = field(default_factory=dict)
    misplaced: Misplaced = NOWHERE_ELSE


@dataclass(frozen=True)
class Conformed:
    """What became of the rows: all accounted for, and either an extract or the problem that stopped it.

    `profile` is what the rows say, `suspicions` what of it looks like a mistake. `unpack_seconds` is how long it took
    to unpack the download before.
    """

    account: RowAccount
    extract: Extract | None = None
    problem: Problem | None = None
    unpack_seconds: float = 0.0
    profile: Profile | None = None
    suspicions: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class RowPair:
    """One row: all its columns before, and the attributes after, None when it is left out for a `reason`.

    `place` is its point in degrees, or the middle of its shape, and `shape` what kind of geometry it is.
    """

    number: int
    before: dict[str, str]
    after: dict[str, str] | None
    place: tuple[float, float] | None = None
    shape: str = ""
    reason: str = ""


@dataclass(frozen=True)
class FirstRows:
    """Rows in the order of the data; `used` are the columns that the conform reads."""

    rows: tuple[RowPair, ...]
    used: tuple[str, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True)
class Output:
    """One published file of a run. `rows` is None for files that are not made of rows."""

    kind: str
    path: Path
    media_type: str
    rows: int | None = None


@dataclass(frozen=True)
class Options:
    """Which of the costly outputs to make."""

    tiles: bool = True
    preview: bool = True
