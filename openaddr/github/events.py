"""What a delivery of GitHub asks for: from the name of an event and its payload to an `Asked`, or why not.

A payload is what GitHub says, and what strangers made it say. What is read of it is in `payloads`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from openaddr.errors import ProblemError
from openaddr.github.names import Repository, allowed, checked_ref
from openaddr.github.payloads import (
    Anywhere,
    ByHand,
    Check,
    CheckRun,
    CheckSuite,
    IssueComment,
    PullRequest,
    Push,
    RepositoryTold,
    RunId,
)

RERUN = re.compile(r"^re-?run this,? please\b", re.I | re.M)
"""What a comment says that asks for a new run, at the start of a line."""
OUR_COMMENT = "<!-- openaddr-machine -->"
"""What our own comments have in them, which tell how to ask for a new run and do not ask for one."""
HELPERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""Who may ask for a new run of what somebody else has proposed."""
BRANCH = "refs/heads/"
BY_HAND = "by-hand"
"""The event of `openaddr job`, which GitHub does not know."""


class Action(StrEnum):
    """What is to be done."""

    CHECK = "check"
    CLOSE = "close"
    APPROVE = "approve"


class Button(StrEnum):
    """The buttons of our check runs, by their identifier."""

    FRESH = "rerun-fresh"
    APPROVE = "approve-drop"


@dataclass(frozen=True)
class Asked:
    """What a delivery asks for. Every name and id in it is checked; addresses of payloads are never read."""

    action: Action
    event: str
    """GitHub's name: push, pull_request, issue_comment, check_run, check_suite; or BY_HAND."""
    repository: Repository
    """Spelt as the list does."""
    sha: str
    """The head commit; '' = only GitHub can tell (comments)."""
    before: str = ""
    """Of a push: the commit before, '' for a new branch. By hand: what to compare with, '' for the default branch."""
    ref: str = ""
    """Of a push: the branch."""
    pull_request: int | None = None
    """Of checks: only the one whose head is `sha` now; None for forks, of which GitHub does not say it."""
    author: str = ""
    """Login of who sent it."""
    fresh: bool = False
    """A re-run was asked for."""
    merged: bool = False
    """Of CLOSE."""
    run_id: int | None = None
    """Of APPROVE: which run of ours the check run is about."""


@dataclass(frozen=True)
class Ignored:
    """Nothing is to be done, and why, in a sentence."""

    reason: str


Shape = TypeVar("Shape", bound=Struct)
Payload = Mapping[str, Any]


def read(event: str, payload: Payload, known: Iterable[str]) -> Asked | Ignored:
    """What a delivery asks for, when its repository is one of `known`. Gives an answer to any JSON."""
    if event == "ping":
        return Ignored("GitHub only asks whether anybody is here.")
    reader = READERS.get(event)
    if reader is None:
        return Ignored(f"Nothing is done for the event {event[:50]!r}.")
    try:
        return reader(payload, allowed(_shaped(payload, Anywhere).repository.full_name, known))
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        # The latter for names that are no text: halves of surrogate pairs.
        what = "What is asked for cannot be used" if event == BY_HAND else f"This {event} has no usable content"
        return Ignored(f"{what}: {error}.")
    except ProblemError as error:
        return Ignored(error.problem.message)


def _shaped(payload: Payload, kind: type[Shape]) -> Shape:
    return msgspec.convert(payload, kind)


def _push(payload: Payload, repository: Repository) -> Asked | Ignored:
    found = _shaped(payload, Push)
    if not found.ref.startswith(BRANCH):
        return Ignored("Only pushes to branches are checked.")
    if found.deleted or not found.after.strip("0"):
        return Ignored("This push deleted its branch.")
    branch, before = checked_ref(found.ref.removeprefix(BRANCH)), found.before if found.before.strip("0") else ""
    return Asked(Action.CHECK, "push", repository, found.after, before, branch, author=found.sender.login)


