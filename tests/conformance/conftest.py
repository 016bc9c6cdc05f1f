"""Conformance is measured on reference material that is not part of the project: OPENADDR_SHARED names its folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.recordings import Recordings, served


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the reference material; its tests are left out where it is absent."""
    folder = os.environ.get("OPENADDR_SHARED", "")
    if not folder or not Path(folder, "expected").is_dir():
        pytest.skip("OPENADDR_SHARED names no folder of reference material")
    return Path(folder).resolve()


@pytest.fixture(scope="module")
def recordings(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recordings]:
    """The recordings, served."""
    with served(shared, tmp_path_factory.mktemp("recorded") / "sources") as found:
        yield found
