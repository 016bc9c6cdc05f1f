"""An embedded Postgres: made once in a folder, then started on 127.0.0.1 and a socket, and stopped with its data.

<folder>/data       the cluster, made aside and then renamed: half a cluster is never started
<folder>/password   of the role `openaddr`, for our eyes only
<folder>/port       where it listened last time
<folder>/socket/    its Unix socket, somewhere in /tmp where that path is too long for one
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import psycopg
from psycopg import sql

from deployments.embedded.binaries import Identity, find_binaries, find_identity
from deployments.embedded.keeper import become
from deployments.embedded.service import LOOK_EVERY, Program, Service, free_port
from openaddr.errors import Code, ProblemError

ROLE = "openaddr"
OURS, PREFECTS = "openaddr", "prefect"
READY_SECONDS = 60.0
LEFT_OVER_SECONDS = 20.0
LONGEST_SOCKET = 80
"""Of a folder: the system allows 107 bytes with the name in it."""
SETTINGS = {
    # Small: a machine that runs sources needs its memory for them. 7 connections are Prefect's, the rest are ours.
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "jit": "off",
    # What is recorded stays recorded when the power goes.
    "fsync": "on",
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "log_statement": "none",
    # A statement that fails may hold a password.
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class Databases:
    """Addresses of the databases, with the password in them: for environments of programs, not for people."""

    ours: str = field(repr=False)
    prefects: str = field(repr=False)
    shown: str
    """Where it is, for people."""
    service: Service | None = None


@contextmanager
def running(folder: Path, log: Path, identity: Identity | None = None) -> Iterator[Databases]:
    """The databases of `folder` while the context lasts; made when they are not there yet. Raises ProblemError."""
    cluster = Cluster(folder.resolve(), log, find_binaries(), identity or find_identity())
    cluster.make()
    cluster.clear_the_way()
    service = cluster.start()
    try:
        service.wait_until(cluster.answers, READY_SECONDS)
        cluster.make_databases()
        yield cluster.databases(service)
    finally:
        service.stop()
        cluster.forget_socket()


class Cluster:
    """The files of one Postgres and how to start it."""

    def __init__(self, folder: Path, log: Path, binaries: Path, identity: Identity) -> None:
        self.folder, self.log, self.binaries, self.identity = folder, log, binaries, identity
        self.data, self.password_file = folder / "data", folder / "password"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._give_away(folder)
        self.port = free_port(folder / "port")
        self.socket = folder / "socket"
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET:
            self.socket = Path(tempfile.mkdtemp(prefix="openaddr-"))

    def make(self) -> None:
        """Make the cluster unless it is there."""
        if self.data.is_dir():
            return
        aside = self.folder / "data.new"
        shutil.rmtree(aside, ignore_errors=True)
        self.password_file.unlink(missing_ok=True)
        with os.fdopen(os.open(self.password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(24))
        self._give_away(self.password_file)
        self._run("initdb", "-D", aside, "-U", ROLE, f"--pwfile={self.password_file}", *INITDB)
        aside.rename(self.data)

    def clear_the_way(self) -> None:
        """End a server of a stack that was killed, and remove the lock of one that is gone.

        The stack's lock is ours, so nobody else uses this folder. The process id in a lock that is left may be that
        of any program by now, for which Postgres would wait.
        """
        lock = self.data / "postmaster.pid"
        lines = lock.read_text().split() if lock.is_file() else []
        if not lines:
            return
        pid, deadline = abs(int(lines[0])), monotonic() + LEFT_OVER_SECONDS
        while self._is_server(pid):
            if monotonic() > deadline:
                raise ProblemError(Code.STACK_FAILED, f"Another Postgres (process {pid}) uses {self.data}.")
            os.kill(pid, signal.SIGINT)
            sleep(LOOK_EVERY)
        lock.unlink(missing_ok=True)

    def start(self) -> Service:
        """Start the server under a keeper."""
        self.socket.mkdir(mode=0o700, exist_ok=True)
        self._give_away(self.socket)
        settings = SETTINGS | {"port": str(self.port), "unix_socket_directories": str(self.socket)}
        command = [*self.identity.prefix, str(self.binaries / "postgres"), "-D", str(self.data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # SIGINT is Postgres' fast way to end: clients are sent away, nothing is lost.
        return Service(
            Program(
                "Postgres",
                command,
                self.log,
                environment={"LC_ALL": "C.UTF-8"},
                end_signal=signal.SIGINT,
                patience=6,
                user=self.identity.user,
                folder=self.folder,
            )
        )

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self._address("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def make_databases(self) -> None:
        """Make our database and Prefect's unless they are there."""
        for name in (OURS, PREFECTS):
            make_database(self._address("postgres"), name)

    def databases(self, service: Service) -> Databases:
        """Where the databases are."""
        shown = f"postgresql://{ROLE}@127.0.0.1:{self.port}/{OURS} (password in {self.password_file})"
        return Databases(self._address(OURS), self._address(PREFECTS), shown, service)

    def forget_socket(self) -> None:
        """Remove the folder of the socket."""
        shutil.rmtree(self.socket, ignore_errors=True)

    def _address(self, database: str) -> str:
        return f"postgresql://{ROLE}:{self.password_file.read_text()}@127.0.0.1:{self.port}/{database}"

    def _is_server(self, pid: int) -> bool:
        try:
            parts = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(self.data) in parts

    def _give_away(self, path: Path) -> None:
        if self.identity.user:
            shutil.chown(path, self.identity.user)

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self.identity.prefix, str(self.binaries / program), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, preexec_fn=become(self.identity.user), capture_output=True)
        if done.returncode:
            told = " / ".join(done.stderr.decode(errors="replace").strip().splitlines()[-2:])
            raise ProblemError(Code.STACK_FAILED, f"{program} ended with {done.returncode}: {told}")


INITDB = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions")


def make_database(server: str, name: str) -> None:
    """Make a database at a server (an address of another database there) unless it is there."""
    with psycopg.connect(server, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
