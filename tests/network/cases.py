"""Addresses that try to get at a private network, what answers on the public side, and how each has to end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from openaddr.errors import Code

REFUSED, INVALID = Code.ADDRESS_REFUSED, Code.URL_INVALID
OTHER_PUBLIC = "93.184.1.1"


@dataclass(frozen=True)
class Case:
    """One source. `{public}` and `{private}` stand for addresses that only this case has, `{name}` for its host name.

    `code` is how it ends, None = it succeeds. `redirects` maps paths of the public servers to status and target,
    `names` gives for a name what is resolved: one list of records for each time that it is asked, the last one for
    ever. `passive` is what its FTP server answers to PASV and EPSV. `reaches` says whether its public server is
    connected to at all: a case that has to get that far and does not would show nothing.
    """

    data: str
    code: Code | None = REFUSED
    protocol: str = "http"
    redirects: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    names: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    passive: str = ""
    reaches: bool = False


def _spelling(data: str, code: Code = REFUSED) -> Case:
    return Case(data, code)


def _named(*answers: Sequence[str]) -> Case:
    return Case("http://{name}/data.csv", names={"{name}": answers})


def _redirected(target: str, code: Code = REFUSED, status: int = 302) -> Case:
    return Case("http://{public}/start", code, redirects={"/start": (status, target)}, reaches=True)


CONTROLS = {
    "a public address": Case("http://{public}/data.csv", None, reaches=True),
    "a public name": Case("http://{name}/data.csv", None, names={"{name}": [["{public}"]]}, reaches=True),
    "a public address of IPv6": Case("http://[{public6}]/data.csv", None, reaches=True),
    "a redirect to a public address": Case(
        "http://{public}/start", None, redirects={"/start": (301, f"http://{OTHER_PUBLIC}/data.csv")}, reaches=True
    ),
    "ftp": Case("ftp://{public}/data.csv", None, "ftp", reaches=True),
    "a name that is public when it is asked for first": Case(
        "http://{name}/data.csv", None, names={"{name}": [["{public}"], ["{private}"]]}, reaches=True
    ),
    "private user information before a public host": Case("http://127.0.0.1\\@{public}/data.csv", None, reaches=True),
    "PASV names a private host": Case(
        "ftp://{public}/data.csv", None, "ftp", passive="227 Entering ({private,},8,73)", reaches=True
    ),
    "PASV names this machine": Case(
        "ftp://{public}/data.csv", None, "ftp", passive="227 Entering (127,0,0,1,8,73)", reaches=True
    ),
    "EPSV names a private host": Case(
        "ftp://[{public6}]/data.csv", None, "ftp", passive="229 Entering (|1|{private}|2121|)", reaches=True
    ),
}

SPELLINGS = {
    spelling: _spelling(f"http://{spelling}/data.csv")
    for spelling in (
        "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001",
        "0177.0.0.1", "0177.0.0.0x1", "127.255.255.254", "0.0.0.0", "0", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::FFFF:10.66.0.1]", "localhost", "localhost.",
        "LOCALHOST", "LocalHost", "１２７.0.0.1", "127。0。0。1", "127．0．0．1", "①②⑦.⓪.⓪.①", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "10.66.0.1", "172.16.66.1", "192.168.66.1", "169.254.169.254", "2852039166", "0xA9FEA9FE", "100.64.66.1",
        "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.66.1", "203.0.113.66", "224.0.0.66", "240.0.0.66",
        "255.255.255.255", "[fd00:ec2::254]", "[fc00::66]", "[fe80::66]", "[fec0::66]", "[2002:a42:1::1]",
        "[2002:7f00:1::]", "[64:ff9b::10.66.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::a42:1]", "[2001:0:a42:1::1]",
        "[2001:db8::66]", "[3fff::66]", "[5f00::66]", "[ff02::66]", "8.8.8.8@127.0.0.1", "8.8.8.8:80@127.0.0.1:80",
        "8.8.8.8\\@127.0.0.1", "8.8.8.8%2f@127.0.0.1", "127.0.0.1#@8.8.8.8", "127.0.0.1?@8.8.8.8",
        "127.0.0.1:80", "10.66.0.2:22", "10.66.0.3:2121",
    )
}  # fmt: skip

BROKEN = {
    text: _spelling(text, INVALID)
    for text in (
        "http://%31%32%37.0.0.1/data.csv", "http://127.0.0.1%00.example/data.csv", "http://127.0.0.1\\/data.csv",
        "http://127.0.0.1\t/data.csv", "http://127.0\n.0.1/data.csv", "http://[::1%25lo]/data.csv",
        "http://[fe80::1%lo]/data.csv", "http:127.0.0.1/data.csv", "http:/127.0.0.1/data.csv",
        "http:///127.0.0.1/data.csv", "//127.0.0.1/data.csv", "127.0.0.1/data.csv", "\\\\127.0.0.1\\data.csv",
        "http://127.0.0.1 /data.csv", "http://127.0.0.1:99999/data.csv", "gopher://127.0.0.1:80/_GET",
        "dict://127.0.0.1:22/x", "ldap://127.0.0.1/", "tftp://127.0.0.1/x", "jar:http://127.0.0.1/x",
        "netdoc:///etc/passwd", "http+unix://%2frun%2fdocker.sock/info",
    )
}  # fmt: skip

SCHEMES = {
    "https to a private address": Case("https://{private}/data.csv"),
    "ftp to a private address": Case("ftp://{private}/data.csv", protocol="ftp"),
    "ftp to this machine": Case("ftp://127.0.0.1/data.csv", protocol="ftp"),
    "an ESRI service on a private address": Case("http://{private}/MapServer/0", protocol="ESRI"),
    "a file": Case("file:///etc/passwd", Code.FILE_REFUSED),
    "a file of another host": Case("file://{private}/etc/passwd", INVALID),
}

NAMES = {
    "a private name": _named(["{private}"]),
    "the name of a metadata service": _named(["169.254.169.254"]),
    "a name of this machine": _named(["127.0.0.1"]),
    "a name of no address": _named(["0.0.0.0"]),
    "a name of loopback in IPv6": _named(["::1"]),
    "a name of a mapped address": _named(["::ffff:{private}"]),
    "a name of a translated address": _named(["64:ff9b::a42:1"]),
    "a name that is public and private": _named(["{public}", "{private}"]),
    "a name that is private and public": _named(["{private}", "{public}"]),
    "a name that is public, and private in IPv6": _named(["{public}", "fd00:ec2::254"]),
    "a name with one private address among many": _named([*(f"93.184.2.{last}" for last in range(20)), "{private}"]),
    "an alias of a private name": _named(["inner.example", "{private}"]),
    "an alias of localhost": _named(["localhost", "127.0.0.1"]),
    "a private name with a dot at its end": Case("http://{name}./data.csv", names={"{name}": [["{private}"]]}),
    "a name without an address": Case("http://{name}/data.csv", Code.HOST_NOT_FOUND, names={"{name}": [[]]}),
    "a name that turns private for the next connection": Case(
        "http://{name}/start",
        redirects={"/start": (302, "http://{name}:2122/data.csv")},
        names={"{name}": [["{public}"], ["{private}"]]},
        reaches=True,
    ),
    "a name that turns private for the next try": Case(
        "http://{name}/hang-up", names={"{name}": [["{public}"], ["{private}"]]}, reaches=True
    ),
    "a name that turns private for the next ftp try": Case(
        "ftp://{name}/none", protocol="ftp", names={"{name}": [["{public}"], ["{private}"]]},
        passive="421 Come again", reaches=True,
    ),
}  # fmt: skip

REDIRECTS = {
    **{f"status {status}": _redirected("http://{private}/data.csv", status=status) for status in (301, 302, 303)},
    **{f"status {status}": _redirected("http://{private}/data.csv", status=status) for status in (307, 308)},
    "to another port of this machine": _redirected("http://127.0.0.1:22/"),
    "to a metadata service": _redirected("http://169.254.169.254/latest/meta-data/"),
    "to localhost": _redirected("http://localhost/data.csv"),
    "to a number": _redirected("http://2130706433/data.csv"),
    "to loopback in IPv6": _redirected("http://[::1]/data.csv"),
    "to a mapped address": _redirected("http://[::ffff:{private}]/data.csv"),
    "to https": _redirected("https://{private}/data.csv"),
    "without a protocol": _redirected("//{private}/data.csv"),
    "with backslashes": _redirected("\\\\{private}\\data.csv", Code.HTTP_404),
    "with three slashes": _redirected("///{private}/data.csv", Code.HTTP_404),
    "with user information": _redirected("http://{public}@{private}/data.csv"),
    "with a tab in the host": _redirected("http://127.0.\t0.1/data.csv"),
    "with a broken host": _redirected("http://[{private}/data.csv", INVALID),
    "with full-width digits": _redirected("http://１２７.0.0.1/data.csv"),
    "to a file": _redirected("file:///etc/passwd"),
    "to gopher": _redirected("gopher://{private}:22/_x"),
    "to ftp": _redirected("ftp://{private}/data.csv"),
    "to public ftp": _redirected("ftp://{public}/data.csv"),
    "to data": _redirected("data:text/csv,a"),
    "to a script": _redirected("javascript:alert(1)"),
    "in a chain": Case(
        "http://{public}/start",
        redirects={
            "/start": (301, f"http://{OTHER_PUBLIC}/{{id}}/2"),
            "/{id}/2": (307, "http://{public}/3"),
            "/3": (308, "http://{private}/data.csv"),
        },
        reaches=True,
    ),
    "to a private name": Case(
        "http://{public}/start",
        redirects={"/start": (302, "http://{name}/data.csv")},
        names={"{name}": [["{private}"]]},
        reaches=True,
    ),
    "of an ESRI layer": Case(
        "http://{public}/moved/MapServer/0", protocol="ESRI",
        redirects={"/moved/MapServer/0": (302, "http://{private}/MapServer/0")}, reaches=True,
    ),
    "of a query to an ESRI layer": Case(
        "http://{public}/MapServer/0", protocol="ESRI",
        redirects={"/MapServer/0/query": (307, "http://{private}/MapServer/0/query")}, reaches=True,
    ),
}  # fmt: skip

HOSTILE: dict[str, Case] = {
    f"{group}: {name}": case
    for group, cases in {
        "address": SPELLINGS, "text": BROKEN, "scheme": SCHEMES, "name": NAMES, "redirect": REDIRECTS,
    }.items()
    for name, case in cases.items()
}  # fmt: skip
CASES: dict[str, Case] = {**{f"control: {name}": case for name, case in CONTROLS.items()}, **HOSTILE}


def filled(text: str, number: int) -> str:
    """A text of case `number` with its own addresses and name in it."""
    private = f"10.66.{number}.1"
    own = {
        "{public}": public(number),
        "{public6}": public6(number),
        "{private}": private,
        "{private,}": private.replace(".", ","),
        "{name}": f"case{number}.example",
        "{id}": str(number),
    }
    for mark, value in own.items():
        text = text.replace(mark, value)
    return text


def public(number: int) -> str:
    """The public address of a case."""
    return f"93.184.{number}.34"


def public6(number: int) -> str:
    """The same of IPv6."""
    return f"2606:2800:{number:x}::1"
