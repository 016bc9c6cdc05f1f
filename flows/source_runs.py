"""`source-runs`: several small runs of a set, one after the other in one flow run.

A flow run of its own costs 4 s of processor time before it begins, most small sources take less. Each run is claimed
when it is its turn: what a killed flow run had not begun is given to others together with what it had.
"""

import logging
from collections import Counter

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.services import Services, services
from flows.source_run import worked_on

log = logging.getLogger("openaddr.flows")
SURPRISED = "Surprised"


@flow(name="source-runs")
async def source_runs(run_ids: list[int]) -> State[None]:
    """Work on runs of the record, one after the other; one that surprises us does not keep us from the others."""
    counts = Counter[str]()
    with services(flow_run.id) as opened:
        for run_id in run_ids:
            counts[await _one(opened, run_id)] += 1
    told = ", ".join(f"{count} {name.lower()}" for name, count in counts.items())
    return Failed(message=told) if counts[SURPRISED] else Completed(message=told)


async def _one(opened: Services, run_id: int) -> str:
    try:
        name, _ = await worked_on(opened, run_id)
    except Exception:
        # Its lease runs out, and the sweep gives it to another one.
        log.exception("run %d was not brought to an end", run_id)
        return SURPRISED
    return name
