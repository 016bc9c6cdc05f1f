"""Leaving rows out of a batch, counted and with examples."""

from collections.abc import Callable

import numpy as np

from openaddr.conform.readers.dataset import Batch, Mask, Points, RowNumbers, Shapes
from openaddr.errors import RowReason
from openaddr.stages import EXAMPLES_PER_REASON, RowAccount


def reject_where(
    bad: Mask, reason: RowReason, rows: RowNumbers, show: Callable[[int], str], account: RowAccount
) -> None:
    """Count the rows where `bad` is true; `show` gives the offending value at a place of the batch."""
    at = np.flatnonzero(bad)
    if len(at):
        examples = [(int(rows[place]), show(int(place))) for place in at[:EXAMPLES_PER_REASON]]
        account.reject(reason, len(at), examples)


def keep_rows(batch: Batch, kept: Mask) -> Batch:
    """The batch with only the rows where `kept` is true."""
    if kept.all():
        return batch
    geometry = batch.geometry
    if isinstance(geometry, Points):
        geometry = Points(geometry.x[kept], geometry.y[kept])
    elif isinstance(geometry, Shapes):
        geometry = Shapes(geometry.values[kept])
    frame = batch.frame.filter(kept) if batch.frame.width else batch.frame
    return Batch(frame, geometry, batch.rows[kept])
