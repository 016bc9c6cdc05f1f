"""One file over http: what counts as data, what it is called on disk, and every way in which it can go wrong."""

import gzip
import hashlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import certifi
import pytest

from demo.servers.files import FileServer, redirect
from demo.servers.serving import Response
from openaddr.download.connections import authorities
from openaddr.errors import Code, Problem, ProblemError
from openaddr.sizes import SIZE_CLASSES
from openaddr.stages import Downloaded
from tests.download.conftest import POINTER, SETTINGS, saying, scripted

Fetch = Callable[..., Downloaded]
Fail = Callable[..., Problem]
CSV = b"LON,LAT,NUMBER\n1,2,3\n" * 2000
HTML = {"Content-Type": "text/html"}


@pytest.fixture
def server(tmp_path: Path) -> Any:
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "a.csv").write_bytes(CSV)
    (folder / "a b ä.csv").write_bytes(CSV)
    with FileServer(folder) as server:
        yield server


def test_a_file_is_stored_with_its_fingerprint(server: FileServer, fetch: Fetch) -> None:
    got = fetch(server.url + "/a.csv")
    assert [path.name for path in got.files] == ["data.csv"]
    assert got.files[0].read_bytes() == CSV
    assert (got.fingerprint, got.size) == (hashlib.md5(CSV).hexdigest(), len(CSV))
    assert (got.columns, got.warnings) == ((), ())


def test_nothing_but_the_file_is_left_in_the_folder(server: FileServer, fetch: Fetch) -> None:
    got = fetch(server.url + "/a.csv")
    assert [path.name for path in got.files[0].parent.iterdir()] == ["data.csv"]


def test_a_download_that_goes_well_is_one_request(server: FileServer, fetch: Fetch) -> None:
    assert fetch(server.url + "/a.csv?format=csv&x=1").files[0].name == "data.csv"
    assert [(request.method, request.target) for request in server.requests] == [("GET", "/a.csv?format=csv&x=1")]


@pytest.mark.parametrize("path", ["/a b ä.csv", "/a%20b%20%C3%A4.csv", "/a b ä.csv#part"])
def test_blanks_and_letters_of_any_kind_may_be_in_an_address(server: FileServer, fetch: Fetch, path: str) -> None:
    assert fetch(f"  {server.url}{path} ").files[0].read_bytes() == CSV


def test_we_say_who_we_are_and_ask_for_plain_bytes(server: FileServer, fetch: Fetch) -> None:
    fetch(server.url + "/a.csv")
    headers = server.requests[0].headers
    assert headers["user-agent"] == SETTINGS.user_agent
    assert headers["accept-encoding"] == "identity"


def test_progress_is_told_in_bytes_of_the_promised_length(server: FileServer, fetch: Fetch) -> None:
    told: list[tuple[str, int, int | None, str]] = []
    fetch(server.url + "/a.csv", progress=lambda *step: told.append(step))
    assert told[-1] == ("download", len(CSV), len(CSV), "bytes")


def test_an_ftp_protocol_with_an_http_address_goes_by_the_address(server: FileServer, fetch: Fetch) -> None:
    assert fetch(server.url + "/a.csv", "ftp").size == len(CSV)


def test_a_chunked_body_is_read_to_its_end(server: FileServer, fetch: Fetch) -> None:
    server.responses["/c.csv"] = Response(CSV, chunked=True)
    assert fetch(server.url + "/c.csv").files[0].read_bytes() == CSV


# What the server says instead of the data


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, Code.HTTP_401_403),
        (403, Code.HTTP_401_403),
        (404, Code.HTTP_404),
        (410, Code.HTTP_404),
        (400, Code.HTTP_4XX),
        (429, Code.HTTP_4XX),
        (499, Code.HTTP_4XX),
        (500, Code.HTTP_5XX),
        (503, Code.HTTP_5XX),
        (202, Code.HTTP_5XX),
        (206, Code.HTTP_4XX),
        (304, Code.HTTP_4XX),
    ],
)
def test_only_200_is_data(server: FileServer, problem: Fail, status: int, code: Code) -> None:
    server.responses["/x.csv"] = Response(CSV, status=status, reason="For A Reason")
    found = problem(server.url + "/x.csv")
    assert found.code == code
    assert f"127.0.0.1 answered {status} For A Reason" in found.message
    assert found.pointer == POINTER + "/data"


@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_body_is_no_data(server: FileServer, problem: Fail, status: int) -> None:
    server.responses["/x.csv"] = Response(b"", status=status)
    assert problem(server.url + "/x.csv").code == Code.DATA_EMPTY


