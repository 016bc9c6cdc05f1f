"""Payloads as GitHub sends them: those of npm's `@octokit/webhooks-examples`, which set-up brings."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"
REPOSITORY = "Codertocat/Hello-World"
"""What most examples are of."""
Payload = dict[str, Any]


@cache
def examples() -> dict[str, list[Payload]]:
    """All examples by the name of their event."""
    return {each["name"]: each["examples"] for each in json.loads(EXAMPLES.read_text())}


def example(event: str, action: str = "") -> Payload:
    """The first example of an event with an action; the caller may change it."""
    found = next(each for each in examples()[event] if each.get("action", "") == action)
    return deepcopy(found)


def changed(payload: Payload, place: str, value: object) -> Payload:
    """A payload with another value at a place such as `issue.user.login`."""
    *way, last = place.split(".")
    found = payload
    for name in way:
        found = found[name]
    found[last] = value
    return payload


def push(ref: str = "refs/heads/master", **changes: object) -> Payload:
    """A push to a branch."""
    after = {"before": "a" * 40, "after": "b" * 40, "deleted": False}
    return example("push") | {"ref": ref} | after | changes


def comment(body: str, **changes: object) -> Payload:
    """A comment on a pull request, by who opened it; names in changes have __ for a dot."""
    found = example("issue_comment", "created")
    found["issue"] |= {"number": 7, "pull_request": {"url": "https://canary.example/"}}
    found["comment"] |= {"body": body, "author_association": "NONE"}
    for place, value in changes.items():
        changed(found, place.replace("__", "."), value)
    return found


def check_run(action: str, button: str | None = None, external_id: str = "12") -> Payload:
    """A check run of ours on which somebody pressed something."""
    found = example("check_run", "completed") | {"action": action}
    found["check_run"]["external_id"] = external_id
    return found | ({"requested_action": {"identifier": button}} if button else {})
