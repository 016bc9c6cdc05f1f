"""What programs read of the site: valid, complete, the columns of old, and nothing that a stranger could smuggle in."""

import csv
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

from dashboards.programs.crawlers import sitemaps
from dashboards.programs.documents import DOCUMENTS
from dashboards.programs.schemas import schema
from dashboards.programs.tables import tabbed
from dashboards.site import publish
from dashboards.snapshot import Snapshot
from openaddr.db.connections import connect, open_pool
from openaddr.storage.folder import Folder
from tests.dashboards.conftest import Published
from tests.dashboards.making import Making, site, source_text
from tests.dashboards.windmere import COMMIT, REPOSITORY, TOWN
from tests.golden import assert_golden

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
SITE = "https://results.example.org"
ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("golden")
OF_OLD = [
    "source", "cache", "sample", "geometry type", "address count", "version", "fingerprint", "cache time", "processed",
    "process time", "process hash", "output", "attribution required", "attribution name", "share-alike",
    "code version",
]  # fmt: skip
HOSTILE = [
    "</script><script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    'a"b\\c\td\r\ne',
    "\u202eabc\u0007\u2028",
    "é" * 9_000,
]


def document(pages: dict[str, bytes], path: str, name: str = "") -> Any:
    """A JSON file, held to its schema."""
    found = json.loads(pages[path])
    rules = json.loads(schema(name or path.removesuffix(".json")))
    Draft202012Validator.check_schema(rules)
    checker = Draft202012Validator(rules, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [error.message for error in checker.iter_errors(found)] == []
    return found


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode(), newline=""), dialect="excel-tab"))


@pytest.fixture
def making(url: str, tmp_path: Path) -> Iterator[Making]:
    with connect(url) as conn:
        yield Making(conn, Folder(tmp_path / "storage"))


def rendered(making: Making, url: str, site_url: str = SITE) -> dict[str, bytes]:
    """The site as it is now, by path."""
    with open_pool(url) as pool:
        publish(pool, making.storage, site_url)
    return site(making.storage)


@pytest.fixture(scope="module")
def pages(windmere: Published) -> dict[str, bytes]:
    return site(windmere.storage)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_changes_only_on_purpose(pages: dict[str, bytes], name: str) -> None:
    assert_golden(GOLDEN / f"{name}.schema.json", schema(name).decode())
    assert pages[f"schemas/{name}.json"] == schema(name)


def test_the_schema_of_source_files_is_at_its_own_address(pages: dict[str, bytes]) -> None:
    published = pages["schema/source.json"]
    assert published == (ROOT / "openaddr/lint/schema.json").read_bytes()
    assert json.loads(published)["$id"].endswith("/schema/source.json")


def test_the_index_says_where_everything_is(windmere: Published, pages: dict[str, bytes]) -> None:
    index = document(pages, "index.json")
    assert index["totals"]["rows"] == {"addresses": 50, "buildings": 1, "centerlines": 1}
    assert index["collections"]["global"][""]["license"] == "Freely Shareable"
    places = {index[name] for name in ("$schema", "sources_url", "status_url", "run_states_url", "licenses_url")}
    places |= {index["feeds"]["all"], index["feeds"]["failures"], index["feeds"]["country"].format(country="xx")}
    places |= {index["latest_run_processed_url"].format(source=TOWN), index["latest_set_url"]}
    assert len(places) == 10
    assert [place for place in places if place.removeprefix(windmere.address) not in pages] == []


def test_every_layer_source_is_listed_with_its_standing_and_latest_data(
    windmere: Published, pages: dict[str, bytes]
) -> None:
    listed = {(found["source"], found["layer"]): found for found in document(pages, "sources.json")["sources"]}
    good, bad = listed[TOWN, "addresses"], listed["xx/windmere/outskirts", "addresses"]
    assert (good["status"], good["latest"]["rows"], good["problem"]) == ("succeeded", 49, None)
    assert good["licence"]["attribution_name"] == "Town of Windmere" and good["licence"]["share_alike"] is None
    assert windmere.storage.head(good["latest"]["manifest_url"].removeprefix(windmere.address))
    assert windmere.storage.head(f"{good['latest']['base_url']}.parquet".removeprefix(windmere.address))
    assert bad["problem"]["code"] == "FIELD_NOT_FOUND" and bad["latest"] is None and bad["failing_since"]
    assert "problems/FIELD_NOT_FOUND/" in bad["problem"]["page_url"]


