"""Sorting more rows than fit into memory: rows are dealt into bucket files by ranges of their key, sorted one by one.

The ranges come from a sample of the keys, and every key is unique, so that buckets are about equal however the rows
are spread. Up to one bucket of rows never touches the disk.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from pyarrow import ipc

KEY = "__key"
SPILL_BYTES = 10 << 20

Keys = npt.NDArray[np.uint64]


def ranges(sample: Keys, buckets: int) -> Keys:
    """The first key of every bucket but the first, so that each gets about as many keys of the sample."""
    ordered = np.sort(sample)
    found: Keys = ordered[[len(ordered) * index // buckets for index in range(1, buckets)]]
    return found


class Buckets:
    """Takes frames with a column KEY (uint64) and gives them back sorted by it; `edges` are those of `ranges`."""

    def __init__(self, edges: Keys, folder: Path, spill_bytes: int = SPILL_BYTES) -> None:
        self._edges = edges
        self._spill_bytes = spill_bytes
        self._folder = folder
        self._waiting: list[pl.DataFrame] = []
        self._bytes = 0
        self._files: dict[int, ipc.RecordBatchFileWriter] = {}

    def add(self, frame: pl.DataFrame) -> None:
        """Take rows; spills to disk when there is more than one bucket and enough has come together."""
        self._waiting.append(frame)
        self._bytes += int(frame.estimated_size())
        if len(self._edges) and self._bytes >= self._spill_bytes:
            self._spill()

    def sorted(self) -> Iterator[pl.DataFrame]:
        """All rows by rising key, one frame for each bucket that has any; call once, after the last `add`."""
        if not len(self._edges):
            yield from ([by_key(pl.concat(self._waiting, rechunk=True))] if self._waiting else [])
            return
        self._spill()
        self.close()
        for index in sorted(self._files):
            path = self._path(index)
            with ipc.open_file(str(path)) as file:
                frame = pl.DataFrame(file.read_all()).rechunk()
            path.unlink()
            yield by_key(frame)

    def close(self) -> None:
        """Close the bucket files."""
        for file in self._files.values():
            file.close()

    def _spill(self) -> None:
        if not self._waiting:
            return
        frame = by_key(pl.concat(self._waiting, rechunk=True))
        self._waiting, self._bytes = [], 0
        cuts = [0, *np.searchsorted(frame[KEY].to_numpy(), self._edges).tolist(), frame.height]
        for index, (start, end) in enumerate(pairwise(cuts)):
            if end > start:
                self._append(index, frame[start:end])

    def _append(self, index: int, frame: pl.DataFrame) -> None:
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if index not in self._files:
            options = ipc.IpcWriteOptions(compression="lz4")
            self._files[index] = ipc.new_file(str(self._path(index)), table.schema, options=options)
        self._files[index].write_table(pa.table(table))

    def _path(self, index: int) -> Path:
        return self._folder / f"bucket-{index}.arrow"


def by_key(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows by rising key."""
    return frame[np.argsort(frame[KEY].to_numpy())]
