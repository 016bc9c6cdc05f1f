"""A folder and a bucket, for tests that have to pass with both."""

from pathlib import Path

import pytest

from openaddr.storage.folder import Folder
from openaddr.storage.objects import Storage
from tests.buckets import KINDS, bucket, credentials, s3_port

__all__ = ["bucket", "credentials", "s3_port"]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A new folder."""
    return Folder(tmp_path / "storage")


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest) -> Storage:
    """Each kind of storage in turn."""
    found: Storage = request.getfixturevalue(request.param)
    return found
