"""The whole stack on this machine: `openaddr up`. In its folder there are:

    lock        held while a stack runs here
    postgres/   data, password and socket of the embedded Postgres
    prefect/    home of the Prefect server and its clients
    storage/    outputs and pages, when no bucket is named
    site-port   where the pages were read last time
    webhook-port, webhook-secret  where GitHub delivered last time, and what it signs with when no setting says so
    backups/    of the record, when no other place for them is named
    metrics-port  where Prometheus asks
    work/       where flow runs work
    logs/       one file for each part

Postgres, migrations, Prefect server, site, set-up, webhook, metrics, workers start in this order and end in the reverse
one. What DATABASE_URL or PREFECT_API_URL name is used instead of an own one, and left running.
"""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from types import FrameType, TracebackType
from typing import Self

import psycopg

from deployments.embedded import metrics, postgres, prefect_server, site, webhook, workers
from deployments.embedded.metrics import Numbers
from deployments.embedded.postgres import Databases, make_database
from deployments.embedded.prefect_server import Server
from deployments.embedded.service import ROOT, Service
from deployments.embedded.site import Site
from deployments.embedded.webhook import Hook
from openaddr.db.connections import connect
from openaddr.db.migrating import migrate
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.settings import Settings, variable

PREFECT_FILE = ROOT / "prefect.yaml"
INSTEAD = "given by DATABASE_URL"
LOOK_EVERY = 0.5


@dataclass(frozen=True)
class Addresses:
    """Where everything is; `environment` is what a program needs to be a client of all of it (with passwords)."""

    shown: dict[str, str]
    environment: dict[str, str]
    api: str


class Stack:
    """A context manager: the stack runs inside it, and `addresses` says where."""

    def __init__(self, folder: Path, settings: Settings, prefect_file: Path = PREFECT_FILE) -> None:
        self.folder, self.settings, self.prefect_file = folder.resolve(), settings, prefect_file.resolve()
        self.logs, self.storage = self.folder / "logs", self.folder / "storage"
        self.changes: list[str] = []
        """What the set-up changed in the Prefect server."""
        self.services: list[Service] = []
        """The parts that are ours."""
        self._parts = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as parts:
            parts.enter_context(only_one(self.folder))
            for folder in (self.logs, self.storage, self.folder / "work"):
                folder.mkdir(exist_ok=True)
            databases = parts.enter_context(self._postgres())
            _migrate(databases.ours)
            server = parts.enter_context(self._prefect(databases))
            pages = parts.enter_context(self._site())
            self.addresses = self._where(databases, server.api, pages.address)
            self.changes = self._set_up()
            hook = parts.enter_context(self._webhook())
            self.addresses.shown["Webhook"] = hook.shown
            numbers = parts.enter_context(self._metrics())
            self.addresses.shown["Metrics"] = numbers.address
            started = parts.enter_context(self._workers())
            ours = (databases.service, server.service, pages.service, hook.service, numbers.service, *started)
            self.services = [service for service in ours if service]
            self._parts = parts.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    def fallen(self) -> list[str]:
        """The parts that have given up."""
        return [service.program.name for service in self.services if not service.is_kept]

    def table(self) -> str:
        """Where everything is, for people."""
        shown = self.addresses.shown
        return "\n".join(f"  {name:<{max(map(len, shown))}}  {place}" for name, place in shown.items())

    def _postgres(self) -> AbstractContextManager[Databases]:
        if given := self.settings.database_url:
            return nullcontext(Databases(given, _beside(given, postgres.PREFECTS), INSTEAD))
        return postgres.running(self.folder / "postgres", self.logs / "postgres.log")

    def _prefect(self, databases: Databases) -> AbstractContextManager[Server]:
        if given := self.settings.prefect_api_url.rstrip("/"):
            if not prefect_server.is_healthy(given):
                raise ProblemError(Code.STACK_FAILED, f"No Prefect server answers at {given} (PREFECT_API_URL).")
            return nullcontext(Server(given))
        if self.settings.database_url:
            with _database_used():
                make_database(databases.ours, postgres.PREFECTS)
        return prefect_server.running(self.folder / "prefect", self.logs / "prefect-server.log", databases.prefects)

    def _site(self) -> AbstractContextManager[Site]:
        if self.settings.s3_bucket:
            # Whoever serves the bucket serves the pages in it.
            return nullcontext(Site(self.settings.site_url))
        return site.running(self.storage, self.folder / "site-port", self.logs / "site.log")

    def _webhook(self) -> AbstractContextManager[Hook]:
        return webhook.running(self.folder, self.logs / "webhook.log", self.addresses.environment, self.settings)

    def _metrics(self) -> AbstractContextManager[Numbers]:
        return metrics.running(self.folder, self.logs / "metrics.log", self.addresses.environment)

    def _workers(self) -> AbstractContextManager[list[Service]]:
        slots, ci_slots = self.settings.worker_slots, self.settings.ci_slots
        return workers.running(self.logs, self.addresses.environment, slots, ci_slots, self.folder / "work")

    def _where(self, databases: Databases, api: str, pages: str) -> Addresses:
        environment = prefect_server.client_environment(api, self.folder / "prefect" / "home", self.settings.log_format)
        if not self.settings.backup_bucket and not self.settings.backup_folder:
            environment[variable("backup_folder")] = str(self.folder / "backups")
        environment |= {
            variable("database_url"): databases.ours,
            variable("storage_folder"): str(self.storage),
            variable("work_folder"): str(self.folder / "work"),
            variable("site_url"): self.settings.site_url or pages,
        }
        shown = {
            "Site": pages or f"s3://{self.settings.s3_bucket}/site/",
            "Prefect": api.removesuffix("/api"),
            "Database": databases.shown,
            "Storage": str(self.storage),
            "Logs": str(self.logs),
        }
        return Addresses(shown, environment, api)

    def _set_up(self) -> list[str]:
        """In a process of its own: it loads Prefect and every flow, 150 MB that the stack need not keep."""
        command = [sys.executable, "-m", "deployments.setup", "--prefect-file", str(self.prefect_file)]
        # A server that is ours has only our workers, and none of them has been started yet.
        command += [] if self.settings.prefect_api_url else ["--nobody-works"]
        environment = {**os.environ, **self.addresses.environment, "PYTHONPATH": str(ROOT)}
        environment[variable("worker_slots")] = str(self.settings.worker_slots)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        log = self.logs / "setup.log"
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise ProblemError(Code.STACK_FAILED, f"Prefect was not set up; {log} ends with: {last}")
        return [line for line in done.stdout.splitlines() if line != "nothing to change"]


