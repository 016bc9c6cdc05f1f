"""What is read of the payloads of GitHub's events: words, ids, names and numbers, each checked, and no address."""

from typing import Annotated, Any

from msgspec import Meta, Struct

Word = Annotated[str, Meta(pattern=r"^[a-z_]{1,50}\Z")]
Login = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?\Z")]
Sha = Annotated[str, Meta(pattern=r"^(?!0{40})[0-9a-f]{40}\Z")]
AnySha = Annotated[str, Meta(pattern=r"^[0-9a-f]{40}\Z")]
Number = Annotated[int, Meta(ge=1, lt=2**31)]
Id = Annotated[int, Meta(ge=1, lt=2**62)]
RunId = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,17}\Z")]


class RepositoryTold(Struct, frozen=True):
    """The repository of an event, and of a pull request in a check."""

    id: Id


class Sender(Struct, frozen=True):
    """Who did it, or wrote it."""

    login: Login


class Anywhere(Struct, frozen=True):
    """What is read of each event before its own."""

    class Named(Struct, frozen=True):
        """A repository by its name, which is compared with the list."""

        full_name: Annotated[str, Meta(max_length=200)]

    repository: Named


class Push(Struct, frozen=True):
    """`push`: a branch or a tag has another commit now."""

    ref: Annotated[str, Meta(max_length=300)]
    before: AnySha
    after: AnySha
    sender: Sender
    deleted: bool = False


class Head(Struct, frozen=True):
    """A commit that stands for something."""

    sha: Sha


class PullRequestTold(Struct, frozen=True):
    """A pull request in its own event."""

    head: Head
    merged: bool | None = False


class PullRequest(Struct, frozen=True):
    """`pull_request`."""

    action: Word
    number: Number
    pull_request: PullRequestTold
    sender: Sender


class Issue(Struct, frozen=True):
    """What is commented on: an issue has no `pull_request`."""

    number: Number
    user: Sender | None = None
    pull_request: dict[str, Any] | None = None


class Comment(Struct, frozen=True):
    """A comment, and what its author is to the repository."""

    body: str | None = None
    user: Sender | None = None
    author_association: str = "NONE"


class IssueComment(Struct, frozen=True):
    """`issue_comment`, on issues and pull requests alike."""

    action: Word
    issue: Issue
    comment: Comment
    sender: Sender


class Base(Struct, frozen=True):
    """What a pull request wants to change."""

    repo: RepositoryTold


class PullRequestOfCheck(Struct, frozen=True):
    """A pull request whose head is the commit of a check, or whose branch has moved on since."""

    number: Number
    head: Head
    base: Base


class Check(Struct, frozen=True):
    """A check run or check suite. The `external_id` of a check run is what we called it: the id of our run."""

    head_sha: Sha
    pull_requests: list[PullRequestOfCheck] = []
    external_id: str | None = None


class Pressed(Struct, frozen=True):
    """What somebody pressed."""

    identifier: Annotated[str, Meta(max_length=100)]


class CheckSuite(Struct, frozen=True):
    """`check_suite`."""

    action: Word
    check_suite: Check
    repository: RepositoryTold
    sender: Sender


class CheckRun(Struct, frozen=True):
    """`check_run`."""

    action: Word
    check_run: Check
    repository: RepositoryTold
    sender: Sender
    requested_action: Pressed | None = None


class ByHand(Struct, frozen=True):
    """What `openaddr job` writes down."""

    sender: Sender
    sha: Annotated[str, Meta(pattern=r"^([0-9a-f]{40})?\Z")] = ""
    before: Annotated[str, Meta(pattern=r"^([0-9a-f]{40})?\Z")] = ""
    number: Number | None = None
    fresh: bool = False
