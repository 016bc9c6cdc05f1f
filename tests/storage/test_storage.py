"""What holds for any storage: the same tests for the folder and for a bucket of a real S3 server."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.errors import Code, ProblemError
from openaddr.names import plain_name
from openaddr.storage.folder import Folder
from openaddr.storage.keys import ASIDE, checked, disposition
from openaddr.storage.objects import ABSENT, NEVER_CHANGES, About, ConflictError, MissingError, Storage
from openaddr.storage.publishing import File, get, put_all, sweep, switch
from openaddr.storage.s3 import S3
from openaddr.storage.s3_upload import PART

TEXT = About("text/plain", "no-cache")
RAW = About("application/zip", NEVER_CHANGES, "straße 1.zip", {"run": "7"})
NOW = timedelta(seconds=-60)
"""Older than a moment to come: everything."""


def content(storage: Storage, key: str) -> bytes:
    with storage.open(key) as stream:
        return stream.read()


def keys(storage: Storage, prefix: str = "") -> list[str]:
    return [found.key for found in storage.list(prefix)]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that takes three parts."""
    path = tmp_path / "large"
    path.write_bytes(b"".join(number.to_bytes(8, "big") for number in range(PART // 8 * 2 + 100)))
    return path


def test_what_is_stored_is_what_is_read(storage: Storage, tmp_path: Path, large: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"small")
    files = [File("a.txt", small, TEXT), File("large.zip", large, RAW), File("empty", tmp_path / "empty", About())]
    (tmp_path / "empty").touch()
    stored = put_all(storage, "runs/7/", files)
    assert stored is not None
    assert [found.key for found in stored] == ["runs/7/a.txt", "runs/7/large.zip", "runs/7/empty"]
    for file, found in zip(files, stored, strict=True):
        data = file.path.read_bytes()
        assert (found.bytes, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert found.about == file.about
        assert storage.head(found.key) == found
        assert get(storage, found.key, tmp_path / "back") == found
        assert (tmp_path / "back").read_bytes() == data


def test_storing_the_files_of_a_run_again_changes_nothing(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    files = [File("a", tmp_path / "a", TEXT)]
    first = put_all(storage, "runs/7/", files)
    again = put_all(storage, "runs/7/", files)
    assert first is not None and again is not None
    assert [(one.etag, one.sha256) for one in first] == [(one.etag, one.sha256) for one in again]
    assert keys(storage) == ["runs/7/a"]


def test_what_an_earlier_attempt_has_left_is_replaced_and_removed(storage: Storage, tmp_path: Path) -> None:
    storage.put("runs/7/a", b"of the first", TEXT)
    storage.put("runs/7/b", b"of the first", TEXT)
    storage.put("runs/77/b", b"of another run", TEXT)
    (tmp_path / "a").write_bytes(b"of the second")
    put_all(storage, "runs/7/", [File("a", tmp_path / "a", TEXT)])
    assert keys(storage) == ["runs/7/a", "runs/77/b"]
    assert content(storage, "runs/7/a") == b"of the second"


def test_a_writer_that_was_held_up_changes_nothing_of_the_one_who_took_over(storage: Storage, tmp_path: Path) -> None:
    for name in ("late", "heir"):
        (tmp_path / name).write_bytes(name.encode())
    answers = iter([True, False])

    def is_overtaken() -> bool:
        may_write = next(answers)
        if may_write:
            # Allowed a moment ago, and then held up until somebody else has done it all.
            put_all(storage, "runs/7/", [File("a", tmp_path / "heir", TEXT)])
        return may_write

    late = [File("a", tmp_path / "late", TEXT), File("b", tmp_path / "late", TEXT)]
    assert put_all(storage, "runs/7/", late, is_overtaken) is None
    assert keys(storage) == ["runs/7/a"]
    assert content(storage, "runs/7/a") == b"heir"


def test_what_is_not_there_is_none_and_missing(storage: Storage) -> None:
    storage.put("runs/7/a", b"a", TEXT)
    for key in ("runs/8/a", "runs/7", "runs/7/a/b"):
        assert storage.head(key) is None
        with pytest.raises(MissingError):
            content(storage, key)
        with pytest.raises(MissingError):
            storage.copy(key, "latest/a", TEXT)
        storage.delete(key)
    assert keys(storage) == ["runs/7/a"]


def test_a_listing_has_the_keys_of_a_prefix_in_order(storage: Storage) -> None:
    for key in ("runs/7/b", "runs/7/a/c", "runs/7/a.b", "runs/71/a", "site/index.html"):
        storage.put(key, b"12345", TEXT)
    assert keys(storage, "runs/7/") == ["runs/7/a.b", "runs/7/a/c", "runs/7/b"]
    assert len(keys(storage)) == 5
    assert keys(storage, "sets/") == []
    assert {found.bytes for found in storage.list("")} == {5}


def test_what_is_deleted_is_gone_and_may_come_back(storage: Storage) -> None:
    storage.put("a/b", b"1", TEXT)
    storage.delete("a/b")
    assert (keys(storage), storage.head("a/b")) == ([], None)
    assert storage.put("a/b", b"2", RAW).about == RAW
    assert content(storage, "a/b") == b"2"


def test_many_are_deleted_and_those_that_are_not_there_are_fine(storage: Storage) -> None:
    keys = [f"runs/1/{number}.txt" for number in range(1_100)]
    storage.put_many((key, b"a", TEXT) for key in ["runs/10/kept.txt", *keys[::20], keys[-1]])
    storage.delete_many(keys)
    assert [found.key for found in storage.list("runs/")] == ["runs/10/kept.txt"]


def test_only_the_first_may_create(storage: Storage) -> None:
    first = storage.put("lock", b"1", TEXT, match=ABSENT)
    with pytest.raises(ConflictError):
        storage.put("lock", b"2", TEXT, match=ABSENT)
    assert (storage.head("lock"), content(storage, "lock")) == (first, b"1")


def test_only_the_one_who_saw_the_latest_may_replace(storage: Storage) -> None:
    first = storage.put("pointer", b"1", TEXT)
    second = storage.put("pointer", b"2", TEXT, match=first.etag)
    for stale in (first.etag, ABSENT):
        with pytest.raises(ConflictError):
            storage.put("pointer", b"3", TEXT, match=stale)
        with pytest.raises(ConflictError):
            switch(storage, "pointer", b"3", TEXT, match=stale)
    with pytest.raises(ConflictError):
        storage.put("nothing", b"3", TEXT, match=second.etag)
    assert content(storage, "pointer") == b"2"
    assert keys(storage) == ["pointer"]


def test_a_copy_has_the_content_and_its_own_words(storage: Storage, large: Path) -> None:
    stored = storage.put("runs/7/a.zip", large, RAW)
    copied = storage.copy("runs/7/a.zip", "latest/a.zip", TEXT)
    assert (copied.sha256, copied.bytes, copied.about) == (stored.sha256, stored.bytes, TEXT)
    storage.delete("runs/7/a.zip")
    assert content(storage, "latest/a.zip") == large.read_bytes()
    assert storage.head("latest/a.zip") == copied
    again = storage.copy("latest/a.zip", "latest/a.zip", RAW)
    assert (storage.head("latest/a.zip"), again.about) == (again, RAW)


def test_content_that_is_not_what_was_promised_is_not_stored(storage: Storage) -> None:
    storage.put("a", b"good", TEXT)
    with pytest.raises(ProblemError) as raised:
        storage.put("a", b"bad", TEXT, sha256=hashlib.sha256(b"good").hexdigest())
    assert raised.value.problem.code is Code.STORAGE_CORRUPT
    assert content(storage, "a") == b"good"


def test_a_file_that_is_not_there_to_be_stored_is_no_fault_of_the_storage(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.put("a", tmp_path / "none", TEXT)
    assert keys(storage) == []


@pytest.mark.proves("I5")
def test_a_reader_sees_the_old_or_the_new_and_nothing_else(storage: Storage) -> None:
    versions = [bytes([number]) * (50_000 + number) for number in range(20)]
    digests = {hashlib.sha256(version).hexdigest(): len(version) for version in versions}
    storage.put("collections/world.zip", versions[0], TEXT)
    seen: set[str] = set()
    done = threading.Event()
    wrong: list[object] = []

    def poll() -> None:
        last = False
        while not last:
            last = done.is_set()
            data = content(storage, "collections/world.zip")
            digest, head = hashlib.sha256(data).hexdigest(), storage.head("collections/world.zip")
            seen.add(digest)
            if digests.get(digest) != len(data) or head is None or digests.get(head.sha256) != head.bytes:
                wrong.append((digest, len(data), head))

    reader = threading.Thread(target=poll)
    reader.start()
    while not seen:
        assert reader.is_alive()
    for version in versions:
        switch(storage, "collections/world.zip", version, TEXT)
    done.set()
    reader.join()
    assert wrong == [] and len(seen) > 1
    assert keys(storage) == ["collections/world.zip"]


def test_a_reader_that_began_before_a_switch_gets_all_of_the_old(storage: Storage, large: Path) -> None:
    storage.put("a", large, TEXT)
    with storage.open("a") as stream:
        begin = stream.read(1_000)
        switch(storage, "a", b"new", TEXT)
        rest = b"".join(iter(lambda: stream.read(1 << 20), b""))
    assert begin + rest == large.read_bytes()


@pytest.mark.proves("I12")
def test_what_lies_aside_is_swept_when_it_is_old(storage: Storage) -> None:
    storage.put(f"{ASIDE}x/a", b"1", TEXT)
    storage.put("runs/7/a", b"1", TEXT)
    assert sweep(storage, timedelta(hours=1)) == 0
    assert sweep(storage, NOW) == 1
    assert keys(storage) == ["runs/7/a"]


BAD_KEYS = [
    "", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", ".", "a/./b", ".records/a", "a/.hidden", "a b", "a\0b",
    "a\nb", "a\\b", "a?b", "a%2e%2e/b", "x" * 256, "/".join(["x" * 200] * 6), "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_could_lead_elsewhere_is_refused(key: str, storage: Storage) -> None:
    refusing: list[Callable[[], object]] = [
        lambda: storage.put(key, b"", TEXT),
        lambda: storage.head(key),
        lambda: storage.open(key).__enter__(),
        lambda: storage.copy("a", key, TEXT),
        lambda: storage.copy(key, "a", TEXT),
        lambda: storage.delete(key),
        lambda: storage.url(key),
    ]
    storage.put("a", b"", TEXT)
    for refuse in refusing:
        with pytest.raises(ValueError):
            refuse()
    assert keys(storage) == ["a"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_name_of_a_stranger_becomes_part_of_a_key(text: str) -> None:
    assert checked(plain_name(text)) == plain_name(text)


def test_names_in_any_script_are_stored_listed_and_linked(storage: Storage) -> None:
    key = f"latest/{plain_name('gemeinde/straße')}/{plain_name('北京')}.zip"
    storage.put(key, b"1", About(download_as="北京.zip"))
    assert keys(storage) == [key]
    found = storage.head(key)
    assert found is not None and found.about.download_as == "北京.zip"
    assert storage.url(key).isascii() and "%E5%8C%97%E4%BA%AC.zip" in storage.url(key)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.zip", 'attachment; filename="a.zip"'),
        ('a".zip', "attachment; filename=\"a_.zip\"; filename*=UTF-8''a%22.zip"),
        ("ß\r\n.zip", "attachment; filename=\"___.zip\"; filename*=UTF-8''%C3%9F%0D%0A.zip"),
    ],
)
def test_the_name_of_a_download_says_nothing_else(name: str, expected: str) -> None:
    assert disposition(name) == expected


def test_many_small_objects_are_stored_and_replaced_together(storage: Storage) -> None:
    for version in (b"1", b"2"):
        storage.put_many((f"site/{number}/index.html", version * number, About("text/html")) for number in range(100))
        assert [found.bytes for found in storage.list("site/")].count(1) == 1
        with storage.open("site/7/index.html") as file:
            assert file.read() == version * 7
    stored = storage.head("site/7/index.html")
    assert stored is not None and stored.about.media_type == "text/html"
    storage.delete("site/7/index.html")
    assert storage.head("site/7/index.html") is None


def test_many_objects_come_to_nothing_when_one_of_them_cannot_be_made(storage: Storage) -> None:
    def broken() -> Iterator[tuple[str, bytes, About]]:
        yield "site/a.html", b"a", About()
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        storage.put_many(broken())
    assert list(storage.list("aside/")) == [] and storage.abort_leftovers(timedelta()) == 0


def test_readers_are_led_from_one_key_to_the_object_of_another(storage: Storage) -> None:
    storage.put("runs/7/a.zip", b"the zip", RAW)
    for stub in (b"", b"<title>moved</title>"):
        storage.redirect("site/old.zip", "runs/7/a.zip", stub, TEXT)
        if isinstance(storage, S3):
            found = storage._client.head_object(Bucket=storage.bucket, Key="site/old.zip")
            assert found["WebsiteRedirectLocation"] == storage.url("runs/7/a.zip")
            assert content(storage, "site/old.zip") == stub
        else:
            assert content(storage, "site/old.zip") == (stub or b"the zip")
    assert content(storage, "runs/7/a.zip") == b"the zip"
    with pytest.raises(MissingError):
        storage.redirect("site/old.zip", "runs/8/a.zip", b"", TEXT)
    assert keys(storage) == ["runs/7/a.zip", "site/old.zip"]


def test_what_leads_elsewhere_can_be_replaced_without_touching_where_it_led(folder: Folder) -> None:
    folder.put("runs/7/a.zip", b"the zip", RAW)
    folder.redirect("site/old.zip", "runs/7/a.zip", b"", TEXT)
    folder.redirect("site/old.zip", "runs/7/a.zip", b"", TEXT)
    folder.put_many([("site/old.zip", b"another", TEXT)])
    assert (content(folder, "runs/7/a.zip"), content(folder, "site/old.zip")) == (b"the zip", b"another")
    assert list((folder.root / ".incoming").iterdir()) == []


@pytest.mark.parametrize("size", [0, 5, PART, PART + 1, 2 * PART + 77])
def test_a_stream_of_unknown_length_is_stored_whole(storage: Storage, size: int) -> None:
    data = bytes(size // 7 + 1) + b"stream" * (size // 6 + 1)
    data = data[:size]
    with storage.write("collections/a.zip", RAW) as out:
        written = sum(out.write(data[begin : begin + 1_000_000]) for begin in range(0, size, 1_000_000))
        assert storage.head("collections/a.zip") is None, "nobody sees it yet"
    found = storage.head("collections/a.zip")
    assert found and (found.bytes, found.sha256, found.about) == (size, hashlib.sha256(data).hexdigest(), RAW)
    assert written == size and content(storage, "collections/a.zip") == data
    assert keys(storage) == ["collections/a.zip"]


@pytest.mark.parametrize("size", [5, PART + 1])
def test_a_stream_that_breaks_off_changes_nothing(storage: Storage, size: int) -> None:
    storage.put("a", b"old", TEXT)
    with pytest.raises(RuntimeError), storage.write("a", RAW) as out:
        out.write(bytes(size))
        raise RuntimeError
    assert content(storage, "a") == b"old"
    assert keys(storage) == ["a"] and storage.abort_leftovers(NOW) == 0


def test_an_object_is_read_from_any_byte_on(storage: Storage) -> None:
    storage.put("a", b"0123456789", TEXT)
    with storage.open("a", 7) as stream:
        assert stream.read() == b"789"
    with pytest.raises(MissingError), storage.open("b", 7):
        pass
