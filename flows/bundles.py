"""Which runs of a set go to a fleet together, and which alone."""

import asyncio
from collections.abc import Iterator, Sequence
from uuid import UUID

from flows import policies
from flows.handing_over import Desk
from flows.services import Services
from openaddr.db import runs
from openaddr.db.records import Run
from openaddr.sizes import SMALL

BATCH = "batch"
"""The queue of the fleet."""


def bundles(found: Sequence[Run]) -> Iterator[list[Run]]:
    """The same runs in the same order: small ones in groups that are worked off in minutes, others each alone.

    What needs a larger machine, or takes long, is to have one of its own and to be nobody's burden when it dies.
    """
    group: list[Run] = []
    seconds = 0.0
    most = max(policies.BUNDLE_LEAST, min(policies.BUNDLE_RUNS, len(found) // policies.BUNDLE_SHARES))
    for run in found:
        expected = run.expected_seconds if run.expected_seconds is not None else policies.BUNDLE_GUESS
        is_small = run.size_class == SMALL and expected <= policies.BUNDLE_SECONDS
        if group and (not is_small or len(group) == most or seconds + expected > policies.BUNDLE_SECONDS):
            yield group
            group, seconds = [], 0.0
        if not is_small:
            yield [run]
            continue
        group.append(run)
        seconds += expected
    if group:
        yield group


async def hand_over(opened: Services, where: Desk, group: Sequence[Run]) -> None:
    """Ask for the runs of a group to be worked on by the fleet, and note the flow run: it is alive or dead for all."""
    if len(group) > 1:
        flow_run = await where.hand_over_together(group, BATCH)
    else:
        flow_run = await where.hand_over(group[0], BATCH)
    await asyncio.to_thread(_note, opened, group, flow_run.id)


def _note(opened: Services, group: Sequence[Run], flow_run_id: UUID) -> None:
    with opened.pool.connection() as conn:
        runs.note_flow_run(conn, [run.id for run in group], flow_run_id)
