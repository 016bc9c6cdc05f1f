"""The benchmarks: they run, and the floor reads the same rows as we do."""

from pathlib import Path

import pytest

from benchmarks import floor, worker
from benchmarks.cases import CASES
from benchmarks.data import make
from openaddr.outputs import csv_zip

ROWS = 300


def test_the_floor_uses_the_same_deflate() -> None:
    assert floor.LEVEL == csv_zip.LEVEL


@pytest.mark.parametrize("name", CASES)
def test_ours_and_the_floor_read_all_rows_of_a_format(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    monkeypatch.setattr(worker, "DATA", tmp_path)
    make(case.data, ROWS, tmp_path)
    assert worker.conform_and_zip(case, ROWS, tmp_path) == ROWS
    assert worker.floor(case, ROWS, tmp_path) == ROWS
