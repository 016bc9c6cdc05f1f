"""All outputs of a run together: which files there are, and that they agree."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from openaddr.errors import Code, ProblemError
from openaddr.outputs import preview
from openaddr.outputs.write import write_outputs
from openaddr.stages import Extract, Layer, Options, Output
from tests.outputs.extracts import ENTRY, NOW, extract, points, scattered, shapes

LIGHT = Options(tiles=False, preview=False)


def written(made: Extract, folder: Path, options: Options = LIGHT) -> dict[str, Output]:
    folder.mkdir()
    entry = replace(ENTRY, layer=made.layer)
    return {output.kind: output for output in write_outputs(made, entry, "xx/town", folder, options, NOW)}


def test_an_address_source_has_these_files(tmp_path: Path) -> None:
    made = extract(tmp_path, scattered(20), points([{}]))
    outputs = written(made, tmp_path / "out", Options(tiles=True, preview=False))
    assert {output.path.name for output in outputs.values()} == {path.name for path in (tmp_path / "out").iterdir()}
    assert {output.path.name: output.rows for output in outputs.values()} == {
        "extract.parquet": 21,
        "addresses.geojsonl.gz": 21,
        "addresses.zip": 20,
        "sample.json": 5,
        "addresses.pmtiles": None,
        "manifest.json": None,
        # no preview.png: not asked for
    }


@pytest.mark.parametrize("layer", [Layer.PARCELS, Layer.BUILDINGS, Layer.CENTERLINES])
def test_other_layers_have_no_zip(tmp_path: Path, layer: Layer) -> None:
    made = extract(tmp_path, shapes(layer, ["LINESTRING (0 0, 1 1)", None]), layer=layer)
    names = {output.path.name for output in written(made, tmp_path / "out").values()}
    assert names == {"extract.parquet", f"{layer}.geojsonl.gz", "sample.json", "manifest.json"}


def test_the_manifest_has_the_checksums_of_the_finished_files(tmp_path: Path) -> None:
    outputs = written(extract(tmp_path, scattered(20)), tmp_path / "out")
    manifest = json.loads(outputs["manifest"].path.read_text(encoding="utf-8"))
    assert [item["kind"] for item in manifest["resources"]] == ["geojsonl", "csv_zip", "geoparquet", "sample"]
    for item in manifest["resources"]:
        content = (tmp_path / "out" / item["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (item["bytes"], item["sha256"])


def test_nothing_is_left_beside_the_extract(tmp_path: Path) -> None:
    written(extract(tmp_path, scattered(20)), tmp_path / "out", Options(tiles=True, preview=False))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["extract.arrow", "out"]


def test_a_failing_output_fails_all_and_leaves_no_scratch_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview.draw_preview, "__defaults__", (tmp_path / "absent.arrow",))
    with pytest.raises(ProblemError) as caught:
        written(extract(tmp_path, scattered(20)), tmp_path / "out", Options(tiles=False, preview=True))
    assert caught.value.problem.code is Code.BASEMAP_MISSING
    assert sorted(path.name for path in tmp_path.iterdir()) == ["extract.arrow", "out"]


def test_a_source_without_rows_has_files_all_the_same(tmp_path: Path) -> None:
    outputs = written(extract(tmp_path), tmp_path / "out", Options(tiles=True, preview=True))
    assert {output.kind for output in outputs.values()} == {"geoparquet", "geojsonl", "csv_zip", "sample", "manifest"}
