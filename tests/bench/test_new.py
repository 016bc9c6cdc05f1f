"""`openaddr new`: from an address to a source file that runs, with and without questions."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from demo.servers.esri import EsriServer, Feature, Layer, address_layer
from demo.servers.files import FileServer
from openaddr.cli import app
from tests.bench.conftest import Bench

CSV = "ADDNUM,FULLNAME,CITY,LON,LAT\n5,Main St,Alma,-84.66,43.38\n7,Side St,Alma,-84.65,43.37\n"


@pytest.fixture
def address(web: FileServer) -> str:
    assert web.folder is not None
    (web.folder / "a.csv").write_text(CSV, encoding="utf-8")
    return f"{web.url}/a.csv"


def test_all_suggestions_together_are_a_source_file(address: str, bench: Bench, tmp_path: Path) -> None:
    answer = bench("new", address, "--yes", "--json")
    assert answer.exit_code == 0, answer.stderr
    path = tmp_path / answer.json["path"]
    assert path == tmp_path / "sources/us/mi/gratiot.json"
    written = path.read_text(encoding="utf-8")
    assert json.loads(written) == answer.json["source"] == {
        "coverage": {
            "US Census": {"geoid": "26057", "name": "Gratiot County", "state": "Michigan"},
            "country": "us",
            "state": "mi",
            "county": "Gratiot",
        },
        "schema": 2,
        "layers": {
            "addresses": [
                {
                    "name": "county",
                    "data": address,
                    "protocol": "http",
                    "conform": {
                        "format": "csv", "number": "ADDNUM", "street": "FULLNAME", "city": "CITY",
                        "lon": "LON", "lat": "LAT",
                    },
                }
            ]
        },
    }  # fmt: skip
    assert written.startswith('{\n    "coverage": {\n        "US Census": {') and written.endswith("}\n")


def test_what_was_written_runs(address: str, bench: Bench, tmp_path: Path) -> None:
    bench("new", address, "--yes", "--output", "town.json")
    result = CliRunner().invoke(
        app, ["process", "town.json", "--output", "out", "--json", "--no-tiles", "--no-preview"]
    )
    run = json.loads(result.stdout)
    assert (result.exit_code, run["rows"], run["warnings"]) == (0, 2, [])
    assert run["misplaced"]["outside"] == 0


def test_what_was_written_has_nothing_to_lint(address: str, bench: Bench) -> None:
    path = bench("new", address, "--yes", "--json").json["path"]
    answer = bench("lint", path, "--json")
    # The server of this test has no certificate.
    assert (answer.exit_code, [finding["rule"] for finding in answer.lines]) == (0, ["url-unencrypted"])


def test_a_file_that_is_there_is_never_touched(address: str, bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "town.json").write_text("mine")
    answer = bench("new", address, "--yes", "--output", "town.json", "--json")
    assert (answer.exit_code, answer.code) == (2, "FILE_EXISTS")
    bench("new", address, "--yes")
    assert bench("new", address, "--yes", "--json").code == "FILE_EXISTS"
    (tmp_path / "link.json").symlink_to(tmp_path / "nowhere")
    assert bench("new", address, "--yes", "--output", "link.json", "--json").code == "FILE_EXISTS"
    assert (tmp_path / "town.json").read_text() == "mine"


ANSWERS = (
    "city=",           # without it
    "city=ADNUM",      # no such column
    "nonsense",
    "unit=city+addnum",
    "",                # go on
    "n",               # not right yet
    "unit=",
    "",
    "y",
    "xxx",             # no country
    "us",
    "",                # mi
    "-",               # no county
    "Alma",
    "https://alma.example/gis",
    "https://alma.example/terms",
    "City of Alma",
    "town",            # not a .json
    "town.json",
)  # fmt: skip


def test_every_suggestion_can_be_changed(address: str, bench: Bench, tmp_path: Path) -> None:
    answer = bench("new", address, typed="\n".join(ANSWERS) + "\n")
    assert (answer.exit_code, answer.stdout) == (0, "town.json\n"), answer.stderr
    assert "There is no column 'ADNUM'; nearest: ADDNUM." in answer.stderr
    assert "'nonsense' is no `attribute=COLUMN`" in answer.stderr
    found = json.loads((tmp_path / "town.json").read_text(encoding="utf-8"))
    assert found["coverage"]["city"] == "Alma" and "county" not in found["coverage"]
    (entry,) = found["layers"]["addresses"]
    assert entry["name"] == "city"
    assert list(entry) == ["name", "data", "website", "license", "protocol", "conform"]
    assert entry["license"] == {
        "url": "https://alma.example/terms", "attribution": True, "attribution name": "City of Alma",
    }  # fmt: skip
    assert "city" not in entry["conform"] and "unit" not in entry["conform"]


def test_columns_that_were_named_are_joined_in_the_spelling_of_the_data(address: str, bench: Bench) -> None:
    answer = bench("new", address, "--output", "a.json", "--json", typed="unit=city+addnum\n\n\n\n\n\n\n\n\n\n\n")
    assert answer.exit_code == 0, answer.stderr
    assert answer.json["source"]["layers"]["addresses"][0]["conform"]["unit"] == ["CITY", "ADDNUM"]


def test_answers_that_come_to_an_end_are_no_consent(address: str, bench: Bench, tmp_path: Path) -> None:
    answer = bench("new", address, "--output", "a.json", "--json", typed="\n\n")
    assert (answer.exit_code, answer.code) == (2, "ANSWER_NEEDED")
    assert "--yes" in answer.json["problem"]["hint"]
    assert not (tmp_path / "a.json").exists()


def test_options_answer_before_anybody_is_asked(address: str, bench: Bench) -> None:
    options = ("--country", "de", "--state", "Hessen", "--license", "CC0", "--attribution", "Stadt", "--city", "Alma")
    found = bench("new", address, "--yes", "--json", *options).json
    assert found["path"] == "sources/de/hessen/city_of_alma.json"
    assert found["source"]["coverage"] == {
        "geometry": {"type": "Point", "coordinates": [-84.655, 43.375]},
        "country": "de", "state": "Hessen", "city": "Alma",
    }  # fmt: skip
    entry = found["source"]["layers"]["addresses"][0]
    assert entry["license"] == {"text": "CC0", "attribution": True, "attribution name": "Stadt"}


def parcels() -> Layer:
    ring = [[10.0, 50.0], [10.1, 50.0], [10.1, 50.1], [10.0, 50.0]]
    fields = {"OBJECTID": "esriFieldTypeOID", "PARCELID": "esriFieldTypeString"}
    row = Feature({"OBJECTID": 1, "PARCELID": "04-11"}, {"rings": [ring]})
    return Layer("Tax Parcels", (row,), fields, extra={"geometryType": "esriGeometryPolygon"})


def test_of_the_layers_of_a_service_one_is_chosen(bench: Bench) -> None:
    with EsriServer({0: address_layer(20), 7: parcels()}) as server:
        typed = "2\n" + "\n" * 20
        chosen = bench("new", server.service_url, "--output", "a.json", "--json", typed=typed)
        wanted = bench("new", server.service_url, "--yes", "--layer", "addresses", "--output", "b.json", "--json")
        unclear = bench("new", server.service_url, "--yes", "--output", "c.json", "--json")
    assert chosen.exit_code == 0, chosen.stderr
    assert chosen.json["source"]["layers"]["parcels"][0]["data"] == server.layer_url(7), chosen.stderr
    assert wanted.json["source"]["layers"]["addresses"][0]["data"] == server.layer_url(0)
    assert (unclear.exit_code, unclear.code) == (2, "ANSWER_NEEDED")
    assert server.layer_url(7) in unclear.json["problem"]["message"]


def test_data_in_which_nothing_is_found_needs_a_word(web: FileServer, bench: Bench) -> None:
    assert web.folder is not None
    (web.folder / "b.csv").write_text("a,b\nx,y\n", encoding="utf-8")
    answer = bench("new", f"{web.url}/b.csv", "--yes", "--json")
    assert (answer.exit_code, answer.code) == (2, "ANSWER_NEEDED")
    assert "--layer" in answer.json["problem"]["hint"]


BAD: dict[str, tuple[str, int, str]] = {
    "not there": ("/lost.csv", 4, "HTTP_404"),
    "a country that nobody can tell": ("/sea.csv", 2, "ANSWER_NEEDED"),
}


@pytest.mark.parametrize("case", BAD)
def test_is_told_with_its_code(case: str, web: FileServer, bench: Bench) -> None:
    path, exit_code, code = BAD[case]
    assert web.folder is not None
    (web.folder / "sea.csv").write_text("ADDNUM,FULLNAME,LON,LAT\n5,Main St,-30.5,20.5\n", encoding="utf-8")
    answer = bench("new", f"{web.url}{path}", "--yes", "--json")
    assert (answer.exit_code, answer.code) == (exit_code, code)


def test_a_folder_that_cannot_be_written_is_told(address: str, bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer: Any = bench("new", address, "--yes", "--output", "file/a.json", "--json")
    assert (answer.exit_code, answer.code) == (6, "OUTPUT_NOT_WRITABLE")
