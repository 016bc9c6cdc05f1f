"""Pages of an ESRI layer query (f=json, in degrees) as one dataset."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np

from openaddr.conform.readers.dataset import Batch
from openaddr.conform.readers.esri_features import UNREADABLE, FeatureDecoder
from openaddr.conform.readers.esri_geometry import EsriGeometry, located
from openaddr.conform.readers.esri_page import Page, open_page, spelt_as
from openaddr.conform.readers.json_values import Values, esri_text, text_frame
from openaddr.conform.readers.object_ids import ObjectIds
from openaddr.conform.readers.rejecting import keep_rows, reject_where
from openaddr.conform.readers.text import reject_marked
from openaddr.errors import RowReason
from openaddr.stages import RowAccount

BATCH_ROWS = 16_384
BATCH_BYTES = 16 << 20


def open_esri(pages: Sequence[Path], columns: Sequence[str]) -> "EsriPages":
    """Open the raw answers of a layer's query in the order asked for.

    `columns` are the field names of the layer's metadata; without them, the attributes of the first feature count.
    Raises ProblemError(DATA_UNREADABLE) for a page that is no such answer, here or when it is reached.
    """
    if not columns:
        columns = next((names for names in (open_page(path).names for path in pages) if names), ())
    return EsriPages(tuple(dict.fromkeys(columns)), tuple(pages))


@dataclass
class EsriPages:
    """A Dataset of features. Those without geometry are given too, since columns may hold coordinates."""

    columns: tuple[str, ...]
    pages: tuple[Path, ...]
    crs: str | None = "EPSG:4326"
    share: float | None = None

    def batches(self, columns: Sequence[str], account: RowAccount) -> Iterator[Batch]:
        """See Dataset. A feature whose object id has come before does not count as received."""
        rows = _Rows(tuple(columns))
        for number, path in enumerate(self.pages, start=1):
            page = open_page(path)
            rows.add(page)
            self.share = number / len(self.pages)
            if len(rows.geometries) >= BATCH_ROWS or rows.size >= BATCH_BYTES:
                yield from rows.batch(account)
        yield from rows.batch(account)


class _Rows:
    """Features of some pages, on their way into a batch."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._ids = ObjectIds()
        self._decoders: dict[tuple[str, ...], FeatureDecoder] = {}
        self._clear()

    def _clear(self) -> None:
        self._values: list[Values] = [[] for _ in self._columns]
        self.geometries: list[EsriGeometry | None] = []
        self._has_marks = False
        self.size = 0

    def add(self, page: Page) -> None:
        """Decode a page and keep what is new of it."""
        decoder = self._decoder(spelt_as(self._columns, page.names) + ((page.object_id,) if page.object_id else ()))
        features = decoder.decode(page.features)
        columns = decoder.columns(features)
        if page.object_id:
            fresh = self._ids.fresh(columns.pop())
            if not fresh.all():
                features = list(compress(features, fresh))
                columns = [list(compress(values, fresh)) for values in columns]
        for values, more in zip(self._values, columns, strict=True):
            values += more
        self.geometries += [feature.geometry for feature in features]
        self._has_marks = self._has_marks or page.has_marks
        self.size += page.size

    def _decoder(self, names: tuple[str, ...]) -> FeatureDecoder:
        if names not in self._decoders:
            self._decoders[names] = FeatureDecoder(names)
        return self._decoders[names]

    def batch(self, account: RowAccount) -> Iterator[Batch]:
        """What has been added so far, if anything; begins anew."""
        count, geometries = len(self.geometries), self.geometries
        rows = np.arange(account.received + 1, account.received + count + 1)
        account.received += count
        frame = text_frame(self._columns, self._values, esri_text)
        kept = np.ones(count, dtype=np.bool_)
        if self._has_marks:
            kept = reject_marked(frame, rows, account)
        self._clear()
        if not count:
            return
        geometry, broken = located(geometries)
        unreadable = np.fromiter((one is UNREADABLE for one in geometries), np.bool_, count)
        reject_where(unreadable & kept, RowReason.ROW_UNREADABLE, rows, lambda at: "", account)
        reject_where(broken & ~unreadable & kept, RowReason.GEOMETRY_BROKEN, rows, lambda at: "", account)
        kept &= ~(broken | unreadable)
        if kept.any():
            yield keep_rows(Batch(frame, geometry, rows), kept)
