"""The webhook as a program: `openaddr webhook`."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool
from starlette.applications import Starlette
from starlette.types import Lifespan

from deployments.listening import listener, server
from deployments.webhook.application import Webhook
from deployments.webhook.bodies import Door
from deployments.webhook.dispatching import Dispatcher
from deployments.webhook.receiving import Receiver
from openaddr import logs
from openaddr.db.connections import connect, open_pool
from openaddr.db.migrating import require_current
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.github.names import Repository
from openaddr.settings import SettingError, Settings, variable

CONNECTIONS = 500
"""At once, and no more: the others are told 503."""
log = logging.getLogger("openaddr.webhook")


def run_webhook(settings: Settings, host: str, port: int) -> int:
    """Serve until Ctrl-C or SIGTERM; gives the exit code. Raises ProblemError, SettingError."""
    checked(settings)
    _require_current(settings.database_url)
    place = listener(host, port)
    logs.set_up_program(settings)
    # The server ends in order, and has itself interrupted again after that.
    with open_pool(settings.database_url, at_once=False) as pool, suppress(KeyboardInterrupt):
        server(application(settings, pool), CONNECTIONS).run([place])
    return ExitCode.DONE


def _require_current(url: str) -> None:
    """Raise ProblemError when the database is there and not of this release: what it says could not be written down."""
    try:
        with connect(url) as conn:
            require_current(conn)
    except ProblemError as error:
        # It may come later: until then deliveries are answered 503.
        if error.problem.code is not Code.DATABASE_AWAY:
            raise


def checked(settings: Settings) -> None:
    """Whether a webhook can run by these settings. Raises ProblemError, SettingError."""
    if not settings.webhook_secrets and not settings.webhook_unsigned:
        secrets, unsigned = variable("webhook_secrets"), variable("webhook_unsigned")
        raise SettingError(f"{secrets} is empty: anybody could pass for GitHub ({unsigned}=1 allows it)")
    if not settings.database_url:
        raise ProblemError(Code.DATABASE_AWAY, "DATABASE_URL is not set: it says where the record is.")
    for name in settings.repositories:
        Repository.parse(name)


def application(settings: Settings, pool: ConnectionPool[Connection[Any]], door: Door | None = None) -> Starlette:
    """The webhook with its dispatcher."""
    if not settings.repositories:
        log.warning("%s is empty: every delivery will be ignored", variable("repositories"))
    if not settings.prefect_api_url:
        log.warning("%s is not set: deliveries wait for the sweep", variable("prefect_api_url"))
    dispatcher = Dispatcher(pool)
    receiver = Receiver(pool, settings.webhook_secrets, settings.repositories)
    webhook = Webhook(receiver, dispatcher.wake, door or Door())
    return webhook.application(_beside(dispatcher) if settings.prefect_api_url else None)


def _beside(dispatcher: Dispatcher) -> Lifespan[Starlette]:
    """Lets a dispatcher work while the application does."""

    @asynccontextmanager
    async def life(application: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(dispatcher.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return life