def _pull_request(payload: Payload, repository: Repository) -> Asked | Ignored:
    found = _shaped(payload, PullRequest)
    action = PULL_REQUEST_ACTIONS.get(found.action)
    if action is None:
        return Ignored(f"A pull request that is {found.action} asks for nothing.")
    told = found.pull_request
    merged = action is Action.CLOSE and bool(told.merged)
    sha, number, author = told.head.sha, found.number, found.sender.login
    return Asked(action, "pull_request", repository, sha, pull_request=number, author=author, merged=merged)


def _issue_comment(payload: Payload, repository: Repository) -> Asked | Ignored:
    found = _shaped(payload, IssueComment)
    issue, comment, author = found.issue, found.comment, found.sender.login
    body = comment.body or ""
    if found.action not in ("created", "edited"):
        return Ignored(f"A comment that is {found.action} asks for nothing.")
    if issue.pull_request is None:
        return Ignored("This comment is on an issue, not on a pull request.")
    if OUR_COMMENT in body or not RERUN.search(body):
        return Ignored("This comment does not ask for a new run.")
    if comment.author_association not in HELPERS and (comment.user is None or comment.user != issue.user):
        return Ignored("Only who opened a pull request and collaborators may ask for a new run of it.")
    return Asked(Action.CHECK, "issue_comment", repository, "", pull_request=issue.number, author=author, fresh=True)


def _check_suite(payload: Payload, repository: Repository) -> Asked | Ignored:
    found = _shaped(payload, CheckSuite)
    if found.action != "rerequested":
        return Ignored(f"A check suite that is {found.action} asks for nothing.")
    return _again("check_suite", found.check_suite, found, repository)


def _check_run(payload: Payload, repository: Repository) -> Asked | Ignored:
    found = _shaped(payload, CheckRun)
    pressed = found.requested_action.identifier if found.requested_action else ""
    match found.action, pressed:
        case ("rerequested", _) | ("requested_action", Button.FRESH):
            return _again("check_run", found.check_run, found, repository)
        case "requested_action", Button.APPROVE:
            return _approved(found, repository)
        case "requested_action", _:
            return Ignored(f"No button of ours is called {pressed!r}.")
    return Ignored(f"A check run that is {found.action} asks for nothing.")


def _again(event: str, check: Check, found: CheckRun | CheckSuite, repository: Repository) -> Asked:
    """A check that was asked for again."""
    number, author = _number(check, found.repository), found.sender.login
    return Asked(Action.CHECK, event, repository, check.head_sha, pull_request=number, author=author, fresh=True)


def _approved(found: CheckRun, repository: Repository) -> Asked:
    """A held run that somebody accepts. Raises ValidationError when the check run is about none."""
    check, author = found.check_run, found.sender.login
    run_id = int(msgspec.convert(check.external_id, RunId))
    number = _number(check, found.repository)
    return Asked(
        Action.APPROVE, "check_run", repository, check.head_sha, pull_request=number, author=author, run_id=run_id
    )


def _by_hand(payload: Payload, repository: Repository) -> Asked | Ignored:
    """What a person wants checked: a commit, or whatever a pull request is at."""
    found = _shaped(payload, ByHand)
    if not found.sha and found.number is None:
        return Ignored("Neither a commit nor a pull request is named.")
    asked = Asked(Action.CHECK, BY_HAND, repository, found.sha, found.before, pull_request=found.number)
    return replace(asked, author=found.sender.login, fresh=found.fresh)


def _number(check: Check, repository: RepositoryTold) -> int | None:
    """The pull request to this repository whose head is the commit of a check; None when GitHub names none."""
    found = [each for each in check.pull_requests if each.base.repo == repository and each.head.sha == check.head_sha]
    return found[0].number if found else None


PULL_REQUEST_ACTIONS = {
    "opened": Action.CHECK,
    "synchronize": Action.CHECK,
    "reopened": Action.CHECK,
    "closed": Action.CLOSE,
}
READERS: dict[str, Callable[[Payload, Repository], Asked | Ignored]] = {
    "push": _push,
    "pull_request": _pull_request,
    "issue_comment": _issue_comment,
    "check_run": _check_run,
    "check_suite": _check_suite,
    BY_HAND: _by_hand,
}
