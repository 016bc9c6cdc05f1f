"""The last good run, and that no older one takes its place."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.storage.keys import latest_key, latest_stem
from openaddr.storage.latest import Latest, latest_of, publish_latest, read_latest, settle
from openaddr.storage.objects import NEVER_CHANGES, About, MissingError, Storage, Stored

SOURCE, LAYER, NAME = "us/ca/alameda", "addresses", "county"
STEM = "latest/us/ca/alameda/addresses-county"
FILES = ("addresses.zip", "extract.parquet", "manifest.json")
ZIP = About("application/zip", NEVER_CHANGES, "alameda.zip")


def stored_run(storage: Storage, run: int, files: tuple[str, ...] = FILES, content: bytes | None = None) -> Latest:
    """The files of a run, stored."""
    data = content or b"of run %d" % run
    stored = [storage.put(f"runs/{run}/{name}", data, ZIP) for name in files]
    return latest_of(SOURCE, LAYER, NAME, run, stored)


def shown(storage: Storage) -> dict[str, bytes]:
    """What is below `latest/`, without pointers."""
    found = {}
    for listed in storage.list("latest/"):
        if listed.key != f"{STEM}.json":
            with storage.open(listed.key) as stream:
                found[listed.key.removeprefix(STEM)] = stream.read()
    return found


def of_run(run: int, *extensions: str) -> dict[str, bytes]:
    return {extension: b"of run %d" % run for extension in extensions or (".manifest.json", ".parquet", ".zip")}


def test_a_good_run_is_shown_under_addresses_that_stay(storage: Storage) -> None:
    assert publish_latest(storage, stored_run(storage, 7))
    assert shown(storage) == of_run(7)
    with storage.open(f"{STEM}.json") as stream:
        pointer = json.loads(stream.read())
    assert (pointer["run"], pointer["source"], len(pointer["files"])) == (7, SOURCE, 3)
    first = pointer["files"][0]
    assert (first["key"], first["copy"], first["bytes"]) == ("runs/7/addresses.zip", f"{STEM}.zip", 8)
    copied = storage.head(f"{STEM}.zip")
    assert copied and copied.about == About("application/zip", "no-cache", "alameda.zip", {"run": "7"})


def test_a_newer_run_takes_its_place_and_an_older_one_does_not(storage: Storage) -> None:
    older, newer = stored_run(storage, 7), stored_run(storage, 8)
    assert publish_latest(storage, newer)
    before = list(storage.list("latest/"))
    assert not publish_latest(storage, older)
    assert list(storage.list("latest/")) == before
    assert publish_latest(storage, stored_run(storage, 9))
    assert shown(storage) == of_run(9)


def test_publishing_twice_changes_nothing(storage: Storage) -> None:
    latest = stored_run(storage, 7)
    publish_latest(storage, latest)
    before = list(storage.list("latest/"))
    assert publish_latest(storage, latest)
    assert list(storage.list("latest/")) == before


def test_files_that_the_new_run_does_not_have_are_gone(storage: Storage) -> None:
    publish_latest(storage, stored_run(storage, 7))
    neighbour = storage.put(f"{STEM}-2.zip", b"of another", ZIP)
    publish_latest(storage, stored_run(storage, 8, ("addresses.zip",)))
    assert shown(storage) == of_run(8, ".zip") | {"-2.zip": b"of another"}
    assert storage.head(neighbour.key) == neighbour


@pytest.mark.parametrize("change", ["gone", "other bytes"])
def test_a_run_whose_files_are_not_all_stored_takes_no_place(change: str, storage: Storage) -> None:
    publish_latest(storage, stored_run(storage, 7))
    latest = stored_run(storage, 8)
    if change == "gone":
        storage.delete("runs/8/extract.parquet")
    else:
        storage.put("runs/8/extract.parquet", b"other", ZIP)
    with pytest.raises(MissingError):
        publish_latest(storage, latest)
    found, _ = read_latest(storage, STEM)
    assert found and found.run == 7
    assert shown(storage) == of_run(7)


class Interrupted(Exception):
    """What stands for the end of a process."""


class Stepping:
    """A storage that does something before each copy."""

    def __init__(self, storage: Storage, before_copy: Callable[[int], None]) -> None:
        self._storage, self._before_copy, self._copies = storage, before_copy, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def copy(self, source: str, key: str, about: About, *, match: str | None = None) -> Stored:
        self._copies += 1
        self._before_copy(self._copies)
        return self._storage.copy(source, key, about, match=match)


@pytest.mark.proves("I5", kind="writer of the latest killed")
@pytest.mark.parametrize("killed_at", [1, 2, 3])
def test_what_a_killed_writer_left_half_done_is_put_right(killed_at: int, storage: Storage) -> None:
    publish_latest(storage, stored_run(storage, 7))
    latest = stored_run(storage, 8)

    def kill(copies: int) -> None:
        if copies == killed_at:
            raise Interrupted

    with pytest.raises(Interrupted):
        publish_latest(Stepping(storage, kill), latest)
    found, _ = read_latest(storage, STEM)
    assert found == latest, "the switch comes first"
    settle(storage, STEM)
    assert shown(storage) == of_run(8)


@pytest.mark.parametrize("overtaken_at", [1, 2, 3])
@pytest.mark.parametrize("files", [FILES, FILES[:2], (*FILES, "addresses.pmtiles")])
def test_a_slow_writer_that_is_overtaken_leaves_the_newer_run(
    overtaken_at: int, files: tuple[str, ...], storage: Storage
) -> None:
    slow, quick = stored_run(storage, 7), stored_run(storage, 8, files)

    def overtake(copies: int) -> None:
        if copies == overtaken_at:
            assert publish_latest(storage, quick)

    assert publish_latest(Stepping(storage, overtake), slow)
    found, _ = read_latest(storage, STEM)
    assert found == quick
    assert shown(storage) == of_run(8, *(file.copy.removeprefix(STEM) for file in quick.files))


def test_runs_with_the_same_content_are_told_apart(storage: Storage) -> None:
    publish_latest(storage, stored_run(storage, 7, content=b"same"))
    assert publish_latest(storage, stored_run(storage, 8, content=b"same"))
    assert not publish_latest(storage, stored_run(storage, 7, content=b"same"))
    copied = storage.head(f"{STEM}.zip")
    assert copied and copied.about.marks == {"run": "8"}


@pytest.mark.proves("I9")
def test_of_many_writers_at_once_the_newest_wins(folder: Storage) -> None:
    # In the folder only: the S3 server of the tests looks at a condition and writes in two steps.
    runs = [stored_run(folder, run) for run in range(1, 9)]
    threads = [threading.Thread(target=publish_latest, args=(folder, run)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found, _ = read_latest(folder, STEM)
    assert found == runs[-1]
    assert shown(folder) == of_run(8)


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("addresses.zip", "s.zip"),
        ("addresses.geojsonl.gz", "s.geojsonl.gz"),
        ("extract.parquet", "s.parquet"),
        ("preview.png", "s.png"),
        ("sample.json", "s.sample.json"),
        ("parcels.zip", "s.parcels.zip"),
    ],
)
def test_a_copy_is_named_by_its_extension(file_name: str, expected: str) -> None:
    assert latest_key("s", "addresses", file_name) == expected


WORDS = st.text("ab.-_/ ß", max_size=6)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=2, max_size=2, unique=True))
def test_no_two_layer_sources_share_a_key(pairs: list[tuple[str, str]]) -> None:
    one, other = (latest_stem(f"x/{source}", "addresses", name) for source, name in pairs)
    assert one != other
    assert not one.startswith(f"{other}.") and not other.startswith(f"{one}.")
