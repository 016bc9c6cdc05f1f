"""The server: who asks, for what, and what is wrong at the moment."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from demo.servers.github.access import Access
from demo.servers.github.accounts import ACCOUNTS, installation
from demo.servers.github.answers import NOT_FOUND, NOT_OF_THE_APP, refused
from demo.servers.github.asking import Asked, BadBodyError, Caller
from demo.servers.github.checks import CHECKS
from demo.servers.github.pull_requests import PULL_REQUESTS
from demo.servers.github.reading import READING, codeload
from demo.servers.github.records import App
from demo.servers.github.repositories import Hosted
from demo.servers.github.shapes import Shapes
from demo.servers.github.statuses import STATUSES
from demo.servers.serving import HttpServer, Request, Response

Trouble = Response | list[Response] | Callable[[Request], Response | None]
_NAME = r"/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
# What ends in a word of its own comes before what takes the rest of a path.
_OF_REPOSITORIES = {**STATUSES, **CHECKS, **PULL_REQUESTS, **READING}
OPERATIONS: dict[str, tuple[str, re.Pattern[str]]] = {
    "rate_limit": ("GET", re.compile("/rate_limit")),
    "user": ("GET", re.compile("/user")),
    "installation": ("GET", re.compile(f"/repos{_NAME}/installation")),
    "access_token": ("POST", re.compile(r"/app/installations/(?P<id>\d+)/access_tokens")),
    "codeload": ("GET", re.compile(f"/codeload{_NAME}/legacy\\.zip/(?P<ref>.+)")),
    **{name: (method, re.compile(f"/repos{_NAME}{rest}")) for name, (method, rest, _) in _OF_REPOSITORIES.items()},
}
"""Method and path of every operation, by the name under which tests speak of it."""
NEEDED = {
    "create_status": "statuses",
    "create_check": "checks",
    "update_check": "checks",
    "create_comment": "issues",
    "update_comment": "issues",
}
"""What an installation has to be allowed to write."""


class GitHubServer(HttpServer):
    """Serves `repositories`; with a `token` private ones are seen by those only who have it, and no other is taken.

    `trouble` answers in the place of an operation, by its name in OPERATIONS: always, once for each of a list, or as a
    function of the request says, which may also do something first: wait, or push. `unheard` answers so too, but only
    after the operation was carried out.
    """

    def __init__(self, token: str = "", app: App | None = None) -> None:
        super().__init__()
        self.access = Access(token, app or App())
        self.repositories: dict[str, Hosted] = {}
        self.trouble: dict[str, Trouble] = {}
        self.unheard: dict[str, Trouble] = {}
        # What is written by two at once is written by one after the other, as at GitHub.
        self._one = threading.Lock()

    def host(self, full_name: str, **changes: Any) -> Hosted:
        """A new repository."""
        found = Hosted(full_name, app=self.access.app, api=self.url, web=self.url, **changes)
        return self._known(found)

    def fork(self, hosted: Hosted, full_name: str) -> Hosted:
        """A fork of a repository."""
        return self._known(hosted.fork(full_name))

    def _known(self, hosted: Hosted) -> Hosted:
        self.repositories[hosted.full_name.casefold()] = hosted
        return hosted

    def delete(self, hosted: Hosted) -> None:
        """A repository goes; pull requests of a fork stay, and their commits too."""
        del self.repositories[hosted.full_name.casefold()]
        for pull in hosted.upstream.pulls.values() if hosted.upstream else ():
            if pull.head is hosted:
                pull.head = None

    def asked(self, operation: str) -> list[Request]:
        """The requests for an operation so far."""
        return [request for request in self.requests if operation_of(request)[0] == operation]

    def answer(self, request: Request) -> Response:
        """What is wrong at the moment, or what the operation gives."""
        name, found = operation_of(request)
        if (trouble := _next(self.trouble, name, request)) is not None:
            return trouble
        with self._one:
            response = self.perform(name, found, request) if found else NOT_FOUND
        unheard = _next(self.unheard, name, request)
        return response if unheard is None else unheard

    def perform(self, name: str, found: re.Match[str], request: Request) -> Response:
        """What an operation gives."""
        caller = self.access.caller(request) if name != "codeload" else Caller("nobody")
        if isinstance(caller, Response):
            return caller
        if name in ACCOUNTS:
            response = ACCOUNTS[name](self.access, caller, Shapes(self.url, self.url), found.groupdict())
            is_classic = caller.kind == "user" and self.access.scopes is not None
            told = {"X-OAuth-Scopes": self.access.scopes or ""} if is_classic else {}
            return replace(response, headers={**response.headers, **told})
        hosted = self.repositories.get(f"{found['owner']}/{found['repo']}".casefold())
        if hosted is None or (hosted.private and caller.kind == "nobody" and name != "codeload"):
            return NOT_FOUND
        if name == "installation":
            return installation(self.access, caller, hosted)
        if refusal := _refusal(name, request, caller):
            return refusal
        asked = Asked(hosted, request, found.groupdict(), caller, self.codeload)
        try:
            return codeload(asked) if name == "codeload" else _OF_REPOSITORIES[name][2](asked)
        except BadBodyError as error:
            return error.response

    @property
    def codeload(self) -> str:
        """Where archives come from: another host to all who compare names."""
        return f"http://localhost:{self.port}/codeload"


def operation_of(request: Request) -> tuple[str, re.Match[str] | None]:
    """The operation of a request with what its path says, '' for none."""
    for name, (method, pattern) in OPERATIONS.items():
        if request.method == method and (found := pattern.fullmatch(request.path)):
            return name, found
    return "", None


def _next(troubles: dict[str, Trouble], name: str, request: Request) -> Response | None:
    found = troubles.get(name)
    if isinstance(found, list):
        return found.pop(0) if found else None
    return found(request) if callable(found) else found


def _refusal(name: str, request: Request, caller: Caller) -> Response | None:
    """Why a caller may not, in general."""
    if request.method == "GET":
        return None
    if caller.kind == "nobody":
        return refused(401, "Requires authentication")
    if caller.kind == "app":
        return refused(403, NOT_OF_THE_APP)
    if caller.kind == "installation" and caller.permissions.get(NEEDED[name]) != "write":
        return refused(403, NOT_OF_THE_APP)
    return None
