"""Kills processes that work on a run, and looks at what becomes of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from deployments.embedded.keeper import descendants
from deployments.embedded.service import ROOT
from flows.sending import send_due
from openaddr.db import runs
from openaddr.db.connections import connect
from openaddr.storage.objects import Stored
from tests.deployments.processes import eventually, is_alive
from tests.flows.conftest import Town

WATCH = """
create table ends (run_id bigint, status run_status);
create function note_end() returns trigger language plpgsql as $$
begin
    if new.finished_at is not null then insert into ends values (new.id, new.status); end if;
    return null;
end $$;
create trigger note_end after insert or update of status on runs for each row execute function note_end();
"""
FORGET = "drop trigger note_end on runs; drop function note_end; drop table ends"


@contextmanager
def ends_noted(url: str) -> Iterator[None]:
    """The database itself notes each final status that is committed."""
    with connect(url) as conn:
        conn.execute(WATCH)
    yield
    with connect(url) as conn:
        conn.execute(FORGET)


def ends_of(town: Town, run_id: int) -> list[str]:
    """The final statuses that were ever committed of a run."""
    with town.opened.pool.connection() as conn:
        return [status for (status,) in conn.execute("select status from ends where run_id = %s", [run_id])]


@contextmanager
def victim(point: str, run_id: int, clock: float = 0.0) -> Iterator[subprocess.Popen[bytes]]:
    """A process that works on a run as far as a point; it and all that it has started is dead afterwards.

    Its clock is ahead by so many seconds.
    """
    command = [sys.executable, "-m", "tests.flows.victim", point, str(run_id), str(clock)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        try:
            yield process
        finally:
            below = list(descendants(process.pid))
            process.send_signal(signal.SIGKILL)
    eventually(lambda: not any(map(is_alive, below)))


def kill_when(point: str, run_id: int) -> int:
    """Kill whoever works on a run at a point; gives how many processes had been started by then."""
    with victim(point, run_id) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        return len(list(descendants(process.pid)))


def let_time_pass(town: Town, run_id: int) -> None:
    """What was promised to the one that is dead runs out."""
    with town.opened.pool.connection() as conn:
        conn.execute("update runs set lease_until = clock_timestamp() - interval '1s' where id = %s", [run_id])
        conn.execute("update outbox set next_try_at = clock_timestamp()")


def swept(town: Town) -> None:
    """What the sweep does with the record."""
    with town.opened.pool.connection() as conn:
        runs.release_expired(conn)
    send_due(town.opened)


def stored(town: Town, run_id: int) -> dict[str, Stored | None]:
    """What is stored of a run and as the latest, with when it was written."""
    keys = [found.key for prefix in (f"runs/{run_id}/", "latest/") for found in town.opened.storage.list(prefix)]
    return {key: town.opened.storage.head(key) for key in keys}
