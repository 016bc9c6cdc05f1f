"""The runs of a set that is listed: handed over one by one until all of them are final."""

import asyncio
import logging
from itertools import chain

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from flows import policies
from flows.bundles import bundles, hand_over
from flows.handing_over import Desk, desk, name_of
from flows.services import Services
from flows.source_run import source_run
from openaddr.db import outbox, runs, sets
from openaddr.db.records import Run, RunStatus, Set

log = logging.getLogger("openaddr.flows")


async def work_off(opened: Services, found: Set) -> dict[RunStatus, int]:
    """Hand over the runs, longest first, as slots get free; gives how many have each status in the end."""
    progress, shown = await acreate_progress_artifact(0.0, key=f"set-{found.id}", description=found.repository), 0
    slots = policies.HANDED_AT_ONCE if opened.settings.batch_by_fleet else opened.settings.batch_slots
    under_way: set[asyncio.Task[None]] = set()
    async with desk(opened.settings.work_pool) as where:
        while True:
            for some in await asyncio.to_thread(_next, opened, found.id, slots - len(under_way)):
                under_way.add(asyncio.create_task(_hand_over(opened, where, some)))
            if under_way:
                _, under_way = await asyncio.wait(
                    under_way, timeout=policies.BATCH_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            else:
                # Others work on what is left, or died on it: the record will tell.
                await asyncio.sleep(policies.BATCH_POLL_SECONDS)
            counts, is_done = await asyncio.to_thread(_look, opened, found.id)
            percent = 100 * sum(counts[status] for status in counts if status.is_final) // max(1, sum(counts.values()))
            if percent != shown:
                shown = percent
                await aupdate_progress_artifact(progress, float(percent))
            if is_done and not under_way:
                return counts


def _next(opened: Services, set_id: int, count: int) -> list[list[Run]]:
    """The next runs to hand over, noted as handed over: one for each free slot, and as many small ones as go together
    where they go to a fleet.
    """
    by_fleet = opened.settings.batch_by_fleet
    if count <= 0:
        return []
    with opened.pool.connection() as conn:
        found = runs.undispatched(conn, policies.BUNDLE_SHARES * policies.BUNDLE_RUNS if by_fleet else count, set_id)
        if not found and not by_fleet:
            # Left by a flow that died; the sweep looks after those that wait for a fleet.
            found = runs.unclaimed(conn, count, policies.UNCLAIMED_SECONDS, set_id)
        chosen = list(bundles(found))[:count] if by_fleet else [[run] for run in found]
        for run in chain.from_iterable(chosen):
            runs.mark_dispatched(conn, run.id)
        return chosen


def _look(opened: Services, set_id: int) -> tuple[dict[RunStatus, int], bool]:
    """How far the set is, and whether it is complete; what dead workers had goes back into the queue."""
    with opened.pool.connection() as conn:
        runs.release_expired(conn)
        if sets.complete_if_done(conn, set_id):
            outbox.put(conn, "site", "site", {})
        found = sets.get(conn, set_id)
        return sets.progress(conn, set_id), found is not None and found.completed_at is not None


async def _hand_over(opened: Services, where: Desk, group: list[Run]) -> None:
    """Have runs worked on: here, as a flow run below this one, or by whoever works on the batch queue of a fleet."""
    run = group[0]
    try:
        if opened.settings.batch_by_fleet:
            await hand_over(opened, where, group)
        else:
            # Prefect takes the name for a template, and strangers choose a part of it.
            name = name_of(run).replace("{", "{{").replace("}", "}}")
            await source_run.with_options(flow_run_name=name)(run.id, return_state=True)
    except Exception:
        # The runs are still in the record, which gives them to others; the rest of the set goes on.
        log.exception("run %d and %d more could not be handed over", run.id, len(group) - 1)
