"""A download that was cut off goes on where it was, and a layer that did not change is not fetched again."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.servers.esri import OID, EsriServer, Layer, address_layer, json_response
from demo.servers.serving import Request, Response
from openaddr.download import download
from openaddr.download.esri.checkpoint import JOURNAL, MAX_AGE
from openaddr.errors import ProblemError
from openaddr.source.model import Conform
from openaddr.source.rules import Column
from openaddr.stages import Downloaded, Edition
from tests.download.conftest import SETTINGS, make_entry

ROOT = Path(__file__).parents[2]
PAGES = 20
ROWS = PAGES * 10
ONE_BY_ONE = replace(SETTINGS, esri_connections=1)
STRATEGIES: dict[str, dict[str, Any]] = {
    "offset": {},
    "statistics": {"pagination": False},
    "ids": {"pagination": False, "statistics": False},
    "envelope": {"pagination": False, "statistics": False, "lists_ids": False},
}
CAPPED = {"offset, fewer rows than asked for": {"caps_at": 6}, "ids, fewer": STRATEGIES["ids"] | {"caps_at": 6}}
DOWNLOAD = """
import sys
from dataclasses import replace
from pathlib import Path
from openaddr.download import download
from tests.download.conftest import SETTINGS, make_entry
download(make_entry(sys.argv[1], "ESRI"), Path(sys.argv[2]), replace(SETTINGS, read_seconds=60))
"""


class StopsAfter:
    """Answers so many requests for pages and then falls silent; `reached` is set when it is asked for so many more
    that those before have all been stored."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.asked: list[dict[str, str]] = []
        self.reached = threading.Event()

    def __call__(self, request: Request, number: int) -> Response | None:
        if request.method != "POST":
            return None
        self.asked.append(request.parameters)
        if len(self.asked) == self.pages + SETTINGS.esri_connections:
            self.reached.set()
        return Response(silent=True) if len(self.asked) > self.pages else None


def go(server: EsriServer, folder: Path, known: Edition | None = None, **members: Any) -> Downloaded:
    settings = members.pop("settings", SETTINGS)
    entry = make_entry(server.layer_url(), "ESRI", **members)
    return download(entry, folder, settings, known=known or Edition())


def oids(got: Downloaded) -> list[int]:
    pages = [json.loads(path.read_bytes()) for path in got.files]
    return [feature["attributes"][OID] for page in pages for feature in page["features"]]


def asked(server: EsriServer) -> list[dict[str, str]]:
    return [request.parameters for request in server.requests if request.method == "POST"]


