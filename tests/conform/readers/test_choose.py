from pathlib import Path

import pytest

from openaddr.conform.readers.choose import choose_file
from openaddr.errors import Code, ProblemError
from openaddr.source.model import Conform


def chosen(root: Path, names: list[str], form: str, file: str | None = None) -> str:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return choose_file(files, Conform(form, (), file=file), root).relative_to(root).as_posix()


@pytest.mark.parametrize(
    ("form", "file", "names", "expected"),
    [
        ("shapefile", None, ["a/x.SHP", "a/x.dbf", "__MACOSX/a/._x.shp", "._x.shp"], "a/x.SHP"),
        ("shapefile-polygon", None, ["x.shp", "x.shp.xml"], "x.shp"),
        ("shapefile", "b.shp", ["a.shp", "b.shp", "B.SHP"], "b.shp"),
        ("shapefile", "b.shp", ["a.shp", "B.SHP"], "B.SHP"),
        ("shapefile", "d/a.shp", ["d/a.shp", "e/a.shp"], "d/a.shp"),
        ("shapefile", "d\\a.shp", ["d/a.shp", "e/a.shp"], "d/a.shp"),
        ("shapefile", "a.shp", ["a.shp", "e/a.shp"], "a.shp"),
        ("shapefile", "d/a.shp", ["z/d/a.shp", "z/e/a.shp"], "z/d/a.shp"),
        ("shapefile", "gone/a.shp", ["d/a.shp", "b.shp"], "d/a.shp"),
        ("gpkg", None, ["x.GPKG", "readme.txt"], "x.GPKG"),
        ("gpkg", None, ["download"], "download"),
        ("xml", None, ["x.gml", "metadata.xml"], "x.gml"),
        ("xml", None, ["x.kml", "style.png"], "x.kml"),
        ("xml", "m.xml", ["x.gml", "m.xml"], "m.xml"),
        ("geojson", None, ["x.geojson", "info.json"], "x.geojson"),
        ("geojson", None, ["x.json", "readme.txt"], "x.json"),
        ("geojson", None, ["x.ndjson", "readme.txt"], "x.ndjson"),
        ("geojson", None, ["data.txt"], "data.txt"),
        ("csv", None, ["x.CSV", "y.txt", "Thumbs.db", ".DS_Store"], "x.CSV"),
        ("csv", None, ["x.tsv", "y.pdf"], "x.tsv"),
        ("csv", None, ["export.aspx"], "export.aspx"),
        ("csv", "y.dat", ["x.csv", "y.dat"], "y.dat"),
        ("csv", "y.csv", ["download"], "download"),
    ],
)
def test_the_file_meant_is_chosen(tmp_path: Path, form: str, file: str | None, names: list[str], expected: str) -> None:
    assert chosen(tmp_path, names, form, file) == expected


@pytest.mark.parametrize(
    ("form", "file", "names", "code", "words"),
    [
        ("shapefile", None, ["a.shp", "b.shp"], Code.FILE_AMBIGUOUS, "2 files could be meant: a.shp, b.shp"),
        ("csv", None, ["b.csv", "a.csv", "c.txt"], Code.FILE_AMBIGUOUS, "a.csv, b.csv"),
        ("shapefile", "a.shp", ["d/a.shp", "e/a.shp"], Code.FILE_AMBIGUOUS, "d/a.shp, e/a.shp"),
        ("shapefile", None, ["a.dbf"], Code.FILE_NOT_IN_ARCHIVE, "No file fits .shp; there are a.dbf"),
        (
            "shapefile",
            "c.shp",
            ["a.shp", "b.shp"],
            Code.FILE_NOT_IN_ARCHIVE,
            "No file fits `c.shp`; there are a.shp, b.shp",
        ),
        ("csv", None, ["a.pdf", "b.pdf"], Code.FILE_NOT_IN_ARCHIVE, ".csv or .txt or .tsv"),
        ("gdb", None, ["a.shp"], Code.FILE_NOT_IN_ARCHIVE, "geodatabase"),
        ("csv", None, ["__MACOSX/x.csv"], Code.FILE_NOT_IN_ARCHIVE, "there is no file at all"),
        ("xml", None, [f"{n:02}.png" for n in range(14)], Code.FILE_NOT_IN_ARCHIVE, "09.png and 4 more"),
    ],
)
def test_no_file_or_several_are_a_problem_that_lists_them(
    tmp_path: Path, form: str, file: str | None, names: list[str], code: Code, words: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        chosen(tmp_path, names, form, file)
    assert caught.value.problem.code is code
    assert words in caught.value.problem.message


TABLES = ["a00000001.gdbtable", "a00000009.gdbtable", "gdb"]


@pytest.mark.parametrize("folder", ["x.gdb", "X.GDB", "deep/er/x.gdb", "outer.gdb/x.gdb"])
def test_a_geodatabase_is_its_folder(tmp_path: Path, folder: str) -> None:
    names = [f"{folder}/{table}" for table in TABLES]
    assert chosen(tmp_path, [*names, "readme.txt"], "gdb") == folder


@pytest.mark.parametrize("folder", ["plain", "."])
def test_a_geodatabase_under_another_name_gets_one_that_gdal_knows(tmp_path: Path, folder: str) -> None:
    found = tmp_path / chosen(tmp_path, [f"{folder}/{table}" for table in TABLES], "gdb")
    assert found.suffix == ".gdb"
    assert {file.name for file in found.iterdir()} >= set(TABLES)
    assert chosen(tmp_path, [], "gdb") == found.relative_to(tmp_path).as_posix()


@pytest.mark.parametrize("file", ["b.gdb", "B.GDB", "d/b.gdb", "d/b.gdb/a00000009.gdbtable", "other/b.gdb"])
def test_of_several_geodatabases_the_named_one_is_chosen(tmp_path: Path, file: str) -> None:
    names = [f"d/{name}/{table}" for name in ("a.gdb", "b.gdb") for table in TABLES]
    assert chosen(tmp_path, names, "gdb", file) == "d/b.gdb"


def test_several_geodatabases_without_a_name_are_ambiguous(tmp_path: Path) -> None:
    names = [f"{name}/{table}" for name in ("a.gdb", "b.gdb") for table in TABLES]
    with pytest.raises(ProblemError, match=r"a\.gdb, .*b\.gdb"):
        chosen(tmp_path, names, "gdb")


def test_a_download_that_is_only_a_geodatabase_is_found_from_inside(tmp_path: Path) -> None:
    root = tmp_path / "x.gdb"
    root.mkdir()
    for table in TABLES:
        (root / table).touch()
    assert choose_file(sorted(root.iterdir()), Conform("gdb", (), file="x.gdb"), root) == root
