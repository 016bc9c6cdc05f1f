"""Addresses that lead inside: loopback in every spelling, cloud metadata, files, redirects, and answers that lie."""

from collections.abc import Iterator

from demo.servers.files import redirect
from demo.servers.serving import Response
from openaddr.errors import Code
from tests.hostile.case import ROWS, Case, World, case, source

FAMILY = "addresses"
INSIDE = {
    "the canary by its address": "127.0.0.1",
    "loopback in short": "127.1",
    "loopback as one number": "2130706433",
    "loopback in hexadecimal": "0x7f000001",
    "loopback in octal": "0177.0.0.1",
    "loopback in parts of hexadecimal": "0x7f.0x0.0x0.0x1",
    "another address of loopback": "127.255.255.254",
    "loopback in full-width digits": "１２７.０.０.１",
    "loopback with ideographic full stops": "127。0。0。1",
    "loopback with a dot at its end": "127.0.0.1.",
    "no address at all": "0.0.0.0",
    "zero in short": "0",
    "loopback of version 6": "[::1]",
    "no address of version 6": "[::]",
    "loopback mapped into version 6": "[::ffff:127.0.0.1]",
    "loopback mapped in hexadecimal": "[::ffff:7f00:1]",
    "loopback by 6to4": "[2002:7f00:1::]",
    "loopback by NAT64": "[64:ff9b::7f00:1]",
    "loopback by Teredo": "[2001:0:7f00:1::80ff:fffe]",
    "a site of version 6": "[fd00::1]",
    "the metadata of a cloud": "169.254.169.254",
    "the metadata of a cloud as one number": "2852039166",
    "the metadata of Azure": "168.63.129.16",
    "the metadata of Oracle": "192.0.0.192",
    "a private network of class A": "10.0.0.1",
    "a private network of class B": "172.16.0.1",
    "a private network of class C": "192.168.0.1",
    "the shared network of carriers": "100.64.0.1",
    "a multicast address": "224.0.0.1",
    "everybody on the wire": "255.255.255.255",
    "the canary behind a name as user": "localhost@127.0.0.1",
    "the canary behind a backslash": "localhost\\@127.0.0.1",
    "the canary behind a password": "localhost:80@127.0.0.1",
}
"""Hosts that may not be fetched; the port is the canary's."""

NO_ADDRESS = {
    "a scope in an address": "http://[fe80::1%25lo]/a.csv",
    "no host": "http:///etc/passwd",
    "a port that is none": "http://localhost:port/a.csv",
    "a port beyond all": "http://localhost:99999/a.csv",
    "a negative port": "http://localhost:-1/a.csv",
    "a blank in the host": "http://local host/a.csv",
    "a line feed in the path": "http://localhost/a\r\nHost: 127.0.0.1/a.csv",
    "an encoded line feed in the path": "http://localhost/a%0d%0aHost:%20x/a.csv",
    "a NUL in the host": "http://localhost\0.example/a.csv",
    "an open bracket": "http://[::1/a.csv",
    "a host of one label that is too long": f"http://{'é' * 80}.example/a.csv",
    "the scheme gopher": "gopher://127.0.0.1/a.csv",
    "the scheme data": "data:text/csv,no,street",
    "the scheme javascript": "javascript:alert(1)",
    "the scheme jar": "jar:http://127.0.0.1!/a.csv",
    "a path of GDAL to the network": "/vsicurl/http://127.0.0.1/a.csv",
    "a path of GDAL to an archive": "/vsizip//vsicurl/http://127.0.0.1/a.zip",
    "no scheme": "localhost/a.csv",
    "nothing but slashes": "////",
}


def cases(world: World) -> Iterator[Case]:
    """All of them."""
    port = world.canary_url.rpartition(":")[2]
    for name, host in INSIDE.items():
        yield _refused(name, f"http://{host}:{port}/a.csv", Code.ADDRESS_REFUSED)
    yield _refused("the canary over FTP", f"ftp://127.0.0.1:{port}/a.csv", Code.ADDRESS_REFUSED)
    yield _refused("the canary over TLS", f"https://127.0.0.1:{port}/a.csv", Code.ADDRESS_REFUSED)
    yield _refused("the canary as an ESRI service", f"{world.canary_url}/0", Code.ADDRESS_REFUSED, protocol="ESRI")
    for name, data in NO_ADDRESS.items():
        yield _refused(name, data, Code.URL_INVALID)
    yield _refused("an address of 100,000 characters", f"http://127.0.0.1/{'a' * 100_000}", Code.ADDRESS_REFUSED)
    yield from _files(world)
    yield from _redirects(world)
    yield from _answers()


def _refused(name: str, data: str, code: Code, **members: str) -> Case:
    return case(FAMILY, name, source(data, **members), code)


