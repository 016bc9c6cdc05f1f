"""The first rows of the data beside what the conform makes of them, each for itself."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import shapely

from openaddr.conform.pipeline import Conforming, prepare
from openaddr.conform.readers.dataset import Batch, Dataset, Geometry, Points, Shapes
from openaddr.errors import ROW_REASONS, Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import ATTRIBUTES, FirstRows, Layer, RowAccount, RowPair

WIDEST = 500
"""Columns that are shown before, besides those that are used."""


def first_rows(
    entry: LayerSource,
    source_id: str,
    files: tuple[Path, ...],
    columns: tuple[str, ...],
    settings: Settings,
    count: int,
    *,
    is_cut: bool,
) -> FirstRows:
    """The first `count` rows before and after; of data that `is_cut` the last row does not count.

    Raises ProblemError where nothing can be read.
    """
    account = RowAccount()
    dataset, run = prepare(entry, source_id, files, columns, settings, account)
    needed = run.plan.needed
    kept = _by_number(first_batches(dataset, needed, count, account, is_cut=is_cut))
    # Read once more: a value of a column that nobody needs costs no row.
    shown = tuple(dict.fromkeys((*dataset.columns[:WIDEST], *needed)))
    whole = _by_number(first_batches(dataset, shown, count, RowAccount(), is_cut=is_cut))
    left_out = {example.row: f"{ROW_REASONS[example.reason]}: {example.value}" for example in account.examples}
    numbers = sorted(kept.keys() | left_out.keys())[:count]
    if not numbers:
        raise ProblemError(Code.NO_ROWS, f"There are 0 rows in the first {account.received:,} of the data.")
    pairs = (_pair(number, kept.get(number), whole.get(number), run, left_out.get(number, "")) for number in numbers)
    return FirstRows(tuple(pairs), needed, run.plan.warnings)


def first_batches(
    dataset: Dataset, columns: Sequence[str], count: int, account: RowAccount, *, is_cut: bool
) -> list[Batch]:
    """The first `count` rows that can be read; of data that `is_cut` without the last one."""
    found: list[Batch] = []
    left = count
    try:
        for batch in dataset.batches(columns, account):
            found.append(_part(batch, slice(0, left)))
            left -= len(found[-1].rows)
            if left <= 0:
                return found
    except ProblemError:
        # Where the data was cut nothing more can be read, and that is no news.
        if not (is_cut and found):
            raise
    if is_cut and found and found[-1].rows[-1] == account.received:
        found[-1] = _part(found[-1], slice(0, -1))
    return found


def _by_number(batches: list[Batch]) -> dict[int, Batch]:
    """Each row in a batch of its own."""
    return {int(number): _part(batch, slice(at, at + 1)) for batch in batches for at, number in enumerate(batch.rows)}


def _part(batch: Batch, rows: slice) -> Batch:
    numbers, geometry = batch.rows[rows], batch.geometry
    # A slice of a frame without columns would lose its height.
    frame = batch.frame[rows] if batch.frame.width else pl.DataFrame(height=len(numbers))
    if isinstance(geometry, Points):
        geometry = Points(geometry.x[rows], geometry.y[rows])
    elif geometry is not None:
        geometry = Shapes(geometry.values[rows])
    return Batch(frame, geometry, numbers)


def _pair(number: int, row: Batch | None, whole: Batch | None, run: Conforming, reason: str) -> RowPair:
    shown = whole or row
    before = shown.frame.row(0, named=True) if shown and shown.frame.width else {}
    if row is None:
        return RowPair(number, before, None, reason=reason)
    account = RowAccount()
    made = replace(run, account=account).conform_batch(row)
    if not made.height:
        found = next((f"{ROW_REASONS[item.reason]}: {item.value}" for item in account.examples), "")
        return RowPair(number, before, None, reason=found.rstrip(": "))
    after = {name: made[name][0] for name in ATTRIBUTES[run.plan.layer]}
    return RowPair(number, before, after, *_located(made, run.plan.layer, row.geometry))


def _located(made: pl.DataFrame, layer: Layer, before: Geometry | None) -> tuple[tuple[float, float] | None, str]:
    """Where the row is, and as what the data has it."""
    kind = before.values[0].geom_type if isinstance(before, Shapes) and before.values[0] is not None else "Point"
    if layer is Layer.ADDRESSES:
        lon, lat = made["lon"][0], made["lat"][0]
        return ((lon, lat), kind) if lon is not None else (None, "")
    shape = shapely.from_wkb(made["geometry"][0])
    if shape is None or shape.is_empty:
        return None, ""
    point = shape.centroid
    return (round(point.x, 7), round(point.y, 7)), str(shape.geom_type)
