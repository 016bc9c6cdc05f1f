"""Requests to one ESRI layer, repeated where what went wrong may pass."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from openaddr.download.address import Address
from openaddr.download.esri.answers import BusyError, NotJsonError, OversizedError, read_object
from openaddr.download.esri.clients import Clients
from openaddr.download.esri.layer import EsriLayer, last_edit, parse_layer
from openaddr.download.esri.requests import EVERYTHING, Parameters
from openaddr.download.web import Answer
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings

TRIES = 5
MAX_ANSWER = 512_000_000
"""Bytes of an answer: the ids of the largest layers take half of it."""
MAX_PAGE_BYTES = 64_000_000
"""Bytes of a page, of which several are in memory at once."""
PASSING = (Code.HTTP_5XX, Code.TIMED_OUT, Code.CONNECT_FAILED, Code.TRUNCATED)
TOLERATED = (
    Code.ESRI_ERROR,
    Code.ESRI_NO_QUERY,
    Code.HTTP_4XX,
    Code.HTTP_5XX,
    Code.HTML_INSTEAD_OF_DATA,
    Code.TIMED_OUT,
)
COUNT = {"returnCountOnly": "true"}
Result = TypeVar("Result")


class Service:
    """One layer of one server, for any thread.

    Query parameters that the source gives, such as a token, go along everywhere. Questions are repeated with growing
    pauses; pages are not, as whoever fetches many knows better when to ask again. An answer may have `most` bytes.
    """

    def __init__(self, clients: Clients, address: Address, settings: Settings, most: int = MAX_ANSWER) -> None:
        self._clients = clients
        self._most = most
        self._pause = settings.retry_seconds
        self._extra = {key: value for key, value in parse_qsl(address.query) if key.lower() != "f"}
        self.address = _bare(address)

    @property
    def seconds_left(self) -> float:
        """How long the download may still go on; below 0 when its time is up."""
        return self._clients.allowance.seconds_left

    def describe(self) -> Mapping[str, Any]:
        """What the address says of itself; where that was redirected to, the following requests go at once."""

        def attempt() -> Mapping[str, Any]:
            answer, body = self._get(self.address, {})
            metadata = read_object(answer, body)
            self.address = _bare(answer.address)
            return metadata

        return self._patiently(attempt)

    def layer(self) -> EsriLayer:
        """The layer at the address."""
        return parse_layer(self.describe(), self.address.host)

    def last_edit(self) -> str:
        """When the layer says it was edited last, '' when it does not say or cannot be asked."""
        metadata = self.look(self.address.target)
        return last_edit(metadata) if metadata else ""

    def look(self, target: str) -> Mapping[str, Any] | None:
        """What lies at another path of the server, in one try; None when that is no JSON object."""
        return self._once(replace(self.address, target=target), {})

    def ask(self, parameters: Parameters) -> Mapping[str, Any] | None:
        """A question that the server may refuse (None): how many rows, which ids, which statistics."""
        try:
            return self._patiently(lambda: read_object(*self._get(self._query, parameters)))
        except ProblemError as error:
            if error.problem.code not in TOLERATED:
                raise
            return None

    def count(self) -> int | None:
        """Rows that the server announces, None when it does not say."""
        return _count(self.ask(EVERYTHING | COUNT))

    def count_of(self, page: Parameters) -> int | None:
        """Rows that the server counts where a page looks for them, in one try; None when it does not say."""
        return _count(self._once(self._query, dict(page) | COUNT))

    def _once(self, address: Address, parameters: Parameters) -> Mapping[str, Any] | None:
        try:
            return read_object(*self._get(address, parameters))
        except ProblemError:
            return None

    def post(self, parameters: Parameters) -> tuple[Answer, bytes]:
        """One query by POST, as long conditions do not fit into an address. One try."""
        form = urlencode(self._extra | dict(parameters) | {"f": "json"})
        with self._clients.lend() as client:
            return _whole(client.request(self._query, method="POST", form=form, accept_encoding="gzip"), MAX_PAGE_BYTES)

    def _patiently(self, attempt: Callable[[], Result]) -> Result:
        """Try up to TRIES times with growing pauses while the problem is one that may pass."""
        for pause in (self._pause * 2**number for number in range(TRIES - 1)):
            try:
                return attempt()
            except BusyError as error:
                pause = max(pause, error.seconds)
            except ProblemError as error:
                if not isinstance(error, NotJsonError) and error.problem.code not in PASSING:
                    raise
            time.sleep(self._clients.allowance.patience(self.address.host, pause))
        return attempt()

    @property
    def _query(self) -> Address:
        return replace(self.address, target=f"{self.address.target}/query")

    def _get(self, address: Address, parameters: Parameters) -> tuple[Answer, bytes]:
        query = urlencode(self._extra | dict(parameters) | {"f": "json"})
        asked = replace(address, target=f"{address.target}?{query}")
        with self._clients.lend() as client:
            return _whole(client.request(asked, accept_encoding="gzip"), self._most)


def require_web(address: Address) -> None:
    """Raise ProblemError(URL_INVALID) where there can be no ESRI service."""
    if address.scheme == "ftp":
        raise ProblemError(Code.URL_INVALID, "An ESRI service has an http or https address, not one of ftp.")


def _count(answer: Mapping[str, Any] | None) -> int | None:
    count = answer.get("count") if answer else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def _bare(address: Address) -> Address:
    """The address of the layer itself, without query and slash at the end."""
    return replace(address, target=address.target.partition("?")[0].rstrip("/"))


def _whole(answer: Answer, most: int) -> tuple[Answer, bytes]:
    body = bytearray()
    for block in answer.blocks(decode=True):
        body += block
        if len(body) > most:
            answer.response.close()
            raise OversizedError(Code.ESRI_ERROR, f"{answer.address.host} sent an answer of more than {most:,} bytes.")
    return answer, bytes(body)
