"""The benchmarks: they run, and the floor reads the same rows as we do."""

from pathlib import Path

import pytest

from benchmarks import floor, worker
from benchmarks.cases import CASES
from benchmarks.data import make
from benchmarks.record import fill
from benchmarks.site import GOALS, report
from openaddr.db.connections import open_pool
from openaddr.outputs import csv_zip
from openaddr.storage.folder import Folder

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


def test_the_site_of_a_made_up_record_is_measured(url: str, tmp_path: Path) -> None:
    with open_pool(url) as pool:
        with pool.connection() as conn:
            assert fill(conn, tmp_path, runs=60, sources=10) == 60
        written = report(pool, Folder(tmp_path))
    assert list(written) == list(GOALS)
    assert written["full"] > 200 > written["after one run"] > written["nothing new"] == 0
