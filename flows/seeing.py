"""What a sweep does for those who watch: numbers to CloudWatch, and a word when something stands still."""

import asyncio
import logging
from datetime import UTC, datetime

from prefect.exceptions import ObjectNotFound

from flows.handing_over import Desk
from flows.services import Services
from openaddr import amazon
from openaddr.db import metrics
from openaddr.db.metrics import Metrics
from openaddr.errors import ProblemError
from openaddr.notices import is_wanted
from openaddr.troubles import Kind, Trouble, in_record

log = logging.getLogger("openaddr.flows")


async def watch(opened: Services, where: Desk) -> str:
    """Send the numbers, ask for a notice of each trouble, and say in words what there was. A sweep never fails by it.

    The same notice is asked for once an hour: whoever asks again gets the flow run that is there.
    """
    try:
        record = await asyncio.to_thread(_read, opened)
        troubles = [*in_record(record, opened.settings), *await asyncio.to_thread(_sent, opened, record)]
        for trouble in troubles if is_wanted(opened.settings) else ():
            await where.have_told(trouble, f"{datetime.now(UTC):%Y-%m-%dT%H}")
    except ObjectNotFound:
        return "nobody to tell of troubles: there is no deployment `notice`"
    except Exception as error:
        log.warning("troubles were not looked for: %s", error)
        return "troubles not looked for"
    return " ".join(trouble.sentence for trouble in troubles) or "no trouble"


def _read(opened: Services) -> Metrics:
    with opened.pool.connection() as conn:
        return metrics.read(conn)


def _sent(opened: Services, record: Metrics) -> list[Trouble]:
    """Send the numbers to CloudWatch, where that is wanted; gives the trouble that there was with it."""
    if not opened.settings.cloudwatch_namespace:
        return []
    try:
        amazon.put_numbers(opened.settings, record)
    except ProblemError as error:
        log.warning("%s", error)
        return [Trouble(Kind.NUMBERS_REFUSED, f"5 numbers did not get there: {error}")]
    return []
