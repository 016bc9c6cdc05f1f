"""One page of an ESRI layer: what to ask for, and what else to ask for once it is known how full it came back."""

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

    @property
    def is_replaced(self) -> bool:
        """Whether the pages of `rest` have all rows of this page again."""
        ...


@dataclass(frozen=True)
class OffsetPage:
    """Rows by their position, counted from 0."""

    offset: int
    count: int
    is_replaced = False

    def parameters(self) -> Parameters:
        """A page of the whole layer."""
        return EVERYTHING | {"resultOffset": str(self.offset), "resultRecordCount": str(self.count)}

    def rest(self, rows: int, exceeded: bool) -> tuple[PageRequest, ...]:
        """What a server left out that sends fewer rows at once than it says it can."""
        if exceeded and 0 < rows < self.count:
            return (OffsetPage(self.offset + rows, self.count - rows),)
        return ()


@dataclass(frozen=True)
class OidPage:
    """Rows whose object id lies from `first` to `last`, both included."""

    field: str
    first: int
    last: int
    is_replaced = True

    def parameters(self) -> Parameters:
        """A range of object ids."""
        return {"where": f"{self.field} >= {self.first} AND {self.field} <= {self.last}"}

    def rest(self, rows: int, exceeded: bool) -> tuple[PageRequest, ...]:
        """Both halves of a range that holds more rows than the server sends at once."""
        if not exceeded or self.first >= self.last:
            return ()
        middle = (self.first + self.last) // 2
        return (replace(self, last=middle), replace(self, first=middle + 1))


@dataclass(frozen=True)
class EnvelopePage:
    """Rows that touch a box. Rows on a border come with both boxes."""

    extent: Extent
    full: int
    splits: int = 0
    is_replaced = True

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
        """The four quarters of a box that came back full, until boxes get too small to tell rows apart."""
        if not (exceeded or rows >= self.full) or self.splits >= MAX_SPLITS:
            return ()
        box = self.extent
        x, y = (box.west + box.east) / 2, (box.south + box.north) / 2
        return tuple(
            EnvelopePage(Extent(west, south, east, north, box.reference), self.full, self.splits + 1)
            # Halves of a box without width are the same: asked for once.
            for west, east in sorted({(box.west, x), (x, box.east)})
            for south, north in sorted({(box.south, y), (y, box.north)})
        )
