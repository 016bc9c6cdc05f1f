"""The public site of a storage folder, on a port of this machine."""

import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployments.embedded.service import Program, Service, free_port

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Site:
    """Where the site is read; `service` when it is ours."""

    address: str
    service: Service | None = None


@contextmanager
def running(storage: Path, memory: Path, log: Path) -> Iterator[Site]:
    """The site while the context lasts, at the port noted in `memory` if that is free. Raises ProblemError."""
    port = free_port(memory)
    command = [sys.executable, "-m", f"{__package__}.site_server", "--folder", str(storage), "--port", str(port)]
    service = Service(Program("site", command, log))
    address = f"http://127.0.0.1:{port}/"
    try:
        service.wait_until(lambda: answers(address), READY_SECONDS)
        yield Site(address, service)
    finally:
        service.stop()


def answers(address: str) -> bool:
    """Whether a server is there; it may well have no pages yet."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
