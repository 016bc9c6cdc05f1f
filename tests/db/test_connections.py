"""Connections."""

from typing import Any

import psycopg
import pytest
from psycopg import Connection

from openaddr.db.connections import connect, open_pool
from openaddr.errors import Code, ProblemError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement_timeout", "1min"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "5min"),
        ("TimeZone", "UTC"),
        ("application_name", "openaddr"),
    ],
)
def test_every_connection_has_its_limits_and_a_name(url: str, name: str, value: str) -> None:
    with connect(url) as alone, open_pool(url) as pool, pool.connection() as pooled:
        for conn in (alone, pooled):
            assert conn.execute("select current_setting(%s)", [name]).fetchone() == (value,)


def test_a_lock_that_is_not_had_in_time_is_an_error_that_may_pass(url: str, conn: Connection[Any]) -> None:
    with connect(url) as other, conn.transaction():
        conn.execute("lock table runs")
        other.execute("set lock_timeout = '1ms'")
        with pytest.raises(psycopg.OperationalError):
            other.execute("select * from runs")


def test_a_pool_outlives_its_connections(url: str, conn: Connection[Any]) -> None:
    with open_pool(url, most=1) as pool:
        with pool.connection() as pooled:
            pid = pooled.info.backend_pid
        conn.execute("select pg_terminate_backend(%s, 5000)", [pid])
        with pool.connection() as pooled:
            assert pooled.info.backend_pid != pid


def test_a_pool_commits_what_goes_well_and_nothing_else(url: str, conn: Connection[Any]) -> None:
    insert = "insert into sets (repository, commit_sha) values ('a', 'b')"
    with open_pool(url) as pool:
        with pytest.raises(ZeroDivisionError), pool.connection() as pooled:
            pooled.execute(insert)
            raise ZeroDivisionError
        assert conn.execute("select count(*) from sets").fetchone() == (0,)
        with pool.connection() as pooled:
            pooled.execute(insert)
        assert conn.execute("select count(*) from sets").fetchone() == (1,)


def test_a_pool_without_a_server_is_a_problem() -> None:
    with pytest.raises(ProblemError) as caught:
        open_pool("postgresql://me:secret@127.0.0.1:1/there")
    assert caught.value.problem.code is Code.DATABASE_AWAY
