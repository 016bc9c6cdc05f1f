"""A request as an operation sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec

from demo.servers.github.answers import Page, given, refused
from demo.servers.github.repositories import Hosted
from demo.servers.github.shapes import Shapes
from demo.servers.serving import Request, Response

Wanted = TypeVar("Wanted")


class BadBodyError(Exception):
    """What was sent cannot be used; `response` says why."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.body.decode())
        self.response = response


@dataclass(frozen=True)
class Caller:
    """Who asks: anybody, a user with a token, an app itself, or its installation with its permissions."""

    kind: Literal["nobody", "user", "app", "installation"]
    login: str = ""
    permissions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What is asked of a repository; `parts` are those of the path."""

    hosted: Hosted
    request: Request
    parts: Mapping[str, str]
    caller: Caller
    codeload: str

    @property
    def shapes(self) -> Shapes:
        """How things look with the addresses of this server."""
        return Shapes(self.hosted.api, self.hosted.web)

    @property
    def wants_raw(self) -> bool:
        """Whether the bytes of a file are wanted, rather than what is known of it."""
        kind = self.request.headers.get("accept", "")
        return "github" in kind and ("raw+json" in kind or kind.endswith("raw"))

    def body(self, kind: type[Wanted]) -> Wanted:
        """What was sent. Raises BadBodyError."""
        try:
            return msgspec.json.decode(self.request.body, type=kind)
        except msgspec.ValidationError as error:
            raise BadBodyError(refused(422, f"Invalid request.\n\n{error}")) from None
        except (msgspec.DecodeError, UnicodeError):
            raise BadBodyError(refused(400, "Problems parsing JSON")) from None

    def page(self, items: Sequence[Any], shape: Callable[[Any], object]) -> Response:
        """The page of a list that is asked for."""
        page = Page(self.request)
        content = [shape(item) for item in page.of(items)]
        return given(content, headers=page.links(self.hosted.api, len(items)))
