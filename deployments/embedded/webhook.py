"""The webhook on a port of this machine, with a secret of its own where the settings have none."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployments.embedded.service import Program, Service, free_port
from deployments.embedded.site import answers
from openaddr.settings import Settings, variable

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Hook:
    """Where GitHub is to deliver, for people."""

    shown: str
    service: Service


@contextmanager
def running(folder: Path, log: Path, environment: Mapping[str, str], settings: Settings) -> Iterator[Hook]:
    """The webhook of a stack's folder while the context lasts. Raises ProblemError."""
    port, told = free_port(folder / "webhook-port"), "signed with OPENADDR_WEBHOOK_SECRETS"
    if settings.webhook_unsigned and not settings.webhook_secrets:
        told = "unsigned"
    elif not settings.webhook_secrets:
        path = folder / "webhook-secret"
        environment = {**environment, variable("webhook_secrets"): secret_in(path)}
        told = f"secret in {path}"
    command = [sys.executable, "-m", "openaddr", "webhook", "--port", str(port)]
    service = Service(Program("webhook", command, log, environment))
    address = f"http://127.0.0.1:{port}"
    try:
        service.wait_until(lambda: answers(f"{address}/health"), READY_SECONDS)
        yield Hook(f"{address}/hook ({told})", service)
    finally:
        service.stop()


def secret_in(path: Path) -> str:
    """The secret in a file, for our eyes only; made aside when there is none, so that half of one is never used."""
    if not path.is_file():
        aside = path.with_name(f"{path.name}.new")
        aside.unlink(missing_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        aside.rename(path)
    return path.read_text()
