"""A world of runs for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from openaddr.db.connections import open_pool
from openaddr.storage.folder import Folder
from openaddr.storage.objects import Storage
from tests.buckets import KINDS, bucket, credentials, s3_port
from tests.collecting.world import World

__all__ = ["bucket", "credentials", "s3_port"]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A new folder as a storage."""
    return Folder(tmp_path / "storage")


@pytest.fixture(params=KINDS)
def any_storage(request: pytest.FixtureRequest) -> Storage:
    """Each kind of storage in turn."""
    found: Storage = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def world(url: str, folder: Folder, tmp_path: Path) -> Iterator[World]:
    """A world without any run, whose files are in a folder."""
    with open_pool(url) as pool:
        yield World(pool, folder, tmp_path)


@pytest.fixture
def any_world(url: str, any_storage: Storage, tmp_path: Path) -> Iterator[World]:
    """The same with each kind of storage."""
    with open_pool(url) as pool:
        yield World(pool, any_storage, tmp_path)
