"""What the tests of the download share: entries, settings that reach servers on this machine, and a way to fail."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from openaddr.download import download
from openaddr.errors import Problem, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import Conform, LayerSource
from openaddr.stages import Downloaded, Edition, Layer, silent

SETTINGS = Settings(allow_hosts=("127.0.0.1", "localhost"), connect_seconds=2, read_seconds=2, retry_seconds=0)
POINTER = "/layers/addresses/0"


def make_entry(data: str, protocol: str = "http", **members: Any) -> LayerSource:
    """An entry of addresses; its conform is GeoJSON that needs nothing."""
    members.setdefault("conform", Conform("geojson", ()))
    return LayerSource(Layer.ADDRESSES, "city", POINTER, protocol, data, **members)


@pytest.fixture
def fetch(tmp_path: Path) -> Callable[..., Downloaded]:
    """Download an address into a folder of the test; settings by name, members of the entry by `entry`."""

    def fetch(data: str, protocol: str = "http", settings: Settings = SETTINGS, **members: Any) -> Downloaded:
        progress, known = members.pop("progress", silent), members.pop("known", Edition())
        return download(make_entry(data, protocol, **members), tmp_path / "got", settings, progress, known)

    return fetch


@pytest.fixture
def problem(fetch: Callable[..., Downloaded]) -> Callable[..., Problem]:
    """Download an address and give the problem that stops it."""

    def problem(*arguments: Any, **keywords: Any) -> Problem:
        with pytest.raises(ProblemError) as caught:
            fetch(*arguments, **keywords)
        return caught.value.problem

    return problem


@contextmanager
def scripted(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that treats each connection as `talk` says, one after the other; gives its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    opened, _ = listening.accept()
                    with opened, suppress(ConnectionError):
                        talk(opened)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def saying(*lines: bytes) -> Callable[[socket.socket], None]:
    """Read a little, say these bytes, and hang up."""

    def talk(opened: socket.socket) -> None:
        opened.settimeout(0.1)
        with suppress(TimeoutError):
            opened.recv(1000)
        opened.sendall(b"".join(lines))

    return talk


def drip(piece: bytes, every: float, head: bytes = b"", most: int = 200) -> Callable[[socket.socket], None]:
    """Say `head`, then a piece at a time, as long as somebody listens (at most `most` pieces)."""

    def talk(opened: socket.socket) -> None:
        opened.sendall(head)
        opened.settimeout(every)
        for _ in range(most):
            with suppress(TimeoutError):
                if not opened.recv(1000):
                    return
            opened.sendall(piece)

    return talk


@pytest.fixture(scope="session")
def unknown_authority() -> ssl.SSLContext:
    """A server's TLS context whose certificate comes from an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context
