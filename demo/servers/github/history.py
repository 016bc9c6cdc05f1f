"""How commits stand to each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from demo.servers.github.objects import Change, Commit, changes_between

Commits = Mapping[str, Commit]


@dataclass(frozen=True)
class Comparison:
    """How a head stands to a base: the commits that only it has, oldest first, and what they did to files together."""

    base: Commit
    head: Commit
    merge_base: Commit
    ahead: tuple[Commit, ...]
    behind_by: int

    @property
    def status(self) -> Literal["identical", "behind", "ahead", "diverged"]:
        """In one word."""
        if self.ahead:
            return "diverged" if self.behind_by else "ahead"
        return "behind" if self.behind_by else "identical"

    @property
    def changes(self) -> list[Change]:
        """The files of the head against those of the merge base."""
        return changes_between(self.merge_base.files, self.head.files)


def ancestors(commits: Commits, sha: str) -> set[str]:
    """A commit and all before it."""
    found: set[str] = set()
    waiting = [sha]
    while waiting:
        if (sha := waiting.pop()) not in found:
            found.add(sha)
            waiting += commits[sha].parents
    return found


def merge_base(commits: Commits, one: str, other: str) -> Commit | None:
    """The newest commit that both have; None when they have nothing in common."""
    common = ancestors(commits, one) & ancestors(commits, other)
    newest = common - {parent for sha in common for parent in commits[sha].parents}
    return max((commits[sha] for sha in newest), key=lambda commit: commit.at, default=None)


def compare(commits: Commits, base: str, head: str) -> Comparison | None:
    """How the head stands to the base; None when they have nothing in common."""
    before, after = ancestors(commits, base), ancestors(commits, head)
    common = merge_base(commits, base, head)
    if common is None:
        return None
    ahead = sorted((commits[sha] for sha in after - before), key=lambda commit: commit.at)
    return Comparison(commits[base], commits[head], common, tuple(ahead), len(before - after))
