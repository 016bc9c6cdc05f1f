"""The model: repositories with branches, forks and pull requests, and what was written to them."""

import io
import itertools
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from demo.servers.github.history import Comparison, ancestors, compare, merge_base
from demo.servers.github.objects import Change, Commit, Files, changes_between, committed
from demo.servers.github.records import App, CheckRun, Comment, Status, Written

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = (2026, 1, 1, 0, 0, 0)
MAINTAINER = "maintainer"
CONTRIBUTOR = "contributor"
Changes = Mapping[str, bytes | None]
"""New contents by path; None for a file that is to go."""
Permission = Literal["admin", "write", "read", "none"]


@dataclass
class PullRequest:
    """A wish that the commits of a branch become part of another one.

    `head` is None when the fork was deleted. `base_sha` is what the base branch was at when it was last looked at.
    """

    number: int
    title: str
    author: str
    base: str
    base_sha: str
    head: "Hosted | None"
    head_owner: str
    head_branch: str
    head_sha: str
    created_at: datetime
    updated_at: datetime
    state: Literal["open", "closed"] = "open"
    merged_by: str = ""
    merge_sha: str | None = None
    closed_at: datetime | None = None

    @property
    def merged(self) -> bool:
        """Whether it was merged."""
        return bool(self.merged_by)


