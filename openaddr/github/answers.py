"""What GitHub answers, as far as we read it."""

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from openaddr.errors import Code, ProblemError


class RepositoryFound(Struct, frozen=True):
    """A repository: `full_name` is what it is called now, which is another name after it was moved."""

    full_name: str
    default_branch: Annotated[str, Meta(min_length=1)]


class CommitFound(Struct, frozen=True):
    """A commit."""

    sha: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]


class FileFound(Struct, frozen=True):
    """A file that a comparison has."""

    filename: str
    status: str
    previous_filename: str = ""


class Comparison(Struct, frozen=True):
    """How one commit stands to another, of which the first is the base, and the files that differ: at most 300."""

    status: Literal["identical", "behind", "ahead", "diverged"]
    merge_base_commit: CommitFound
    files: list[FileFound] = []


class ContentFound(Struct, frozen=True):
    """A file at a commit, without its content when it has more than a megabyte; or a folder, link or submodule."""

    type: str
    sha: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]
    size: int
    encoding: str = ""
    content: str = ""


class BlobFound(Struct, frozen=True):
    """What is in a file."""

    encoding: Literal["base64", "utf-8"]
    content: str


class PullRequestFound(Struct, frozen=True):
    """A pull request. Its head repository is of no account: the base repository knows the commits, too."""

    head: CommitFound
    state: Literal["open", "closed"]
    base: "BranchFound"


class BranchFound(Struct, frozen=True):
    """The branch that a pull request is to be merged into."""

    ref: Annotated[str, Meta(min_length=1)]


class PermissionFound(Struct, frozen=True):
    """What somebody may do in a repository."""

    permission: str


class UserFound(Struct, frozen=True):
    """Somebody."""

    login: str


class CommentFound(Struct, frozen=True):
    """A comment on an issue or pull request."""

    id: int
    body: str | None
    user: UserFound | None


class OutputFound(Struct, frozen=True):
    """What a check says, as far as it is counted."""

    annotations_count: int = 0


class CheckFound(Struct, frozen=True):
    """A check of a commit."""

    id: int
    name: str
    external_id: str | None = None
    output: OutputFound = OutputFound()


class ChecksFound(Struct, frozen=True):
    """The checks of a commit, one page of them."""

    total_count: int
    check_runs: list[CheckFound]


class Written(Struct, frozen=True):
    """What GitHub has written down."""

    id: int


class Refusal(Struct, frozen=True):
    """Why GitHub did not do what was asked."""

    message: str = ""


Answer = TypeVar("Answer")


def read(body: str, kind: type[Answer], host: str) -> Answer:
    """The answer in a body. Raises ProblemError when it is something else."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        message = f"{host} gave an answer that cannot be used: {error}."
        raise ProblemError(Code.GITHUB_AWAY, message) from None


def reason(body: object) -> str:
    """What GitHub says of a refusal, in quotes, on one line and cut; '' when it says nothing."""
    try:
        said = msgspec.json.decode(body, type=Refusal) if isinstance(body, str) else msgspec.convert(body, Refusal)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError):
        return ""
    line = "".join(letter if letter.isprintable() else " " for letter in said.message[:200]).strip()
    return f' and says "{line}"' if line else ""
