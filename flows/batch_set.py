"""`batch-set`: every layer source of a repository at one commit, each exactly once, until all of them are final."""

import asyncio
import logging
from pathlib import Path

from prefect import flow
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import policies
from flows.handing_over import hand_over, name_of
from flows.listing import list_set
from flows.services import Services, services
from flows.source_run import source_run
from openaddr.db import outbox, runs, sets
from openaddr.db.records import Run, RunStatus, Set
from openaddr.source.catalog import digest, in_folder

log = logging.getLogger("openaddr.flows")


@flow(name="batch-set", timeout_seconds=policies.BATCH_SECONDS)
async def batch_set(folder: str = "", fresh: bool = False, set_id: int = 0) -> State[None]:
    """Process the source files below a folder, or go on with a set that was broken off.

    Of two at once for one repository the second leaves.
    """
    with services() as opened:
        path = Path(folder or opened.settings.sources_folder)
        repository = await asyncio.to_thread(_repository, opened, set_id) if set_id else path.resolve().name
        with opened.pool.connection() as holding:
            # Held by this connection until it ends, however that happens.
            if not sets.hold(holding, repository):
                return Completed(name="Left", message=f"Another set of {repository} is under way.")
            holding.commit()
            found = await asyncio.to_thread(begin, opened, repository, None if set_id else path, fresh=fresh)
            if found is None:
                return Completed(name="Left", message=f"The set {set_id} of {repository} is complete.")
            counts = await _work_off(opened, found)
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return Completed(message=f"Set {found.id} of {repository}: {told}.")


def _repository(opened: Services, set_id: int) -> str:
    with opened.pool.connection() as conn:
        found = sets.get(conn, set_id)
    if found is None:
        raise LookupError(f"there is no set {set_id}")
    return found.repository


def begin(opened: Services, repository: str, path: Path | None, *, fresh: bool) -> Set | None:
    """The set that was broken off, or a new one; all its runs are queued afterwards.

    Without a path only one that was broken off after all its runs had been queued, None when there is none.
    """
    if path is None:
        with opened.pool.connection() as conn:
            return sets.resume(conn, repository)
    files = list(in_folder(path))
    commit = digest(files)
    with opened.pool.connection() as conn:
        found = sets.resume(conn, repository) or sets.start(conn, repository, commit)
    assert found is not None, "nobody else works on sets of this repository"
    if found.listed_at is None:
        list_set(opened, found, files, fresh=fresh)
    return found


async def _work_off(opened: Services, found: Set) -> dict[RunStatus, int]:
    """Hand over the runs, longest first, as slots get free; gives how many have each status in the end."""
    progress = await acreate_progress_artifact(0.0, key=f"set-{found.id}", description=found.repository)
    under_way: set[asyncio.Task[None]] = set()
    while True:
        for run in await asyncio.to_thread(_next, opened, found.id, opened.settings.batch_slots - len(under_way)):
            under_way.add(asyncio.create_task(_hand_over(opened, run)))
        if under_way:
            _, under_way = await asyncio.wait(
                under_way, timeout=policies.BATCH_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        else:
            # Others work on what is left, or died on it: the record will tell.
            await asyncio.sleep(policies.BATCH_POLL_SECONDS)
        counts, is_done = await asyncio.to_thread(_look, opened, found.id)
        final = sum(count for status, count in counts.items() if status.is_final)
        await aupdate_progress_artifact(progress, 100 * final / max(1, sum(counts.values())))
        if is_done and not under_way:
            return counts


def _next(opened: Services, set_id: int, count: int) -> list[Run]:
    """The next runs to hand over, noted as handed over."""
    if count <= 0:
        return []
    with opened.pool.connection() as conn:
        found = runs.undispatched(conn, count, set_id)
        if not found and not opened.settings.batch_by_fleet:
            # Left by a flow that died; the sweep looks after those that wait for a fleet.
            found = runs.unclaimed(conn, count, policies.UNCLAIMED_SECONDS, set_id)
        for run in found:
            runs.mark_dispatched(conn, run.id)
        return found


def _look(opened: Services, set_id: int) -> tuple[dict[RunStatus, int], bool]:
    """How far the set is, and whether it is complete; what dead workers had goes back into the queue."""
    with opened.pool.connection() as conn:
        runs.release_expired(conn)
        if sets.complete_if_done(conn, set_id):
            outbox.put(conn, "site", "site", {})
        found = sets.get(conn, set_id)
        return sets.progress(conn, set_id), found is not None and found.completed_at is not None


async def _hand_over(opened: Services, run: Run) -> None:
    """Have a run worked on: here, as a flow run below this one, or by whoever works on the batch queue of a fleet."""
    try:
        if opened.settings.batch_by_fleet:
            await hand_over(run, "batch")
        else:
            await source_run.with_options(flow_run_name=name_of(run))(run.id, return_state=True)
    except Exception:
        # The run is still in the record, which gives it to another one; the rest of the set goes on.
        log.exception("run %d could not be handed over", run.id)
