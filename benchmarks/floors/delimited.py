"""CSV by pyarrow: the needed columns as text, the coordinates as numbers."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import csv

from benchmarks.cases import Case
from benchmarks.floor import Block

BLOCK = 1 << 20


def blocks(case: Case, files: Sequence[Path]) -> Iterator[Block]:
    """The needed columns; the last two are x and y."""
    names, places = case.needed[:-2], case.needed[-2:]
    types = {name: pa.float64() if name in places else pa.string() for name in case.needed}
    convert = csv.ConvertOptions(include_columns=list(case.needed), column_types=types)
    read = csv.ReadOptions(use_threads=False, block_size=BLOCK)
    for batch in csv.open_csv(files[0], read, convert_options=convert):
        frame = pl.DataFrame(pa.Table.from_batches([batch]))
        x, y = (frame[name].to_numpy() for name in places)
        yield frame.select(names), x, y
