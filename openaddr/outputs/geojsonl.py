"""`<layer>.geojsonl.gz`: one GeoJSON feature a line, readable by GDAL (GeoJSONSeq), tippecanoe and Pelias.

Lines are plain, without the record separator of RFC 8142, because that is what the readers in use expect. The bytes
depend on the rows alone: the gzip header carries neither name nor time.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import polars as pl
import shapely
from isal import isal_zlib

from openaddr.extract import text_columns
from openaddr.outputs.batch import Batch, joined_bytes
from openaddr.stages import Extract, Output

LEVEL = 2  # 0.4 µs a row against 5.5 µs for zlib at 6, for a file 15 % larger
GZIP_FORMAT = 31


class GeoJsonLines:
    """Writes the features of an extract, rows without geometry too."""

    KIND = "geojsonl"
    MEDIA_TYPE = "application/geo+json-seq"

    def __init__(self, extract: Extract, folder: Path) -> None:
        self._path = folder / f"{extract.layer}.geojsonl.gz"
        self._properties = properties(text_columns(extract.layer), extract.numeric)
        self._file = self._path.open("wb")
        self._deflate = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, GZIP_FORMAT)
        self._rows = 0

    def feed(self, batch: Batch) -> None:
        """Append one line for each row."""
        lines = pl.concat_str(
            pl.lit('{"type":"Feature","properties":{'),
            *self._properties,
            pl.lit('},"geometry":'),
            geometry(batch),
            pl.lit("}\n"),
        )
        self._file.write(self._deflate.compress(joined_bytes(batch.frame.select(lines.alias("line"))["line"])))
        self._rows += batch.frame.height

    def finish(self) -> Output:
        """Write the end of the gzip stream."""
        self._file.write(self._deflate.flush())
        self.close()
        return Output(self.KIND, self._path, self.MEDIA_TYPE, self._rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def properties(names: Sequence[str], numeric: frozenset[str]) -> list[pl.Expr]:
    """Parts that joined give the members of `properties`; numeric text stands as it is, '' stays ''."""
    parts: list[pl.Expr] = []
    for is_number, run in groupby(names, key=numeric.__contains__):
        same = tuple(run)
        members = [_number(name) for name in same] if is_number else [_texts(same)]
        for member in members:
            parts += [pl.lit(","), member] if parts else [member]
    return parts


def _texts(names: tuple[str, ...]) -> pl.Expr:
    return pl.struct(names).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")


def _number(name: str) -> pl.Expr:
    value = pl.when(pl.col(name) == "").then(pl.lit('""')).otherwise(pl.col(name))
    return pl.concat_str(pl.lit(f"{json.dumps(name)}:"), value)


def geometry(batch: Batch) -> pl.Expr:
    """The member `geometry` of each row, `null` where it has none; numbers are the shortest that read back alike."""
    if not batch.has_points:
        return pl.lit(pl.Series(shapely.to_geojson(batch.shapes), dtype=pl.String).fill_null("null"))
    lon, lat = pl.col("lon").cast(pl.String), pl.col("lat").cast(pl.String)
    point = pl.concat_str(pl.lit('{"type":"Point","coordinates":['), lon, pl.lit(","), lat, pl.lit("]}"))
    return point.fill_null("null")
