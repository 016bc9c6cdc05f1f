"""What flows work with: the record and the storage, as the settings say."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from openaddr import logs, settings
from openaddr.db.connections import open_pool
from openaddr.db.migrating import require_current
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.storage import open_storage
from openaddr.storage.objects import Storage


@dataclass(frozen=True)
class Services:
    """One pool of connections and one storage."""

    settings: Settings
    pool: ConnectionPool[Connection[Any]]
    storage: Storage


@contextmanager
def services(flow_run_id: object = None) -> Iterator[Services]:
    """Open both, for one flow run, whose lines say its id.

    Raises ProblemError when one is not to be had, or the record is not of our release.
    """
    loaded = settings.load()
    logs.set_up(loaded)
    if not loaded.database_url:
        raise ProblemError(Code.DATABASE_AWAY, "DATABASE_URL is not set: it says where the record is.")
    storage = open_storage(loaded)
    with logs.about(flow_run=flow_run_id), open_pool(loaded.database_url) as pool:
        with pool.connection() as conn:
            require_current(conn)
        yield Services(loaded, pool, storage)
