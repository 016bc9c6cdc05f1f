"""What GitHub sends, well or badly."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from demo.servers.serving import Request, Response

RATE = 5_000
MOST_OF_A_PAGE = 100
FORBIDDEN = "Resource not accessible by personal access token"
NOT_OF_THE_APP = "Resource not accessible by integration"
NO_APP = "You must authenticate via a GitHub App."


def given(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    told = {"Content-Type": "application/json; charset=utf-8", "X-RateLimit-Limit": str(RATE)}
    return Response(json.dumps(content).encode(), status, {**told, **(headers or {})})


def moved(location: str, status: int = 302) -> Response:
    """A redirect."""
    return Response(status=status, headers={"Location": location})


def refused(status: int, message: str, errors: Sequence[object] = ()) -> Response:
    """How GitHub refuses."""
    content: dict[str, object] = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    if errors:
        content["errors"] = list(errors)
    return given({**content, "status": str(status)}, status)


def invalid(resource: str, field: str, message: str, code: str = "custom") -> Response:
    """How GitHub refuses what it can read."""
    return refused(422, "Validation Failed", [{"resource": resource, "code": code, "field": field, "message": message}])


NOT_FOUND = refused(404, "Not Found")


def rate_limited(seconds: int, status: int = 403) -> Response:
    """No more requests for so long."""
    reset = str(int(time.time()) + seconds)
    message = {"message": "API rate limit exceeded for 203.0.113.7. (But here's the good news: ...)"}
    return given(message, status, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})


def too_fast(retry_after: int | None, status: int = 403) -> Response:
    """The secondary limit: too many requests in a short time. GitHub does not always say for how long."""
    message = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
    return given(message, status, {} if retry_after is None else {"Retry-After": str(retry_after)})


UNICORN = Response(b"<html><title>Unicorn! &middot; GitHub</title></html>", 502, {"Content-Type": "text/html"})
SILENT = Response(silent=True)
HANGS_UP = Response(hangs_up=True)
CUT_ANSWER = Response(b'{"sha": "0123', headers={"Content-Type": "application/json"}, length=400)
CUT_ARCHIVE = Response(b"PK\x03\x04" + bytes(5_000), chunked=True, stops_after=3_000)


class Page:
    """The part of a list that a request asks for; pages count from 1."""

    def __init__(self, request: Request, usual: int = 30) -> None:
        self._request = request
        self.size = min(_number(request, "per_page", usual), MOST_OF_A_PAGE if usual <= MOST_OF_A_PAGE else usual)
        self.number = _number(request, "page", 1)

    def of(self, items: Sequence[Any]) -> list[Any]:
        """What stands on it."""
        return list(items[(self.number - 1) * self.size : self.number * self.size])

    def links(self, base: str, count: int) -> dict[str, str]:
        """The header that leads to the pages around it, of so many items; none when all fit on one."""
        last = max(1, -(-count // self.size))
        pages: dict[str, int] = {}
        if self.number > 1:
            pages |= {"prev": min(self.number - 1, last), "first": 1}
        if self.number < last:
            pages |= {"next": self.number + 1, "last": last}
        links = [f'<{self._address(base, number)}>; rel="{name}"' for name, number in pages.items()]
        return {"Link": ", ".join(links)} if links else {}

    def _address(self, base: str, number: int) -> str:
        query = urlencode({**self._request.parameters, "page": number})
        return f"{base}{urlsplit(self._request.target).path}?{query}"


def _number(request: Request, name: str, usual: int) -> int:
    text = request.parameters.get(name, "")
    return max(1, int(text)) if text.isascii() and text.isdigit() else usual
