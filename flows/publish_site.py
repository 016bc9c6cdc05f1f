"""`publish-site`: the pages, made from the record alone, each whole or not at all."""

import asyncio

from prefect import flow

from dashboards.site import publish
from flows import policies
from flows.services import services


@flow(
    name="publish-site",
    timeout_seconds=policies.SITE_SECONDS,
    retries=policies.SITE_RETRIES,
    retry_delay_seconds=policies.SITE_RETRY_SECONDS,
)
async def publish_site() -> None:
    """Write the pages of what the record says now."""
    with services() as opened:
        await asyncio.to_thread(publish, opened.pool, opened.storage, opened.settings.site_url)
