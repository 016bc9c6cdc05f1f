"""Connections whose sockets come from the guard: urllib3 resolves no name of its own and uses no proxy."""

import socket
import ssl
from collections.abc import Collection
from pathlib import Path
from typing import Any

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from openaddr.download import guard
from openaddr.download.address import Address
from openaddr.settings import Settings


class _GuardedConnection(HTTPConnection):
    """A connection whose socket comes from the guard."""

    def __init__(self, *arguments: Any, allow_hosts: Collection[str] = (), **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.allow_hosts = allow_hosts

    def _new_conn(self) -> socket.socket:
        seconds = self.timeout if isinstance(self.timeout, (int, float)) else None
        return guard.connect(self.host, self.port, seconds, self.allow_hosts)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    """The same below TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTlsConnection


def open_pool(address: Address, settings: Settings, *, verified: bool) -> HTTPConnectionPool:
    """Connections to the server of the address, opened when needed; over https `verified` or not."""
    options: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=settings.connect_seconds, read=settings.read_seconds),
        "allow_hosts": settings.allow_hosts,
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
