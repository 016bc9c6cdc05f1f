"""The stand-in for GitHub, held against what GitHub says of itself: what it is asked, and what it answers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from demo.servers.github import App, GitHubServer
from demo.servers.serving import Request, Response
from tests.github.openapi import DESCRIPTION, faults_of_answer, faults_of_request

UNTOLD = "head/repo: null is not of type"
"""The fork of a pull request may be deleted: GitHub's examples of deliveries say so, but its description does not."""


class CheckedGitHub(GitHubServer):
    """Keeps what it answers, but for its troubles."""

    def __init__(self, token: str = "", app: App | None = None) -> None:
        super().__init__(token, app)
        self.answered: list[tuple[Request, Response]] = []

    def perform(self, name: str, found: re.Match[str], request: Request) -> Response:
        """What an operation gives."""
        response = super().perform(name, found, request)
        self.answered.append((request, response))
        return response

    def faults(self) -> list[str]:
        """Whatever was not as GitHub describes it; nothing when the description was not installed."""
        if not DESCRIPTION.exists():
            return []
        asked = [request for request in self.requests if not request.path.startswith("/codeload/")]
        faults = [fault for request in asked for fault in faults_of_request(request)]
        faults += [fault for request, response in self.answered for fault in faults_of_answer(request, response)]
        return [fault for fault in faults if UNTOLD not in fault]


@contextmanager
def checked_github(token: str = "", app: App | None = None) -> Iterator[GitHubServer]:
    """A GitHub that in the end finds fault with every request, and answer of its own, that GitHub does not know."""
    with CheckedGitHub(token, app) as server:
        yield server
    if faults := server.faults():
        raise AssertionError("\n".join(faults))
