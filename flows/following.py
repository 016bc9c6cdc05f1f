"""How far a run is, shown in the Prefect UI while it lasts."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from flows.policies import FOLLOW_SECONDS
from openaddr.stages import Progress

log = logging.getLogger("openaddr.flows")


@dataclass
class Latest:
    """The latest word of a run on its progress; called from whatever thread works on it (`stages.Progress`)."""

    percent: float = 0.0
    words: str = ""

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> None:
        """Take note of progress."""
        of = f" of {total:,}" if total else ""
        self.percent, self.words = min(100.0, 100 * done / total) if total else 0.0, f"{stage}: {done:,}{of} {unit}"


@asynccontextmanager
async def followed(key: str) -> AsyncIterator[Progress]:
    """Show the progress that is told to what this gives; runs that are over at the first look cost nothing."""
    latest = Latest()
    task = asyncio.create_task(_follow(latest, key))
    try:
        yield latest
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(latest: Latest, key: str) -> None:
    artifact, shown = None, ""
    while True:
        await asyncio.sleep(FOLLOW_SECONDS)
        if latest.words == shown:
            continue
        shown = latest.words
        try:
            if artifact is None:
                artifact = await acreate_progress_artifact(latest.percent, key=key, description=shown)
            else:
                await aupdate_progress_artifact(artifact, latest.percent, shown)
        except Exception as error:
            # Prefect may be away: the run goes on without being watched.
            log.warning("the progress of %s could not be shown: %s", key, error)
