"""The two addresses of the webhook."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Lifespan

from deployments.webhook.answers import Refusal
from deployments.webhook.bodies import Door
from deployments.webhook.receiving import Receiver, database_away

RECORD_SECONDS = 8.0
"""GitHub waits 10 s for its answer. A delivery that is recorded after that is told as failed, and not lost."""
WORDS = {404: ("not_found", "There is only POST /hook and GET /health."), 405: ("method", "POST /hook, GET /health.")}
log = logging.getLogger("openaddr.webhook")
Result = TypeVar("Result")


class Webhook:
    """Answers deliveries; `wake` is called when one asks for something."""

    def __init__(self, receiver: Receiver, wake: Callable[[], None], door: Door) -> None:
        self.receiver, self.wake, self.door = receiver, wake, door

    async def hook(self, request: Request) -> Response:
        """POST /hook."""
        envelope = self.receiver.envelope(request.headers)
        async with self.door.body(request) as body:
            receipt = await _in_time(lambda: self.receiver.receive(envelope, body))
        about = "again" if not receipt.is_new else receipt.skip or "written down"
        log.info("delivery %s, %s: %s", envelope.delivery_id, envelope.event, about)
        if receipt.is_new and not receipt.skip:
            self.wake()
        return receipt.answer()

    async def health(self, request: Request) -> Response:
        """GET /health."""
        if not await _in_time(self.receiver.is_well):
            raise database_away()
        return JSONResponse({"database": "here"})

    def application(self, life: Lifespan[Starlette] | None = None) -> Starlette:
        """What a server serves, and what lives beside it."""
        routes = [Route("/hook", self.hook, methods=["POST"]), Route("/health", self.health)]
        handlers = {Refusal: _refused, HTTPException: _not_here}
        found = Starlette(routes=routes, exception_handlers=handlers, lifespan=life)
        found.router.redirect_slashes = False
        return found


async def _in_time(action: Callable[[], Result]) -> Result:
    """The result of an action in a thread. Raises Refusal, whatever happens to it."""
    try:
        async with asyncio.timeout(RECORD_SECONDS):
            return await asyncio.to_thread(action)
    except Refusal:
        raise
    except TimeoutError:
        raise database_away() from None
    except Exception as error:
        # What databases and parsers say of a failure may quote a body, which is nobody's business.
        log.error("a delivery failed with %s", type(error).__qualname__)
        raise Refusal(500, "failed", "We failed: look into the log, and deliver it again.") from None


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    log.info("refused with %d: %s", error.status, error.sentence)
    # What is left of a body that was refused is not read.
    return error.answer({"Connection": "close"})


async def _not_here(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Refusal(error.status_code, *WORDS.get(error.status_code, ("failed", error.detail))).answer(error.headers)
