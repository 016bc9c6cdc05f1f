"""Small valid files of every kind that GDAL can write, to be damaged, and ways to damage them."""

import io
import random
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pyarrow as pa
import shapely

from tests.gdal import write_table

DRIVERS = {"shp": "ESRI Shapefile", "gpkg": "GPKG", "gdb": "OpenFileGDB", "gml": "GML", "kml": "LIBKML"}
ROWS = 20


@cache
def valid(ending: str) -> Mapping[str, bytes]:
    """The files of a layer of 20 addresses by name, such as town.shp and town.dbf."""
    points = [shapely.to_wkb(shapely.Point(10 + at / 100, 50)) for at in range(ROWS)]
    table = pa.table(
        {"no": [str(at) for at in range(ROWS)], "street": ["Main St"] * ROWS, "geom": pa.array(points, pa.binary())}
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, f"town.{ending}")
        write_table(
            table,
            path,
            driver=DRIVERS[ending],
            geometry_name="geom",
            geometry_type="Point",
            crs="EPSG:4326",
            layer="town",
        )
        files = sorted(found for found in Path(name).rglob("*") if found.is_file())
        return {found.relative_to(name).as_posix(): found.read_bytes() for found in files}


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files in a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def with_file(ending: str, name: str, content: bytes | None) -> Callable[[], bytes]:
    """A zip of the valid files with one of them changed, added, or (None) left out."""

    def make() -> bytes:
        files = {**valid(ending), name: content}
        return packed({name: content for name, content in files.items() if content is not None})

    return make


def changed(ending: str, name: str, change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    """A zip of the valid files with the bytes of one changed."""
    return lambda: with_file(ending, name, change(valid(ending)[name]))()


def patched(offset: int, content: bytes) -> Callable[[bytes], bytes]:
    """Other bytes at a place."""
    return lambda data: data[:offset] + content + data[offset + len(content) :]


def flipped(seed: int, data: bytes, count: int = 12) -> bytes:
    """The same with `count` bits turned over, always the same ones for a seed."""
    chance = random.Random(seed)
    damaged = bytearray(data)
    for _ in range(count):
        at = chance.randrange(len(damaged))
        damaged[at] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def damaged(ending: str, count: int) -> Iterator[Callable[[], bytes]]:
    """So many zips of a layer with bits turned over in one of its files after the other."""
    for seed in range(count):

        def make(seed: int = seed) -> bytes:
            files = dict(valid(ending))
            name = sorted(name for name, content in files.items() if content)[seed % len(files)]
            files[name] = flipped(seed, files[name])
            return packed(files)

        yield make


def with_sql(*statements: str) -> Callable[[], bytes]:
    """The valid GeoPackage after statements of SQL."""

    def make() -> bytes:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name, "town.gpkg")
            path.write_bytes(valid("gpkg")["town.gpkg"])
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("BEGIN")
            # They need functions that only GDAL has.
            for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f'DROP TRIGGER "{trigger}"')
            connection.execute("PRAGMA writable_schema = 1")
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")
            connection.close()
            return path.read_bytes()

    return make
