"""Lets go of what is old: files of runs, pages of jobs, rows, caches.

In this order, so that no page ever links to nothing: the record says that the files of a run are not kept any more, the
pages are rendered, then the files go. Whoever is killed in between is followed by one that goes on, because the record
knows which files are to go and which are gone. What is never let go of is in `db/queries/keeping.sql`, with the runs
that a published collection names (`naming`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from openaddr.db import keeping
from openaddr.db.keeping import ExpiredJob, ExpiredRun
from openaddr.keeping.caches import old_files
from openaddr.keeping.naming import named_runs
from openaddr.settings import Settings
from openaddr.storage.keys import run_prefix
from openaddr.storage.objects import Listed, Storage
from openaddr.words import plural

AT_ONCE = 200
"""Runs whose files go together, ten keys each; rows that go in one transaction."""


@dataclass(frozen=True)
class Shelves:
    """Where things are kept, and for how long. `breathe` is called often, and raises to stop."""

    pool: ConnectionPool[Connection[Any]]
    storage: Storage
    settings: Settings
    breathe: Callable[[], None]


@dataclass(frozen=True)
class Removed:
    """How much went. `runs` and `jobs` are those that came to be expired, `emptied` the runs whose files went."""

    runs: int = 0
    jobs: int = 0
    emptied: int = 0
    files: int = 0
    cached: int = 0
    deliveries: int = 0
    messages: int = 0

    def __str__(self) -> str:
        return (
            f"{plural(self.runs, 'run')} and {plural(self.jobs, 'job')} expired; "
            f"{plural(self.files, 'file')} of {plural(self.emptied, 'run')}, {plural(self.cached, 'cached file')}, "
            f"{self.deliveries:,} deliveries and {plural(self.messages, 'message')} removed"
        )


@dataclass(frozen=True)
class Old:
    """What would go."""

    runs: list[ExpiredRun]
    jobs: list[ExpiredJob]
    cached: list[Listed]
    counts: Removed


def remove_old(shelves: Shelves, render: Callable[[], None]) -> Removed:
    """Let go of what is old; `render` brings all pages to what the record says when it is called.

    Raises ProblemError; then files that are still there are no page's, and go the next time.
    """
    runs, jobs = _expire(shelves)
    emptied = files = 0
    if jobs or _to_empty(shelves):
        render()
        emptied, files = _empty(shelves)
    cached = _forget_cached(shelves)
    days = shelves.settings
    deliveries = _forget(shelves, keeping.forget_deliveries, days.keep_deliveries_days)
    messages = _forget(shelves, keeping.forget_messages, days.keep_messages_days)
    return Removed(runs, jobs, emptied, files, cached, deliveries, messages)


def list_old(shelves: Shelves) -> Old:
    """What would go now. It is done and taken back again, so that it cannot be anything else."""
    with shelves.pool.connection() as conn, conn.transaction(force_rollback=True):
        runs = [found for some in _expired(shelves, conn) for found in some]
        days = shelves.settings
        jobs = keeping.expire_jobs(conn, days.keep_jobs_days) if days.keep_jobs_days else []
        waiting = keeping.to_empty(conn, limit=1_000_000)
        deliveries = _count(conn, keeping.forget_deliveries, days.keep_deliveries_days)
        messages = _count(conn, keeping.forget_messages, days.keep_messages_days)
        cached = list(old_files(conn, shelves.storage, days.keep_cache_days))
    files = sum(len(list(shelves.storage.list(run_prefix(run_id)))) for run_id in waiting)
    counts = Removed(len(runs), len(jobs), len(waiting), files, len(cached), deliveries, messages)
    return Old(runs, jobs, cached, counts)


def _expire(shelves: Shelves) -> tuple[int, int]:
    """Have the record say what is not kept; gives how many runs and jobs."""
    count, days = 0, shelves.settings.keep_jobs_days
    with shelves.pool.connection() as conn:
        for some in _expired(shelves, conn):
            count += len(some)
            conn.commit()
            shelves.breathe()
        return count, len(keeping.expire_jobs(conn, days)) if days else 0


def _expired(shelves: Shelves, conn: Connection[Any]) -> Iterator[list[ExpiredRun]]:
    """Runs that come to be expired, some at a time: the originals follow their copies."""
    named = named_runs(conn, shelves.storage)
    while some := keeping.expire_runs(conn, shelves.settings.keep_runs_days, named, AT_ONCE):
        yield some


def _to_empty(shelves: Shelves) -> list[int]:
    with shelves.pool.connection() as conn:
        return keeping.to_empty(conn, AT_ONCE)


def _empty(shelves: Shelves) -> tuple[int, int]:
    """Remove the files of expired runs; gives how many runs and files."""
    runs = files = 0
    while some := _to_empty(shelves):
        keys = [found.key for run_id in some for found in shelves.storage.list(run_prefix(run_id))]
        shelves.storage.delete_many(keys)
        with shelves.pool.connection() as conn:
            keeping.mark_emptied(conn, some)
        runs, files = runs + len(some), files + len(keys)
        shelves.breathe()
    return runs, files


def _forget_cached(shelves: Shelves) -> int:
    with shelves.pool.connection() as conn:
        keys = [found.key for found in old_files(conn, shelves.storage, shelves.settings.keep_cache_days)]
    shelves.storage.delete_many(keys)
    return len(keys)


Forgetting = Callable[[Connection[Any], int, int], int]


def _forget(shelves: Shelves, some: Forgetting, days: int) -> int:
    """Delete old rows, some at a time; gives how many."""
    count = 0
    while days:
        with shelves.pool.connection() as conn:
            gone = some(conn, days, AT_ONCE)
        count += gone
        if gone < AT_ONCE:
            break
        shelves.breathe()
    return count


def _count(conn: Connection[Any], some: Forgetting, days: int) -> int:
    return some(conn, days, 1_000_000) if days else 0


def lines(old: Old) -> Iterator[str]:
    """One line for each thing that would go, as programs may read it: what it is, then which."""
    yield from map(str, old.runs)
    yield from map(str, old.jobs)
    yield from (f"file {found.key}, {found.bytes:,} bytes, stored on {found.modified:%Y-%m-%d}" for found in old.cached)
    for name in ("deliveries", "messages"):
        if count := getattr(old.counts, name):
            yield f"{count:,} {name}"
