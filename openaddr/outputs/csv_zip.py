"""`addresses.zip`: the table that Pelias and many scripts have read since 2014, with its OGR description and licence.

The zip is written as a stream; its time stamps are fixed, so that the same rows on the same day give the same bytes.
"""

import html
import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import IO

import polars as pl
from isal import isal_zlib

from openaddr.outputs.batch import Batch
from openaddr.outputs.licence import licence_file, readme
from openaddr.source.model import LayerSource
from openaddr.stages import Output

COLUMNS = ("lon", "lat", "number", "street", "unit", "city", "district", "region", "postcode", "id", "hash")
LEVEL = 2  # 0.4 µs a row against 4 µs for zlib at 6, for a file 6 to 15 % larger
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
MODE = 0o100644 << 16
TEXT = tuple(name for name in COLUMNS if name not in ("lon", "lat"))


class CsvZip:
    """Writes the rows that have a usable point; made for the layer addresses only."""

    KIND = "csv_zip"
    NAME = "addresses.zip"
    MEDIA_TYPE = "application/zip"

    def __init__(self, entry: LayerSource, source_id: str, folder: Path, now: datetime) -> None:
        self._path = folder / self.NAME
        self._zip = zipfile.ZipFile(self._path, "w")
        name = source_id.replace("/", "-")
        for file, text in (
            ("README.txt", readme(entry, source_id, now)),
            ("LICENSE.txt", licence_file(entry, source_id)),
            (f"{name}.vrt", vrt(name)),
        ):
            self._zip.writestr(_member(file), text.encode())
        self._csv = _fast_member(self._zip, f"{name}.csv")
        self._csv.write((",".join(COLUMNS).upper() + "\r\n").encode())
        self._rows = 0

    def feed(self, batch: Batch) -> None:
        """Append the rows with a point on Earth."""
        frame = usable(batch.frame)
        block = io.BytesIO()
        frame.write_csv(block, include_header=False, line_terminator="\r\n")
        self._csv.write(block.getbuffer())
        self._rows += frame.height

    def finish(self) -> Output:
        """Complete the table and the directory of the zip."""
        self.close()
        return Output(self.KIND, self._path, self.MEDIA_TYPE, self._rows)

    def close(self) -> None:
        """Close the zip."""
        self._csv.close()
        self._zip.close()


def usable(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of the table, of rows whose point is within ±180 and ±90; '' as null, which CSV writes as nothing."""
    on_earth = pl.col("lon").is_between(-180, 180) & pl.col("lat").is_between(-90, 90)
    kept = frame.filter(on_earth).select(COLUMNS)
    return kept.with_columns(pl.when(pl.col(TEXT).str.len_bytes() > 0).then(pl.col(TEXT)))


def vrt(name: str) -> str:
    """How OGR opens `<name>.csv` as points."""
    return (
        "<OGRVRTDataSource>\n"
        f'  <OGRVRTLayer name="{html.escape(name)}">\n'
        f'    <SrcDataSource relativeToVRT="1">{html.escape(name)}.csv</SrcDataSource>\n'
        f"    <SrcLayer>{html.escape(name)}</SrcLayer>\n"
        "    <GeometryType>wkbPoint</GeometryType>\n"
        "    <LayerSRS>EPSG:4326</LayerSRS>\n"
        '    <GeometryField encoding="PointFromColumns" x="LON" y="LAT"/>\n'
        "  </OGRVRTLayer>\n"
        "</OGRVRTDataSource>\n"
    )


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3  # Unix, wherever it is made
    member.external_attr = MODE
    return member


def _fast_member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """An open member of unknown size. zipfile has no public way to choose the deflate; without this it uses zlib."""
    member = archive.open(_member(name), "w", force_zip64=True)
    member._compressor = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -15)  # type: ignore[attr-defined]
    return member