PAGE = b"<!-- made by x -->\n<!DOCTYPE html>\n<html><head><title>\n Sign  in &amp; go</title></head></html>"
PAGES = [
    pytest.param("/x.csv", HTML, PAGE, id="a page that says so"),
    pytest.param("/x.csv", {"Content-Type": "text/csv"}, PAGE, id="a page declared as csv"),
    pytest.param("/x.csv", {}, b"\xef\xbb\xbf \r\n<HTML>", id="a page behind a byte order mark"),
    pytest.param("/x.xml", {}, b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C">', id="XHTML"),
    pytest.param("/get.php", HTML, b"<b>Fatal error</b>: no file", id="a fragment"),
    pytest.param("/get.php", HTML, b"Access denied", id="a sentence"),
]


@pytest.mark.parametrize(("path", "headers", "body"), PAGES)
def test_a_web_page_is_not_data(
    server: FileServer, problem: Fail, path: str, headers: dict[str, str], body: bytes
) -> None:
    server.responses[path] = Response(body, headers=headers)
    assert problem(server.url + path).code == Code.HTML_INSTEAD_OF_DATA


def test_the_title_of_the_page_is_quoted(server: FileServer, problem: Fail) -> None:
    server.responses["/x.csv"] = Response(PAGE, headers=HTML)
    assert "titled 'Sign in &amp; go' of" in problem(server.url + "/x.csv").message


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/x.xml", b"<?xml version='1.0'?><gml:FeatureCollection/>"),
        ("/x.kml", b"<kml><description>&lt;html&gt;</description></kml>"),
        ("/get.php", CSV),
        ("/x.txt", b"one column\nof text\n"),
        ("/x.geojson", b'{"features": [], "note": "<html>"}'),
        ("/x.zip", b"PK\x05\x06" + bytes(18)),
    ],
)
def test_data_wrongly_declared_as_a_page_is_data(server: FileServer, fetch: Fetch, path: str, body: bytes) -> None:
    server.responses[path] = Response(body, headers=HTML)
    assert fetch(server.url + path).files[0].read_bytes() == body


# Bodies that end early, servers that are silent or away


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_ends_early_is_truncated(server: FileServer, problem: Fail, chunked: bool) -> None:
    server.responses["/x.csv"] = Response(CSV, stops_after=30_000, chunked=chunked)
    found = problem(server.url + "/x.csv")
    assert found.code == Code.TRUNCATED
    assert "30,000" in found.message
    assert chunked or f"of {len(CSV):,} bytes" in found.message
    assert found.retry


def test_a_server_that_never_answers_times_out(server: FileServer, problem: Fail) -> None:
    server.responses["/x.csv"] = Response(silent=True)
    found = problem(server.url + "/x.csv", settings=replace(SETTINGS, read_seconds=0.1))
    assert found.code == Code.TIMED_OUT
    assert "0.1 seconds" in found.message


def test_a_server_that_falls_silent_in_the_body_times_out(server: FileServer, problem: Fail) -> None:
    server.responses["/x.csv"] = Response(CSV, stops_after=1000, silent=True)
    found = problem(server.url + "/x.csv", settings=replace(SETTINGS, read_seconds=0.2))
    assert found.code == Code.TIMED_OUT
    assert "1,000 of 42,000 bytes" in found.message


def test_a_server_that_hangs_up_is_a_failed_connection(server: FileServer, problem: Fail) -> None:
    server.responses["/x.csv"] = Response(hangs_up=True)
    found = problem(server.url + "/x.csv")
    assert found.code == Code.CONNECT_FAILED
    assert "without response" in found.message


def test_a_server_that_speaks_no_http_is_a_failed_connection(problem: Fail) -> None:
    with scripted(saying(b"220 mail.example ESMTP\r\n")) as place:
        found = problem(f"http://{place}/x.csv")
    assert found.code == Code.CONNECT_FAILED


def test_a_closed_port_and_an_unknown_host_are_told_apart(problem: Fail) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert problem(f"http://127.0.0.1:{unused.getsockname()[1]}/a.csv").code == Code.CONNECT_FAILED
    assert problem("http://no-such-host.invalid/a.csv").code == Code.HOST_NOT_FOUND


