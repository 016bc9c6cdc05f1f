"""Clients for one layer source: as many as there are requests open at once, each lent to one request at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from openaddr.download.address import Address
from openaddr.download.allowance import Allowance
from openaddr.download.web import Client
from openaddr.errors import Problem
from openaddr.settings import Settings


class Clients:
    """Lends clients to any thread. Those that come back after the end of the `with` block are closed then.

    All of them draw on one `allowance`.
    """

    def __init__(self, settings: Settings, origin: Address, headers: Mapping[str, str]) -> None:
        self._settings = settings
        self._origin = origin
        self._headers = headers
        self._all: list[Client] = []
        self._idle: list[Client] = []
        self._closed = False
        self.allowance = Allowance(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._close_idle()

    @contextmanager
    def lend(self) -> Iterator[Client]:
        """A client for one request; its answer has to be read before it goes back."""
        client = self._taken()
        try:
            yield client
        finally:
            self._idle.append(client)
            if self._closed:
                self._close_idle()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What the clients warn of, each thing once."""
        return tuple(dict.fromkeys(warning for client in self._all for warning in client.warnings))

    def _taken(self) -> Client:
        # The last one back goes first: fewer connections are kept alive. Each of these steps is one for all threads.
        try:
            return self._idle.pop()
        except IndexError:
            client = Client(self._settings, self._origin, self._headers, self.allowance)
            self._all.append(client)
            return client

    def _close_idle(self) -> None:
        while self._idle:
            self._taken().__exit__(None, None, None)
