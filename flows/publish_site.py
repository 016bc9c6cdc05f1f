"""`publish-site`: maps of sets that have none, then the pages, each whole or not at all."""

import asyncio
import logging

from prefect import flow
from prefect.runtime import flow_run

from dashboards.site import publish
from flows import policies
from flows.services import Services, services
from openaddr.maps.drawing import draw_missing

log = logging.getLogger("openaddr.flows")


@flow(
    name="publish-site",
    timeout_seconds=policies.SITE_SECONDS,
    retries=policies.SITE_RETRIES,
    retry_delay_seconds=policies.SITE_RETRY_SECONDS,
)
async def publish_site() -> None:
    """Draw the maps of new sets, and write the pages of what the record says now, whatever came of the maps."""
    with services(flow_run.id) as opened:
        try:
            await asyncio.to_thread(_draw, opened)
        finally:
            await asyncio.to_thread(publish, opened.pool, opened.storage, opened.settings.site_url)


def _draw(opened: Services) -> None:
    with opened.pool.connection() as conn:
        for set_id in draw_missing(conn, opened.storage):
            log.info("maps of set %d are drawn", set_id)