def test_the_status_counts_and_names_the_newest_set(windmere: Published, pages: dict[str, bytes]) -> None:
    status = document(pages, "status.json")
    assert status["statuses"] == {"failed": 1, "held": 1, "skipped": 1, "succeeded": 4}
    assert [(found["code"], found["count"]) for found in status["problems"]] == [
        ("FIELD_NOT_FOUND", 1),
        ("ROWS_DROPPED", 1),
    ]
    assert status["newest_set"]["id"] == windmere.known.set_id and status["newest_set"]["datetime_end"]


def test_a_set_is_there_as_json_and_as_a_table(windmere: Published, pages: dict[str, bytes]) -> None:
    number = windmere.known.set_id
    found = document(pages, f"sets/{number}.json", "set")
    assert (found["repository"], found["commit_sha"], len(found["runs"])) == (REPOSITORY, COMMIT, 7)
    rows = table(pages[f"sets/{number}.tsv"])
    assert [int(row["run"]) for row in rows] == [run["id"] for run in found["runs"]]
    assert {row["code"] for row in rows} == {"", "FIELD_NOT_FOUND", "ROWS_DROPPED"}


def test_state_txt_has_the_columns_of_old(windmere: Published, pages: dict[str, bytes]) -> None:
    lines = pages["state.txt"].decode().split("\r\n")
    assert lines[0].split("\t")[:-1] == OF_OLD
    (town, nowhere) = table(pages["state.txt"])
    assert (town["source"], town["address count"], town["geometry type"]) == (f"{TOWN}.json", "49", "Point")
    assert (town["cache time"], town["process time"]) == ("0:00:00.500000", "0:00:01.500000")
    assert (town["attribution required"], town["attribution name"], town["share-alike"]) == (
        "true",
        "Town of Windmere",
        "",
    )
    assert windmere.storage.head(town["processed"].removeprefix(windmere.address))
    assert town["sample"].removeprefix(windmere.address) in pages
    assert nowhere["source"] == "yy/nowhere.json"


def test_the_states_of_a_set_have_its_failures_too(windmere: Published, pages: dict[str, bytes]) -> None:
    rows = table(pages[f"sets/{windmere.known.set_id}/state.txt"])
    assert {row["source"]: row["processed"] != "" for row in rows} == {
        f"{TOWN}.json": True,
        "xx/windmere/outskirts.json": False,
        "xx/hollow.json": True,
        "yy/skipped.json": False,
        "yy/nowhere.json": True,
    }


def test_licences_are_grouped_by_what_has_to_be_said(pages: dict[str, bytes]) -> None:
    (group,) = document(pages, "latest/licenses.json", "licenses")["licenses"]
    assert (group["license"], group["attribution"]) == ("CC BY 4.0", "Town of Windmere")
    assert group["sources"] == [
        [TOWN, "https://windmere.example/open-data"],
        ["yy/nowhere", "https://windmere.example/open-data"],
    ]


def test_the_zip_of_a_source_is_where_it_always_was(windmere: Published, pages: dict[str, bytes]) -> None:
    with windmere.storage.open(f"runs/{windmere.known.good['addresses']}/addresses.zip") as file:
        assert pages[f"latest/run/{TOWN}.zip"] == file.read()


def test_moved_pages_lead_on(windmere: Published, pages: dict[str, bytes]) -> None:
    assert f'content="0; url=../sets/{windmere.known.set_id}/index.html"'.encode() in pages["latest/set"]
    assert b'content="0; url=../../coverage/index.html"' in pages["coverage/world/index.html"]


def assert_atom(content: bytes) -> ET.Element:
    """Hold a feed to RFC 4287, as far as ours can break it."""
    feed = ET.fromstring(content)
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            (found,) = element.findall(f"{ATOM}{name}")
            assert found.text and found.text.strip(), name
        assert urlsplit(element.findtext(f"{ATOM}id") or "").scheme == "tag"
        moment = datetime.fromisoformat(element.findtext(f"{ATOM}updated") or "")
        assert moment.tzinfo is not None
        rels = [link.get("rel") for link in element.findall(f"{ATOM}link")]
        assert rels.count("alternate") == 1 and all(link.get("href") for link in element.findall(f"{ATOM}link"))
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert [link.get("rel") for link in feed.findall(f"{ATOM}link")].count("self") == 1
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids)
    times = [entry.findtext(f"{ATOM}updated") or "" for entry in entries]
    assert times == sorted(times, reverse=True)
    assert not entries or feed.findtext(f"{ATOM}updated") == times[0]
    return feed


def titles(feed: ET.Element) -> list[str]:
    return [entry.findtext(f"{ATOM}title") or "" for entry in feed.findall(f"{ATOM}entry")]