@pytest.mark.parametrize(
    "data",
    [
        "gopher://example.com/a.csv", "example.com/a.csv", "http:///a.csv", "http://exa mple.com/", "http://[::1/",
        "http://example.com:99999/", "http://example.com/a\nb", "http://example.com/a%0d%0ab", "",
        "javascript:alert(1)", "http://" + "ä" * 80 + ".example/",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_invalid(problem: Fail, data: str) -> None:
    assert problem(data).code == Code.URL_INVALID


# Redirects


def test_redirects_are_followed_also_relative_and_with_raw_letters(server: FileServer, fetch: Fetch) -> None:
    server.responses["/1"] = redirect("../2?x=y", 301)
    server.responses["/2"] = redirect(f"//127.0.0.1:{server.port}/3", 307)
    server.responses["/3"] = redirect("/a b ä.csv".encode().decode("latin-1"), 303)
    assert fetch(server.url + "/1").files[0].read_bytes() == CSV
    assert len(server.requests) == 4


def test_ten_redirects_are_followed_and_eleven_are_not(server: FileServer, fetch: Fetch, problem: Fail) -> None:
    for number in range(11):
        server.responses[f"/{number}"] = redirect(f"/{number + 1}")
    server.responses["/11"] = Response(CSV)
    assert fetch(server.url + "/1").size == len(CSV)
    assert problem(server.url + "/0").code == Code.REDIRECTED_TOO_OFTEN


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "[::1]", "2130706433", "10.0.0.1", "169.254.169.254"])
def test_a_redirect_to_a_private_address_is_refused(server: FileServer, problem: Fail, host: str) -> None:
    server.responses["/away"] = redirect(f"http://{host}:{server.port}/a.csv")
    found = problem(server.url + "/away", settings=replace(SETTINGS, allow_hosts=("127.0.0.1",)))
    assert found.code == Code.ADDRESS_REFUSED
    assert host.strip("[]") in found.message
    assert len(server.requests) == 1


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/a.csv", "gopher://127.0.0.1/"])
def test_a_redirect_to_another_protocol_is_refused(server: FileServer, problem: Fail, location: str) -> None:
    server.responses["/away"] = redirect(location)
    assert problem(server.url + "/away").code == Code.ADDRESS_REFUSED


def test_a_private_address_of_a_source_is_refused_without_a_request(server: FileServer, problem: Fail) -> None:
    found = problem(server.url + "/a.csv", settings=replace(SETTINGS, allow_hosts=()))
    assert found.code == Code.ADDRESS_REFUSED
    assert server.requests == []


