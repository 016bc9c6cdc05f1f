"""What the tests of the download share: entries, settings that reach servers on this machine, and a way to fail."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from openaddr.download import download
from openaddr.errors import Problem, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import Conform, LayerSource
from openaddr.stages import Downloaded, Layer, silent

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
        progress = members.pop("progress", silent)
        return download(make_entry(data, protocol, **members), tmp_path / "got", settings, progress)

    return fetch


@pytest.fixture
def problem(fetch: Callable[..., Downloaded]) -> Callable[..., Problem]:
    """Download an address and give the problem that stops it."""

    def problem(*arguments: Any, **keywords: Any) -> Problem:
        with pytest.raises(ProblemError) as caught:
            fetch(*arguments, **keywords)
        return caught.value.problem

    return problem


@pytest.fixture(scope="session")
def unknown_authority() -> ssl.SSLContext:
    """A server's TLS context whose certificate comes from an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context
