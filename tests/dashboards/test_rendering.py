"""The renderer: what is written, what is left alone, what a reader sees whoever dies."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from dashboards.pages import Page
from dashboards.site import MAKERS, PUBLISHED, Published, publish
from dashboards.snapshot import Snapshot
from openaddr.db import pages as record
from openaddr.db.connections import connect, open_pool
from openaddr.storage.folder import Folder
from openaddr.storage.objects import Storage
from tests.dashboards.making import Making, site
from tests.storage.conftest import bucket, credentials, folder, s3_port, storage

__all__ = ["bucket", "credentials", "folder", "s3_port", "storage"]

Pool = ConnectionPool[Connection[Any]]
KILLS = max(int(os.environ.get("OPENADDR_KILLS", "0")), 21)
"""One renderer for each of 20 pages at which it dies, and one that gets through."""


@pytest.fixture
def pool(url: str) -> Iterator[Pool]:
    """Connections to an empty record."""
    with open_pool(url) as pool:
        yield pool


@pytest.fixture
def making(url: str, folder: Folder) -> Iterator[Making]:
    """Makes runs in it, and their files in the folder."""
    with connect(url) as conn:
        yield Making(conn, folder)


def pages_of(**contents: str | Callable[[], bytes]) -> Callable[[Snapshot], Iterable[Page]]:
    """A page maker: the text of a page is its stamp, a function is rendered under a stamp of its own each time."""

    def make(seen: Snapshot) -> Iterator[Page]:
        for name, content in contents.items():
            if callable(content):
                yield Page(f"{name}.html", str(id(content)), content)
            else:
                yield Page(f"{name}.html", content, content.encode)

    return make


def written(pool: Pool, storage: Storage, **contents: str | Callable[[], bytes]) -> Published:
    """Render the site of one such maker."""
    done = publish(pool, storage, makers=[pages_of(**contents)])
    assert done is not None
    return done


def test_only_pages_made_of_something_else_are_written_and_unwanted_ones_go(pool: Pool, storage: Storage) -> None:
    assert written(pool, storage, a="1", b="1", index="1") == Published(3, 3, 0)
    assert written(pool, storage, a="1", b="1", index="1") == Published(3, 0, 0)
    assert written(pool, storage, a="2", index="1") == Published(2, 1, 1)
    assert site(storage) == {"a.html": b"2", "index.html": b"1"}


def test_pages_depend_on_the_address_of_the_site_and_can_all_be_made_afresh(pool: Pool, folder: Folder) -> None:
    makers = [pages_of(a="1", b="1")]
    publish(pool, folder, makers=makers)
    assert publish(pool, folder, "https://a.example", makers) == Published(2, 2, 0)
    assert publish(pool, folder, "https://a.example/", makers) == Published(2, 0, 0)
    assert publish(pool, folder, "https://a.example", makers, afresh=True) == Published(2, 2, 0)


def test_a_list_of_published_pages_that_cannot_be_read_means_that_all_are_made(pool: Pool, folder: Folder) -> None:
    written(pool, folder, a="1")
    (folder.root / PUBLISHED).write_bytes(b"\xff{")
    assert written(pool, folder, a="1") == Published(1, 1, 0)
    assert written(pool, folder, a="1") == Published(1, 0, 0)


@pytest.mark.proves("I5")
def test_the_index_is_written_when_all_it_links_to_is_there(pool: Pool, folder: Folder) -> None:
    seen_by_index: list[set[str]] = []

    def index() -> bytes:
        seen_by_index.append(set(site(folder)))
        return b"index"

    written(pool, folder, index=index, a="1", b="1")
    assert seen_by_index == [{"a.html", "b.html"}]


@pytest.mark.proves("I5", "I10")
def test_a_page_that_cannot_be_rendered_stays_as_it_was_and_stops_no_other(pool: Pool, storage: Storage) -> None:
    written(pool, storage, a="old", b="old", index="old")

    def broken() -> bytes:
        raise ValueError("a surprise")

    with pytest.raises(ExceptionGroup, match="1 of 3 pages could not be rendered") as caught:
        written(pool, storage, a=broken, b="new", index="new")
    assert caught.value.exceptions[0].__notes__ == ["while rendering a.html"]
    assert site(storage) == {"a.html": b"old", "b.html": b"new", "index.html": b"new"}
    assert written(pool, storage, a="new", b="new", index="new").written == 1


def test_pages_that_were_about_to_be_written_when_the_renderer_died_are_seen_to(pool: Pool, storage: Storage) -> None:
    def dies() -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(pool, storage, a="1", b=dies, index="1")
    assert "index.html" not in site(storage)
    # What had got there is wanted by nobody any more.
    assert written(pool, storage, b="2", index="2").written == 2
    assert site(storage) == {"b.html": b"2", "index.html": b"2"}


@pytest.mark.proves("I9")
def test_two_renderers_at_once_are_one(pool: Pool, folder: Folder, url: str) -> None:
    with connect(url) as other:
        assert record.hold(other)
        assert publish(pool, folder, makers=[pages_of(a="1")]) is None
        # The end of a connection takes the server a moment to notice.
        other.execute("select pg_advisory_unlock_all()")
    assert site(folder) == {}
    assert written(pool, folder, a="1").written == 1


def test_what_is_committed_while_pages_are_rendered_is_shown_although_the_second_renderer_left(
    pool: Pool, folder: Folder, making: Making
) -> None:
    making.run()
    late: list[Published | None] = []

    def meanwhile(seen: Snapshot) -> Iterator[Page]:
        def render() -> bytes:
            making.run("xx/late")
            late.append(publish(pool, folder))
            return b""

        if not late:
            yield Page("meanwhile.html", "", render)

    assert publish(pool, folder, makers=[*MAKERS, meanwhile]) is not None
    assert late == [None]
    assert "sources/xx/late/index.html" in site(folder)


@pytest.mark.proves("I9")
def test_a_second_site_of_the_same_record_is_the_same_to_the_byte(pool: Pool, making: Making, tmp_path: Path) -> None:
    making.failed()
    run_id = making.run()
    other = Folder(tmp_path / "other")
    Making(making.conn, other).store(run_id)
    for place in (making.storage, other):
        publish(pool, place, "https://results.example.org")
    assert site(making.storage) == site(other)


def test_a_folder_and_a_bucket_have_the_same_pages(pool: Pool, storage: Storage, url: str) -> None:
    with connect(url) as conn:
        making = Making(conn, storage)
        making.failed()
        making.run()
    done = publish(pool, storage, "https://results.example.org")
    assert done is not None and len(site(storage)) == done.pages
    page = site(storage)["sources/xx/town/index.html"].decode()
    assert "latest/xx/town/addresses-town.parquet" in page and "Mill Lane" in page


def test_after_one_run_only_pages_that_show_it_are_written(pool: Pool, folder: Folder, making: Making) -> None:
    others = [making.run(f"xx/town-{number}") for number in range(5)]
    making.run("xx/town")
    publish(pool, folder)
    before = {path: (folder.root / "site" / path).stat().st_mtime_ns for path in site(folder)}
    new = making.failed("xx/town")
    done = publish(pool, folder)
    changed = {path for path in site(folder) if before.get(path) != (folder.root / "site" / path).stat().st_mtime_ns}
    assert done is not None and done.written == len(changed)
    assert {
        f"runs/{new}/index.html",
        "sources/xx/town/index.html",
        "index.html",
        "problems/HTTP_404/index.html",
    } <= changed
    assert not {f"runs/{run}/index.html" for run in others} & changed
    assert not {f"sources/xx/town-{number}/index.html" for number in range(5)} & changed


def _big(page: str, version: int) -> bytes:
    """A page that says its version from the first byte to the last."""
    return f"{page} {version}\n".encode() * 4_000


def _versioned(seen: Snapshot, version: int, dies_at: int) -> Iterator[Page]:
    for number in range(20):
        name = "index.html" if number == 19 else f"p{number}.html"
        yield Page(name, str(version), partial(_render_or_die, name, version, number == dies_at))


def _render_or_die(name: str, version: int, dies: bool) -> bytes:
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    return _big(name, version)


def _publish_version(url: str, root: Path, version: int, dies_at: int) -> None:
    with open_pool(url) as pool:
        publish(pool, Folder(root), makers=[partial(_versioned, version=version, dies_at=dies_at)])


@pytest.mark.proves("I5", kind="renderer of pages killed")
def test_a_reader_sees_only_whole_pages_however_often_the_renderer_is_killed(
    url: str, folder: Folder, record_property: Callable[[str, object], None]
) -> None:
    start = multiprocessing.get_context("forkserver")
    start.set_forkserver_preload([__name__])
    torn: list[str] = []
    looks, stop = [0], threading.Event()

    def read() -> None:
        while not stop.is_set():
            for path, content in site(folder).items():
                looks[0] += 1
                line = content.splitlines()[0].decode() if content else "empty"
                if content != _big(path, int(line.rpartition(" ")[2] if content else 0)):
                    torn.append(f"{path} {line}")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for version in range(KILLS + 1):
            child = start.Process(target=_publish_version, args=(url, folder.root, version, version % 21))
            child.start()
            child.join(60)
            assert child.exitcode == (0 if version % 21 == 20 else -signal.SIGKILL)
    finally:
        stop.set()
        reader.join()
    record_property("faults", KILLS)
    record_property("looks", looks[0])
    assert torn == [] and looks[0] > 100
    _publish_version(url, folder.root, KILLS + 1, -1)
    assert site(folder) == {
        name: _big(name, KILLS + 1) for name in ["index.html", *(f"p{number}.html" for number in range(19))]
    }
