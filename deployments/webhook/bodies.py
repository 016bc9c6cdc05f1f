"""Takes the body of a request, of which anybody may send as many as they like: within bytes, time and memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request

from deployments.webhook.answers import Refusal

LARGE = 1 << 20
"""Deliveries have 10 to 50 kB; pushes of thousands of files have megabytes."""
LARGE_AT_ONCE = 4


@dataclass(frozen=True)
class Door:
    """How much comes in. Of bodies beyond LARGE bytes only a few do at once, or strangers could fill the memory."""

    most: int = 25 << 20
    """Bytes: GitHub sends no more than 25 MB, however those are counted."""
    seconds: float = 9.0
    """For all of a body: GitHub waits 10 s for its answer."""
    large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_AT_ONCE))

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The body, which has its place in memory while the block lasts. Raises Refusal."""
        if int(request.headers.get("content-length", "0")) > self.most:
            raise self._too_large()
        async with AsyncExitStack() as places:
            try:
                async with asyncio.timeout(self.seconds):
                    body = await self._taken(request, places)
            except TimeoutError:
                raise Refusal(408, "too_slow", f"The body did not come within {self.seconds:g} s.") from None
            except ClientDisconnect:
                raise Refusal(400, "cut_off", "The body ended before its end.") from None
            yield body

    async def _taken(self, request: Request, places: AsyncExitStack) -> bytes:
        parts, size, is_large = [], 0, False
        async for part in request.stream():
            size += len(part)
            if size > self.most:
                raise self._too_large()
            if size > LARGE and not is_large:
                is_large = True
                await places.enter_async_context(self.large)
            parts.append(part)
        return b"".join(parts)

    def _too_large(self) -> Refusal:
        return Refusal(413, "too_large", f"The body has more than {self.most:,} bytes.")