def test_proxies_of_the_environment_are_not_used(
    server: FileServer, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert fetch(server.url + "/a.csv").size == len(CSV)


# Headers of the source


def test_headers_of_the_source_are_sent_and_those_of_the_request_stay_ours(server: FileServer, fetch: Fetch) -> None:
    given = {"Referer": "https://maps.example/", "user-agent": "Me", "Accept-Encoding": "gzip", "Host": "evil"}
    fetch(server.url + "/a.csv", headers=given)
    sent = server.requests[0].headers
    assert (sent["referer"], sent["user-agent"]) == ("https://maps.example/", "Me")
    assert (sent["accept-encoding"], sent["host"]) == ("identity", f"127.0.0.1:{server.port}")


def test_headers_of_the_source_stay_with_its_own_host(server: FileServer, fetch: Fetch) -> None:
    server.responses["/away"] = redirect(f"http://localhost:{server.port}/back")
    server.responses["/back"] = redirect(server.url + "/a.csv")
    fetch(server.url + "/away", headers={"X-Key": "secret"})
    assert ["x-key" in request.headers for request in server.requests] == [True, False, True]


def test_user_and_password_of_the_address_are_sent_to_its_host_only(server: FileServer, fetch: Fetch) -> None:
    server.responses["/away"] = redirect(f"http://localhost:{server.port}/a.csv")
    fetch(f"http://me:p%40ss@127.0.0.1:{server.port}/away")
    assert server.requests[0].headers["authorization"] == "Basic bWU6cEBzcw=="
    assert "authorization" not in server.requests[1].headers


def test_a_header_that_cannot_be_sent_is_a_fault_of_the_source(server: FileServer, problem: Fail) -> None:
    assert problem(server.url + "/a.csv", headers={"No Good": "x"}).code == Code.SOURCE_SCHEMA
    assert problem(server.url + "/a.csv", headers={"X": "\u20ac"}).code == Code.SOURCE_SCHEMA


# Certificates


def test_a_bad_certificate_is_read_once_more_without_headers_and_warned_about(
    tmp_path: Path, fetch: Fetch, unknown_authority: ssl.SSLContext
) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    with FileServer(tmp_path, tls=unknown_authority) as server:
        got = fetch(server.url + "/a.csv", headers={"X-Key": "secret"})
    assert got.size == len(CSV)
    assert [warning.code for warning in got.warnings] == [Code.TLS_UNVERIFIED]
    assert "127.0.0.1" in got.warnings[0].message
    assert "local issuer certificate" in got.warnings[0].message
    assert len(server.requests) == 1
    assert "x-key" not in server.requests[0].headers


@pytest.mark.parametrize("start", ["", "/away"], ids=["at once", "behind a redirect"])
def test_nothing_of_the_source_is_told_over_a_bad_certificate_when_it_is_tried_again(
    tmp_path: Path, server: FileServer, fetch: Fetch, unknown_authority: ssl.SSLContext, start: str
) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    with FileServer(tmp_path, tls=unknown_authority) as secure:
        secure.cuts = [1000, 0, 2000]
        secure.responses["/away"] = redirect("/a.csv")
        url = secure.url.replace("https://", "https://ada:hunter2@") + (start or "/a.csv")
        got = fetch(url, headers={"X-Key": "secret"})
    assert got.files[0].read_bytes() == CSV
    assert [warning.code for warning in got.warnings] == [Code.TLS_UNVERIFIED]
    assert [request.headers.get("range") for request in secure.requests if request.path == "/a.csv"] == [
        None, "bytes=1000-", "bytes=1000-", "bytes=3000-",
    ]  # fmt: skip
    assert not any({"authorization", "x-key"} & request.headers.keys() for request in secure.requests)


def test_a_system_without_authorities_trusts_those_of_mozilla(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert authorities() == certifi.where()


def test_another_failure_of_tls_is_not_tried_again(server: FileServer, problem: Fail) -> None:
    found = problem(server.url.replace("http:", "https:") + "/a.csv")
    assert found.code == Code.TLS_ERROR
    assert server.requests == []


# Gzip on the way and gzip as the file


def test_gzip_on_the_way_is_undone(server: FileServer, fetch: Fetch) -> None:
    packed = gzip.compress(CSV)
    server.responses["/x.csv"] = Response(packed, headers={"Content-Encoding": "gzip"})
    told: list[int] = []
    got = fetch(server.url + "/x.csv", progress=lambda *step: told.append(step[1]))
    assert got.files[0].read_bytes() == CSV
    assert told[-1] == len(packed)


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/x.csv.gz", {"Content-Encoding": "gzip"}, "data.csv.gz"),
        ("/x.csv.gz", {"Content-Encoding": "x-gzip", "Content-Type": "text/csv"}, "data.csv.gz"),
        ("/x?y", {"Content-Encoding": "gzip", "Content-Disposition": "attachment; filename=x.csv.gz"}, "data.csv.gz"),
        ("/x.geojson.gz", {}, "data.geojson.gz"),
        ("/x", {"Content-Type": "application/gzip"}, "data.gz"),
    ],
)
def test_a_file_that_is_gzip_stays_gzip(
    server: FileServer, fetch: Fetch, path: str, headers: dict[str, str], name: str
) -> None:
    packed = gzip.compress(CSV)
    server.responses[path.partition("?")[0]] = Response(packed, headers=headers)
    got = fetch(server.url + path)
    assert got.files[0].name == name
    assert got.files[0].read_bytes() == packed


def test_what_is_not_the_gzip_that_it_says_is_truncated(server: FileServer, problem: Fail) -> None:
    server.responses["/x.csv"] = Response(CSV, headers={"Content-Encoding": "gzip"})
    assert problem(server.url + "/x.csv").code == Code.TRUNCATED


def test_more_than_the_free_disk_is_refused_before_it_comes(
    server: FileServer, problem: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZE_CLASSES, "endless", replace(SIZE_CLASSES["large"], download_bytes=10**18))
    server.responses["/x.csv"] = Response(CSV, length=10**15)
    found = problem(server.url + "/x.csv", settings=replace(SETTINGS, size_class="endless"))
    assert found.code == Code.DISK_FULL
    assert "1,000,000,000,000,000 bytes" in found.message
    assert found.pointer is None


def test_a_repeated_download_takes_the_place_of_the_first(server: FileServer, fetch: Fetch) -> None:
    fetch(server.url + "/a.csv")
    server.responses["/a.csv"] = Response(b"new,data\n")
    assert fetch(server.url + "/a.csv").files[0].read_bytes() == b"new,data\n"


def test_a_failed_download_leaves_the_finished_one_alone(server: FileServer, fetch: Fetch) -> None:
    first = fetch(server.url + "/a.csv")
    server.responses["/a.csv"] = Response(CSV, stops_after=100)
    with pytest.raises(ProblemError):
        fetch(server.url + "/a.csv")
    assert first.files[0].read_bytes() == CSV
