"""Looks at the archive of a run once: whether it is whole, where its table is in it, and where its rows are.

What is known then makes it possible to copy the table, still packed, into any number of archives, and to see on the way
whether its bytes are those that were looked at.
"""

import errno
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np
import pyarrow as pa
from isal import isal_zlib
from pyarrow import csv

from openaddr.collecting.members import Member
from openaddr.errors import Code, ProblemError
from openaddr.stages import Layer
from openaddr.storage.objects import MissingError, Storage, Stream
from openaddr.storage.publishing import get

ARCHIVE = f"{Layer.ADDRESSES}.zip"
LOCAL = struct.Struct("<4s5H3L2H")
BLOCK = 1 << 20
CSV_BLOCK = 8 << 20
"""Bytes of a table that are read at once; a row has to fit into it."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGED = (zipfile.BadZipFile, zlib.error, pa.ArrowInvalid, pa.ArrowKeyError, KeyError, EOFError, struct.error)

Square = tuple[int, int, int]
"""Longitude and latitude of a corner in tenths of a degree, and how many rows are in there."""


@dataclass(frozen=True)
class Packed:
    """A member of a zip as it lies there: where its bytes begin, how many there are, and what they unpack to."""

    method: int
    offset: int
    packed: int
    packed_crc: int
    bytes: int
    crc: int


@dataclass(frozen=True)
class Checked:
    """What is known of the table of a run. `squares` are sorted from south to north, then from west to east."""

    sha256: str
    table: Packed
    rows: int
    squares: list[Square]


def check(storage: Storage, member: Member, work: Path) -> Checked:
    """Fetch and read the archive of a run. Raises ProblemError: COLLECTION_MEMBER_BAD when it cannot be used."""
    with fetching(member, work) as path:
        stored = get(storage, member.key(ARCHIVE), path)
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            info = _table(member, archive)
            packed = packed_of(info, file)
            with archive.open(info) as table:
                squares = _squares(member, table)
    return Checked(stored.sha256, packed, sum(squares.values()), _sorted(squares))


@contextmanager
def fetching(member: Member, work: Path) -> Iterator[Path]:
    """Where to put the archive of a run, which is gone afterwards; what is wrong with it is a problem of its run.

    Raises ProblemError.
    """
    path = work / f"{member.run}.zip"
    try:
        yield path
    except MissingError:
        raise bad(member, f"{member.key(ARCHIVE)} is not in storage") from None
    except DAMAGED as error:
        raise bad(member, f"{member.key(ARCHIVE)} cannot be read: {' '.join(str(error).split())[:200]}") from error
    except ProblemError as error:
        if error.problem.code is Code.STORAGE_CORRUPT:
            raise bad(member, error.problem.message.rstrip(".")) from error
        raise
    except OSError as error:
        raise disk_problem(error) from error
    finally:
        path.unlink(missing_ok=True)


def bad(member: Member, what: str) -> ProblemError:
    """What is wrong with the files of a run."""
    of = f"{member.source_id} {member.layer} {member.name}"
    return ProblemError(Code.COLLECTION_MEMBER_BAD, f"Run {member.run} of {of}: {what}.")


def disk_problem(error: OSError) -> ProblemError:
    """What the disk says for which files are fetched. Raises again what it does not know."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    return ProblemError(Code.DISK_FULL, "There is no room on the disk for the files of one run.")


def packed_of(info: zipfile.ZipInfo, file: BinaryIO) -> Packed:
    """Where the packed bytes of a member are in a zip, and their checksum. Raises BadZipFile."""
    file.seek(info.header_offset)
    header = file.read(LOCAL.size)
    signature, *_, name, extra = LOCAL.unpack(header)
    if signature != b"PK\x03\x04" or info.flag_bits & 1 or info.compress_type not in METHODS:
        raise zipfile.BadZipFile(f"{info.filename} is packed in a way that is not known")
    offset = info.header_offset + LOCAL.size + name + extra
    file.seek(offset)
    crc = 0
    for block in blocks(file, info.compress_size):
        crc = isal_zlib.crc32(block, crc)
    return Packed(info.compress_type, offset, info.compress_size, crc, info.file_size, info.CRC)


def blocks(file: Stream, size: int) -> Iterator[bytes]:
    """The next bytes of a file, so many; fewer where it ends before."""
    while size and (block := file.read(min(size, BLOCK))):
        size -= len(block)
        yield block


def _table(member: Member, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    found = [info for info in archive.infolist() if info.filename.endswith(".csv")]
    if len(found) != 1:
        raise bad(member, f"{member.key(ARCHIVE)} has {len(found)} tables (.csv), not one")
    return found[0]


def _squares(member: Member, table: IO[bytes]) -> Counter[tuple[int, int]]:
    """How many rows are in each square; reads the table to its end, where its checksum is compared."""
    found: Counter[tuple[int, int]] = Counter()
    wrong = 0
    # Values have line ends in them, so a table cannot be cut just anywhere.
    reader = csv.open_csv(
        pa.PythonFile(table, mode="r"),
        csv.ReadOptions(block_size=CSV_BLOCK, use_threads=False),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(column_types=dict.fromkeys(("LON", "LAT"), pa.float64()), include_columns=["LON", "LAT"]),
    )
    with reader:
        for batch in reader:
            lon, lat = (batch.column(name).to_numpy(zero_copy_only=False) for name in ("LON", "LAT"))
            there = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
            wrong += int((~there).sum())
            corners = np.floor(np.stack([lon[there], lat[there]]) * 10).astype(np.int32)
            values, counts = np.unique(corners, axis=1, return_counts=True)
            found.update(dict(zip(map(tuple, values.T.tolist()), counts.tolist(), strict=True)))
    if wrong:
        raise bad(member, f"{wrong:,} of its {wrong + sum(found.values()):,} rows are not on Earth")
    return found


def _sorted(squares: Counter[tuple[int, int]]) -> list[Square]:
    found = [(lon, lat, count) for (lon, lat), count in squares.items()]
    return sorted(found, key=lambda square: (square[1], square[0]))
