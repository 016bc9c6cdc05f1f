"""The workers of this machine: one for every queue, one that only `ci` may use, and one for `upkeep`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deployments.embedded.prefect_server import prefect_command
from deployments.embedded.service import Program, Service
from deployments.queues import CI, POOL, UPKEEP

UPKEEP_SLOTS = 4
"""Two sweeps, of which one may wait for a storage that does not answer, and two deliveries."""


@contextmanager
def running(
    logs: Path, environment: Mapping[str, str], slots: int, ci_slots: int, folder: Path
) -> Iterator[list[Service]]:
    """Workers that take runs in `folder` while the context lasts: `slots` for all queues, `ci_slots` more for `ci`.

    Priority only orders what waits: a run of a pull request would wait for hours behind a full machine. So there are
    slots that nothing else can take; and what puts things right after a crash must not wait behind what has crashed.
    """
    started = [
        _worker("worker", logs, environment, folder, "--limit", str(slots)),
        _worker("worker-ci", logs, environment, folder, "--limit", str(ci_slots), "--work-queue", CI.name),
        _worker("worker-upkeep", logs, environment, folder, "--limit", str(UPKEEP_SLOTS), "--work-queue", UPKEEP.name),
    ]
    try:
        yield started
    finally:
        for service in started:
            service.ask_to_end()
        for service in started:
            service.stop()


def _worker(name: str, logs: Path, environment: Mapping[str, str], folder: Path, *options: str) -> Service:
    command = prefect_command(
        "worker", "start", "--pool", POOL, "--type", "process", "--name", name, "--install-policy", "never", *options
    )
    return Service(Program(name, command, logs / f"{name}.log", environment, folder=folder))
