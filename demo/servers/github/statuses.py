"""What commits are told to be worth: statuses, which are added and never changed."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from demo.servers.github.answers import given, invalid, refused
from demo.servers.github.asking import Asked
from demo.servers.github.objects import Commit
from demo.servers.github.pull_requests import shapes
from demo.servers.github.records import Status
from demo.servers.serving import Response

MOST_STATUSES = 1_000
"""Of one commit in one context."""
LONGEST_DESCRIPTION = 140


class StatusAsked(Struct, frozen=True):
    """What a status is to say."""

    state: Literal["error", "failure", "pending", "success"]
    target_url: str | None = None
    description: str | None = None
    context: str = "default"


def unknown(ref: str) -> Response:
    """There is no such commit."""
    return refused(422, f"No commit found for SHA: {ref}")


def create_status(asked: Asked) -> Response:
    """One more status of a commit."""
    wanted, sha = asked.body(StatusAsked), asked.parts["sha"]
    if sha not in asked.hosted.commits:
        return unknown(sha)
    if len(wanted.description or "") > LONGEST_DESCRIPTION:
        message = f"description is too long (maximum is {LONGEST_DESCRIPTION} characters)"
        return invalid("Status", "description", message)
    if wanted.target_url and not wanted.target_url.startswith(("http://", "https://")):
        return invalid("Status", "target_url", "target_url must use http(s) scheme")
    before = [found for found in asked.hosted.statuses if (found.sha, found.context) == (sha, wanted.context)]
    if len(before) >= MOST_STATUSES:
        message = "This SHA and context has reached the maximum number of statuses."
        return refused(422, "Validation Failed", [{"resource": "Status", "code": "custom", "message": message}])
    ident, at = asked.hosted.tick()
    status = Status(
        ident, sha, wanted.state, wanted.context, wanted.description, wanted.target_url, asked.caller.login, at
    )
    asked.hosted.statuses.append(status)
    asked.hosted.written.append(status)
    return given(_shape(asked, status), 201)


def _shape(asked: Asked, status: Status) -> dict[str, object]:
    return {**shapes(asked).status(status), "creator": asked.shapes.user(status.by)}


def _found(asked: Asked) -> tuple[Commit | None, list[Status]]:
    """The commit that is asked for, and its statuses, newest first."""
    commit = asked.hosted.find(asked.parts["ref"])
    statuses = [status for status in reversed(asked.hosted.statuses) if commit and status.sha == commit.sha]
    return commit, statuses


def statuses(asked: Asked) -> Response:
    """Every status of a commit, newest first."""
    commit, found = _found(asked)
    return asked.page(found, lambda status: _shape(asked, status)) if commit else unknown(asked.parts["ref"])


def combined_status(asked: Asked) -> Response:
    """The newest status of each context of a commit, and what they come to."""
    commit, found = _found(asked)
    if commit is None:
        return unknown(asked.parts["ref"])
    newest = list({status.context: status for status in reversed(found)}.values())
    states = {status.state for status in newest}
    state = "failure" if states & {"error", "failure"} else "success" if states == {"success"} else "pending"
    url = f"{asked.hosted.api}/repos/{asked.hosted.full_name}/commits/{commit.sha}"
    shape = {
        "state": state,
        "statuses": [shapes(asked).status(status) for status in newest],
        "sha": commit.sha,
        "total_count": len(newest),
        "repository": asked.shapes.repository(asked.hosted),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return given(shape)


STATUSES: dict[str, tuple[str, str, Callable[[Asked], Response]]] = {
    "create_status": ("POST", r"/statuses/(?P<sha>[^/]+)", create_status),
    "statuses": ("GET", r"/commits/(?P<ref>.+)/statuses", statuses),
    "combined_status": ("GET", r"/commits/(?P<ref>.+)/status", combined_status),
}
