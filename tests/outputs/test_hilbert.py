"""The order of rows in a file: along a Hilbert curve, whatever their number."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.outputs.buckets import KEY, Buckets, ranges
from openaddr.outputs.hilbert import SIDE, hilbert


@pytest.mark.parametrize("step", [1, 1 << 10])
def test_neighbours_on_the_curve_are_neighbours_on_the_map(step: int) -> None:
    x, y = (axis.ravel().astype(np.uint32) for axis in np.meshgrid(np.arange(64), np.arange(64)))
    place = hilbert(x * step, y * step)
    order = np.argsort(place)
    steps = np.abs(np.diff(x[order].astype(int))) + np.abs(np.diff(y[order].astype(int)))
    assert len(np.unique(place)) == len(place)
    assert (steps == 1).all()


def test_the_curve_runs_from_one_lower_corner_to_the_other() -> None:
    corners = hilbert(np.array([0, SIDE], np.uint32), np.array([0, 0], np.uint32))
    assert corners.tolist() == [0, 2**32 - 1]


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=200), st.integers(1, 9), st.integers(1, 50))
def test_buckets_give_every_row_once_by_rising_key(
    tmp_path_factory: pytest.TempPathFactory, keys: list[int], buckets: int, size: int
) -> None:
    frame = pl.DataFrame({"row": pl.Series(range(len(keys)), dtype=pl.Int64), KEY: pl.Series(keys, dtype=pl.UInt64)})
    sample = np.array(keys[::3], np.uint64)
    edges = ranges(sample, buckets) if len(sample) else np.zeros(0, np.uint64)
    sorter = Buckets(edges, tmp_path_factory.mktemp("buckets"), spill_bytes=200)
    for part in frame.iter_slices(size):
        sorter.add(part)
    found = [(row, key) for part in sorter.sorted() for row, key in part.select("row", KEY).rows()]
    assert found == sorted(enumerate(keys), key=lambda item: item[1])


def test_buckets_take_about_the_same_number_of_rows(tmp_path: Path) -> None:
    skewed = np.random.default_rng(1).lognormal(20, 2, 5_000).astype(np.uint64)
    keys = (skewed << np.uint64(13)) | np.arange(5_000, dtype=np.uint64)
    sorter = Buckets(ranges(keys[::10], 10), tmp_path, spill_bytes=1_000)
    sorter.add(pl.DataFrame({KEY: keys}))
    parts = list(sorter.sorted())
    assert len(parts) == 10 and all(300 < part.height < 800 for part in parts)
    assert all(one[KEY][-1] < other[KEY][0] for one, other in pairwise(parts))
    assert list(tmp_path.iterdir()) == []
