"""Brings the archive of a commit onto the disk: over redirects, which lead to another host, and within limits."""

import errno
import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import certifi
import urllib3
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from openaddr.errors import Code, ProblemError
from openaddr.github.refusals import explained, innermost, refusal
from openaddr.github.waiting import Limits, Patience

BLOCK = 1 << 20
MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
LONGEST_REASON = 2_000
"""Bytes of a refusal that are read."""


class Download:
    """One answer after its redirects. `secret` are headers that only the server of the first address may see."""

    def __init__(self, url: str, headers: Mapping[str, str], secret: Mapping[str, str], limits: Limits) -> None:
        self._url = self._first = url
        self._headers, self._secret, self._limits = headers, secret, limits
        self._ends = time.monotonic() + limits.archive_seconds
        self._received = 0
        self._response: BaseHTTPResponse | None = None
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(limits.answer_seconds), ssl_context=_trust())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        self._pool.clear()

    def ask(self, patience: Patience) -> int:
        """The status of the answer, after redirects. Raises ProblemError."""
        for _ in range(MAX_REDIRECTS + 1):
            self._close()
            with explained(self._host):
                self._response = self._pool.request(
                    "GET",
                    self._url,
                    headers={**self._headers, **(self._secret if self._is_at_home else {})},
                    retries=patience,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                )
            location = self._response.headers.get("location")
            if self._response.status not in REDIRECTS or location is None:
                return self._response.status
            self._url = self._followed(location)
        raise self._bad(f"is behind more than {MAX_REDIRECTS} redirects")

    def save(self, target: Path) -> None:
        """Write the body to a file. Raises ProblemError, also for an answer that has none."""
        response = self._response
        assert response is not None, "it was asked for"
        if response.status != 200:
            with explained(self._host):
                said = response.read1(LONGEST_REASON).decode("utf-8", "replace")
            raise refusal(self._host, response.status, response.headers, said)
        try:
            with target.open("wb") as file:
                for block in self._blocks(response):
                    file.write(block)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise ProblemError(Code.DISK_FULL, f"No room for the archive after {self._received:,} bytes.") from None

    def _blocks(self, response: BaseHTTPResponse) -> Iterator[bytes]:
        try:
            while block := response.read1(BLOCK, decode_content=False):
                self._received += len(block)
                if self._received > self._limits.archive_bytes:
                    message = f"The archive of the commit has more than {self._limits.archive_bytes:,} bytes."
                    raise ProblemError(Code.GITHUB_ARCHIVE_TOO_LARGE, message)
                if time.monotonic() > self._ends:
                    raise self._bad(f"was not there after {self._limits.archive_seconds:g} seconds")
                yield block
        except HTTPError as error:
            raise self._bad(f"broke off: {innermost(error)}") from None

    def _followed(self, location: str) -> str:
        """The address that a redirect leads to. Raises ProblemError when it is none, or less safe than the first."""
        try:
            url = urljoin(self._url, location)
            scheme, has_host = urlsplit(url).scheme, bool(urlsplit(url).hostname)
        except ValueError:
            scheme, has_host = "", False
        if not has_host or scheme not in ("https", urlsplit(self._first).scheme):
            raise self._bad("is redirected to an address that cannot be trusted")
        return url

    @property
    def _host(self) -> str:
        return urlsplit(self._url).hostname or ""

    @property
    def _is_at_home(self) -> bool:
        """Whether the address is one of the server that may see the secrets: scheme, host and port."""
        return urlsplit(self._url)[:2] == urlsplit(self._first)[:2]

    def _bad(self, what: str) -> ProblemError:
        message = f"The archive of the commit, from {self._host}, {what}; {self._received:,} bytes came."
        return ProblemError(Code.GITHUB_ARCHIVE_BAD, message)

    def _close(self) -> None:
        if self._response is not None:
            self._response.close()


def _trust() -> ssl.SSLContext:
    """The certificate authorities of the system, and those of certifi where it has none, as in slim containers."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
