"""What is done to a run that is worked on: each fault has it worked on, and hurts it or what it stands on."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from demo.servers.serving import Response
from deployments.embedded.keeper import descendants
from deployments.embedded.service import ROOT
from tests.faults.place import Place
from tests.flows.conftest import Town
from tests.flows.killing import kill_when, let_time_pass, swept, victim
from tests.flows.victim import POINTS
from tests.storage.proxy import flip_after

RUN_SECONDS = 3.0
"""How long a victim takes from its start to its end, about: what comes at random times is spread over that."""
ENDS_WITHIN, FROZEN_WITHIN = 100.0, 10.0
METHODS = (b"PUT ", b"POST ", b"GET ", b"HEAD ", b"DELETE ")

Fault = Callable[[Place, int, random.Random], None]
"""Has a run worked on, and hurts it."""


@dataclass(frozen=True)
class Kind:
    """A kind of fault, how often it is done on each storage, and what else there is to its name."""

    name: str
    fault: Fault
    tries: int
    storages: Sequence[str] = ("folder", "bucket")
    detail: str = ""


def at(point: str) -> Fault:
    """Kill the worker at a named point."""

    def fault(here: Place, run_id: int, chance: random.Random) -> None:
        if POINTS[point].sends:
            here.town.work(run_id)
        kill_when(point, run_id)

    return fault


def at_random(here: Place, run_id: int, chance: random.Random) -> None:
    """Kill the worker some time."""
    with victim("nowhere", run_id):
        some_time(chance)


def twice_at_random(here: Place, run_id: int, chance: random.Random) -> None:
    """Kill two workers, one after the other."""
    at_random(here, run_id, chance)
    let_time_pass(here.town, run_id)
    at_random(here, run_id, chance)


def three_at_once(here: Place, run_id: int, chance: random.Random) -> None:
    """Three workers take one run at once."""
    with working(here.town, run_id), working(here.town, run_id), working(here.town, run_id):
        pass


def frozen_beyond_its_lease(here: Place, run_id: int, chance: random.Random) -> None:
    """The worker stops for so long that another does its run, and then goes on as if nothing had been."""
    with victim("nowhere", run_id) as process:
        some_time(chance)
        process.send_signal(signal.SIGSTOP)
        let_time_pass(here.town, run_id)
        swept(here.town)
        with working(here.town, run_id) as other:
            # Who is frozen in the moment of a switch keeps all others from theirs: they wait for it.
            other.join(FROZEN_WITHIN)
            process.send_signal(signal.SIGCONT)
        process.wait(ENDS_WITHIN)


def children_killed(here: Place, run_id: int, chance: random.Random) -> None:
    """All processes below the worker are killed, as the kernel does when memory is short; the worker goes on."""
    with victim("nowhere", run_id) as process:
        some_time(chance)
        for child in descendants(process.pid):
            _kill(child)
        process.wait(ENDS_WITHIN)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wrong_clock(here: Place, run_id: int, chance: random.Random) -> None:
    """The clock of the worker is wrong by up to ten days."""
    with victim("nowhere", run_id, clock=chance.uniform(-10, 10) * 86_400) as process:
        process.wait(ENDS_WITHIN)


def full_disk(here: Place, run_id: int, chance: random.Random) -> None:
    """The disk that the worker works on is full after some kilobytes."""
    # In a namespace of its own anybody may mount, and the disk is gone with the process.
    mounted = f'mount -t tmpfs -o size={chance.randrange(4, 400)}k tmpfs "$0" || exit 99; exec "$@"'
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounted, str(here.work)]
    command = [*alone, sys.executable, "-m", "tests.flows.victim", "nowhere", str(run_id)]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=ENDS_WITHIN, capture_output=True, text=True
    )
    assert done.returncode != 99, done.stderr


def database_stopped(here: Place, run_id: int, chance: random.Random) -> None:
    """Stop Postgres as a crash would, and start it again."""
    with working(here.town, run_id):
        some_time(chance)
        here.restart_database()


def database_connections_cut(here: Place, run_id: int, chance: random.Random) -> None:
    """All connections to the database end, three times."""
    with working(here.town, run_id):
        for _ in range(3):
            some_time(chance, RUN_SECONDS / 3)
            _cut_connections(here)


def _cut_connections(here: Place) -> None:
    cut = sql.SQL("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
    with psycopg.connect(here.server_url, autocommit=True) as conn:
        conn.execute(cut + sql.SQL(" and datname = 'proof'"))


def database_frozen(here: Place, run_id: int, chance: random.Random) -> None:
    """The database stops for some seconds and says nothing."""
    postmaster = int(Path(here.postgres, "data", "postmaster.pid").read_text().split()[0])
    with working(here.town, run_id):
        some_time(chance)
        frozen = [postmaster, *descendants(postmaster)]
        for pid in frozen:
            _signal(pid, signal.SIGSTOP)
        some_time(chance)
        for pid in frozen:
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def bucket_cut(here: Place, run_id: int, chance: random.Random) -> None:
    """Cut the connection in one of twenty blocks to and from the bucket."""
    with here.harmed(lambda block, seen: None if chance.random() < 0.05 else block), working(here.town, run_id):
        pass


def bucket_slow(here: Place, run_id: int, chance: random.Random) -> None:
    """Every block to and from the bucket comes late."""

    def late(block: bytes, seen: int) -> bytes:
        threading.Event().wait(chance.uniform(0, 0.05))
        return block

    with here.harmed(late), working(here.town, run_id):
        pass


def bucket_silent(here: Place, run_id: int, chance: random.Random) -> None:
    """Connections to the bucket stay open, and for some seconds nothing comes through."""
    through = threading.Event()

    def held(block: bytes, seen: int) -> bytes:
        through.wait()
        return block

    with working(here.town, run_id):
        some_time(chance)
        with here.harmed(held):
            some_time(chance)
            through.set()


def bucket_corrupt(here: Place, run_id: int, chance: random.Random) -> None:
    """Files of the run arrive at the bucket with one byte changed.

    Not heads and JSON: S3 compares both with what was signed and keeps nothing that differs, which the server of these
    tests does keep, so that a pointer would be one to nothing.
    """

    def changed(block: bytes, seen: int) -> bytes:
        if block.startswith((*METHODS, b"{")) or chance.random() < 0.7:
            return block
        return flip_after(chance.randrange(len(block)))(block, 0) or block

    with here.harmed(changed, downward=False), working(here.town, run_id):
        pass


def publisher_in_trouble(here: Place, run_id: int, chance: random.Random) -> None:
    """The publisher hangs up, falls silent, refuses, or stops in the middle, and then brings the data or does not."""
    text = (here.town.folder / "a.csv").read_bytes()
    troubles = (
        Response(hangs_up=True),
        Response(status=503),
        Response(text, stops_after=chance.randrange(len(text))),
        Response(text[: chance.randrange(len(text))], silent=True),
        Response(b"<html><title>Sign in</title></html>", headers={"Content-Type": "text/html"}),
        Response(b""),
    )
    here.town.web.responses["/a.csv"] = [chance.choice(troubles) for _ in range(chance.randrange(1, 5))]
    here.town.work(run_id)
    here.town.web.responses.clear()


def some_time(chance: random.Random, longest: float = RUN_SECONDS) -> None:
    """Some time passes: the moment of a fault is what is random, nobody waits for anything."""
    threading.Event().wait(chance.uniform(0, longest))


@contextmanager
def working(town: Town, run_id: int) -> Iterator[threading.Thread]:
    """A thread that works on a run; what it raises is what a flow run would have failed with."""

    def work() -> None:
        try:
            town.work(run_id)
        except Exception as error:
            print(f"run {run_id}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)

    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join()


NAMED = [Kind("worker killed", at(point), 1, ("bucket",), f"when {point}") for point in POINTS]
KINDS = [
    # `tests/flows/test_killed.py` has every fourth one on a folder.
    *NAMED,
    Kind("worker killed", at_random, 20, detail="at a random time"),
    Kind("two workers killed", twice_at_random, 8),
    Kind("three workers at once", three_at_once, 6),
    Kind("worker frozen beyond its lease", frozen_beyond_its_lease, 10),
    Kind("its children killed", children_killed, 12),
    Kind("clock wrong", wrong_clock, 6),
    Kind("work disk full", full_disk, 12, ("bucket",)),
    Kind("database stopped", database_stopped, 12, ("folder",)),
    Kind("database connections cut", database_connections_cut, 10),
    Kind("database frozen", database_frozen, 8, ("folder",)),
    Kind("bucket: connections cut", bucket_cut, 16, ("bucket",)),
    Kind("bucket: slow", bucket_slow, 8, ("bucket",)),
    Kind("bucket: silent", bucket_silent, 10, ("bucket",)),
    Kind("bucket: bytes changed", bucket_corrupt, 12, ("bucket",)),
    Kind("publisher in trouble", publisher_in_trouble, 10),
]
