"""The index by square degrees: `tiles/<lon>.0/<lat>.0.zip` has the addresses of all sources that are free to share.

Only tiles whose sources have new runs are made, some at a time: their rows go through files of this machine, so that
neither memory nor disk has to hold the world. Tiles without any row are removed.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import polars as pl
from isal import isal_zlib

from openaddr.collecting.archive import LEVEL, Archive
from openaddr.collecting.checking import BLOCK, Packed, blocks, disk_problem
from openaddr.collecting.licences import licences
from openaddr.collecting.members import Member
from openaddr.collecting.plans import ZIP
from openaddr.collecting.rows import HEADER, rows_of_run
from openaddr.collecting.shelf import Shelf
from openaddr.errors import Code, ProblemError
from openaddr.stages import Layer
from openaddr.storage.objects import ALWAYS_ASK, About, MissingError

FOLDER = "tiles/"
INDEX = "tiles/made.json"
NAME = "tiles"
ROWS = 4_000_000
"""Of the tiles that are made together: some 500 MB of text."""
ABOUT = About("application/zip", ALWAYS_ASK)

Place = tuple[int, int]
"""Longitude and latitude of a corner in degrees."""


@dataclass(frozen=True)
class Tile:
    """One tile that is to be, with its sources in order."""

    place: Place
    members: list[Member] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Where it is stored."""
        return f"{FOLDER}{self.place[0]}.0/{self.place[1]}.0.zip"

    @property
    def digest(self) -> str:
        """What it is made of, in a word."""
        marks = [f"{member.path} {member.run}" for member in self.members]
        return hashlib.sha256("\0".join([licences(self.members), *marks]).encode()).hexdigest()


@dataclass(frozen=True)
class Made:
    """What a stored tile was made of."""

    digest: str
    paths: list[str]


@dataclass(frozen=True)
class Counts:
    """How many tiles there are, were made and were removed."""

    tiles: int
    made: int
    removed: int


def make_tiles(shelf: Shelf, members: Sequence[Member]) -> Counts:
    """Bring all tiles to what the members have. Raises ProblemError.

    A tile with a source that cannot be read stays as it is; what else is to be done is done before that is raised.
    """
    chosen = [member for member in members if member.layer == Layer.ADDRESSES and not member.is_share_alike]
    known = _known(shelf)
    is_known = bool(known)
    wanted = {tile.key: tile for tile in _tiles(shelf, chosen)}
    todo = [tile for tile in wanted.values() if _digest(known, tile.key) != tile.digest]
    made = 0
    for group in _groups([tile for tile in todo if not _stuck(shelf, chosen, known, tile)]):
        for tile in _made(shelf, group):
            known[tile.key] = Made(tile.digest, [member.path for member in tile.members])
            made += 1
        _remember(shelf, known)
    broken = _broken(shelf, chosen)
    held = {key for key, before in known.items() if broken & set(before.paths)}
    stale = [found.key for found in shelf.storage.list(FOLDER) if found.key not in {INDEX, *wanted, *held}]
    for key in stale if is_known or not broken else ():
        shelf.storage.delete(key)
        known.pop(key, None)
    _remember(shelf, known)
    if broken:
        message = f"Tiles of {', '.join(sorted(broken))[:400]} stay as they are: {len(broken)} sources cannot be read."
        raise ProblemError(Code.COLLECTION_INCOMPLETE, message)
    return Counts(len(wanted), made, len(stale))


