"""The server of a preview: pages, files and parts of files, to nobody but browsers of this machine."""

from pathlib import Path

import pytest

from dashboards import libraries
from dashboards.preview.ranges import Part, UnsatisfiableError, part_of
from dashboards.preview.server import Preview
from tests.dashboards.preview.conftest import GOOD, ask, shown, write_record

POLICY = "Content-Security-Policy"


@pytest.mark.parametrize(
    "wanted, first, end",
    [("bytes=0-0", 0, 1), ("bytes=2-5", 2, 6), ("bytes=90-", 90, 100), ("bytes=-10", 90, 100), ("bytes=-999", 0, 100),
     ("bytes=99-500", 99, 100)],
)  # fmt: skip
def test_a_range_is_the_part_it_asks_for(wanted: str, first: int, end: int) -> None:
    assert part_of(wanted, 100) == Part(first, end, 100)


@pytest.mark.parametrize(
    "wanted", [None, "", "bytes", "bytes=-", "bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "bytes=a-b", "bytes=٣-٤"]
)
def test_what_is_no_single_range_means_the_whole(wanted: str | None) -> None:
    assert part_of(wanted, 100) is None


@pytest.mark.parametrize("wanted, size", [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)])
def test_a_range_without_a_byte_cannot_be_had(wanted: str, size: int) -> None:
    with pytest.raises(UnsatisfiableError):
        part_of(wanted, size)


def test_files_are_sent_whole_or_in_part(server: Preview, outputs: Path) -> None:
    path, content = f"/runs/{GOOD}addresses.pmtiles", (outputs / GOOD / "addresses.pmtiles").read_bytes()
    whole, body = ask(server, path)
    assert (whole.status, body, whole.getheader("Accept-Ranges")) == (200, content, "bytes")
    part, body = ask(server, path, Range="bytes=7-99")
    assert (part.status, body, part.getheader("Content-Range")) == (206, content[7:100], f"bytes 7-99/{len(content)}")
    assert part.getheader("ETag") == whole.getheader("ETag")
    none, body = ask(server, path, Range=f"bytes={len(content)}-")
    assert (none.status, body, none.getheader("Content-Range")) == (416, b"", f"bytes */{len(content)}")
    head, body = ask(server, path, "HEAD")
    assert (head.status, body, head.getheader("Content-Length")) == (200, b"", str(len(content)))
    land, body = ask(server, f"/{libraries.paths()['land.pmtiles']}", Range="bytes=0-6")
    assert (land.status, body) == (206, b"PMTiles")


def test_every_answer_keeps_strangers_in_their_place(server: Preview) -> None:
    page, _ = ask(server, f"/runs/{GOOD}")
    data, _ = ask(server, f"/runs/{GOOD}addresses.geojsonl.gz")
    record, _ = ask(server, f"/runs/{GOOD}run.json")
    assert "default-src 'none'; script-src 'self';" in (page.getheader(POLICY) or "")
    for answer in (data, record):
        assert "sandbox" in (answer.getheader(POLICY) or "")
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"
        assert answer.getheader("Access-Control-Allow-Origin") is None
    assert (data.getheader("Content-Disposition") or "").startswith("attachment;")
    assert record.getheader("Content-Type") == "application/json" and record.getheader("Content-Disposition") is None


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1"])
def test_another_name_that_leads_to_this_machine_is_refused(server: Preview, host: str) -> None:
    answer, body = ask(server, "/", Host=host)
    assert answer.status == 403 and b"town" not in body


def test_the_end_of_a_tunnel_may_have_another_port(server: Preview) -> None:
    assert ask(server, f"/runs/{GOOD}", Host="localhost:9000")[0].status == 200


def test_nothing_can_be_written(server: Preview) -> None:
    assert {ask(server, "/", method)[0].status for method in ("POST", "PUT", "DELETE", "OPTIONS")} == {501}


@pytest.mark.parametrize(
    "path",
    ["/nope", "/runs", "/runs/", "/runs/xx/", "/runs/xx/town/addresses/none/", f"/runs/{GOOD}nope", f"/runs/{GOOD}.",
     f"/runs/{GOOD}../broken/", f"/runs/{GOOD}%2e%2e/broken/", "/runs/../secret/", "/runs/%2e%2e/secret/",
     "/runs//etc/", "/runs/%2Fetc/passwd", f"/runs/{GOOD}%00", "/runs/%00/", "/runs/linked/", "/runs/.hidden/",
     f"/runs/{'x' * 300}/", "/static/../server.py", "/assets/", "/runs/\\..\\secret/"],
)  # fmt: skip
def test_nothing_else_is_shown(tmp_path: Path, path: str) -> None:
    root = tmp_path / "out"
    write_record(root / GOOD)
    write_record(root / ".hidden")
    secret = write_record(tmp_path / "secret")
    (root / "linked").symlink_to(secret)
    with shown(root) as server:
        answer, body = ask(server, path)
    assert (answer.status, b"<h1>There is no such page</h1>" in body) == (404, True)


def test_a_file_behind_a_link_or_not_of_the_run_is_not_sent(tmp_path: Path) -> None:
    folder = write_record(tmp_path / "out", outputs={"pmtiles": "a.pmtiles", "sample": "../secret", "csv_zip": "b.zip"})
    for name in ("secret", "out/stray.txt", "out/b.zip"):
        (tmp_path / name).write_text("secret")
    (folder / "a.pmtiles").symlink_to(tmp_path / "secret")
    with shown(folder) as server:
        found = {name: ask(server, f"/runs/{name}")[0].status for name in ("a.pmtiles", "stray.txt", "secret", "b.zip")}
        page = ask(server, "/runs/")[1].decode()
    assert found == {"a.pmtiles": 404, "stray.txt": 404, "secret": 404, "b.zip": 200}
    assert "b.zip" in page and "stray.txt" not in page and "data-map" not in page


def test_the_only_run_is_shown_at_once_and_the_list_on_demand(tmp_path: Path) -> None:
    folder = write_record(tmp_path / "out/a b/schön")
    for root, path in ((folder, "/runs/"), (tmp_path / "out", "/runs/a%20b/sch%C3%B6n/")):
        with shown(root) as server:
            assert ask(server, "/")[0].getheader("Location") == path
            assert ask(server, path)[0].status == 200
            assert b"<h1>1 run</h1>" in ask(server, "/?all")[1]


def test_a_run_that_is_made_anew_is_seen_and_one_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = write_record(tmp_path / "out/a", rows=1, outputs={"sample": "sample.json"})
    with shown(tmp_path / "out") as server:
        assert b"1 row" in ask(server, "/runs/a/")[1]
        (folder / "run.json").unlink()
        folder.rmdir()
        assert ask(server, "/runs/a/")[0].status == 404
        gone, body = ask(server, "/")
        assert gone.status == 404 and b"There is no run.json" in body
        write_record(folder, rows=2, outputs={"sample": "sample.json"})
        assert b"2 rows" in ask(server, "/runs/a/")[1]