def end_after(server: EsriServer, pages: int, folder: Path, ending: signal.Signals) -> list[dict[str, str]]:
    """End a download in a process of its own after so many pages; what those were asked with."""
    server.trouble = stops = StopsAfter(pages)
    command = [sys.executable, "-c", DOWNLOAD, server.layer_url(), str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        assert stops.reached.wait(30)
        process.send_signal(ending)
        assert process.wait(20) == -ending
    server.trouble = None
    server.requests.clear()
    return stops.asked[:pages]


@pytest.mark.parametrize("options", (STRATEGIES | CAPPED).values(), ids=STRATEGIES | CAPPED)
def test_after_a_kill_no_finished_page_is_asked_for_again(tmp_path: Path, options: dict[str, Any]) -> None:
    layer = address_layer(ROWS, max_record_count=10, **options)
    with EsriServer({0: layer}) as server:
        whole = go(server, tmp_path / "whole")
        finished = end_after(server, 11, tmp_path / "cut", signal.SIGKILL)
        again = go(server, tmp_path / "cut")
    assert again.fingerprint == whole.fingerprint
    assert set(oids(again)) == set(range(1, ROWS + 1))
    assert [page for page in asked(server) if page in finished] == []
    assert len(finished) == 11 and asked(server)
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == [path.name for path in again.files]


def test_an_interruption_does_not_wait_for_a_server_that_is_silent(tmp_path: Path) -> None:
    with EsriServer({0: address_layer(ROWS, max_record_count=10)}) as server:
        finished = end_after(server, 3, tmp_path, signal.SIGINT)
        assert len(oids(go(server, tmp_path))) == ROWS
    assert [page for page in asked(server) if page in finished] == []


@pytest.mark.proves("I8", kind="fetcher killed")
def test_killed_again_and_again_it_gets_to_the_end(tmp_path: Path) -> None:
    finished: list[dict[str, str]] = []
    with EsriServer({0: address_layer(ROWS, max_record_count=10)}) as server:
        for pages in (1, 5, 4):
            new = end_after(server, pages, tmp_path, signal.SIGKILL)
            assert [page for page in new if page in finished] == []
            finished += new
        got = go(server, tmp_path)
    assert oids(got) == list(range(1, ROWS + 1))
    assert len(asked(server)) == PAGES - len(finished)


@pytest.fixture
def cut(tmp_path: Path) -> Iterator[tuple[EsriServer, Path]]:
    """A server, and a folder with an attempt that broke down after 11 of 20 pages, with nothing else under way."""
    with EsriServer({0: address_layer(ROWS, max_record_count=10)}) as server:
        server.trouble = lambda request, number: Response(b"", status=403) if len(asked(server)) > 11 else None
        with pytest.raises(ProblemError):
            go(server, tmp_path, settings=ONE_BY_ONE)
        server.trouble = None
        server.requests.clear()
        assert stored(tmp_path) == 11
        yield server, tmp_path


def stored(folder: Path) -> int:
    return len(list(folder.glob("part-*.json")))


def torn(folder: Path) -> None:
    """The last line of the journal was being written."""
    path = folder / JOURNAL
    path.write_bytes(path.read_bytes()[:-5])


def page_without_line(folder: Path) -> None:
    """A page was written, its line was not."""
    (folder / "part-999999.json").write_bytes(b'{"features": [{"attr')


def page_is_gone(folder: Path) -> None:
    """The line is there, the page is not, as after a loss of power."""
    (folder / "part-000003.json").unlink()


def naming(folder: Path) -> None:
    """All was there, and the files were just getting their names."""
    (folder / "part-000001.json").rename(folder / "page-000001.json")


def page_is_short(folder: Path) -> None:
    """The line is there, the page is not whole."""
    (folder / "part-000003.json").write_bytes(b"")


def nothing(folder: Path) -> None:
    """All is well."""


@pytest.mark.parametrize(
    ("damage", "lost"),
    [(nothing, 0), (torn, 1), (page_without_line, 0), (page_is_gone, 1), (page_is_short, 1), (naming, 1)],
)
def test_what_a_crash_leaves_behind_costs_at_most_its_page(
    cut: tuple[EsriServer, Path], damage: Any, lost: int
) -> None:
    server, folder = cut
    damage(folder)
    got = go(server, folder)
    assert oids(got) == list(range(1, ROWS + 1))
    assert len(asked(server)) == PAGES - 11 + lost


def edited(server: EsriServer, folder: Path) -> None:
    server.layers[0] = replace(server.layers[0], extra={"editingInfo": {"lastEditDate": 5}})


def grown(server: EsriServer, folder: Path) -> None:
    server.layers[0] = address_layer(ROWS + 1, max_record_count=10)


def other_pages(server: EsriServer, folder: Path) -> None:
    server.layers[0] = address_layer(ROWS, max_record_count=9)


def other_fields(server: EsriServer, folder: Path) -> None:
    fields = dict(server.layers[0].fields) | {"NEW": "esriFieldTypeString"}
    server.layers[0] = replace(server.layers[0], fields=fields)


def broken_journal(server: EsriServer, folder: Path) -> None:
    path = folder / JOURNAL
    path.write_bytes(path.read_bytes().replace(b'"at"', b'"\0\0"'))


def old(server: EsriServer, folder: Path) -> None:
    path = folder / JOURNAL
    then = path.stat().st_mtime - MAX_AGE - 60
    os.utime(path, (then, then))


@pytest.mark.parametrize("change", [edited, grown, other_pages, other_fields, broken_journal, old])
def test_an_attempt_at_something_else_is_not_used(cut: tuple[EsriServer, Path], change: Any) -> None:
    server, folder = cut
    change(server, folder)
    got = go(server, folder)
    rows = len(server.layers[0].features)
    assert oids(got) == list(range(1, rows + 1))
    assert len(asked(server)) == len(got.files)
    assert sorted(folder.iterdir()) == list(got.files)


def test_an_attempt_with_other_fields_is_not_used(cut: tuple[EsriServer, Path]) -> None:
    server, folder = cut
    got = go(server, folder, conform=Conform("geojson", (("street", Column("STREET")),)))
    assert {page["outFields"] for page in asked(server)} == {f"{OID},STREET"}
    assert len(asked(server)) == len(got.files) == PAGES


def test_an_attempt_that_had_to_ask_for_all_fields_goes_on_so(tmp_path: Path) -> None:
    conform = Conform("geojson", (("street", Column("STREET")),))
    with EsriServer({0: address_layer(ROWS, max_record_count=10, takes_field_lists=False)}) as server:
        server.trouble = lambda request, number: Response(b"", status=403) if len(asked(server)) > 14 else None
        with pytest.raises(ProblemError):
            go(server, tmp_path, conform=conform, settings=ONE_BY_ONE)
        server.trouble = None
        server.requests.clear()
        assert oids(go(server, tmp_path, conform=conform)) == list(range(1, ROWS + 1))
    assert {page["outFields"] for page in asked(server)} == {"*"}


def test_what_is_incomplete_is_fetched_anew(tmp_path: Path) -> None:
    with EsriServer({0: address_layer(ROWS, max_record_count=10, withheld=frozenset({5}))}) as server:
        with pytest.raises(ProblemError):
            go(server, tmp_path)
        assert list(tmp_path.iterdir()) == []
        server.layers[0] = replace(server.layers[0], withheld=frozenset())
        assert oids(go(server, tmp_path)) == list(range(1, ROWS + 1))


# Editions


def with_edit(value: Any, **options: Any) -> Layer:
    return address_layer(25, max_record_count=10, extra={"editingInfo": {"lastEditDate": value}}, **options)


def test_a_layer_that_was_not_edited_costs_one_request(tmp_path: Path) -> None:
    with EsriServer({0: with_edit(1763985600000)}) as server:
        first = go(server, tmp_path)
        assert first.edition == Edition(last_edit="1763985600000")
        server.requests.clear()
        again = go(server, tmp_path / "again", first.edition)
    assert len(server.requests) == 1
    assert again == Downloaded((), "", 0, first.columns, edition=first.edition, unchanged=True)


@pytest.mark.parametrize("value", [None, "", {}, [1]])
def test_a_layer_that_does_not_say_when_it_was_edited_is_fetched(tmp_path: Path, value: Any) -> None:
    with EsriServer({0: with_edit(value)}) as server:
        got = go(server, tmp_path, Edition())
    assert (got.unchanged, got.edition) == (False, Edition())
    assert len(oids(got)) == 25


def test_a_layer_that_was_edited_since_is_fetched(tmp_path: Path) -> None:
    with EsriServer({0: with_edit(6)}) as server:
        got = go(server, tmp_path, Edition(last_edit="5"))
    assert (got.unchanged, got.edition.last_edit, len(oids(got))) == (False, "6", 25)


def test_a_layer_that_is_edited_while_it_is_fetched_is_of_no_edition(tmp_path: Path) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        server.layers[0] = with_edit(6 if request.method == "POST" else 5) if number < 4 else with_edit(6)
        return None

    with EsriServer({0: with_edit(5)}, trouble) as server:
        got = go(server, tmp_path)
    assert (got.edition, len(oids(got))) == (Edition(), 25)


def test_an_end_without_an_answer_claims_no_edition(tmp_path: Path) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        ended = request.method == "GET" and len(asked(server)) == 3
        return json_response({"error": {"code": 500, "message": "Gone"}}) if ended else None

    with EsriServer({0: with_edit(5)}, trouble) as server:
        got = go(server, tmp_path)
    assert (got.edition, len(oids(got))) == (Edition(), 25)
