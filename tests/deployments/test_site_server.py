"""The site of a folder, asked over a real connection the way browsers, scripts and attackers do."""

import hashlib
import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest

from deployments.embedded import site
from deployments.embedded.site_server import tile_key
from openaddr.storage.folder import Folder
from openaddr.storage.objects import ALWAYS_ASK, NEVER_CHANGES, About

TILES = bytes(range(256)) * 40
HTML = "text/html; charset=utf-8"
CONTENT = {
    "site/index.html": (b"<title>all</title>", About(HTML, ALWAYS_ASK)),
    "site/runs/7/index.html": (b"<title>run 7</title>", About(HTML, ALWAYS_ASK)),
    "site/runs/7/map/index.html": (b"<title>map</title>", About(HTML, ALWAYS_ASK)),
    "site/feeds/all.atom": (b"<feed/>", About("application/atom+xml", ALWAYS_ASK)),
    "site/latest/set": (b"<title>moved</title>", About(HTML, ALWAYS_ASK)),
    "site/state.txt": ("source\tüber\r\n".encode(), About("text/plain", ALWAYS_ASK)),
    "site/assets/pmtiles-4.5.0/pmtiles.js": (b"var pmtiles", About("text/javascript", ALWAYS_ASK)),
    "runs/7/log.txt": (b"all is well", About("text/plain; charset=utf-8", NEVER_CHANGES)),
    "runs/7/addresses.pmtiles": (TILES, About("application/vnd.pmtiles", NEVER_CHANGES)),
    "runs/7/cache.html": (b"<script>alert(1)</script>", About("text/html")),
    "runs/7/cache.json": (b"{}", About("application/json")),
    "runs/7/odd.svg": (b"<svg/>", About("image/svg+xml")),
    "latest/xx/town/addresses-city.zip": (b"PK", About("application/zip", ALWAYS_ASK, "xx-town.zip")),
    "tiles/-123.0/37.0.zip": (b"PK", About("application/zip")),
    "aside/0123/index.html": (b"secret", About(HTML)),
    "published/pages.json": (b"{}", About("application/json")),
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Server:
    """The running server: `ask` sends a path as it is written, which tidier clients would not."""

    address: str
    storage: Folder

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=False)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            found = connection.getresponse()
            return Answer(found.status, found.headers, found.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("site")
    storage = Folder(place / "storage")
    for key, (content, about) in CONTENT.items():
        storage.put(key, content, about)
    (place / "storage/runs/7/link.txt").symlink_to("/etc/hostname")
    (place / "outside.txt").write_text("outside")
    with site.running(storage.root, place / "port", place / "site.log") as running:
        yield Server(running.address, storage)


@pytest.mark.parametrize(
    "path, key, media_type, caching",
    [
        ("/", "site/index.html", HTML, ALWAYS_ASK),
        ("/?utm=x", "site/index.html", HTML, ALWAYS_ASK),
        ("/runs/7/", "site/runs/7/index.html", HTML, ALWAYS_ASK),
        ("/runs/7/log.txt", "runs/7/log.txt", "text/plain; charset=utf-8", NEVER_CHANGES),
        ("/runs/7/addresses.pmtiles", "runs/7/addresses.pmtiles", "application/vnd.pmtiles", NEVER_CHANGES),
        ("/feeds/all.atom", "site/feeds/all.atom", "application/atom+xml; charset=utf-8", ALWAYS_ASK),
        ("/latest/set", "site/latest/set", HTML, ALWAYS_ASK),
        ("/latest/xx/town/addresses-city.zip", "latest/xx/town/addresses-city.zip", "application/zip", ALWAYS_ASK),
        ("/state.txt", "site/state.txt", "text/plain; charset=utf-8", ALWAYS_ASK),
        (
            "/assets/pmtiles-4.5.0/pmtiles.js",
            "site/assets/pmtiles-4.5.0/pmtiles.js",
            "text/javascript; charset=utf-8",
            NEVER_CHANGES,
        ),
    ],
)
def test_pages_and_data_are_served_under_one_root_as_the_storage_knows_them(
    server: Server, path: str, key: str, media_type: str, caching: str
) -> None:
    answer = server.ask(path)
    assert (answer.status, answer.body) == (200, CONTENT[key][0])
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Cache-Control"] == caching
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.body).hexdigest()}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Access-Control-Allow-Origin"] is None
    head = server.ask(path, "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(answer.body)))


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/nowhere/",
        "/runs/",
        "/runs/7/addresses.pmtiles/",
        "/../outside.txt",
        "/runs/../../outside.txt",
        "/runs/%2e%2e/%2e%2e/outside.txt",
        "/runs/7/..%2f..%2f..%2foutside.txt",
        "/runs/7/link.txt",
        "/aside/0123/index.html",
        "/published/pages.json",
        "/site/index.html",
        "/.records/site/index.html",
        "/.lock",
        "/runs/7/%00",
        "/runs/7/\\..\\..",
        "//example.org/runs/7",
        "//example.org",
        "/" + "a" * 3000,
        "/runs/7/%FF%FE",
    ],
)
def test_what_is_not_public_is_not_found(server: Server, path: str) -> None:
    answer = server.ask(path)
    assert answer.status == 404
    assert b"There is no such page" in answer.body and b"secret" not in answer.body
    assert "script-src 'self'" in str(answer.headers["Content-Security-Policy"])


