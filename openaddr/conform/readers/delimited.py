"""Delimited text (csv, txt): pyarrow reads the needed columns of each block, with the result of Python's csv module."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pyarrow_csv

from openaddr.conform.readers.dataset import Batch, RowNumbers
from openaddr.conform.readers.records import Limits, Records, Rows
from openaddr.conform.readers.text import MARK, reject_marked, shown
from openaddr.errors import Code, ProblemError, RowReason
from openaddr.stages import EXAMPLES_PER_REASON, RowAccount

NO_HEADER = -1
MAX_ODD = 1000
"""Records of one block that may be set aside before Python's csv module reads the whole block."""

MAX_COLUMNS = 10_000
BATCH_ROWS = 65_536
"""Rows handed on at once: a block may have a million rows of two bytes, which would fill the memory further on."""


def open_delimited(
    path: Path,
    *,
    encoding: str | None,
    separator: str,
    headers: int | None,
    skiplines: int | None,
    limits: Limits | None = None,
) -> "DelimitedFile":
    """Open a delimited file and read its header.

    `headers` is the physical line (from 1) of the names, -1 for none (then COLUMN1 to n, as wide as the first row);
    the data starts after physical line `skiplines`, which is also the header's line when only it is given.
    Raises ProblemError: DATA_EMPTY, DATA_UNREADABLE (no header there), ENCODING_UNKNOWN, SOURCE_SCHEMA (separator).
    """
    if len(separator) != 1 or separator in '"\r\n':
        raise ProblemError(Code.SOURCE_SCHEMA, f"`csvsplit` is {separator!r}; it has to be one character, not a quote.")
    if headers is None:
        headers = skiplines or 1
    limits = limits or Limits()
    with Records(path, encoding, separator, limits) as records:
        records.skip_lines((skiplines or 0) if headers == NO_HEADER else headers - 1)
        first_line = records.lines_taken
        first = records.first_record()
        if first is None:
            raise _no_header(path, headers, records.lines_taken)
        if len(first) > MAX_COLUMNS:
            message = f"{path.name} has {len(first):,} columns; {MAX_COLUMNS:,} are allowed."
            raise ProblemError(Code.DATA_UNREADABLE, message, hint="Check `csvsplit` and `format`.")
        if headers == NO_HEADER:
            names, data_line = [f"COLUMN{number}" for number in range(1, len(first) + 1)], first_line
        else:
            names, data_line = first, max(records.lines_taken, skiplines or 0)
    return DelimitedFile(unique_names([shown(name) for name in names]), path, encoding, separator, data_line, limits)


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """The same names where repeated ones have got a number: `name`, `name_2`, `name_3`."""
    taken, given, numbers = set(names), dict[str, None](), dict[str, int]()
    for name in names:
        choice, number = name, numbers.get(name, 1)
        while choice in given or (number > 1 and choice in taken):
            number += 1
            choice = f"{name}_{number}"
        given[choice] = None
        numbers[name] = number
    return tuple(given)


def _no_header(path: Path, headers: int, lines: int) -> ProblemError:
    if headers > 1 and path.stat().st_size:
        return ProblemError(
            Code.DATA_UNREADABLE, f"{path.name} has no line {headers}, where `headers` looks; it has {lines} lines."
        )
    return ProblemError(Code.DATA_EMPTY, f"{path.name} has {path.stat().st_size} bytes and no row, not even a header.")


