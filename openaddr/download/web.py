"""HTTP as the downloads need it: redirects, headers, certificates and plain problems; nothing about what is fetched.

urllib3 follows no redirect and repeats no request on its own.
"""

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import urllib3
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import DecodeError, HTTPError, InsecureRequestWarning, ProtocolError, SSLError, TimeoutError
from urllib3.response import BaseHTTPResponse

from openaddr.download.address import Address, follow
from openaddr.download.allowance import Allowance
from openaddr.download.connections import open_pool
from openaddr.download.store import BLOCK
from openaddr.errors import Code, Problem, ProblemError
from openaddr.settings import Settings

MAX_REDIRECTS = 10
REDIRECTS = (301, 302, 303, 307, 308)
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.1
LENGTH = re.compile(r"[0-9]{1,18}")  # longer ones are no sizes of this world
OURS = {
    "host", "connection", "content-length", "transfer-encoding", "accept-encoding", "range", "if-range",
    "if-none-match", "if-modified-since",
}  # fmt: skip
NO_CONDITIONS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Answer:
    """A response whose body is still to be read, and the address it came from after redirects."""

    response: BaseHTTPResponse
    address: Address
    allowance: Allowance

    @property
    def promised(self) -> int | None:
        """Content-Length, None when the server does not say."""
        text = self.response.headers.get("content-length", "")
        chunked = "chunked" in self.response.headers.get("transfer-encoding", "").lower()
        return int(text) if LENGTH.fullmatch(text) and not chunked else None

    @property
    def received(self) -> int:
        """Bytes of the body read off the wire so far, before any Content-Encoding is undone."""
        return self.response.tell()

    def blocks(self, *, decode: bool) -> Iterator[bytes]:
        """The body in blocks of at most BLOCK bytes; with `decode` its Content-Encoding is undone.

        Raises ProblemError: TRUNCATED, TIMED_OUT, TOO_SLOW, TOO_LARGE, the last before the body where the length of
        that is promised.
        """
        if self.promised is not None:
            self.allowance.require(self.address.host, self.promised)
        try:
            while block := self.response.read1(BLOCK, decode_content=decode):
                self.allowance.keep(self.address.host, len(block))
                yield block
        except TimeoutError:
            raise ProblemError(Code.TIMED_OUT, f"{self.address.host} fell silent after {self._so_far()}.") from None
        except DecodeError as error:
            encoding = self.response.headers.get("content-encoding")
            message = f"{self.address.host} sent {self._so_far()} that are not {encoding}, as it says: {error}."
            raise ProblemError(Code.TRUNCATED, message) from None
        except (ProtocolError, SSLError):
            raise ProblemError(Code.TRUNCATED, f"{self.address.host} stopped after {self._so_far()}.") from None

    def _so_far(self) -> str:
        if self.promised is None:
            return f"{self.received:,} bytes, before the end of the body"
        return f"{self.received:,} of {self.promised:,} bytes"


