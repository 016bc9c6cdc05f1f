"""Collections of sources that were really processed: whether they hold exactly what the runs gave."""

import csv
import gzip
import html
import io
import json
import re
import shlex
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyogrio

from dashboards.site import publish
from openaddr.collecting.areas import areas_of
from openaddr.db.records import Collection
from openaddr.errors import Code
from openaddr.outputs.csv_zip import COLUMNS
from openaddr.run import Status
from tests.collecting.world import World, unzipped
from tests.gdal import bring_drivers_back


@dataclass(frozen=True)
class Good:
    """A run that succeeded: the text of its source file, and the folder with its files."""

    source: str
    layer: str
    name: str
    rows: int
    text: bytes
    folder: Path

    @property
    def is_share_alike(self) -> bool:
        """What its source file says."""
        text = json.loads(self.text)
        # Files of schema 1 are one entry.
        entries = text["layers"][self.layer] if "layers" in text else [text | {"name": self.name}]
        (mine,) = (entry for entry in entries if entry["name"] == self.name)
        licence = mine.get("license")
        return isinstance(licence, dict) and bool(licence.get("share-alike") in (True, "yes"))

    def table(self) -> bytes:
        """The table of its archive."""
        with zipfile.ZipFile(self.folder / "addresses.zip") as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".csv"))
            return archive.read(name)

    def features(self) -> Iterator[dict[str, Any]]:
        """Its rows with a place on Earth, as its GeoJSON has them."""
        with gzip.open(self.folder / f"{self.layer}.geojsonl.gz", "rt", encoding="utf-8") as lines:
            for feature in map(json.loads, lines):
                if feature["geometry"] and _is_on_earth(feature["geometry"]["coordinates"]):
                    yield feature


def _is_on_earth(coordinates: Any) -> bool:
    if isinstance(coordinates[0], list):
        return _is_on_earth(coordinates[0])
    lon, lat = float(coordinates[0]), float(coordinates[1])
    return abs(lon) <= 180 and abs(lat) <= 90


def good_runs(output: Path, sources: Path) -> list[Good]:
    """The good runs in a folder of `openaddr process`."""
    found = []
    for path in sorted(output.rglob("run.json")):
        run = json.loads(path.read_text(encoding="utf-8"))
        if run["status"] == Status.SUCCEEDED:
            text = (sources / f"{run['source']}.json").read_bytes()
            found.append(Good(run["source"], run["layer"], run["name"], run["rows"], text, path.parent))
    return found


def collected(world: World, goods: Sequence[Good]) -> dict[str, Code]:
    """Make collections and pages of runs; which collections could not be made, and why."""
    world.begin()
    for good in goods:
        world.take(good.source, good.layer, good.name, good.text, good.folder, good.rows)
    world.end()
    report = world.collect()
    publish(world.pool, world.storage, "")
    return {name: problem.code for name, problem in report.problems.items()}


def check_archives(world: World, goods: Sequence[Good]) -> int:
    """Every archive is whole, and has the good rows, no more and no less; how many tables were compared."""
    compared = 0
    for found in (found for found in world.published().values() if found.key.endswith(".zip")):
        path = world.fetch(found.key)
        unzipped(path)
        folder = path.with_suffix("")
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        told = json.loads(world.fetch(found.manifest["manifest"]).read_bytes())
        paths = {(source["source"], source["name"]): source["path"] for source in told["sources"]}
        inside = {(good.source, good.name): good for good in _of(goods, found) if list(good.features())}
        assert set(paths) == set(inside), (found.name, set(paths) ^ set(inside))
        tables = {str(table.relative_to(folder).with_suffix("")) for table in folder.rglob("*.csv")}
        assert tables == {*paths.values(), *(f"summary/{each}-summary" for each in paths.values())}
        for key, good in inside.items():
            _check_table(folder, paths[key], good)
            compared += 1
        assert found.rows == sum(len(list(good.features())) for good in inside.values())
    return compared


def _check_table(folder: Path, path: str, good: Good) -> None:
    """The table is that of the run, its rows are those of its other files, and both descriptions open."""
    content = (folder / f"{path}.csv").read_bytes()
    assert content == good.table()
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    features = list(good.features())
    assert len(rows) == len(features)
    for row, feature in zip(rows, features, strict=True):
        for name in COLUMNS[2:]:
            assert row[name.upper()] == feature["properties"][name]
        if feature["geometry"]["type"] == "Point":
            assert [float(row["LON"]), float(row["LAT"])] == feature["geometry"]["coordinates"]
    bring_drivers_back()
    opened = pyogrio.read_info(folder / f"{path}.vrt", force_feature_count=True)
    assert (opened["features"], opened["geometry_type"]) == (len(rows), "Point")
    squares = folder / f"summary/{path}-summary.vrt"
    assert pyogrio.read_info(squares)["geometry_type"] == "Polygon"
    with squares.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        assert sum(int(square["count"]) for square in csv.DictReader(file)) == len(rows)


def check_commands(world: World, goods: Sequence[Good]) -> int:
    """The line for DuckDB of each GeoParquet, as its page prints it, says how many rows each source has."""
    ran = 0
    for area in {found.manifest["area"] for found in world.published().values()}:
        with world.storage.open(f"site/collections/{area}/index.html") as stream:
            page = html.unescape(stream.read().decode())
        lines = {line.partition("'")[2].partition("'")[0]: line for line in re.findall("duckdb -c .*?(?=<)", page)}
        for found in (found for found in world.published().values() if found.manifest["area"] == area):
            if found.key.endswith(".parquet"):
                _, _, query = shlex.split(lines.pop(world.storage.url(found.key)))
                counts: Counter[str] = Counter()
                for good in _of(goods, found):
                    counts[good.source] += good.rows
                assert dict(duckdb.connect().execute(query).fetchall()) == counts
                ran += 1
        assert lines == {}
    return ran


def _of(goods: Sequence[Good], found: Collection) -> Iterator[Good]:
    """What belongs into a collection."""
    told = found.manifest
    for good in goods:
        side = good.is_share_alike is told["share_alike"]
        if good.layer == told["layer"] and side and told["area"] in areas_of(good.source):
            yield good
