"""A Prefect server of our own, on Postgres, and the settings that every client of it needs to survive faults."""

import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployments.embedded.service import Program, Service, free_port

READY_SECONDS = 120.0
"""A first start takes 12 to 15 seconds on an idle machine (migrations), several times that on a busy one."""
JSON_LOGGING = Path(__file__).with_name("logging.yml")
QUIET = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
SERVER = QUIET | {
    # Only events are vacuumed by default; flow runs are history that nothing public is read from.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 86_400),
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    # In memory, where they are by default, they are lost with the server, and the places that they hold stay taken.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
}
CLIENT = QUIET | {
    # While Postgres is away the server answers 500: without these a flow run that ends then stays RUNNING for ever.
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500",
    "PREFECT_CLIENT_MAX_RETRIES": "12",
    # Dead flow runs are noticed by the silence after three of these (`setup`).
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    # Without its server a client must fail, not start one of its own on SQLite.
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
}


@dataclass(frozen=True)
class Server:
    """A Prefect server by the address of its API; `service` when it is ours."""

    api: str
    service: Service | None = None


def prefect_command(*arguments: str) -> list[str]:
    """The command line of Prefect in this Python, never asking anybody anything."""
    return [sys.executable, "-m", "prefect", "--no-prompt", *arguments]


def client_environment(api: str, home: Path, log_format: str = "text") -> dict[str, str]:
    """Environment of a program that talks to the server at `api`."""
    logging = {"PREFECT_LOGGING_SETTINGS_PATH": str(JSON_LOGGING)} if log_format == "json" else {}
    return CLIENT | logging | {"PREFECT_API_URL": api, "PREFECT_HOME": str(home)}


@contextmanager
def running(folder: Path, log: Path, database: str) -> Iterator[Server]:
    """A server on `database` (postgresql://) while the context lasts. Raises ProblemError."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port(folder / "port")
    api = f"http://127.0.0.1:{port}/api"
    environment = SERVER | {
        "PREFECT_HOME": str(folder / "home"),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database.replace("postgresql://", "postgresql+asyncpg://", 1),
        # Else the UI asks port 4200, and shows nothing.
        "PREFECT_SERVER_UI_API_URL": api,
        "PREFECT_API_URL": api,
    }
    command = prefect_command("server", "start", "--host", "127.0.0.1", "--port", str(port))
    service = Service(Program("Prefect server", command, log, environment))
    try:
        service.wait_until(lambda: is_healthy(api), READY_SECONDS)
        yield Server(api, service)
    finally:
        service.stop()


def is_healthy(api: str) -> bool:
    """Whether a Prefect server answers at this address."""
    return answers_well(f"{api}/health")


def answers_well(address: str) -> bool:
    """Whether an address answers 200."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
