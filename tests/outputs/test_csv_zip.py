"""The zip of addresses, opened by the programs that people open it with."""

import csv
import io
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.outputs.csv_zip import COLUMNS, CsvZip, usable
from openaddr.source.model import License
from openaddr.stages import Extract, Output
from tests.outputs.consumers import consumer
from tests.outputs.extracts import ENTRY, NOW, Row, extract, fed, points

HERE = {"lon": 8.5, "lat": 47.25}
HEADER = "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH"
ROWS = [
    {**HERE, "number": "12", "street": 'Old "Mill", Rd', "city": "Zürich", "id": "7", "hash": "00000000000000aa"},
    {"lon": -180.0, "lat": 90.0, "street": "=1+1"},
    {"lon": 1e-07, "lat": 0.30000000000000004, "street": "two\r\nlines"},
]


def packed(made: Extract, folder: Path, source_id: str = "xx/north/town") -> Output:
    return fed(CsvZip(ENTRY, source_id, folder, NOW), made)


def texts(output: Output) -> dict[str, str]:
    with zipfile.ZipFile(output.path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def test_the_zip_has_table_description_and_licence(tmp_path: Path) -> None:
    found = texts(packed(extract(tmp_path, points(ROWS)), tmp_path))
    assert set(found) == {"README.txt", "LICENSE.txt", "xx-north-town.vrt", "xx-north-town.csv"}


def test_the_table_is_what_it_was_since_2014(tmp_path: Path) -> None:
    output = packed(extract(tmp_path, points(ROWS)), tmp_path)
    assert texts(output)["xx-north-town.csv"] == (
        f"{HEADER}\r\n"
        '8.5,47.25,12,"Old ""Mill"", Rd",,Zürich,,,,7,00000000000000aa\r\n'
        "-180.0,90.0,,=1+1,,,,,,,\r\n"
        '1e-7,0.30000000000000004,,"two\r\nlines",,,,,,,\r\n'
    )
    assert output.rows == 3


@pytest.mark.parametrize(
    "row", [{}, {"lon": 180.1, "lat": 0.0}, {"lon": -181.0, "lat": 0.0}, {"lon": 0.0, "lat": 90.5}, {"lon": 0.0}]
)
def test_rows_without_a_usable_point_are_left_out(tmp_path: Path, row: Row) -> None:
    output = packed(extract(tmp_path, points([row, HERE])), tmp_path)
    assert output.rows == 1
    assert len(texts(output)["xx-north-town.csv"].splitlines()) == 2


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=6))
def test_any_text_comes_back_from_the_table(streets: list[str]) -> None:
    block = io.BytesIO()
    frame = usable(points([{**HERE, "street": street} for street in streets]))
    frame.write_csv(block, include_header=False, line_terminator="\r\n")
    rows = csv.reader(io.StringIO(block.getvalue().decode("utf-8"), newline=""))
    assert [row[COLUMNS.index("street")] for row in rows] == streets


def test_unzip_finds_nothing_wrong(tmp_path: Path) -> None:
    output = packed(extract(tmp_path, points(ROWS)), tmp_path)
    unzip = shutil.which("unzip")
    tester = [unzip, "-tq"] if unzip else [sys.executable, "-m", "zipfile", "-t"]
    subprocess.run([*tester, str(output.path)], check=True, capture_output=True)


def test_gdal_opens_the_unpacked_folder_as_points(tmp_path: Path) -> None:
    output = packed(extract(tmp_path, points(ROWS)), tmp_path)
    zipfile.ZipFile(output.path).extractall(tmp_path / "unpacked")
    program = """
import json, sys
import geopandas
rows = geopandas.read_file(sys.argv[1])
print(json.dumps([rows.crs.to_epsg(), rows.geometry[0].wkt, rows["CITY"][0]]))
"""
    assert consumer(program, tmp_path / "unpacked" / "xx-north-town.vrt") == [4326, "POINT (8.5 47.25)", "Zürich"]


def test_the_same_rows_on_the_same_day_give_the_same_bytes(tmp_path: Path) -> None:
    made = extract(tmp_path, points(ROWS))
    (tmp_path / "again").mkdir()
    assert packed(made, tmp_path).path.read_bytes() == packed(made, tmp_path / "again").path.read_bytes()


def test_readme_and_licence_say_what_the_source_says(tmp_path: Path) -> None:
    found = texts(packed(extract(tmp_path, points(ROWS)), tmp_path))
    assert "on 2026-08-01" in found["README.txt"]
    assert "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)" in found["README.txt"]
    assert "Attribution required: yes\nAttribution name: Töwn <of> X\nShare-alike: no\n" in found["LICENSE.txt"]


def test_what_the_source_does_not_say_is_called_unknown(tmp_path: Path) -> None:
    made = extract(tmp_path, points(ROWS))
    silent = replace(ENTRY, license=License(), website=None)
    found = texts(fed(CsvZip(silent, "town", tmp_path, NOW), made))["LICENSE.txt"]
    assert found.count("unknown") == 6
    assert "does not say under which licence" in found


def test_the_names_of_a_source_are_safe_in_xml(tmp_path: Path) -> None:
    found = texts(packed(extract(tmp_path, points(ROWS)), tmp_path, "xx/a&<b>"))["xx-a&<b>.vrt"]
    assert "<SrcLayer>xx-a&amp;&lt;b&gt;</SrcLayer>" in found


def test_a_table_cut_short_by_a_failure_can_still_be_closed(tmp_path: Path) -> None:
    output = CsvZip(ENTRY, "town", tmp_path, NOW)
    output.close()
    output.close()
