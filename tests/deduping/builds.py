"""Builds of a few rows, from files as runs store them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from openaddr.deduping import build, report
from openaddr.deduping.build import Taken
from openaddr.deduping.database import opened
from openaddr.deduping.inputs import Input
from openaddr.deduping.locality import Locality
from openaddr.deduping.writing import Shard
from openaddr.outputs.geoparquet import GeoParquet
from tests.outputs.extracts import Row, extract, fed, points

COUNTY = Input("xx/county", "county", 1, Locality.COUNTY)
CITY = Input("xx/city_of_town", "city", 2, Locality.CITY)
MAIN: dict[str, object] = {"number": "1", "street": "Main St", "lon": 10.0, "lat": 50.0}


@dataclass(frozen=True)
class Built:
    """What came of a build."""

    taken: list[Taken]
    shards: list[Shard]
    manifest: dict[str, Any]

    def rows(self, select: str = "*") -> list[tuple[Any, ...]]:
        """Rows of all files, in the order of their ids."""
        paths = [str(shard.path) for shard in self.shards]
        return duckdb.execute(f"select {select} from read_parquet($paths) order by hash", {"paths": paths}).fetchall()

    def groups(self) -> set[frozenset[str]]:
        """Which rows are one address."""
        return {frozenset(hashes) for (hashes,) in self._grouped()}

    def best(self) -> dict[str, bool]:
        """Whether each row is the best of its group."""
        return dict(self.rows("hash, is_best"))

    def _grouped(self) -> list[tuple[list[str]]]:
        paths = [str(shard.path) for shard in self.shards]
        query = "select list(hash) from read_parquet($paths) group by dedupe_group"
        return duckdb.execute(query, {"paths": paths}).fetchall()


def stored(folder: Path, rows: Sequence[Row]) -> Path:
    """Rows as a run stores them."""
    (folder / "work").mkdir(parents=True)
    made = extract(folder, points(rows))
    return fed(GeoParquet(made, folder, folder / "work"), made).path


def built(
    folder: Path,
    files: Mapping[Input, Path],
    order: Iterable[Input] | None = None,
    most: int = build.FILE_ROWS,
    part_rows: int = 1_000,
) -> Built:
    """Build from files, which stay."""
    work = folder / "work"
    work.mkdir(parents=True)

    def fetch(found: Input, into: Path) -> Path:
        copy = into / "fetched.parquet"
        copy.write_bytes(files[found].read_bytes())
        return copy

    with opened(folder) as database:
        taken = build.read(database, order or files, fetch, work)
        database.group(part_rows)
        shards = list(build.write_all(database, work, most))
        found = report.manifest(database, taken, shards, "prefix/", {})
    return Built(taken, shards, found)


def of_rows(folder: Path, rows: Mapping[Input, Sequence[Row]], **options: Any) -> Built:
    """Build from rows; each gets a number as its id unless it has one."""
    files = {}
    for number, (found, some) in enumerate(rows.items()):
        known = [{"hash": f"{number}-{row}", **values} for row, values in enumerate(some)]
        files[found] = stored(folder / f"input-{number}", known)
    return built(folder / "build", files, **options)
