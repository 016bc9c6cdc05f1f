"""Which rows of a layer have come, by object id."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class RowCount:
    """Counts rows, the same object id once. Rows without an id count as they come.

    Ids are kept as bits, 64 to an entry: tens of millions of rows, numbered through as they mostly are, take tens of
    megabytes.
    """

    nameless: int = 0
    distinct: int = 0
    _bits: dict[int, int] = field(default_factory=dict)
    _others: set[object] = field(default_factory=set)

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self.nameless + self.distinct

    def has(self, oid: object) -> bool:
        """Whether a row with this id has come."""
        if isinstance(oid, int):
            return bool(self._bits.get(oid >> 6, 0) & (1 << (oid & 63)))
        return oid in self._others

    def add(self, oids: Iterable[object]) -> int:
        """Count the rows of a page; how many of them are new."""
        before = self.rows
        for oid in oids:
            if oid is None:
                self.nameless += 1
            elif self._is_new(int(oid) if isinstance(oid, float) and oid.is_integer() else oid):
                self.distinct += 1
        return self.rows - before

    def _is_new(self, oid: object) -> bool:
        if not isinstance(oid, int):
            known = oid in self._others
            self._others.add(oid)
            return not known
        place, bit = oid >> 6, 1 << (oid & 63)
        bits = self._bits.get(place, 0)
        self._bits[place] = bits | bit
        return not bits & bit
