"""`batch-set`: every layer source of a repository at one commit, each exactly once, until all of them are final."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows import origins, policies
from flows.listing import list_set
from flows.origins import Origin
from flows.patience import through_outages
from flows.reporting import markdown
from flows.services import Services, services
from flows.working_off import work_off
from openaddr.db import sets
from openaddr.db.records import Set
from openaddr.errors import Problem, ProblemError

log = logging.getLogger("openaddr.flows")


@flow(name="batch-set", timeout_seconds=policies.BATCH_SECONDS)
async def batch_set(
    repository: str = "", commit: str = "", folder: str = "", fresh: bool = False, set_id: int = 0
) -> State[None]:
    """Process the source files of a repository on GitHub at a commit, or below a folder, or go on with a set.

    `commit` may be a branch; without one it is the newest of the default branch. Where nothing is named the settings
    say what a set is made of. Of two at once for one repository the second leaves.
    """
    with services(flow_run.id) as opened:
        try:
            if set_id:
                return await _again(opened, set_id)
            return await _anew(opened, origins.asked_for(opened.settings, repository, commit, folder), fresh=fresh)
        except ProblemError as error:
            await _show(error.problem)
            return Failed(message=sentence(error.problem))


async def _again(opened: Services, set_id: int) -> State[None]:
    """Go on with a set that was broken off."""
    found = await asyncio.to_thread(_get, opened, set_id)
    with alone(opened, found.repository) as is_ours:
        if not is_ours:
            return _left(found.repository)
        # It may have been closed in between.
        found = await asyncio.to_thread(_get, opened, set_id)
        if found.is_closed:
            return Completed(name="Left", message=f"The set {set_id} of {found.repository} is closed.")
        return await _go_on(opened, found)


async def _anew(opened: Services, origin: Origin, *, fresh: bool) -> State[None]:
    """Do what is left of an earlier set, then a new one, unless the earlier one was the same."""
    with alone(opened, origin.repository) as is_ours:
        if not is_ours:
            return _left(origin.repository)
        earlier = await asyncio.to_thread(under_way, opened, origin.repository)
        state = await _rest_of(opened, earlier) if earlier else None
        commit = await through_outages(origin.head)
        if earlier and state and (earlier.commit_sha, earlier.fresh) == (commit, fresh):
            return state
        return await _go_on(opened, await asyncio.to_thread(start, opened, origin, commit, fresh=fresh))


async def _rest_of(opened: Services, earlier: Set) -> State[None] | None:
    """Go on with an earlier set; None when that is not possible, which must not keep the next one from beginning."""
    try:
        return await _go_on(opened, earlier)
    except ProblemError as error:
        log.warning("set %d of %s is given up: %s", earlier.id, earlier.repository, error)
        await _show(error.problem)
        return None


async def _go_on(opened: Services, found: Set) -> State[None]:
    """List a set unless it is listed, and work off its runs. Raises ProblemError for one that cannot be listed."""
    if found.listed_at is None:
        try:
            origin = origins.origin_of(opened.settings, found)
            await through_outages(lambda: list_set(opened, found, origin))
        except ProblemError as error:
            await asyncio.to_thread(_abandon, opened, found, error.problem)
            raise
    counts = await work_off(opened, found)
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return Completed(message=f"Set {found.id} of {found.repository}: {told}.")


@contextmanager
def alone(opened: Services, repository: str) -> Iterator[bool]:
    """Be the only one who works on the sets of a repository; whether that is so."""
    with opened.pool.connection() as holding:
        # Held by this connection until it ends, however that happens.
        is_ours = sets.hold(holding, repository)
        holding.commit()
        yield is_ours


def start(opened: Services, origin: Origin, commit: str, *, fresh: bool) -> Set:
    """A new set, while nobody else works on those of its repository."""
    with opened.pool.connection() as conn:
        found = sets.start(conn, origin.repository, commit, folder=origin.folder, fresh=fresh)
    assert found is not None, "an earlier set is closed before"
    return found


def under_way(opened: Services, repository: str) -> Set | None:
    """The set of a repository that is neither complete nor abandoned."""
    with opened.pool.connection() as conn:
        return sets.resume(conn, repository)


def _get(opened: Services, set_id: int) -> Set:
    with opened.pool.connection() as conn:
        found = sets.get(conn, set_id)
    if found is None:
        raise LookupError(f"there is no set {set_id}")
    return found


def _abandon(opened: Services, found: Set, problem: Problem) -> None:
    with opened.pool.connection() as conn:
        sets.abandon(conn, found.id, problem)


def _left(repository: str) -> State[None]:
    return Completed(name="Left", message=f"Another set of {repository} is under way.")


async def _show(problem: Problem) -> None:
    """Leave a problem where operators look for it."""
    text = markdown(problem.as_json())
    try:
        await acreate_markdown_artifact(text, key="batch-set-problem", description=sentence(problem))
    except Exception as error:
        # Prefect may be away: what is on the record counts.
        log.warning("%s could not be shown: %s", problem.code, error)


def sentence(problem: Problem) -> str:
    """A problem in one line."""
    return f"{problem.code}: {problem.message}"
