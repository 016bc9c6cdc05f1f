"""What is waited for, how long, and what is not."""

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolTimeout

from flows import policies
from flows.patience import patiently
from flows.services import Services
from openaddr.errors import Code, ProblemError


def problem(code: Code) -> ProblemError:
    return ProblemError(code, "Something is wrong.")


AWAY = [
    psycopg.OperationalError("connection refused"),
    psycopg.InterfaceError("the connection is closed"),
    PoolTimeout("couldn't get a connection after 10.00 sec"),
    errors.AdminShutdown("terminating connection due to administrator command"),
    errors.CannotConnectNow("the database system is starting up"),
    problem(Code.DATABASE_AWAY),
    problem(Code.STORAGE_UNREACHABLE),
]
WRONG = [
    errors.UniqueViolation("duplicate key"),
    errors.UndefinedTable("there is no such table"),
    problem(Code.STORAGE_FULL),
    problem(Code.STORAGE_REFUSED),
    ValueError("ours"),
]


class Failing:
    """An action that fails so many times, and then gives 7."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.times, self.calls = error, times, 0

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return 7


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(policies, "PATIENCE_SECONDS", 0.05)


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_what_may_be_back_in_a_moment_is_waited_for(error: Exception) -> None:
    action = Failing(error, 3)
    assert (patiently(action), action.calls) == (7, 4)


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_what_stays_away_is_given_up_with_the_last_error(error: Exception) -> None:
    action = Failing(error, 1_000)
    with pytest.raises(type(error)) as raised:
        patiently(action)
    assert raised.value is error and 3 < action.calls < 20, "the pauses grow"


@pytest.mark.parametrize("error", WRONG, ids=lambda error: type(error).__name__)
def test_what_does_not_get_better_by_waiting_is_not_waited_for(error: Exception) -> None:
    action = Failing(error, 1)
    with pytest.raises(type(error)):
        patiently(action)
    assert action.calls == 1


def test_a_connection_that_the_server_ends_is_one_of_those(opened: Services) -> None:
    calls = []

    def ask() -> int:
        with opened.pool.connection() as conn:
            calls.append(conn.info.backend_pid)
            if len(calls) == 1:
                with opened.pool.connection() as another:
                    another.execute("select pg_terminate_backend(%s)", [calls[0]])
            (found,) = conn.execute("select 7").fetchone() or (0,)
            return int(found)

    assert patiently(ask) == 7
    assert len(set(calls)) == 2
