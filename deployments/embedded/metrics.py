"""The numbers for Prometheus on a port of this machine."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployments.embedded.service import Program, Service, free_port
from deployments.embedded.site import answers

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Numbers:
    """Where they are read."""

    address: str
    service: Service


@contextmanager
def running(folder: Path, log: Path, environment: Mapping[str, str]) -> Iterator[Numbers]:
    """The numbers of a stack's folder while the context lasts. Raises ProblemError."""
    port = free_port(folder / "metrics-port")
    command = [sys.executable, "-m", "openaddr", "metrics", "--port", str(port)]
    service = Service(Program("metrics", command, log, environment))
    address = f"http://127.0.0.1:{port}/metrics"
    try:
        service.wait_until(lambda: answers(address), READY_SECONDS)
        yield Numbers(address, service)
    finally:
        service.stop()
