"""The bench on recorded sources: what is suggested is what their authors chose, and their first rows are shown."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from openaddr.cli import app
from openaddr.source.model import LayerSource
from openaddr.source.parse import read_source
from openaddr.source.rules import columns_of
from tests.conformance.recordings import Recordings

SUGGESTED = [
    "fr-paris", "fr/la-réunion", "it-52-statewide", "jp-fukushima2", "lake-man-gdb", "lake-man-gdb-nested",
    "pl-dolnoslaskie", "ua-63-city_of_kharkiv", "us-ca-alameda_county", "us-ca-carson", "us-ca-san_francisco", "us-ut",
    "us-wy-park", "us/nj/statewide", "us/oh/trumbull", "us/or/portland", "us/tx/city_of_waco", "us/va/statewide",
]  # fmt: skip
NO_FEATURES = {
    "us-mi-grand_traverse": "NO_ROWS",  # none of its features has a geometry
    "us/tx/runnels": "ESRI_TOKEN_REQUIRED",
    "us-ca-berkeley-404": "HTTP_404",
}


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch, recordings: Recordings) -> None:
    monkeypatch.setenv("OPENADDR_ALLOW_HOSTS", "127.0.0.1,localhost")
    monkeypatch.setenv("OPENADDR_ALLOW_FILES", str(recordings.data))


def answer(*arguments: str) -> dict[str, Any]:
    """What a command prints for programs."""
    found: dict[str, Any] = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    return found


def entry_of(recordings: Recordings, source: str) -> LayerSource:
    (entry,) = read_source(recordings.sources / f"{source}.json").entries
    assert isinstance(entry, LayerSource)
    return entry


def agreements(entry: LayerSource, found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each attribute that the author made from columns of the data: how the suggestion compares."""
    conform = entry.conform
    assert conform is not None
    file = Path(conform.file or "").name
    table = next((table for table in found["tables"] if Path(table["file"]).name == file), found["tables"][0])
    columns = {field["name"].casefold() for field in table["fields"]}
    (ours,) = [each for each in table["suggestions"] if each["layer"] == "addresses"]
    chosen = {choice["attribute"]: {name.casefold() for name in choice["columns"]} for choice in ours["choices"]}
    rules = dict(conform.rules) | ({"lon": conform.lon, "lat": conform.lat} if conform.format == "csv" else {})
    for attribute, rule in rules.items():
        theirs = {name.casefold() for name in columns_of(rule)} & columns if rule else set()
        if theirs:
            mine = chosen.get(attribute, set())
            yield attribute, "same" if mine == theirs else "more" if mine > theirs else "other" if mine else "none"


def test_what_is_suggested_is_what_authors_chose(recordings: Recordings) -> None:
    counts: dict[str, Counter[str]] = {}
    for source in SUGGESTED:
        entry = entry_of(recordings, source)
        for attribute, how in agreements(entry, answer("explore", entry.data)):
            counts.setdefault(attribute, Counter())[how] += 1
    print("\n".join(f"{attribute}: {dict(found)}" for attribute, found in counts.items()))
    whole = sum(counts.values(), Counter())
    assert whole["same"] >= 0.65 * whole.total()
    assert whole["same"] + whole["more"] >= 0.85 * whole.total()
    assert {
        attribute for attribute, found in counts.items() if found["same"] + found["more"] < found.total() / 2
    } == set()


@pytest.mark.parametrize("source", SUGGESTED)
def test_the_first_rows_of_a_recorded_source_are_shown(source: str, recordings: Recordings) -> None:
    found = answer("sample", str(recordings.sources / f"{source}.json"), "--rows", "3")
    assert found["problem"] is None
    assert found["rows"] and all(row["before"] for row in found["rows"])
    assert any(row["after"] and (row["after"]["street"] or row["after"]["number"]) for row in found["rows"])


@pytest.mark.parametrize("source", NO_FEATURES)
def test_a_recorded_source_without_rows_has_a_named_problem(source: str, recordings: Recordings) -> None:
    data = json.loads((recordings.sources / f"{source}.json").read_text(encoding="utf-8"))
    entry = data if "layers" not in data else data["layers"]["addresses"][0]
    assert answer("explore", entry["data"])["problem"]["code"] == NO_FEATURES[source]


def test_a_recorded_layer_of_lines_is_no_address_layer(recordings: Recordings) -> None:
    entry = entry_of(recordings, "us/ks/brown_county")
    (table,) = answer("explore", entry.data)["tables"]
    assert (table["geometry"], table["rows"], table["suggestions"]) == ("LineString", 9459, [])
