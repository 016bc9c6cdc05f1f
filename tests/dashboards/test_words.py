"""Numbers, times, addresses and links in words: a table for each."""

from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest

from dashboards import charts, links
from dashboards.origin import origin_of
from dashboards.paging import parts
from dashboards.printing import data_block
from dashboards.templating import ticks
from openaddr import words

TIME = datetime(2026, 11, 4, 8, 5, 9, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (1234567, "1,234,567"), (None, "–"), (float("nan"), "–"), (float("inf"), "–"), (-5, "-5")],
)
def test_numbers(value: float | None, told: str) -> None:
    assert words.number(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (9_999, "9,999"), (56_700, "56.7 k"), (8_900_000, "8.9 million"), (1_200_000_000, "1.2 billion")],
)
def test_short_numbers(value: int, told: str) -> None:
    assert words.short(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (123_456, "123 kB"),
        (999_900, "1.0 MB"),
        (5_000_000_000, "5.0 GB"),
        (7e15, "7,000.0 TB"),
        (None, "–"),
    ],
)
def test_sizes(value: float | None, told: str) -> None:
    assert words.size(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0.00 s"),
        (0.044, "0.04 s"),
        (12.4, "12 s"),
        (59.9, "60 s"),
        (200, "3 min 20 s"),
        (7_500, "2 h 05 min"),
        (None, "–"),
        (float("inf"), "–"),
    ],
)
def test_durations(value: float | None, told: str) -> None:
    assert words.duration(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0 %"),
        (0.0001, "< 0.1 %"),
        (0.004, "0.4 %"),
        (0.871, "87 %"),
        (0.9999, "> 99 %"),
        (1, "100 %"),
        (2.5, "250 %"),
    ],
)
def test_shares(value: float, told: str) -> None:
    assert words.percent(value) == told


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [(100, 103, "+3.0 %"), (100, 50, "−50 %"), (100, 100, ""), (0, 5, ""), (None, 5, ""), (5, None, "")],
)
def test_changes(before: int | None, now: int | None, told: str) -> None:
    assert words.change(before, now) == told


def test_times_are_utc_wherever_they_come_from() -> None:
    for time in (TIME, TIME.astimezone(timezone(timedelta(hours=9)))):
        assert words.moment(time) == "4 Nov 2026, 08:05 UTC"
        assert words.day(time) == "4 Nov 2026"
        assert words.iso(time) == "2026-11-04T08:05:09Z"


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        ("https://town.example/a?b=c", True),
        (" http://town.example ", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT://town.example/%0aalert(1)", False),
        ("data:text/html,x", False),
        ("//town.example/x", False),
        ("https://", False),
        ("https://[", False),
        ("ftp://town.example/x", False),
        ("https://town.example/\u202egnp", False),
        ("https://town.example/" + "x" * 3_000, False),
        (None, False),
        (7, False),
    ],
)
def test_only_addresses_of_the_web_are_linked(address: object, linked: bool) -> None:
    assert bool(words.web(address)) is linked


@pytest.mark.parametrize(
    ("text", "told"),
    [("plain", "plain"), ("a\nb", "a\\nb"), ("\u202ex", "\\u202ex"), ("12345678901", "123456789…"), ("شارع", "شارع")],
)
def test_texts_of_strangers_are_printable_and_bounded(text: str, told: str) -> None:
    assert words.shown(text, 10) == told


@pytest.mark.parametrize(
    ("first", "number", "path"),
    [
        ("sources/index.html", 1, "sources/index.html"),
        ("sources/index.html", 3, "sources/3.html"),
        ("sets/7/failed.html", 2, "sets/7/failed.2.html"),
    ],
)
def test_pages_of_a_long_list_have_numbers(first: str, number: int, path: str) -> None:
    assert links.numbered(first, number) == path


def test_parts_have_every_row_once_and_an_empty_list_has_a_page() -> None:
    found = list(parts("a/index.html", range(401), 200))
    assert [list(part.rows) for part in found] == [[*range(200)], [*range(200, 400)], [400]]
    assert [part.path for part in found] == ["a/index.html", "a/2.html", "a/3.html"]
    nothing: list[int] = []
    assert [(part.total, list(part.rows)) for part in parts("a/index.html", nothing)] == [(0, [])]


@pytest.mark.parametrize(
    ("files_at", "page", "link"),
    [
        ("file:///srv/x/", "index.html", "../runs/7/a.zip"),
        ("file:///srv/x/", "runs/7/index.html", "../../../runs/7/a.zip"),
        ("https://data.example/", "runs/7/index.html", "https://data.example/runs/7/a.zip"),
    ],
)
def test_files_in_a_folder_are_linked_from_where_the_page_is(files_at: str, page: str, link: str) -> None:
    assert links.to_file(files_at, page, "runs/7/a.zip") == link


def test_commands_have_whole_addresses() -> None:
    assert links.address_of_file("file:///srv/", "https://a.example", "x") == "https://a.example/x"
    assert links.address_of_file("file:///srv/", "", "x") == "file:///srv/x"
    assert links.address_of_file("https://data.example/", "https://a.example", "x") == "https://data.example/x"


@pytest.mark.parametrize(
    ("repository", "commit", "linked"),
    [
        ("openaddresses/openaddresses", COMMIT, True),
        ("openaddresses/openaddresses", "main", False),
        ("a-folder", COMMIT, False),
        ("../../evil", COMMIT, False),
        ("a/b/c", COMMIT, False),
        ("a/b?x#y", COMMIT, False),
    ],
)
def test_only_repositories_and_commits_that_look_like_it_are_linked(repository: str, commit: str, linked: bool) -> None:
    assert bool(origin_of(repository, commit, "us/ca/x").file_url) is linked


def test_data_in_a_page_cannot_end_its_element() -> None:
    assert str(data_block({"a": "</script><!--&\u2028"})) == '{"a": "\\u003c/script\\u003e\\u003c!--\\u0026\\u2028"}'


def test_what_stands_in_backticks_is_code_and_nothing_else_is_markup() -> None:
    assert str(ticks("Set `srs`, <b>")) == "Set <code>srs</code>, &lt;b&gt;"


def test_pictures_are_well_formed_and_say_what_they_show() -> None:
    bars = [charts.Bar(rows, "succeeded") for rows in (0, None, 10, 3_000_000)]
    pictures = [
        charts.sparkline(bars, 'a "label" <b>'),
        charts.share(0.5, "half"),
        charts.share(7.0, "too much", "failed"),
        charts.stacked([("failed", 1), ("succeeded", 10**9), ("held", 0)], "all"),
    ]
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        assert root.get("role") == "img" and root.get("aria-label")
        assert all(float(rect.get("width", 0)) >= 0 for rect in root)
    assert charts.sparkline(bars[:1], "one") == "" and charts.stacked([("failed", 0)], "none") == ""
