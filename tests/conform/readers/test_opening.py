import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from openaddr.conform.readers.opening import open_dataset
from openaddr.errors import Code, ProblemError
from openaddr.source.model import Conform, LayerSource
from openaddr.stages import Layer, RowAccount


def entry(form: str, protocol: str = "http", **settings: Any) -> LayerSource:
    pointer = "/layers/addresses/0"
    return LayerSource(Layer.ADDRESSES, "city", pointer, protocol, "http://a.example/x", Conform(form, (), **settings))


def test_a_csv_is_opened_with_its_settings(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes("Straße;nr\nSüd;7\n".encode("cp1252"))
    dataset = open_dataset(entry("csv", csvsplit=";", encoding="cp1252"), (tmp_path / "x.txt",))
    assert dataset.columns == ("Straße", "nr")
    assert [batch.frame.rows() for batch in dataset.batches(["nr"], RowAccount())] == [[("7",)]]


def test_a_geojson_is_opened(tmp_path: Path) -> None:
    feature = '{"type": "Feature", "properties": {"nr": 7}, "geometry": {"type": "Point", "coordinates": [1, 2]}}'
    (tmp_path / "x").write_text(f'{{"type": "FeatureCollection", "features": [{feature}]}}')
    assert open_dataset(entry("geojson"), (tmp_path / "x",)).columns == ("nr",)


@pytest.mark.parametrize(
    ("settings", "names", "code", "pointer"),
    [
        ({"form": "csv"}, ["a.csv", "b.csv"], Code.FILE_AMBIGUOUS, "/conform"),
        ({"form": "csv", "file": "c.csv"}, ["a.csv", "b.csv"], Code.FILE_NOT_IN_ARCHIVE, "/conform/file"),
        ({"form": "shapefile", "encoding": "klingon"}, ["a.shp"], Code.ENCODING_UNKNOWN, "/conform/encoding"),
        ({"form": "shapefile"}, ["a.shp"], Code.DATA_UNREADABLE, "/conform"),
        ({"form": "dwg"}, ["a.dwg"], Code.FORMAT_UNKNOWN, "/conform/format"),
    ],
)
def test_problems_say_where_in_the_source_they_come_from(
    tmp_path: Path, settings: dict[str, Any], names: list[str], code: Code, pointer: str
) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ProblemError) as caught:
        open_dataset(entry(**settings), tuple(tmp_path / name for name in names))
    assert caught.value.problem.code is code
    assert caught.value.problem.pointer == f"/layers/addresses/0{pointer}"


def test_a_csv_needs_neither_gdal_nor_proj(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("lon,lat\n1,2\n")
    code = """
import sys
from pathlib import Path
from openaddr.conform import geometry
from openaddr.conform.readers.opening import open_dataset
from openaddr.source.model import Conform, LayerSource
from openaddr.stages import Layer
entry = LayerSource(Layer.ADDRESSES, "a", "", "http", "", Conform("csv", ()))
open_dataset(entry, (Path(sys.argv[1]),))
geometry.check_crs("EPSG:4326")
print({"pyogrio", "pyproj", "fiona"} & set(sys.modules))
"""
    told = subprocess.run([sys.executable, "-c", code, tmp_path / "x.csv"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
