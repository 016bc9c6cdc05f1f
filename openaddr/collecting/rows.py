"""The rows of a run's archive as they are published, with the source of each."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import csv

from openaddr.collecting.checking import ARCHIVE, CSV_BLOCK, fetching
from openaddr.collecting.members import Member
from openaddr.outputs.csv_zip import COLUMNS
from openaddr.storage.objects import Storage
from openaddr.storage.publishing import get

NAMES = [name.upper() for name in COLUMNS]
SOURCE = "OA:Source"
HEADER = (",".join([*NAMES, SOURCE]) + "\r\n").encode()


def rows_of_run(storage: Storage, member: Member, work: Path) -> Iterator[pl.DataFrame]:
    """Rows as text, '' as null, some at a time. Raises ProblemError: COLLECTION_MEMBER_BAD for what cannot be read."""
    with fetching(member, work) as path:
        get(storage, member.key(ARCHIVE), path)
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".csv"))
            with archive.open(name) as table, _reader(pa.PythonFile(table, mode="r")) as reader:
                for batch in reader:
                    frame = pl.from_arrow(batch)
                    assert isinstance(frame, pl.DataFrame)
                    yield frame.with_columns(pl.lit(member.path).alias(SOURCE))


def _reader(table: pa.PythonFile) -> csv.CSVStreamingReader:
    return csv.open_csv(
        table,
        csv.ReadOptions(block_size=CSV_BLOCK, use_threads=False),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=dict.fromkeys(NAMES, pa.string()),
            include_columns=NAMES,
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
