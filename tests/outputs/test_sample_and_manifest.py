"""The two small JSON files, for people and for programs."""

import hashlib
import json
from pathlib import Path

from openaddr.outputs.manifest import write_manifest
from openaddr.outputs.sample import Sample
from openaddr.stages import Extract, Layer, Output
from tests.golden import assert_golden
from tests.outputs.extracts import ENTRY, NOW, Row, extract, fed, points, scattered, shapes

GOLDEN = Path(__file__).parent / "golden"
ROWS: list[Row] = [
    {"hash": "00000000000000aa", "number": "12", "street": 'Rue "X"', "city": "Orléans", "lon": 1.9, "lat": 47.9},
    {"hash": "00000000000000bb", "street": "no place"},
]


def sample(made: Extract, folder: Path) -> str:
    return fed(Sample(made, folder), made).path.read_text(encoding="utf-8")


def test_the_sample_shows_the_first_rows(tmp_path: Path) -> None:
    assert_golden(GOLDEN / "sample.json", sample(extract(tmp_path, points(ROWS)), tmp_path))


def test_the_sample_has_five_rows_from_however_many_batches(tmp_path: Path) -> None:
    found = json.loads(sample(extract(tmp_path, *scattered(100).iter_slices(2)), tmp_path))
    assert [row[0] for row in found["rows"]] == [f"{row:016x}" for row in range(5)]


def test_the_sample_of_shapes_has_a_point_within_each(tmp_path: Path) -> None:
    made = extract(tmp_path, shapes(Layer.PARCELS, ["POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", None]), layer=Layer.PARCELS)
    found = json.loads(sample(made, tmp_path))
    assert found["columns"] == ["hash", "pid", "lon", "lat"]
    assert [row[2:] for row in found["rows"]] == [[1.0, 1.0], [None, None]]


def test_the_manifest_describes_every_file(tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes(b"bbb")
    (tmp_path / "a.bin").write_bytes(b"")
    files = [Output("b", tmp_path / "b.bin", "x/b", 3), Output("a", tmp_path / "a.bin", "x/a")]
    made = extract(tmp_path, points(ROWS))
    output = write_manifest(made, ENTRY, "xx/town", files, tmp_path, NOW)
    assert_golden(GOLDEN / "manifest.json", output.path.read_text(encoding="utf-8"))
    first = json.loads(output.path.read_text(encoding="utf-8"))["resources"][1]
    assert first["sha256"] == hashlib.sha256(b"bbb").hexdigest()


def test_the_manifest_of_no_rows_has_no_bounds(tmp_path: Path) -> None:
    output = write_manifest(extract(tmp_path, points([])), ENTRY, "xx/town", [], tmp_path, NOW)
    found = json.loads(output.path.read_text(encoding="utf-8"))
    assert (found["bounds"], found["rows"], found["resources"]) == (None, 0, [])
