"""`backup`: all of the record into one file, daily; of two at once the second leaves."""

import asyncio
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import policies
from flows.services import services
from openaddr.errors import Code, ProblemError
from openaddr.keeping.commands import back_up
from openaddr.keeping.places import place_of_backups, remove_old
from openaddr.settings import Settings
from openaddr.storage import publishing
from openaddr.words import plural


@flow(
    name="backup",
    timeout_seconds=policies.BACKUP_SECONDS,
    retries=policies.BACKUP_RETRIES,
    retry_delay_seconds=policies.BACKUP_RETRY_SECONDS,
)
async def backup() -> State[None]:
    """Make a backup, and remove those that are old. A problem fails this try: a day without a backup has to be seen."""
    with services() as opened:
        try:
            return Completed(message=await asyncio.to_thread(_backed_up, opened.settings))
        except ProblemError as error:
            if error.problem.code is Code.STACK_BUSY:
                return Completed(name="Left", message=error.problem.message)
            raise


def _backed_up(settings: Settings) -> str:
    key, manifest = back_up(settings)
    place = place_of_backups(settings)
    removed = remove_old(place, settings.keep_backups_days)
    publishing.sweep(place, timedelta(hours=policies.KEPT_HOURS))
    return f"{key}: {manifest}; {plural(len(removed), 'old backup')} removed"
