"""Names from settings, parameters and payloads, checked before they become a part of an address."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from openaddr.errors import Code, ProblemError

FULL_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,38})/([A-Za-z0-9._-]{1,100})")
SHA = re.compile(r"[0-9a-f]{40}")
REF = re.compile(r"(?![/.-])(?!.*(?:\.\.|//|@\{|/\.|\.lock$|[/.]$))[^\s~^:?*\[\\\x00-\x20\x7f]{1,250}")
"""What git takes for the name of a branch or tag (git-check-ref-format), or a commit."""


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub whose name may be put into an address."""

    owner: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The repository of a name such as `openaddresses/openaddresses`. Raises ProblemError."""
        found = FULL_NAME.fullmatch(text)
        if found is None or found[2] in (".", ".."):
            message = f"{text[:200]!r} is no repository: its name has to be like owner/name."
            raise ProblemError(Code.GITHUB_REPOSITORY_REFUSED, message)
        return cls(found[1], found[2])

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    def is_same(self, full_name: str) -> bool:
        """Whether GitHub means the same by a name: it does not tell upper case from lower."""
        return str(self).casefold() == full_name.casefold()


def allowed(text: str, known: Iterable[str]) -> Repository:
    """The repository of a list that a text names, spelt as the list does. Raises ProblemError."""
    asked, listed = Repository.parse(text), [Repository.parse(name) for name in known]
    for repository in listed:
        if repository.is_same(str(asked)):
            return repository
    names = ", ".join(map(str, listed)) or "no repository"
    raise ProblemError(Code.GITHUB_REPOSITORY_REFUSED, f"{asked} is not on the list, which has {names}.")


def checked_ref(text: str) -> str:
    """The id of a commit, or the name of a branch or tag, as it is. Raises ProblemError for what can be none."""
    if not REF.fullmatch(text):
        raise ProblemError(Code.GITHUB_COMMIT_UNKNOWN, f"{text[:200]!r} can be no commit, branch or tag.")
    return text