@pytest.mark.parametrize(
    "path, status, place",
    [
        ("/runs/7", 301, "/runs/7/"),
        ("/runs/7?x=1", 301, "/runs/7/?x=1"),
        ("/runs/7/map", 301, "/runs/7/map/"),
        ("/tiles/-122.27/37.8.zip", 302, "/tiles/-123.0/37.0.zip"),
    ],
)
def test_a_page_without_its_slash_and_a_place_within_a_tile_lead_there(
    server: Server, path: str, status: int, place: str
) -> None:
    answer = server.ask(path)
    assert (answer.status, answer.headers["Location"]) == (status, place)


@pytest.mark.parametrize(
    "path, key",
    [
        ("tiles/-122.27/37.8.zip", "tiles/-123.0/37.0.zip"),
        ("tiles/5/-0.1.zip", "tiles/5.0/-1.0.zip"),
        ("tiles/5.0/3.0.zip", "tiles/5.0/3.0.zip"),
        ("tiles/north/3.zip", "tiles/north/3.zip"),
        ("tiles/5555/3.zip", "tiles/5555/3.zip"),
    ],
)
def test_an_old_address_of_a_place_is_that_of_its_tile(path: str, key: str) -> None:
    assert tile_key(path) == key


@pytest.mark.parametrize(
    "wanted, status, body",
    [
        ("bytes=0-99", 206, TILES[:100]),
        ("bytes=10200-", 206, TILES[10200:]),
        ("bytes=-10", 206, TILES[-10:]),
        ("bytes=10000-99999", 206, TILES[10000:]),
        ("bytes=10240-", 416, b""),
        ("lines=1-2", 400, b"Only support bytes range"),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(server: Server, wanted: str, status: int, body: bytes) -> None:
    answer = server.ask("/runs/7/addresses.pmtiles", Range=wanted)
    assert (answer.status, answer.body) == (status, body)


def test_a_part_is_not_mixed_from_two_versions(server: Server) -> None:
    etag = server.ask("/runs/7/addresses.pmtiles").headers["ETag"]
    assert server.ask("/runs/7/addresses.pmtiles", Range="bytes=0-9", If_Range=etag).status == 206
    assert server.ask("/runs/7/addresses.pmtiles", Range="bytes=0-9", If_Range='"older"').body == TILES


def test_who_has_a_page_already_is_not_sent_it_again(server: Server) -> None:
    etag = server.ask("/").headers["ETag"]
    for asked in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = server.ask("/", If_None_Match=asked)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert server.ask("/", If_None_Match='"other"').status == 200


@pytest.mark.parametrize(
    "path, name",
    [
        ("/runs/7/cache.html", "cache.html"),
        ("/runs/7/cache.json", "cache.json"),
        ("/runs/7/odd.svg", "odd.svg"),
        ("/latest/xx/town/addresses-city.zip", "xx-town.zip"),
        ("/runs/7/log.txt", None),
        ("/runs/7/addresses.pmtiles", None),
    ],
)
def test_what_strangers_sent_is_saved_and_never_shown(server: Server, path: str, name: str | None) -> None:
    answer = server.ask(path)
    assert answer.headers["Content-Disposition"] == (f'attachment; filename="{name}"' if name else None)
    assert "sandbox" in str(answer.headers["Content-Security-Policy"])


def test_pages_of_others_may_read_tiles(server: Server) -> None:
    answer = server.ask("/runs/7/addresses.pmtiles", Origin="https://example.org", Range="bytes=0-9")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in str(answer.headers["Access-Control-Expose-Headers"])
    asked = {"Origin": "https://example.org", "Access_Control_Request_Method": "GET"}
    before = server.ask("/runs/7/log.txt", "OPTIONS", **asked, Access_Control_Request_Headers="range")
    assert before.status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(server: Server, method: str) -> None:
    answer = server.ask("/runs/7/log.txt", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_page_that_is_replaced_while_it_is_read_is_one_version(server: Server) -> None:
    done, versions = Event(), [bytes([letter]) * (30_000 + letter) for letter in b"abcdefgh"]

    def replace() -> None:
        while not done.is_set():
            for version in versions:
                server.storage.put("site/busy.html", version, About(HTML))

    server.storage.put("site/busy.html", versions[0], About(HTML))
    writer = Thread(target=replace)
    writer.start()
    try:
        answers = [server.ask("/busy.html") for _ in range(60)]
    finally:
        done.set()
        writer.join()
    assert {answer.body for answer in answers} <= set(versions)
    assert len({answer.body for answer in answers}) > 1
    assert all(answer.headers["ETag"] == f'"{hashlib.sha256(answer.body).hexdigest()}"' for answer in answers)


def test_an_empty_folder_is_a_site_without_pages(tmp_path: Path) -> None:
    with site.running(tmp_path / "storage", tmp_path / "port", tmp_path / "log") as running:
        assert Server(running.address, Folder(tmp_path / "storage")).ask("/").status == 404
