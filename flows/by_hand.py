"""`openaddr job`: a saved delivery again, or the job of a commit, without GitHub having told us of it."""

import asyncio
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from flows.ci_job import hand_over, handle
from flows.queueing import Queued
from flows.sending import send_about
from flows.services import Services, services
from openaddr.db import deliveries
from openaddr.errors import ExitCode
from openaddr.github.events import BY_HAND
from openaddr.settings import Settings

LARGEST = 25_000_000
"""Bytes that GitHub gives a payload at most."""


def run_job(settings: Settings, delivery: Path | None, event: str, asked: Mapping[str, Any]) -> int:
    """Do what a saved payload asks for, or what a person asks for, and say what came of it; gives the exit code.

    Raises ProblemError.
    """
    try:
        payload = _payload(delivery) if delivery else asked
    except (OSError, ValueError) as error:
        print(f"openaddr: {delivery} is no payload of GitHub's: {error}", file=sys.stderr)
        return ExitCode.USAGE
    with services() as opened:
        done = _done(opened, event if delivery else BY_HAND, payload)
        if isinstance(done, str):
            print(f"openaddr: {done}", file=sys.stderr)
            return ExitCode.DONE if delivery else ExitCode.USAGE
        send_about(opened, done.job.id)
    print(done.sentence)
    if settings.prefect_api_url:
        asyncio.run(hand_over(done))
    elif done.runs:
        print("openaddr: without PREFECT_API_URL they begin with the next sweep, in a minute or two.", file=sys.stderr)
    return ExitCode.DONE


def _done(opened: Services, event: str, payload: Mapping[str, Any]) -> Queued | str:
    """What came of a delivery that is ours alone."""
    name = f"{BY_HAND}-{uuid.uuid4()}"
    with opened.pool.connection() as conn:
        deliveries.receive(conn, name, event, payload)
        delivery = deliveries.begin(conn, name, None)
    assert delivery is not None, "nobody else knows its name"
    return handle(opened, delivery)


def _payload(path: Path) -> dict[str, Any]:
    """A payload in a file. Raises OSError, ValueError."""
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    return msgspec.json.decode(content, type=dict[str, Any])
