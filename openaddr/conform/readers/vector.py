"""Shapefiles, geodatabases, GeoPackages, GML and KML, read by GDAL as columns."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyogrio
from pyogrio.raw import open_arrow

from openaddr.conform.located import take
from openaddr.conform.readers.dataset import Batch, Geometry, Mask, RowNumbers
from openaddr.conform.readers.dbase import declared_codec, require_whole, siblings
from openaddr.conform.readers.gdal import gdal_at, prepare
from openaddr.conform.readers.layers import choose_layer
from openaddr.conform.readers.signatures import driver_of
from openaddr.conform.readers.text import codec_of, decoded, reject_marked, shown
from openaddr.conform.readers.values import TextRule, has_marks, text_of
from openaddr.conform.readers.wkb import geometry_of
from openaddr.errors import Code, ProblemError, RowReason
from openaddr.stages import EXAMPLES_PER_REASON, RowAccount

_BATCH_ROWS = 16_384
_GEOMETRY = "wkb_geometry"
"""The name of the geometry column where the format has none."""

_GML_OPTIONS = {"DOWNLOAD_SCHEMA": "NO", "SKIP_RESOLVE_ELEMS": "ALL"}


def open_vector(path: Path, form: str, *, layer: str | int | None = None, encoding: str | None = None) -> "VectorFile":
    """Open one layer: the one of that index or name, else the first (in a geodatabase the first with a geometry).

    `form` is shapefile, shapefile-polygon, gdb, gpkg or xml. `encoding` counts for shapefiles that do not say their
    own; without either it is ISO-8859-1. x is always easting or longitude, whatever order the file or its coordinate
    system has. Raises ProblemError: DATA_UNREADABLE, LAYER_NOT_FOUND, ENCODING_UNKNOWN.
    """
    codec = codec_of(encoding) if encoding else None
    driver = driver_of(path, form)
    prepare(driver)
    with gdal_at(path):
        chosen = choose_layer(path, layer, by_geometry=driver == "OpenFileGDB")
        if driver == "ESRI Shapefile":
            path = _plainly_named(path)
            require_whole(path)
            _spell_in_ascii(path)
            return _open_shapefile(path, chosen, declared_codec(path) or codec or "iso8859-1")
        return _open(path, chosen, driver, _GML_OPTIONS if driver == "GML" else {}, TextRule())


def layers_in(path: Path, form: str) -> list[tuple[str, str | None]]:
    """The layers of a file with the kind of their geometry, None for a table. Raises ProblemError(DATA_UNREADABLE)."""
    prepare(driver_of(path, form))
    with gdal_at(path):
        return [(str(name), kind) for name, kind in pyogrio.list_layers(path)]


def _open_shapefile(path: Path, layer: str | int, codec: str) -> "VectorFile":
    """UTF-8 is handed on by GDAL as it is; of other encodings the bytes are taken as ISO-8859-1, which loses none."""
    if codec == "utf-8":
        # A column name that is not UTF-8 after all: the way for other encodings also leads there, only slower.
        with suppress(UnicodeDecodeError):
            return _open(path, layer, "ESRI Shapefile", {"ENCODING": "UTF-8"}, TextRule(fixed=True))
    return _open(path, layer, "ESRI Shapefile", {"ENCODING": "ISO-8859-1"}, TextRule(codec, fixed=True))


def _open(path: Path, layer: str | int, driver: str, options: dict[str, str], rule: TextRule) -> "VectorFile":
    found = pyogrio.read_info(path, layer=layer, **options)
    if found["driver"] != driver:
        raise ProblemError(Code.DATA_UNREADABLE, f"{path.name} is {found['driver']}, not {driver}.")
    names = [str(name) for name in found["fields"]]
    read = [_read_name(name, rule.codec) for name in names]
    spelling = dict(zip(reversed(read), reversed(names), strict=True))
    count = None if driver == "ESRI Shapefile" or found["features"] < 0 else int(found["features"])
    return VectorFile(tuple(dict.fromkeys(read)), _crs(found["crs"]), path, layer, options, rule, spelling, count)


def _read_name(name: str, codec: str | None) -> str:
    return shown(decoded(name.encode("iso8859-1"), codec)) if codec else name


def _crs(text: str | None) -> str | None:
    """GeoPackage has two systems that are called undefined, which is to say none."""
    return None if not text or "Undefined " in text[:40] else text


def _plainly_named(path: Path) -> Path:
    """GDAL finds the files of a shapefile by endings all small or all capital; others get links with small ones."""
    files = siblings(path)
    if all(file.stem == path.stem and file.suffix in (file.suffix.lower(), file.suffix.upper()) for file in files):
        return path
    for file in files:
        link = path.with_name(path.stem + file.suffix.lower())
        if not link.exists():
            link.symlink_to(file.name)
    return path.with_suffix(".shp")


def _spell_in_ascii(path: Path) -> None:
    """Names in a .prj may be in any encoding, but pyogrio stumbles over what is not UTF-8: other letters become `?`."""
    for file in siblings(path):
        if file.suffix.lower() == ".prj" and not (text := file.read_bytes().decode("iso8859-1")).isascii():
            file.write_bytes(text.encode("ascii", "replace"))


@dataclass
class VectorFile:
    """One layer of a file, ready to be read once.

    `spelling` gives GDAL's name for each of `columns`. `count` is the number of rows that the file says it has; None
    for shapefiles, where it includes deleted rows.
    """

    columns: tuple[str, ...]
    crs: str | None
    path: Path
    layer: str | int
    options: dict[str, str]
    rule: TextRule
    spelling: dict[str, str]
    count: int | None
    share: float | None = None

    def batches(self, columns: Sequence[str], account: RowAccount) -> Iterator[Batch]:
        """All rows in the order of the file. Raises ProblemError where GDAL cannot go on, or stops too early."""
        names = [self.spelling[name] for name in columns]
        how: dict[str, Any] = {"layer": self.layer, "columns": names, "batch_size": _BATCH_ROWS, **self.options}
        with ExitStack() as stack:
            with gdal_at(self.path):
                opened = open_arrow(self.path, use_pyarrow=True, datetime_as_string=True, **how)
                meta, reader = stack.enter_context(opened)
            read = 0
            while (rows := self._next(reader)) is not None:
                read += len(rows)
                self.share = min(read / self.count, 1.0) if self.count else None
                if len(rows):
                    yield self._batch(rows, columns, meta["geometry_name"] or _GEOMETRY, account)
            with gdal_at(self.path):
                stack.close()
        # A damaged page or a mistake in XML ends the reading without an error.
        if self.count is not None and read < self.count:
            message = f"{self.path.name} is damaged: only {read:,} of its {self.count:,} rows can be read."
            raise ProblemError(Code.DATA_UNREADABLE, message)

    def _next(self, reader: Any) -> pa.RecordBatch | None:
        with gdal_at(self.path):
            try:
                return reader.read_next_batch()
            except StopIteration:
                return None

    def _batch(self, rows: pa.RecordBatch, columns: Sequence[str], geometry_name: str, account: RowAccount) -> Batch:
        numbers: RowNumbers = np.arange(account.received + 1, account.received + len(rows) + 1)
        account.received += len(rows)
        names = rows.schema.names
        series = []
        for name in columns:
            at = names.index(self.spelling[name])
            series.append(text_of(rows.schema.field(at), rows.column(at), self.rule).alias(name))
        frame = pl.DataFrame(series) if series else pl.DataFrame(height=len(rows))
        kept = np.ones(len(rows), dtype=np.bool_)
        if any(map(has_marks, series)):
            kept = reject_marked(frame, numbers, account)
        geometry: Geometry | None = None
        if geometry_name in names:
            geometry, broken = geometry_of(rows.column(len(names) - 1 - names[::-1].index(geometry_name)))
            kept = _reject_broken(kept, broken, numbers, account)
        return _kept(Batch(frame, geometry, numbers), kept)


def _reject_broken(kept: Mask, broken: Mask, numbers: RowNumbers, account: RowAccount) -> Mask:
    bad = np.flatnonzero(kept & broken)
    if not len(bad):
        return kept
    examples = [(int(numbers[row]), "not valid well-known binary") for row in bad[:EXAMPLES_PER_REASON]]
    account.reject(RowReason.GEOMETRY_BROKEN, len(bad), examples)
    return kept & ~broken


def _kept(batch: Batch, kept: Mask) -> Batch:
    if kept.all():
        return batch
    geometry = None if batch.geometry is None else take(batch.geometry, kept)
    frame = batch.frame.filter(pl.Series(kept)) if batch.frame.width else pl.DataFrame(height=int(kept.sum()))
    return Batch(frame, geometry, batch.rows[kept])
