"""Which ESRI object ids have come before: the same feature may be on two pages when the data changes in between."""

from collections.abc import Iterable

import numpy as np

from openaddr.conform.readers.dataset import Mask

_BITS = 8


class ObjectIds:
    """Ids as bits of 256-bit integers: ids mostly follow each other, so that 26 million of them take some 20 MB."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def fresh(self, values: Iterable[object]) -> Mask:
        """Which values are new here; they are remembered. What is no whole number always counts as new."""
        return np.fromiter(map(self._is_fresh, values), np.bool_)

    def _is_fresh(self, value: object) -> bool:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is not int:
            return True
        place, bit = value >> _BITS, 1 << (value & (1 << _BITS) - 1)
        bits = self._seen.get(place, 0)
        self._seen[place] = bits | bit
        return not bits & bit
