"""The numbers of protocol buffers and of PMTiles, a column at a time: seven bits a byte, the last byte below 128."""

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
LAST = 128


def all_numbers(packed: Bytes) -> Numbers:
    """Every number of bytes that are nothing but numbers."""
    ends = np.flatnonzero(packed < LAST) + 1
    if not len(ends):
        return np.zeros(0, np.int64)
    begins = np.r_[0, ends[:-1]]
    shifts = 7 * (np.arange(ends[-1]) - np.repeat(begins, ends - begins))
    return np.add.reduceat((packed[: ends[-1]] & 127).astype(np.int64) << shifts, begins)


def numbers_at(data: Bytes, places: Numbers) -> tuple[Numbers, Numbers]:
    """The number that begins at each place, and where it ends; `data` goes on for ten bytes behind each."""
    values = np.zeros(len(places), np.int64)
    ends = places.copy()
    going = np.arange(len(places))
    shift = 0
    while len(going):
        byte = data[ends[going]].astype(np.int64)
        values[going] |= (byte & 127) << shift
        ends[going] += 1
        going, shift = going[byte >= LAST], shift + 7
    return values, ends


def signed(values: Numbers) -> Numbers:
    """Numbers whose sign is their last bit."""
    return (values >> 1) ^ -(values & 1)
