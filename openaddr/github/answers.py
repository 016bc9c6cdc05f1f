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


class Comparison(Struct, frozen=True):
    """How one commit stands to another, of which the first is the base."""

    status: Literal["identical", "behind", "ahead", "diverged"]


class Refusal(Struct, frozen=True):
    """Why GitHub did not do what was asked."""

    message: str = ""


Answer = TypeVar("Answer", RepositoryFound, CommitFound, Comparison)


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
