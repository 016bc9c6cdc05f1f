"""`retention`: lets go of what is old, daily; of two at once the second leaves."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from dashboards.site import publish
from flows import policies
from flows.alone import alone
from flows.services import Services, services
from openaddr.db.keeping import Work
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.keeping.retention import Removed, Shelves, lines, list_old, remove_old
from openaddr.settings import Settings


@flow(
    name="retention",
    timeout_seconds=policies.RETENTION_SECONDS,
    retries=policies.RETENTION_RETRIES,
    retry_delay_seconds=policies.RETENTION_RETRY_SECONDS,
)
async def retention() -> State[None]:
    """Remove what is kept no longer, and say how much that was. The next try goes on where this one ended."""
    stop = threading.Event()
    with services() as opened:
        try:
            removed = await asyncio.to_thread(tidy, opened, stop)
        finally:
            # A thread cannot be stopped: it looks between two steps whether anybody still waits for it.
            stop.set()
    if removed is None:
        return Completed(name="Left", message="Another one removes what is old.")
    return Completed(message=f"{removed}")


def tidy(opened: Services, stop: threading.Event) -> Removed | None:
    """Remove what is old; None when somebody else is at it. Raises ProblemError."""
    with alone(opened, Work.RETENTION) as is_ours:
        if not is_ours:
            return None
        breathe = breathing(stop)
        return remove_old(Shelves(opened.pool, opened.storage, opened.settings, breathe), renderer(opened, breathe))


def run_retention(settings: Settings, dry_run: bool) -> int:
    """`openaddr retention`: the same by hand, or a list of what would go; gives the exit code. Raises ProblemError."""
    with services() as opened:
        if dry_run:
            old = list_old(Shelves(opened.pool, opened.storage, settings, breathing(threading.Event())))
            for line in lines(old):
                print(line)
            print(f"openaddr: would be: {old.counts}", file=sys.stderr)
            return ExitCode.DONE
        removed = tidy(opened, threading.Event())
    print(f"openaddr: {removed or 'somebody else removes what is old just now'}", file=sys.stderr)
    return ExitCode.DONE


def renderer(opened: Services, breathe: Callable[[], None]) -> Callable[[], None]:
    """What renders all pages that are not as the record says."""

    def render() -> None:
        while publish(opened.pool, opened.storage, opened.settings.site_url) is None:
            # Somebody else renders, and may have begun before we changed anything: only our own turn is sure.
            breathe()
            time.sleep(policies.TURN_SECONDS)

    return render


def breathing(stop: threading.Event) -> Callable[[], None]:
    """Raises ProblemError when nobody waits any more, or it takes too long."""
    ends = time.monotonic() + policies.RETENTION_SECONDS

    def breathe() -> None:
        if stop.is_set() or time.monotonic() > ends:
            raise ProblemError(Code.TIME_LIMIT, f"Retention took more than {policies.RETENTION_SECONDS:,.0f} s.")

    return breathe
