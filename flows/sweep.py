"""`sweep`: what fell between two chairs. Every minute; doing it twice changes nothing, also at once."""

import asyncio
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows import policies, telling
from flows.beginning import begin, begin_again
from flows.bundles import bundles, hand_over
from flows.closing import close_stuck
from flows.handing_over import desk
from flows.seeing import watch
from flows.sending import send_due
from flows.services import Services, services
from flows.working import work_folder
from openaddr import workshop
from openaddr.db import outbox, runs, sets
from openaddr.db.connections import connect
from openaddr.db.records import Run, Set
from openaddr.storage import publishing

ASKED, LOOKED_UP = 100, 5_000
"""Runs and deliveries that one sweep asks Prefect to have worked on, and runs that it looks up there."""


@flow(name="sweep", timeout_seconds=policies.SWEEP_SECONDS)
async def sweep() -> State[None]:
    """Take runs from dead workers, start what nobody started, send what was not sent, remove what was left behind."""
    with services(flow_run.id) as opened:
        closed = await close_stuck(opened.settings.work_pool)
        released, waiting = await asyncio.to_thread(_due, opened)
        left = await asyncio.to_thread(broken_off, opened)
        async with desk(opened.settings.work_pool) as where:
            started = [*waiting, *await where.forgotten(await asyncio.to_thread(_late, opened))][:ASKED]
            for group in bundles([run for run in started if run.set_id]):
                await hand_over(opened, where, group)
            for run in started:
                if not run.set_id:
                    await where.hand_over(run)
            for found in left:
                await where.go_on(found)
            begun = await begin(opened.pool, where, ASKED)
            begun += await begin_again(opened.pool, where, ASKED, policies.UNCLAIMED_SECONDS)
            seen = await watch(opened, where)
        told = await asyncio.to_thread(_slow_part, opened)
    message = (
        f"{closed} flow runs closed that never started, {len(released)} runs taken from workers that said nothing, "
        f"{len(started)} started, {begun} deliveries begun, {len(left)} sets gone on with, {told}; {seen}"
    )
    return Completed(message=message)


def _due(opened: Services) -> tuple[list[Run], list[Run]]:
    """Runs that were released, and those outside of sets that somebody has to be asked to work on.

    The flow of a set hands over its own. Jobs whose last run nobody could speak for are finished.
    """
    with opened.pool.connection() as conn:
        released = runs.release_expired(conn)
        waiting = runs.undispatched(conn, ASKED, alone=True)
        for run in waiting:
            runs.mark_dispatched(conn, run.id)
        telling.finish(conn)
    return released, waiting


def _late(opened: Services) -> list[Run]:
    """Runs that were handed over and not begun. Those of a set that is worked on here are the business of its flow."""
    with opened.pool.connection() as conn:
        here = not opened.settings.batch_by_fleet
        return runs.unclaimed(conn, LOOKED_UP, policies.UNCLAIMED_SECONDS, alone=here)


def broken_off(opened: Services) -> list[Set]:
    """Sets on which nobody works any more; those that only lacked the word are completed."""
    with opened.pool.connection() as conn:
        found = [each for each in sets.unfinished(conn) if not sets.complete_if_done(conn, each.id)]
        return [each for each in found if not sets.is_held(conn, each.repository)]


def _slow_part(opened: Services) -> str:
    """Send messages and remove what killed writers and workers left, unless another sweep is at it; says how much."""
    with connect(opened.settings.database_url) as conn:
        if not outbox.hold(conn):
            return "another one sends and tidies"
        conn.commit()
        sent, failed = send_due(opened)
        here = workshop.sweep(work_folder(opened.settings), {policies.WORK_PREFIX: policies.KEPT_HOURS * 3600})
        removed = here + publishing.sweep(opened.storage, timedelta(hours=policies.KEPT_HOURS))
    return f"{sent} messages sent, {failed} failed, {removed} leftovers removed"
