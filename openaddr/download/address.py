"""The address of the data: text of a source file or of a redirect in, checked and percent-encoded parts out."""

import base64
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from openaddr.errors import Code, ProblemError

PORTS = {"http": 80, "https": 443, "ftp": 21}
PATH_SAFE = "/%:@!$&'()*+,;=~"
QUERY_SAFE = PATH_SAFE + "?"


@dataclass(frozen=True)
class Address:
    """An http, https or ftp address. `target` is path and query, percent-encoded; `host` is ASCII, lower case."""

    scheme: str
    host: str
    port: int
    target: str
    user: str | None = None
    password: str | None = None

    @property
    def path(self) -> str:
        """The path as the publisher named it, decoded, without query."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        """What follows the question mark, still encoded; '' without one."""
        return self.target.partition("?")[2]

    @property
    def url(self) -> str:
        """The whole address, without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"

    @property
    def basic_authorization(self) -> str | None:
        """The value of an Authorization header for user and password, if there are any (RFC 7617)."""
        if self.user is None:
            return None
        return "Basic " + base64.b64encode(f"{self.user}:{self.password or ''}".encode()).decode()


def parse_address(text: str) -> Address:
    """Check and take apart an address; blanks around it do not matter. Raises ProblemError(URL_INVALID)."""
    if any(ord(character) < 32 for character in text.strip()):
        raise _invalid("it contains a control character")
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        # Python's own words quote what stands for the port, which may be part of a password.
        raise _invalid("its host or port cannot be read") from None
    if parts.scheme not in PORTS:
        known = ", ".join(PORTS)
        raise _invalid(f"its scheme is {parts.scheme!r}, expected one of {known}")
    if any(ord(character) < 32 for character in unquote(parts.path)):
        raise _invalid("it contains an encoded control character")
    return Address(
        scheme=parts.scheme,
        host=_host(parts),
        port=PORTS[parts.scheme] if port is None else port,
        target=_target(parts),
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


def follow(address: Address, location: str) -> Address:
    """Where a redirect leads, relative to the address that answered.

    Servers send raw UTF-8 where RFC 9110 asks for ASCII; http.client hands it over as Latin-1. Raises ProblemError.
    """
    with suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    try:
        joined = urljoin(address.url, location.strip())
    except ValueError:
        # Not quoted, as there may be a secret in it.
        raise _invalid(f"{address.host} redirects to something that is no address") from None
    scheme = urlsplit(joined).scheme
    if scheme not in ("http", "https"):
        message = f"{address.host} redirects to an address of scheme {scheme!r}; only http and https are followed."
        raise ProblemError(Code.ADDRESS_REFUSED, message)
    return parse_address(joined)


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise _invalid("it names no host")
    if host.isascii():
        if any(character in host for character in " %<>\"'\\^`{|}"):
            raise _invalid(f"{host!r} is no name of a host")
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise _invalid(f"{host!r} is no name of a host: {error}") from None


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=PATH_SAFE)
    return f"{path}?{quote(parts.query, safe=QUERY_SAFE)}" if parts.query else path


def _invalid(reason: str) -> ProblemError:
    return ProblemError(Code.URL_INVALID, f"The address of the data cannot be used: {reason}.")