def _tiles(shelf: Shelf, members: Iterable[Member]) -> Iterator[Tile]:
    """All tiles with a row, by place."""
    found: dict[Place, Tile] = {}
    for member in members:
        counts: dict[Place, int] = {}
        checked = shelf.checked.get(member.run)
        for lon, lat, count in checked.squares if checked else ():
            place = (lon // 10, lat // 10)
            counts[place] = counts.get(place, 0) + count
        for place, count in counts.items():
            tile = found.setdefault(place, Tile(place))
            tile.members.append(member)
            tile.rows.append(count)
    return iter([found[place] for place in sorted(found)])


def _broken(shelf: Shelf, members: Iterable[Member]) -> set[str]:
    return {member.path for member in members if (member.run, ZIP) in shelf.broken}


def _stuck(shelf: Shelf, members: Sequence[Member], known: Mapping[str, Made], tile: Tile) -> bool:
    """Whether a tile has a source that cannot be read now."""
    before = known[tile.key].paths if tile.key in known else []
    return bool(_broken(shelf, members) & {*before, *(member.path for member in tile.members)})


def _groups(tiles: Sequence[Tile]) -> Iterator[list[Tile]]:
    group: list[Tile] = []
    rows = 0
    for tile in tiles:
        if group and rows + sum(tile.rows) > ROWS:
            yield group
            group, rows = [], 0
        group.append(tile)
        rows += sum(tile.rows)
    if group:
        yield group


def _made(shelf: Shelf, group: list[Tile]) -> Iterator[Tile]:
    """Make tiles together, but for those with a source that turns out to be unreadable."""
    members = {member.path: member for tile in group for member in tile.members}
    places = {tile.place for tile in group}
    for path in sorted(members):
        shelf.breathe()
        try:
            for frame in rows_of_run(shelf.storage, members[path], shelf.work):
                _sort_out(shelf.work, frame, places)
        except ProblemError as error:
            if error.problem.code is not Code.COLLECTION_MEMBER_BAD:
                raise
            shelf.broke(members[path], ZIP, error)
        except OSError as error:
            raise disk_problem(error) from error
    for tile in group:
        text = _file(shelf.work, tile.place)
        try:
            if not any((member.run, ZIP) in shelf.broken for member in tile.members):
                _store(shelf, tile, text)
                yield tile
        finally:
            text.unlink(missing_ok=True)


def _sort_out(work: Path, frame: pl.DataFrame, places: set[Place]) -> None:
    """Append rows to the files of their tiles, as far as those are to be made."""
    lon, lat = (pl.col(name).cast(pl.Float64).floor().cast(pl.Int32) for name in ("LON", "LAT"))
    parts = frame.with_columns(lon.alias("_lon"), lat.alias("_lat")).partition_by(
        "_lon", "_lat", as_dict=True, include_key=False
    )
    for (west, south), part in parts.items():
        if (west, south) in places:
            with _file(work, (west, south)).open("ab") as file:
                part.write_csv(file, include_header=False, line_terminator="\r\n")


def _file(work: Path, place: Place) -> Path:
    return work / f"tile{place[0]:+}{place[1]:+}.csv"


def _store(shelf: Shelf, tile: Tile, text: Path) -> None:
    packed, path = _packed(text)
    try:
        with shelf.storage.write(tile.key, ABOUT) as out, path.open("rb") as file:
            archive = Archive(out)
            archive.copy("addresses.csv", packed, blocks(file, packed.packed))
            archive.add("LICENSE.txt", licences(tile.members).encode())
            archive.finish()
    finally:
        path.unlink()


def _packed(text: Path) -> tuple[Packed, Path]:
    """A table with its header, deflated into a file beside it."""
    path = text.with_suffix(".deflate")
    deflate = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -15)
    size = crc = packed = packed_crc = 0
    with text.open("rb") as file, path.open("wb") as out:
        block = HEADER
        while block:
            size, crc = size + len(block), isal_zlib.crc32(block, crc)
            done = deflate.compress(block)
            block = file.read(BLOCK)
            done += b"" if block else deflate.flush()
            packed, packed_crc = packed + out.write(done), isal_zlib.crc32(done, packed_crc)
    return Packed(8, 0, packed, packed_crc, size, crc), path


def _digest(known: Mapping[str, Made], key: str) -> str:
    return known[key].digest if key in known else ""


def _known(shelf: Shelf) -> dict[str, Made]:
    """What stored tiles were made of; a tile that nobody knows is made again."""
    try:
        with shelf.storage.open(INDEX) as stream:
            return msgspec.json.decode(stream.read(), type=dict[str, Made])
    except (MissingError, msgspec.DecodeError):
        return {}


def _remember(shelf: Shelf, known: Mapping[str, Made]) -> None:
    shelf.storage.put(INDEX, msgspec.json.encode(known), About("application/json", ALWAYS_ASK))