@dataclass
class Hosted:
    """A repository: `branches` and `tags` are names of commits; `commits` are by id and shared with all forks.

    `statuses` are in the order of their coming, `checks` and `comments` as they stand now in the order of their
    first; `written` has every state that any of them ever had, in the order of writing.
    """

    full_name: str
    default_branch: str = "master"
    private: bool = False
    branches: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    upstream: "Hosted | None" = None
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    checks: list[CheckRun] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    permissions: dict[str, Permission] = field(default_factory=lambda: {MAINTAINER: "admin", CONTRIBUTOR: "read"})
    tree_limit: int = 100_000
    """Entries of a folder with all below it that are told at once."""
    app: App = field(default_factory=App)
    api: str = "https://api.github.com"
    web: str = "https://github.com"
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def owner(self) -> str:
        """Whose it is."""
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        """What it is called there."""
        return self.full_name.partition("/")[2]

    def tick(self) -> tuple[int, datetime]:
        """An id that nothing else has, and a time later than all before."""
        number = next(self.numbers)
        return number, START + timedelta(seconds=number)

    def commit(
        self, files: Files, branch: str = "", parent: str | None = None, *, author: str = MAINTAINER, message: str = ""
    ) -> str:
        """A new commit on a branch, after its last one unless another parent is named; gives its id."""
        branch = branch or self.default_branch
        before = self.branches.get(branch, "") if parent is None else parent
        return self._committed(files, branch, (before,) if before else (), author, message)

    def change(self, changes: Changes, branch: str = "", *, author: str = MAINTAINER, message: str = "") -> str:
        """A commit that changes a few files of a branch; one that is not there starts at the default branch."""
        branch = branch or self.default_branch
        before = self.branches.get(branch) or self.branches[self.default_branch]
        files = changed(self.commits[before].files, changes)
        return self._committed(files, branch, (before,), author, message)

    def _committed(self, files: Files, branch: str, parents: tuple[str, ...], author: str, message: str) -> str:
        _, at = self.tick()
        commit = committed(files, parents, author, message or f"Change of {branch}", at)
        self.commits[commit.sha] = commit
        self.branches[branch] = commit.sha
        for pull in self._pulls_of(branch):
            pull.head_sha, pull.updated_at = commit.sha, at
            pull.base_sha = (self.upstream or self).branches[pull.base]
        return commit.sha

    def _pulls_of(self, branch: str) -> list[PullRequest]:
        """Open pull requests of a branch, here or, of a fork, where it comes from."""
        pulls = (self.upstream or self).pulls.values()
        return [pull for pull in pulls if pull.state == "open" and pull.head is self and pull.head_branch == branch]

    def fork(self, full_name: str) -> "Hosted":
        """A copy that belongs to somebody else; a server knows it after `GitHubServer.fork` only."""
        return Hosted(
            full_name,
            self.default_branch,
            self.private,
            dict(self.branches),
            self.commits,
            dict(self.tags),
            upstream=self,
            app=self.app,
            api=self.api,
            web=self.web,
            numbers=self.numbers,
        )

    def delete_branch(self, branch: str) -> None:
        """A branch goes, and its open pull requests are closed."""
        for pull in self._pulls_of(branch):
            (self.upstream or self).close(pull)
        del self.branches[branch]

    def open_pull(
        self, branch: str, fork: "Hosted | None" = None, *, base: str = "", author: str = CONTRIBUTOR, title: str = ""
    ) -> PullRequest:
        """A pull request of a branch of a fork, or of the repository itself."""
        head, base = fork or self, base or self.default_branch
        number, at = self.tick()
        found = PullRequest(
            number=number,
            title=title or f"Merge {branch}",
            author=author,
            base=base,
            base_sha=self.branches[base],
            head=head,
            head_owner=head.owner,
            head_branch=branch,
            head_sha=head.branches[branch],
            created_at=at,
            updated_at=at,
        )
        self.pulls[number] = found
        return found

    def push_to(self, pull: PullRequest, changes: Changes, *, force: bool = False) -> str:
        """Another commit for a pull request; with `force` it takes the place of all that were there."""
        assert pull.head is not None, "its fork is deleted"
        parent = pull.head_sha
        if force:
            parent = self.base_of(pull).sha
        files = changed(self.commits[parent].files, changes)
        return pull.head.commit(files, pull.head_branch, parent, author=pull.author)

    def merge(self, pull: PullRequest, method: Literal["merge", "squash"] = "merge", by: str = MAINTAINER) -> str:
        """The pull request becomes part of its base branch; gives the id of the commit that made it so."""
        pull.base_sha = self.branches[pull.base]
        files: dict[str, bytes] = dict(self.commits[pull.base_sha].files)
        for change in self.changes_of(pull):
            files.pop(change.previous or change.path, None)
            if change.status != "removed":
                files[change.path] = self.commits[pull.head_sha].files[change.path]
        parents = (pull.base_sha, pull.head_sha) if method == "merge" else (pull.base_sha,)
        message = f"Merge pull request #{pull.number} from {pull.head_owner}/{pull.head_branch}"
        # Closed before the base branch moves: a head that is closed stays where it was.
        self.close(pull)
        pull.merge_sha = self._committed(files, pull.base, parents, by, message)
        pull.merged_by = by
        return pull.merge_sha

    def close(self, pull: PullRequest) -> None:
        """Nobody wants it any more."""
        pull.base_sha = self.branches[pull.base]
        pull.state, pull.closed_at = "closed", self.tick()[1]
        pull.updated_at = pull.closed_at

    def reopen(self, pull: PullRequest) -> None:
        """Somebody wants it after all."""
        pull.state, pull.closed_at, pull.updated_at = "open", None, self.tick()[1]

    def base_of(self, pull: PullRequest) -> Commit:
        """The commit from which a pull request counts its changes."""
        base = self.branches[pull.base] if pull.state == "open" else pull.base_sha
        found = merge_base(self.commits, base, pull.head_sha)
        assert found is not None, "GitHub opens no pull request between histories that have nothing in common"
        return found

    def changes_of(self, pull: PullRequest) -> list[Change]:
        """What a pull request does to files."""
        return changes_between(self.base_of(pull).files, self.commits[pull.head_sha].files)

    def pulls_with(self, sha: str) -> list[PullRequest]:
        """The merged pull requests that brought a commit, or else all that have it and were not given up."""
        has_it = [pull for pull in self.pulls.values() if sha == pull.merge_sha or sha in self.commits_of(pull)]
        is_here = sha in ancestors(self.commits, self.branches[self.default_branch])
        return [pull for pull in has_it if pull.merged or (pull.state == "open" and not is_here)]

    def commits_of(self, pull: PullRequest) -> set[str]:
        """The commits that a pull request brings."""
        return ancestors(self.commits, pull.head_sha) - ancestors(self.commits, pull.base_sha)

    def find(self, ref: str) -> Commit | None:
        """The commit that an id, the beginning of one, a branch, a tag or the head of a pull request names."""
        ref = ref.removeprefix("refs/")
        name = self.default_branch if ref == "HEAD" else ref.removeprefix("heads/")
        if sha := self.branches.get(name) or self.tags.get(ref.removeprefix("tags/")):
            return self.commits[sha]
        for pull in self.pulls.values():
            if ref == f"pull/{pull.number}/head":
                return self.commits[pull.head_sha]
        found = [commit for sha, commit in self.commits.items() if len(ref) >= 7 and sha.startswith(ref)]
        return found[0] if len(found) == 1 else None

    def compare(self, base: Commit, head: Commit) -> Comparison | None:
        """How the head stands to the base; None when they have nothing in common."""
        return compare(self.commits, base.sha, head.sha)

    def comment(self, number: int, body: str, by: str = CONTRIBUTOR) -> Comment:
        """Somebody comments on a pull request."""
        ident, at = self.tick()
        found = Comment(ident, number, body, by, at, at)
        self.comments.append(found)
        self.written.append(found)
        return found

    def delete_comment(self, ident: int) -> None:
        """Somebody deletes a comment."""
        self.comments[:] = [comment for comment in self.comments if comment.id != ident]

    def archive(self, commit: Commit) -> bytes:
        """The zip of a commit: everything in one folder, and the id as its comment."""
        packed = io.BytesIO()
        top = f"{self.full_name.replace('/', '-')}-{commit.sha[:7]}"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(zipfile.ZipInfo(f"{top}/", DAY), b"")
            for path, content in commit.files.items():
                member = zipfile.ZipInfo(f"{top}/{path}", DAY)
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, content)
            archive.comment = commit.sha.encode()
        return packed.getvalue()


def changed(files: Files, changes: Changes) -> dict[str, bytes]:
    """The files after changes."""
    after = {**files, **changes}
    return {path: content for path, content in after.items() if content is not None}
