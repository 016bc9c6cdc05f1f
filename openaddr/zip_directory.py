"""How large the directory of a zip is, before it is read: it would fill the memory, and only then can be counted."""

import struct
from pathlib import Path
from typing import BinaryIO

MAX_COMMENT = 65_535
END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")


def directory_size(path: Path) -> int:
    """Bytes of the central directory as its end says, 0 when there is no end (APPNOTE.TXT 4.3.14 to 4.3.16)."""
    with path.open("rb") as file:
        length = file.seek(0, 2)
        start = max(0, length - MAX_COMMENT - END.size)
        file.seek(start)
        tail = file.read()
        found = tail.rfind(b"PK\x05\x06", 0, len(tail) - END.size + 4)
        if found < 0:
            return 0
        return max(int(END.unpack_from(tail, found)[5]) % 0xFFFFFFFF, _size_64(file, start + found))


def _size_64(file: BinaryIO, end: int) -> int:
    """The same from the 64-bit record that may stand before the end; it is believed whatever the end says."""
    if end < LOCATOR_64.size + END_64.size:
        return 0
    file.seek(end - LOCATOR_64.size)
    signature, _, offset, _ = LOCATOR_64.unpack(file.read(LOCATOR_64.size))
    if signature != b"PK\x06\x07":
        return 0
    # Readers take the record right before the locator, or where the locator says: the larger one counts.
    sizes = []
    for place in {min(offset, end), end - LOCATOR_64.size - END_64.size}:
        file.seek(place)
        record = file.read(END_64.size)
        if record[:4] == b"PK\x06\x06" and len(record) == END_64.size:
            sizes.append(int(END_64.unpack(record)[8]))
    return max(sizes, default=0)