def _files(world: World) -> Iterator[Case]:
    allowed, canary = world.allowed, world.canary
    for name, data, code in (
        ("a file of the machine", f"file://{canary}", Code.FILE_REFUSED),
        ("a file by climbing out of the allowed folder", f"file://{allowed}/../canaries/secret.csv", Code.FILE_REFUSED),
        ("a file by climbing in code", f"file://{allowed}/%2e%2e/canaries/secret.csv", Code.FILE_REFUSED),
        ("a link in the allowed folder", f"file://{allowed}/link.csv", Code.FILE_REFUSED),
        ("a pipe in the allowed folder", f"file://{allowed}/pipe.csv", Code.FILE_REFUSED),
        ("the allowed folder itself", f"file://{allowed}", Code.FILE_REFUSED),
        ("a folder whose name only begins like the allowed one", f"file://{allowed}-not/a.csv", Code.FILE_REFUSED),
        ("a device", "file:///dev/zero", Code.FILE_REFUSED),
        ("the environment of the process", "file:///proc/self/environ", Code.FILE_REFUSED),
        ("a file through the root of the process", f"file:///proc/self/root{canary}", Code.FILE_REFUSED),
        ("a file on another host", f"file://127.0.0.1{canary}", Code.URL_INVALID),
        ("a file with a NUL in its name", f"file://{allowed}/a%00.csv", Code.URL_INVALID),
        ("a file by a short path", "file:a.csv", Code.URL_INVALID),
        ("a file that is not there", f"file://{allowed}/none.csv", Code.FILE_MISSING),
        ("a file of a name too long for any disk", f"file://{allowed}/{'a' * 5000}", Code.FILE_MISSING),
    ):
        yield _refused(name, data, code)
    yield _refused("a file by the protocol file", str(canary), Code.FILE_REFUSED, protocol="file")
    yield case(FAMILY, "a file that is allowed", source(f"file://{allowed}/town.csv"), "1 rows")


def _redirects(world: World) -> Iterator[Case]:
    def to(name: str, location: str, code: Code, status: int = 302) -> Case:
        return case(FAMILY, name, source(), code, data__csv=redirect(location, status))

    for status in (301, 302, 303, 307, 308):
        yield to(f"a redirect {status} to the canary", f"{world.canary_url}/a.csv", Code.ADDRESS_REFUSED, status)
    bare = world.canary_url.removeprefix("http:")
    yield to("a redirect to the canary without a scheme", f"{bare}/a.csv", Code.ADDRESS_REFUSED)
    yield to("a redirect to the metadata of a cloud", "http://169.254.169.254/latest/", Code.ADDRESS_REFUSED)
    yield to("a redirect to a file", f"file://{world.canary}", Code.ADDRESS_REFUSED)
    yield to("a redirect to FTP", f"ftp:{bare}/a.csv", Code.ADDRESS_REFUSED)
    yield to("a redirect to gopher", "gopher://127.0.0.1/", Code.ADDRESS_REFUSED)
    yield to("a redirect to nowhere", "http://", Code.REDIRECTED_TOO_OFTEN)
    yield to("a redirect to itself", "data.csv", Code.REDIRECTED_TOO_OFTEN)
    yield to("a redirect with half a bracket", "http://[::1", Code.URL_INVALID)


def _answers() -> Iterator[Case]:
    csv = {"Content-Type": "text/csv"}
    page = b"<!DOCTYPE html><title>\x1b[2J\xe2\x80\xae</title>" + b"<p>" * 1000
    for name, response, expected in (
        ("an answer that ends early", Response(ROWS.encode(), headers=csv, length=10_000), Code.TRUNCATED),
        ("an answer that promises 8 EB", Response(ROWS.encode(), length=2**63 - 1), Code.TRUNCATED),
        ("an answer in pieces that never ends", Response(ROWS.encode(), chunked=True, stops_after=20), Code.TRUNCATED),
        ("an answer that falls silent", Response(ROWS.encode(), stops_after=9, silent=True), Code.TIMED_OUT),
        ("no answer at all", Response(hangs_up=True), Code.CONNECT_FAILED),
        ("an empty answer", Response(b""), Code.DATA_EMPTY),
        ("a page with a title for terminals", Response(page), Code.HTML_INSTEAD_OF_DATA),
        ("an answer that is not gzip as it says", _encoded(b"no gzip"), Code.TRUNCATED),
        ("an answer of status 999", Response(b"x", status=999), Code.HTTP_5XX),
        ("an answer of 206 that nobody asked for", Response(ROWS.encode(), status=206), Code.HTTP_4XX),
        ("an answer with a path as its file name", _named("../../../evil.csv"), "1 rows"),
        ("an answer with an absolute path as its file name", _named("/tmp/evil.csv"), "1 rows"),
    ):
        yield case(FAMILY, name, source(), expected, data__csv=response)


def _encoded(body: bytes) -> Response:
    return Response(body, headers={"Content-Encoding": "gzip"})


def _named(name: str) -> Response:
    return Response(ROWS.encode(), headers={"Content-Disposition": f'attachment; filename="{name}"'})
