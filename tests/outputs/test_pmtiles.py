"""Tiles as a map reads them: at the highest zoom nothing is missing."""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from pmtiles.reader import MmapSource, Reader, all_tiles

from openaddr.errors import Code, ProblemError
from openaddr.outputs import pmtiles, tippecanoe
from openaddr.outputs.geojsonl import GeoJsonLines
from openaddr.outputs.pmtiles import drop_rate, write_tiles
from openaddr.outputs.tippecanoe import find_tippecanoe, run
from openaddr.stages import Extract, Layer, Output
from tests.outputs.extracts import ENTRY, extract, fed, points, scattered, shapes

CLOSE = (8.5, 47.4, 8.5, 47.4)


def tiled(made: Extract, folder: Path) -> Output | None:
    fed(GeoJsonLines(made, folder), made)
    (folder / "work").mkdir()
    return write_tiles(made, ENTRY, "xx/town", folder, folder / "work")


def features(path: Path, zoom: int) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for (z, _, _), data in all_tiles(MmapSource(file)):  # type: ignore[no-untyped-call]
            if z == zoom:
                layers = mapbox_vector_tile.decode(gzip.decompress(data))
                assert list(layers) == [path.stem]
                yield from layers[path.stem]["features"]


def hashes(path: Path, zoom: int = pmtiles.MAX_ZOOM) -> set[str]:
    return {feature["properties"]["hash"] for feature in features(path, zoom)}


def test_every_row_with_a_place_is_there_at_the_highest_zoom(tmp_path: Path) -> None:
    rows = scattered(5_000)
    output = tiled(extract(tmp_path, rows, points([{"hash": "nowhere"}])), tmp_path)
    assert output and hashes(output.path) == set(rows["hash"])


def test_rows_at_one_place_are_all_there(tmp_path: Path) -> None:
    rows = [{"hash": f"{row:05}", "lon": 8.5, "lat": 47.4} for row in range(3_000)]
    output = tiled(extract(tmp_path, points(rows)), tmp_path)
    assert output and len(hashes(output.path)) == 3_000


@pytest.mark.parametrize("size", [1e-5, 1e-3])
def test_small_shapes_are_all_there(tmp_path: Path, size: float) -> None:
    lines = [f"LINESTRING ({8 + row * size} 47, {8 + row * size} {47 + size})" for row in range(200)]
    boxes = [
        f"POLYGON (({x} 47, {x + size} 47, {x} {47 + size}, {x} 47))" for x in (9 + row * size for row in range(200))
    ]
    output = tiled(extract(tmp_path, shapes(Layer.PARCELS, lines + boxes), layer=Layer.PARCELS), tmp_path)
    assert output and len(hashes(output.path)) == 400


def test_a_small_source_can_be_seen_from_afar(tmp_path: Path) -> None:
    output = tiled(extract(tmp_path, scattered(300)), tmp_path)
    assert output and len(hashes(output.path, 0)) == 300


def test_no_row_with_a_place_means_no_tiles(tmp_path: Path) -> None:
    assert tiled(extract(tmp_path, points([{}])), tmp_path) is None


def test_the_tiles_say_where_they_are_from(tmp_path: Path) -> None:
    output = tiled(extract(tmp_path, scattered(10)), tmp_path)
    assert output
    with output.path.open("rb") as file:
        about = Reader(MmapSource(file)).metadata()  # type: ignore[no-untyped-call]
    assert about["name"] == "xx/town addresses county"
    assert about["attribution"] == "Töwn &lt;of&gt; X"
    assert "CC BY 4.0" in about["description"]
    assert str(tmp_path) not in str(about) and sys.prefix not in str(about)


def test_the_same_rows_give_the_same_bytes_wherever_they_are(tmp_path: Path) -> None:
    outputs = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        outputs.append(tiled(extract(tmp_path / name, scattered(500)), tmp_path / name))
    one, other = outputs
    assert one and other and one.path.read_bytes() == other.path.read_bytes()


@pytest.mark.parametrize(
    ("rows", "bounds", "rate"),
    [
        (1, CLOSE, 1.0),
        (2_000, (8.0, 47.0, 9.0, 48.0), 1.0),
        (1_000_000, (8.0, 47.0, 9.0, 48.0), 2.430),
        (1_000_000, (-5.0, 42.0, 8.0, 51.0), 1.861),
        (1_000_000, CLOSE, 2.5),
        (600_000_000, (-180.0, -90.0, 180.0, 90.0), 2.461),
    ],
)
def test_more_rows_on_less_ground_are_dropped_faster(
    rows: int, bounds: tuple[float, float, float, float], rate: float
) -> None:
    assert drop_rate(rows, bounds) == pytest.approx(rate, abs=0.001)


def test_a_missing_program_is_a_named_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tippecanoe, "EXECUTABLE", "no-such-tippecanoe")
    with pytest.raises(ProblemError) as caught:
        find_tippecanoe()
    assert caught.value.problem.code is Code.TIPPECANOE_MISSING


def test_what_a_dying_program_said_last_is_in_the_problem(tmp_path: Path) -> None:
    script = "import sys; print('first\\n' * 9 + 'the disk is gone', file=sys.stderr); sys.exit(3)"
    with pytest.raises(ProblemError) as caught:
        run([sys.executable, "-c", script], sys.executable, tmp_path)
    assert caught.value.problem.code is Code.TILES_FAILED
    assert "ended with 3: first / first / first / first / the disk is gone." in caught.value.problem.message


def test_tippecanoe_itself_may_refuse(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="TILES_FAILED"):
        run(["tippecanoe", "-o", "x.pmtiles", "absent.geojson"], find_tippecanoe(), tmp_path)


def test_a_full_disk_is_not_called_a_failure_of_tiles(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="DISK_FULL"):
        run([sys.executable, "-c", "raise SystemExit('write: No space left on device')"], sys.executable, tmp_path)


def test_a_program_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="was not done after"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], sys.executable, tmp_path, limit=0.2)