def test_feeds_tell_what_is_new(pages: dict[str, bytes]) -> None:
    everything = titles(assert_atom(pages["feeds/all.atom"]))
    assert len(everything) == 7
    assert titles(assert_atom(pages["feeds/failures.atom"])) == [
        "xx/hollow addresses town: held, ROWS_DROPPED",
        "xx/windmere/outskirts addresses town: failed, FIELD_NOT_FOUND",
    ]
    assert titles(assert_atom(pages["feeds/countries/yy.atom"])) == [
        "yy/nowhere addresses town: succeeded",
        "yy/skipped addresses town: skipped",
    ]


def test_proposed_runs_and_unchanged_ones_are_no_news(making: Making, url: str) -> None:
    first = making.run()
    making.run(copy_of=first)
    making.failed("xx/proposed", trust="unmerged")
    assert titles(assert_atom(rendered(making, url)["feeds/all.atom"])) == ["xx/town addresses town: succeeded"]


def test_an_empty_record_has_valid_files_too(making: Making, url: str) -> None:
    pages = rendered(making, url, "")
    for name in ("index", "sources", "status"):
        assert document(pages, f"{name}.json")["as_of"] is None
    assert document(pages, "latest/licenses.json", "licenses") == {"licenses": []}
    assert table(pages["state.txt"]) == []
    assert assert_atom(pages["feeds/all.atom"]).findall(f"{ATOM}entry") == []
    assert "sitemap.xml" not in pages and b"Sitemap" not in pages["robots.txt"]


def test_whatever_strangers_write_files_stay_valid(making: Making, url: str) -> None:
    number = making.set()
    for text in HOSTILE:
        entry = {"website": text, "license": {"text": text, "attribution name": text, "attribution": True}}
        making.run(f"xx/{text}", name=text, set_id=number, content=source_text(**entry))
        making.failed(f"{text[:50]}/x", code=text, set_id=number)
        making.run("xx/wrong", name=text, record={"seconds": text, "outputs": [text], "fingerprint": {"a": text}})
    pages = rendered(making, url)
    assert len(document(pages, "sources.json")["sources"]) == 3 * len(HOSTILE)
    assert len(document(pages, f"sets/{number}.json", "set")["runs"]) == 2 * len(HOSTILE)
    document(pages, "status.json")
    document(pages, "latest/licenses.json", "licenses")
    for path in (path for path in pages if path.endswith(".atom")):
        assert_atom(pages[path])
    for path in ("state.txt", f"sets/{number}.tsv", f"sets/{number}/state.txt"):
        rows = table(pages[path])
        assert rows and {len(row) for row in rows} == {len(rows[0])} and None not in rows[0]
        assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())


@pytest.mark.parametrize(
    "value, cell",
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        (-1, "-1"),
        (None, ""),
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\\nlines\\tand a tab"),
        ('a "quote"', '"a ""quote"""'),
    ],
)
def test_a_cell_is_one_line_and_no_formula(value: str | int | None, cell: str) -> None:
    assert tabbed(["a", "b"], [[value, 7]]) == f"a\tb\r\n{cell}\t7\r\n".encode()


def test_the_map_of_the_site_has_whole_addresses_of_pages_for_search(pages: dict[str, bytes]) -> None:
    places = [found.text or "" for found in ET.fromstring(pages["sitemap.xml"]).iter(f"{SITEMAP}loc")]
    assert any(place.endswith(f"/sources/{TOWN}/") for place in places)
    assert all(urlsplit(place).scheme == "http" for place in places) and len(set(places)) == len(places)
    assert not any("/runs/" in place or "/jobs/" in place for place in places)
    assert f"Sitemap: {places[0]}sitemap.xml".encode() in pages["robots.txt"]


def test_more_pages_than_one_map_may_have_take_several(tmp_path: Path) -> None:
    seen = Snapshot(None, Folder(tmp_path), SITE)  # type: ignore[arg-type]
    found = [(f"sources/{number}/index.html", datetime(2026, 1, 1 + number, tzinfo=UTC)) for number in range(5)]
    made = {page.path: ET.fromstring(page.render()) for page in sitemaps(seen, found, most=2)}
    assert list(made) == ["sitemaps/1.xml", "sitemaps/2.xml", "sitemaps/3.xml", "sitemap.xml"]
    index = [(one[0].text, one[1].text) for one in made["sitemap.xml"]]
    assert index[1] == (f"{SITE}/sitemaps/2.xml", "2026-01-04T00:00:00Z")
    assert [len(made[path]) for path in list(made)[:3]] == [2, 2, 1]
