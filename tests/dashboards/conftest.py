"""The site of Windmere, published once for all tests that only look at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dashboards.site import publish
from deployments.embedded import site
from openaddr.db import pages
from openaddr.db.connections import connect, open_pool
from openaddr.db.migrating import migrate
from openaddr.dotmap.making import make
from openaddr.maps.drawing import draw_missing
from openaddr.storage.folder import Folder
from tests.dashboards.windmere import Windmere, fill
from tests.databases import NAME
from tests.postgres import create_database


@dataclass(frozen=True)
class Published:
    """A site on a port: `address` ends in a slash, `pages` is the folder of its pages."""

    address: str
    pages: Path
    storage: Folder
    known: Windmere

    def at(self, path: str) -> str:
        """The address of a path."""
        return f"{self.address}{path}"


@pytest.fixture(scope="session")
def windmere(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """The site, served."""
    place = tmp_path_factory.mktemp("windmere")
    storage = Folder(place / "storage")
    database = create_database(server_url, f"{NAME}_windmere")
    with connect(database) as conn:
        migrate(conn)
        known = fill(conn, storage, place / "work")
        assert draw_missing(conn, storage) == [known.set_id]
        assert make(pages.states(conn), storage, place / "work", 60)
    with site.running(storage.root, place / "port", place / "site.log") as running, open_pool(database) as pool:
        publish(pool, storage, running.address)
        yield Published(running.address, storage.root / "site", storage, known)
