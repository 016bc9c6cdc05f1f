"""One page of an ESRI layer: what to ask for, and what else to ask for once it is known how it came back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from openaddr.download.esri.layer import Extent

Parameters = Mapping[str, str]
MAX_SPLITS = 20
EVERYTHING: dict[str, str] = {"where": "1=1"}


class PageRequest(Protocol):
    """One page to fetch."""

    def parameters(self) -> Parameters:
        """What makes this page differ from the others."""
        ...

    def rest(self, rows: int, exceeded: bool) -> tuple["PageRequest", ...]:
        """Pages that are needed besides, after `rows` came and the server said whether it had `exceeded` a limit."""
        ...

    def parts(self) -> tuple["PageRequest", ...]:
        """The same rows in smaller pages; () when that cannot be."""
        ...

    @property
    def expected(self) -> int:
        """How many rows have to come, 0 when nobody knows."""
        ...

    @property
    def is_replaced(self) -> bool:
        """Whether the pages of `rest` have all rows of this page again."""
        ...


@dataclass(frozen=True)
class OffsetPage:
    """Rows by their position, counted from 0. `is_last` may be followed by rows that were not announced."""

    offset: int
    count: int
    expected: int = 0
    is_last: bool = False
    is_replaced = False

    def __str__(self) -> str:
        return f"position {self.offset}"

    def parameters(self) -> Parameters:
        """A page of the whole layer."""
        return EVERYTHING | {"resultOffset": str(self.offset), "resultRecordCount": str(self.count)}

    def rest(self, rows: int, exceeded: bool) -> tuple[PageRequest, ...]:
        """What a server left out that sends fewer rows at once than it says it can, and what comes after the last."""
        if 0 < rows < self.count and (exceeded or rows < self.expected):
            return (OffsetPage(self.offset + rows, self.count - rows, max(0, self.expected - rows), self.is_last),)
        if exceeded and self.is_last and rows >= self.count:
            return (OffsetPage(self.offset + self.count, self.count, 0, True),)
        return ()

    def parts(self) -> tuple[PageRequest, ...]:
        """Both halves."""
        rows = self.expected or self.count
        if rows < 2:
            return ()
        first = rows // 2
        expected = self.expected and self.expected - first
        return (
            OffsetPage(self.offset, first, self.expected and first),
            OffsetPage(self.offset + first, self.count - first, expected, self.is_last),
        )


@dataclass(frozen=True)
class OidPage:
    """Rows whose object id lies from `first` to `last`, both included."""

    field: str
    first: int
    last: int
    expected: int = 0
    is_replaced = True

    def __str__(self) -> str:
        return f"object id {self.first}"

    def parameters(self) -> Parameters:
        """A range of object ids."""
        return {"where": f"{self.field} >= {self.first} AND {self.field} <= {self.last}"}

    def rest(self, rows: int, exceeded: bool) -> tuple[PageRequest, ...]:
        """Both halves of a range that holds more rows than the server sends at once."""
        most = self.expected or self.last - self.first + 1
        return self.parts() if exceeded and rows < most else ()

    def parts(self) -> tuple[PageRequest, ...]:
        """Both halves."""
        if self.first >= self.last:
            return ()
        middle = (self.first + self.last) // 2
        return (replace(self, last=middle, expected=0), replace(self, first=middle + 1, expected=0))


@dataclass(frozen=True)
class IdsPage:
    """Rows with certain object ids."""

    ids: tuple[int, ...]
    is_replaced = False

    def __str__(self) -> str:
        return f"object id {self.ids[0]}"

    @property
    def expected(self) -> int:
        """One row for each id."""
        return len(self.ids)

    def parameters(self) -> Parameters:
        """A list of object ids."""
        return {"objectIds": ",".join(map(str, self.ids))}

    def rest(self, rows: int, exceeded: bool) -> tuple[PageRequest, ...]:
        """Nothing: whoever lists ids looks himself which of them came."""
        return ()

    def parts(self) -> tuple[PageRequest, ...]:
        """Both halves."""
        half = len(self.ids) // 2
        return (IdsPage(self.ids[:half]), IdsPage(self.ids[half:])) if half else ()


@dataclass(frozen=True)
class EnvelopePage:
    """Rows that touch a box. Rows on a border come with both boxes."""

    extent: Extent
    full: int
    splits: int = 0
    expected = 0
    is_replaced = True

    def __str__(self) -> str:
        return f"the box from {self.extent.west} {self.extent.south} to {self.extent.east} {self.extent.north}"

    def parameters(self) -> Parameters:
        """A box in the spatial reference of the layer."""
        box = self.extent
        envelope = {"xmin": box.west, "ymin": box.south, "xmax": box.east, "ymax": box.north}
        return EVERYTHING | {
            "geometry": json.dumps(envelope | {"spatialReference": box.reference}),
            "geometryType": "esriGeometryEnvelope",
            "spatialRel": "esriSpatialRelIntersects",
            "inSR": json.dumps(box.reference),
        }

    def rest(self, rows: int, exceeded: bool) -> tuple[PageRequest, ...]:
        """The four quarters of a box that came back full."""
        return self.parts() if exceeded or rows >= self.full else ()

    def parts(self) -> tuple[PageRequest, ...]:
        """The four quarters, until boxes get too small to tell rows apart."""
        if self.splits >= MAX_SPLITS:
            return ()
        box = self.extent
        x, y = (box.west + box.east) / 2, (box.south + box.north) / 2
        return tuple(
            EnvelopePage(Extent(west, south, east, north, box.reference), self.full, self.splits + 1)
            # Halves of a box without width are the same: asked for once.
            for west, east in sorted({(box.west, x), (x, box.east)})
            for south, north in sorted({(box.south, y), (y, box.north)})
        )
