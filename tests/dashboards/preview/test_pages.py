"""What the pages of a preview say, whatever is in the record."""

import json
from pathlib import Path

import pytest

from dashboards import libraries
from dashboards.preview.pages import list_page, run_page
from openaddr.names import FAILED
from tests.dashboards.html import Read, read
from tests.dashboards.preview.conftest import BROKEN, GOOD, HOSTILE, PLAIN, write_record
from tests.dashboards.test_hostile import HOSTILE as WORDS
from tests.dashboards.test_hostile import KNOWN
from tests.dashboards.test_html import faults


def page(root: Path, path: str = "") -> Read:
    """The page of a run, read."""
    return read("page", run_page(root, path))


def test_a_good_run_says_all_that_its_record_and_files_say(outputs: Path) -> None:
    found = page(outputs, GOOD)
    for words in (
        "succeeded 63 rows",
        "63 of 64 that came",
        "64 rows came in, 63 went out, 1 was left out",
        "longitude or latitude is not a number",
        "lon 'ten', lat '51.8'",
        "3.2 % 2 rows",
        "At 0° north, 0° east 1",
        "Rows lie at 0° north, 0° east",
        "60 of 63 values of postcode are written as decimals",
        "line ",
        "/layers/addresses/0/conform/postcode",
        "First rows, as they came out",
        HOSTILE,
        "Lange Straße 30",
        "extract.parquet",
        "addresses.pmtiles",
        "run.json",
        "log.txt",
    ):
        assert words in found.words, words
    assert "ROWS_REJECTED" not in found.words.split("Log ")[0], "the account says that better"
    ((tiles,),) = ([value["data-tiles"] for _, value in found.elements if "data-map" in value],)
    assert tiles == f"/runs/{GOOD}addresses.pmtiles"


def test_warnings_come_before_hints(tmp_path: Path) -> None:
    told = [{"code": code, "message": f"About {code}."} for code in ("ONE_VALUE", "NULL_ISLAND", "WHATEVER")]
    text = page(write_record(tmp_path / "out", warnings=told)).words
    assert text.index("! warning Rows lie at 0°") < text.index("! warning WHATEVER") < text.index("i hint An attribute")


def test_a_failed_run_says_why_where_and_what_to_do(outputs: Path) -> None:
    text = page(outputs, BROKEN).words
    assert "A column named in the conform is not in the data FIELD_NOT_FOUND" in text
    assert "'laenge'" in text and "What to do:" in text and "Where: line " in text
    assert "of the source file, /layers/addresses/1/conform/lon" in text
    assert "First rows" not in text and "--no-tiles" not in text


@pytest.mark.parametrize(
    "members, words",
    [
        ({}, "There are no tiles in this folder. Process the source again without `--no-tiles` to get them."),
        ({"bounds": None}, "There are no tiles, because no row has a place."),
    ],
)
def test_a_run_without_tiles_says_why_and_how_to_get_them(
    tmp_path: Path, members: dict[str, object], words: str
) -> None:
    good = {"rows": 2, "outputs": {"sample": "sample.json"}, "bounds": [1, 2, 3, 4]}
    found = page(write_record(tmp_path / "out", **(good | members)))
    assert words in found.text
    assert not any("data-map" in value for _, value in found.elements)


def test_a_run_without_tiles_has_all_the_rest(outputs: Path) -> None:
    found = page(outputs, PLAIN)
    assert "without `--no-tiles` to get them" in found.text and "First rows, as they came out" in found.words
    assert found.all("img") == []


def test_without_the_map_library_the_page_has_the_picture_and_says_so(
    outputs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(libraries, "BROWSER", tmp_path)
    libraries.paths.cache_clear()
    try:
        found = page(outputs, GOOD)
    finally:
        libraries.paths.cache_clear()
    assert "What maps are drawn with is not installed here" in found.text
    assert [image["src"] for image in found.all("img")] == [f"/runs/{GOOD}preview.png"]


def test_a_good_run_and_a_later_failure_know_of_each_other(tmp_path: Path) -> None:
    write_record(tmp_path / "xx/good")
    write_record(tmp_path / f"xx/good{FAILED}", status="failed")
    assert f"/runs/xx/good{FAILED}/" in page(tmp_path, "xx/good/").links
    assert "/runs/xx/good/" in page(tmp_path, f"xx/good{FAILED}/").links


def test_the_list_names_every_run_with_what_came_of_it(outputs: Path) -> None:
    found = read("list", list_page(outputs))
    assert [link for link in found.links if link.startswith("/runs/")] == [
        f"/runs/{path}" for path in (PLAIN, BROKEN, GOOD)
    ]
    assert "xx/town addresses good ✓ succeeded 63 1 3.2 % 2" in found.words
    assert "xx/town addresses broken ✗ failed FIELD_NOT_FOUND" in found.words


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS)
def test_words_of_strangers_stay_words(tmp_path: Path, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()  # halves of a letter are no JSON
    problem = {"code": text, "message": text, "hint": text, "pointer": text, "line": 3}
    profile = {"rows": 1, "attributes": {text: {"filled": 1, "distinct": 1, "top": [[text, 1]]}}}
    rejected = {"count": 1, "reasons": {text: 1}, "examples": [{"reason": text, "row": 1, "value": text}]}
    folder = write_record(
        tmp_path / "out", source=text, layer=text, name=text, problem=problem, warnings=[problem], rows=1, received=2,
        fills={text: 1}, profile=profile, rejected=rejected, outputs={"sample": "sample.json", text: text},
        fingerprint=text, seconds={text: 1.0},
    )  # fmt: skip
    (folder / "sample.json").write_text(json.dumps({"columns": [text], "rows": [[text]]}))
    (folder / "log.txt").write_bytes(text.encode())
    for content in (run_page(folder, ""), list_page(folder)):
        found = read("page", content)
        assert found.problems == []
        assert {tag for tag, _ in found.elements} <= KNOWN
        assert not any(name.startswith("on") for _, attributes in found.elements for name in attributes)
        assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in found.links)


@pytest.mark.parametrize(
    "members",
    [{"rows": "many"}, {"rows": -1}, {"rows": 0, "misplaced": {"outside": 5}}, {"problem": 7}, {"warnings": {}},
     {"outputs": ["a"]}, {"outputs": {"pmtiles": 5}}, {"profile": {"rows": 1, "attributes": {"a": None}}},
     {"bounds": [1, 2]}, {"seconds": {"conform": None}}, {"fills": {"number": -5}}, {"rejected": None}],
    ids=str,
)  # fmt: skip
def test_a_record_of_another_shape_is_shown_as_far_as_it_goes(tmp_path: Path, members: dict[str, object]) -> None:
    folder = write_record(tmp_path / "out", **({"outputs": {"sample": "sample.json"}} | members))
    assert read("page", run_page(folder, "")).problems == [] and list_page(folder)


def test_every_page_is_valid(outputs: Path, tmp_path: Path) -> None:
    pages = {"list": list_page(outputs)}
    pages |= {f"{at}": run_page(outputs, path) for at, path in enumerate((GOOD, BROKEN, PLAIN))}
    for name, content in pages.items():
        (tmp_path / f"{name}.html").write_bytes(content)
    assert faults(sorted(tmp_path.glob("*.html")), tmp_path) == []
