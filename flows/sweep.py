"""`sweep`: what fell between two chairs. Every five minutes, and after each crash; doing it twice changes nothing."""

import asyncio
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import policies
from flows.handing_over import go_on, hand_over
from flows.sending import send_due
from flows.services import Services, services
from flows.working import work_folder
from openaddr import workshop
from openaddr.db import runs, sets
from openaddr.db.records import Run, Set
from openaddr.storage import publishing


@flow(name="sweep", timeout_seconds=policies.SWEEP_SECONDS)
async def sweep() -> State[None]:
    """Take runs from dead workers, start what nobody started, send what was not sent, remove what was left behind."""
    with services() as opened:
        released, waiting = await asyncio.to_thread(_due, opened)
        for run in waiting:
            await hand_over(run)
        left = await asyncio.to_thread(broken_off, opened)
        for found in left:
            await go_on(found)
        sent, failed = await asyncio.to_thread(send_due, opened)
        removed = await asyncio.to_thread(_tidy, opened)
    message = (
        f"{len(released)} runs taken from workers that said nothing, {len(waiting)} started, "
        f"{len(left)} sets gone on with, {sent} messages sent, "
        f"{failed} failed, {removed} leftovers removed"
    )
    return Completed(message=message)


def broken_off(opened: Services) -> list[Set]:
    """Sets on which nobody works any more; those that only lacked the word are completed."""
    with opened.pool.connection() as conn:
        found = [each for each in sets.unfinished(conn) if not sets.complete_if_done(conn, each.id)]
        return [each for each in found if not sets.is_held(conn, each.repository)]


def _tidy(opened: Services) -> int:
    """Remove what killed writers and workers left, here and in the storage; gives how many things."""
    here = workshop.sweep(work_folder(opened.settings), {policies.WORK_PREFIX: policies.KEPT_HOURS * 3600})
    return here + publishing.sweep(opened.storage, timedelta(hours=policies.KEPT_HOURS))


def _due(opened: Services) -> tuple[list[Run], list[Run]]:
    """Runs that were released, and those outside of sets that somebody has to be asked to work on.

    The flow of a set hands over its own.
    """
    with opened.pool.connection() as conn:
        released = runs.release_expired(conn)
        found = [*runs.undispatched(conn, 100), *runs.unclaimed(conn, 100, policies.UNCLAIMED_SECONDS)]
        waiting = [run for run in found if run.set_id is None]
        for run in waiting:
            runs.mark_dispatched(conn, run.id)
    return released, waiting
