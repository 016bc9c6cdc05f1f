"""The numbers as a program: `openaddr metrics`."""

import logging
from contextlib import suppress

from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from deployments.listening import listener, server
from deployments.metrics.families import registry
from deployments.metrics.looking import RECORD_SECONDS, Watch
from openaddr import logs
from openaddr.db.connections import open_pool
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.settings import Settings
from openaddr.storage import open_storage

CONNECTIONS = 50
AWAY = f"The database is away, or did not answer within {RECORD_SECONDS:g} s: there are no numbers now.\n"
log = logging.getLogger("openaddr.metrics")


def run_metrics(settings: Settings, host: str, port: int) -> int:
    """Serve until Ctrl-C or SIGTERM; gives the exit code. Raises ProblemError."""
    if not settings.database_url:
        raise ProblemError(Code.DATABASE_AWAY, "DATABASE_URL is not set: it says where the record is.")
    logs.set_up_program(settings)
    storage, place = open_storage(settings), listener(host, port)
    with open_pool(settings.database_url, 2, at_once=False) as pool, suppress(KeyboardInterrupt):
        server(application(Watch(settings, pool, storage)), CONNECTIONS).run([place])
    return ExitCode.DONE


def application(watch: Watch) -> Starlette:
    """`GET /metrics`, and nothing else."""

    async def metrics(request: Request) -> Response:
        try:
            seen = await watch.look()
        except Exception as error:
            # Whatever it is: whoever watches has to learn that there is nothing to be seen.
            log.warning("there are no numbers: %s", type(error).__name__)
            return PlainTextResponse(AWAY, 503, {"Cache-Control": "no-store"})
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry(seen)), headers={"Content-Type": media_type, "Cache-Control": "no-store"})

    return Starlette(routes=[Route("/metrics", metrics)])