@dataclass
class DelimitedFile:
    """A Dataset without geometry. Its data starts after `data_line` physical lines."""

    columns: tuple[str, ...]
    path: Path
    encoding: str | None
    separator: str
    data_line: int
    limits: Limits
    crs: str | None = field(default=None, init=False)
    share: float | None = field(default=None, init=False)

    def batches(self, columns: Sequence[str], account: RowAccount) -> Iterator[Batch]:
        """See Dataset. Rows with more values than the header has names are rejected, shorter ones end in ''."""
        wanted = tuple(dict.fromkeys(columns)) or self.columns[:1]
        places = [self.columns.index(name) for name in wanted]
        with Records(self.path, self.encoding, self.separator, self.limits) as records:
            records.skip_lines(self.data_line)
            for run in records.runs(account):
                frame, rows = self._frame(run, records, places, account)
                frame = frame.select(columns)
                if isinstance(run, list) or MARK in run:
                    kept = reject_marked(frame, rows, account)
                    frame, rows = frame.filter(kept) if columns else frame, rows[kept]
                self.share = records.file.share
                for start in range(0, len(rows), BATCH_ROWS):
                    end = start + BATCH_ROWS
                    yield Batch(frame[start:end], None, rows[start:end])

    def _frame(
        self, run: bytes | Rows, records: Records, places: list[int], account: RowAccount
    ) -> tuple[pl.DataFrame, RowNumbers]:
        """The rows of one run in order, with their numbers; all are counted, too long ones rejected."""
        if isinstance(run, list):
            return self._from_rows(run, places, account)
        odd: list[tuple[int, str]] = []
        table = self._table(run, places, odd)
        if table is None:
            return self._from_rows(records.read_rows(run), places, account)
        first = account.received + 1
        account.received += table.num_rows + len(odd)
        frame = pl.DataFrame(table).select(pl.col(str(at)).alias(self.columns[at]) for at in places)
        rows = np.arange(first, account.received + 1)
        if not odd:
            return frame, rows
        numbers = np.array([number for number, _ in odd])
        lists = records.read_rows("\n".join(text for _, text in odd).encode())
        lists, others = self._fitting(lists, numbers + (first - 1), account)
        rows = np.concatenate([np.delete(rows, numbers - 1), others])
        order = np.argsort(rows)
        return pl.concat([frame, self._columns(lists, places)])[order], rows[order]

    def _table(self, run: bytes, places: list[int], odd: list[tuple[int, str]]) -> pa.Table | None:
        """Needed columns, named by their place, or None where pyarrow cannot read them.

        Records with another number of values than the header go into `odd` as (number from 1 in the run, text).
        """
        names = [str(at) for at in range(len(self.columns))]
        wanted = [names[at] for at in places]

        def set_aside(record: pyarrow_csv.InvalidRow) -> str:
            odd.append((record.number, record.text))
            return "skip" if len(odd) <= MAX_ODD else "error"

        parsing = pyarrow_csv.ParseOptions(
            delimiter=self.separator, newlines_in_values=True, invalid_row_handler=set_aside
        )
        try:
            return pyarrow_csv.read_csv(
                pa.py_buffer(run),
                pyarrow_csv.ReadOptions(use_threads=False, block_size=len(run) + 1, column_names=names),
                parsing,
                pyarrow_csv.ConvertOptions(
                    check_utf8=False,
                    column_types=dict.fromkeys(wanted, pa.string()),
                    include_columns=wanted,
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:
            return None

    def _from_rows(self, rows: Rows, places: list[int], account: RowAccount) -> tuple[pl.DataFrame, RowNumbers]:
        rows = [row for row in rows if row]
        numbers = np.arange(account.received + 1, account.received + len(rows) + 1)
        account.received += len(rows)
        rows, numbers = self._fitting(rows, numbers, account)
        return self._columns(rows, places), numbers

    def _columns(self, rows: Rows, places: list[int]) -> pl.DataFrame:
        """Columns from rows that may be short."""
        # From a dict: a frame made of a list of series gives a column called '' another name.
        return pl.DataFrame(
            {
                self.columns[at]: pl.Series([row[at] if at < len(row) else "" for row in rows], dtype=pl.String)
                for at in places
            }
        )

    def _fitting(self, rows: Rows, numbers: RowNumbers, account: RowAccount) -> tuple[Rows, RowNumbers]:
        """Rows that are not longer than the header, with their numbers; the others are rejected."""
        width = len(self.columns)
        long = [at for at, row in enumerate(rows) if len(row) > width]
        if not long:
            return rows, numbers
        examples = [(int(numbers[at]), shown(self.separator.join(rows[at]))) for at in long[:EXAMPLES_PER_REASON]]
        account.reject(RowReason.ROW_TOO_LONG, len(long), examples)
        return [row for row in rows if len(row) <= width], np.delete(numbers, long)
