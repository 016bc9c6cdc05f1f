"""Connections whose sockets come from the guard: urllib3 resolves no name of its own and uses no proxy."""

import io
import logging
import socket
import ssl
from functools import partial
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, cast

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from openaddr.download import guard
from openaddr.download.address import Address
from openaddr.download.allowance import Allowance
from openaddr.download.metered import MeteredReader

# It quotes whole addresses, in which a query may hold a secret.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class _MeteredResponse(HTTPResponse):
    """An answer whose bytes are counted, and whose headers come to an end."""

    def __init__(
        self, opened: socket.socket, *arguments: Any, host: str, allowance: Allowance, **keywords: Any
    ) -> None:
        super().__init__(opened, *arguments, **keywords)
        self.fp.close()
        self._reader = MeteredReader(opened, host, allowance)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """Read status and headers."""
        self._reader.is_head = True
        super().begin()
        self._reader.is_head = False


class _GuardedConnection(HTTPConnection):
    """A connection whose socket comes from the guard, and whose answers are metered."""

    def __init__(self, *arguments: Any, allowance: Allowance, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._allowance = allowance
        answer = partial(_MeteredResponse, host=self.host, allowance=allowance)
        self.response_class = cast(type[HTTPResponse], answer)

    def _new_conn(self) -> socket.socket:
        return guard.connect(self.host, self.port, self._allowance)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    """The same below TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTlsConnection


def open_pool(address: Address, allowance: Allowance, *, verified: bool) -> HTTPConnectionPool:
    """Connections to the server of the address, opened when needed; over https `verified` or not."""
    settings = allowance.settings
    options: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=settings.connect_seconds, read=settings.read_seconds),
        "allowance": allowance,
    }
    if address.scheme == "http":
        return _Pool(address.host, address.port, **options)
    if verified:
        return _TlsPool(address.host, address.port, cert_reqs="CERT_REQUIRED", ca_certs=authorities(), **options)
    return _TlsPool(address.host, address.port, cert_reqs="CERT_NONE", assert_hostname=False, **options)


def authorities() -> str | None:
    """The certificate authorities to trust where the system brings none, as in slim containers; None = the system's."""
    paths = ssl.get_default_verify_paths()
    has_folder = paths.capath is not None and any(Path(paths.capath).iterdir())
    return None if paths.cafile or has_folder else certifi.where()