def _migrate(database: str) -> None:
    """Bring the schema of the record up to date."""
    with connect(database) as connection:
        migrate(connection)


def run_up(settings: Settings, folder: Path, prefect_file: Path | None = None) -> int:
    """Run the stack until Ctrl-C or SIGTERM, or until a part of it gives up; gives the exit code. ProblemError."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        _say(f"starting in {folder}")
        with Stack(folder, settings, prefect_file or PREFECT_FILE) as stack:
            _say(f"up; Ctrl-C stops it\n{stack.table()}")
            while not (fallen := stack.fallen()):
                sleep(LOOK_EVERY)
            raise ProblemError(Code.STACK_FAILED, f"{', '.join(fallen)} did not stay up; see {stack.logs}.")
    except KeyboardInterrupt:
        _say("stopped; the data is kept")
    return ExitCode.DONE


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Once: what ends the parts must not be broken off by an impatient second Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _say("stopping")
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(f"openaddr: {text}", file=sys.stderr, flush=True)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder. Raises ProblemError when another stack does."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            message = f"Another stack (process {lock.read().strip() or 'unknown'}) uses {folder}."
            raise ProblemError(Code.STACK_BUSY, message) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _database_used() -> Iterator[None]:
    """Raises ProblemError for a database that is not there, or refuses."""
    try:
        yield
    except psycopg.Error as error:
        told = " / ".join(str(error).split("\n"))
        raise ProblemError(Code.STACK_FAILED, f"The database cannot be used: {told}") from error


def _beside(address: str, database: str) -> str:
    """The address of another database of the same server."""
    head, _, query = address.partition("?")
    return f"{head.rpartition('/')[0]}/{database}" + (f"?{query}" if query else "")