class Client:
    """Requests for one layer source, one at a time; the body of an answer is read before the next request.

    Connections are kept open and reused until the end of the `with` block.

    `headers` of the source go to the host of `origin` only, and never again over a connection that failed
    verification. `warnings` tells which hosts had to be read unverified, `visited` where redirects led to. All
    clients of one download share an `allowance`.
    """

    def __init__(
        self, settings: Settings, origin: Address, headers: Mapping[str, str], allowance: Allowance | None = None
    ) -> None:
        self.settings = settings
        self.allowance = Allowance(settings) if allowance is None else allowance
        self.origin = origin
        self.warnings: list[Problem] = []
        self.visited = {origin}
        self._own_headers = _checked(headers)
        if origin.basic_authorization:
            self._own_headers = {"Authorization": origin.basic_authorization, **self._own_headers}
        self._unverified: set[str] = set()
        self._last: BaseHTTPResponse | None = None
        self._pools: dict[tuple[str, str, int, bool], HTTPConnectionPool] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._last is not None:
            self._last.close()
        for pool in self._pools.values():
            pool.close()

    def request(
        self,
        address: Address,
        *,
        method: str = "GET",
        form: str | None = None,
        accept_encoding: str = "identity",
        conditions: Mapping[str, str] = NO_CONDITIONS,
    ) -> Answer:
        """Ask for the address and follow redirects; `form` is an encoded form that goes along on each of them.

        `conditions` are header fields of ours that say which part of which edition is wanted. Any status but a
        redirect is an answer. Raises ProblemError.
        """
        start = address
        more = {**conditions, "Accept-Encoding": accept_encoding}
        for _ in range(MAX_REDIRECTS + 1):
            if self._last is not None:
                # Read to its end it has given its connection back, and this does nothing.
                self._last.close()
            self._last = response = self._send(address, method, form, more)
            location = response.headers.get("location")
            if response.status not in REDIRECTS or location is None:
                return Answer(response, address, self.allowance)
            response.close()
            address = follow(address, location)
            self.visited.add(address)
            if response.status == 303:  # RFC 9110, 15.4.4: see the other address with GET
                method, form = "GET", None
        message = f"{start.host} redirects more than {MAX_REDIRECTS} times, at last to {address.host}."
        raise ProblemError(Code.REDIRECTED_TOO_OFTEN, message)

    def _send(self, address: Address, method: str, form: str | None, more: Mapping[str, str]) -> BaseHTTPResponse:
        headers = {**self._headers(address), **more}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            return self._pool(address).urlopen(
                method,
                address.target,
                body=form,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except SSLError as error:
            if address.host in self._unverified or not _is_certificate_problem(error):
                message = f"No secure connection to {address.host}: {_reason(error)}."
                raise ProblemError(Code.TLS_ERROR, message) from None
            self._stop_verifying(address.host, error)
            return self._send(address, method, form, more)
        except TimeoutError:
            seconds = self.settings.read_seconds
            raise ProblemError(Code.TIMED_OUT, f"{address.host} did not answer within {seconds:g} seconds.") from None
        except HTTPError as error:
            message = f"{address.host} closed the connection without a usable answer: {_reason(error)}."
            raise ProblemError(Code.CONNECT_FAILED, message) from None

    def _headers(self, address: Address) -> dict[str, str]:
        headers = {"User-Agent": self.settings.user_agent, "Accept": "*/*"}
        if _is_same_server(self.origin, address) and address.host not in self._unverified:
            given = {name.lower() for name in self._own_headers}
            headers = {name: value for name, value in headers.items() if name.lower() not in given}
            headers |= self._own_headers
        return headers

    def _pool(self, address: Address) -> HTTPConnectionPool:
        verified = address.host not in self._unverified
        key = (address.scheme, address.host, address.port, verified)
        if key not in self._pools:
            self._pools[key] = open_pool(address, self.allowance, verified=verified)
        return self._pools[key]

    def _stop_verifying(self, host: str, error: SSLError) -> None:
        # Said once for each host by the warning below, not by urllib3 on stderr for each request.
        urllib3.disable_warnings(InsecureRequestWarning)
        self._unverified.add(host)
        unsent = " and without the headers of the source" if self._own_headers and host == self.origin.host else ""
        message = f"The certificate of {host} fails verification ({_reason(error)}); read without it{unsent}."
        self.warnings.append(Problem(Code.TLS_UNVERIFIED, message))


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that may be sent; those that make up the request itself are ours and left out."""
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name) or any(ord(character) > 255 for character in value):
            raise ProblemError(Code.SOURCE_SCHEMA, f"The request header {name!r} cannot be sent over HTTP.")
    return {name: value for name, value in headers.items() if name.lower() not in OURS}


def _is_same_server(origin: Address, address: Address) -> bool:
    """Same host and port, or its secure twin: what was meant for the one may be told to the other."""
    if origin.host != address.host:
        return False
    upgraded = (origin.scheme, origin.port, address.scheme, address.port) == ("http", 80, "https", 443)
    return upgraded or (origin.scheme, origin.port) == (address.scheme, address.port)


def _is_certificate_problem(error: SSLError) -> bool:
    return bool(error.args) and isinstance(error.args[0], ssl.SSLCertVerificationError)


def _reason(error: HTTPError) -> str:
    """What the innermost error says, without addresses of Python objects."""
    inner = error.args[-1] if error.args else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message
    if isinstance(inner, OSError):
        return inner.strerror or str(inner)
    return str(inner)
