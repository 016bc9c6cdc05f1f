"""Fixtures of a database for each test, for the folders whose tests need one."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from openaddr.db.connections import connect
from openaddr.db.migrating import migrate
from tests.postgres import create_database, empty, server

NAME = f"openaddr_test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server; `OPENADDR_TEST_DATABASE_URL` may name one that runs already."""
    if given := os.environ.get("OPENADDR_TEST_DATABASE_URL"):
        yield given
        return
    # The path of a socket may have 100 characters; folders of pytest have more.
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, server(Path(folder)) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_url(server_url: str) -> str:
    """A database with the schema."""
    url = create_database(server_url, NAME)
    with connect(url) as conn:
        migrate(conn)
    return url


@pytest.fixture
def url(migrated_url: str) -> str:
    """A database with the schema and nothing in it."""
    empty(migrated_url)
    return migrated_url
