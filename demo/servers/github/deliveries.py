"""What GitHub tells a webhook: the payload of every event that we take, complete."""

from dataclasses import dataclass
from typing import Literal

from demo.servers.github.event_shapes import HOOK, NOTHING, SUITES_ALONE, EventShapes
from demo.servers.github.history import ancestors
from demo.servers.github.records import CheckRun, Comment
from demo.servers.github.repositories import CONTRIBUTOR, MAINTAINER, Hosted, PullRequest
from demo.servers.github.shapes import Shape, Shapes
from demo.servers.github.signing import Delivery


@dataclass(frozen=True)
class Deliveries:
    """What is told of one repository: by its own webhook, or with `to_app` by that of the app.

    All addresses in payloads lead to the server of the repository, or `elsewhere`: to one that nobody may ask.
    """

    hosted: Hosted
    to_app: bool = False
    elsewhere: str = ""

    @property
    def _shapes(self) -> EventShapes:
        return EventShapes(self.hosted, Shapes(self.elsewhere or self.hosted.api, self.elsewhere or self.hosted.web))

    def _delivery(self, event: str, sender: str, told: Shape, *, is_app: bool = False) -> Delivery:
        """A delivery of what is told of an event, and of what is told of all."""
        payload = {**told, "sender": self._shapes.shapes.user(sender)}
        payload.setdefault("repository", self._shapes.shapes.repository(self.hosted))
        if self.hosted.upstream is None:
            payload["organization"] = self._shapes.organization()
        if is_app or (self.to_app and event != "ping"):
            ident = self.hosted.app.installation
            payload["installation"] = {"id": ident, "node_id": f"I_{ident}"}
        return Delivery(event, payload)

    def ping(self) -> Delivery:
        """The webhook was made."""
        return self._delivery(
            "ping", MAINTAINER, {"zen": "Keep it logically awesome.", "hook_id": HOOK, "hook": self._shapes.hook()}
        )

    def push(self, branch: str = "", before: str | None = None, by: str = MAINTAINER) -> Delivery:
        """A branch is where it is now, and was at another commit before: that before its last one, unless told.

        Before there was a branch it was at NOTHING.
        """
        branch = branch or self.hosted.default_branch
        after = self.hosted.branches[branch]
        parents = self.hosted.commits[after].parents
        before = (parents[0] if parents else NOTHING) if before is None else before
        return self._push(f"refs/heads/{branch}", before, after, by)

    def deleted(self, branch: str, before: str, by: str = MAINTAINER) -> Delivery:
        """A branch is no more."""
        return self._push(f"refs/heads/{branch}", before, NOTHING, by)

    def tag(self, name: str, by: str = MAINTAINER) -> Delivery:
        """There is a new tag."""
        return self._push(f"refs/tags/{name}", NOTHING, self.hosted.tags[name], by)

    def _push(self, ref: str, before: str, after: str, by: str) -> Delivery:
        history = ancestors(self.hosted.commits, after) if after != NOTHING else set()
        new = sorted((self.hosted.commits[sha] for sha in history - self._known(ref, before)), key=lambda new: new.at)
        commits = [self._shapes.commit(commit) for commit in new]
        page = self._shapes.page
        told = {
            "ref": ref,
            "before": before,
            "after": after,
            "repository": self._shapes.pushed_repository(),
            "pusher": {"name": by, "email": f"{by}@users.noreply.github.com"},
            "created": before == NOTHING,
            "deleted": after == NOTHING,
            "forced": NOTHING not in (before, after) and before not in history,
            "base_ref": None,
            "compare": f"{page}/compare/{before[:12]}...{after[:12]}",
            "commits": commits[-2_048:],
            "head_commit": self._shapes.commit(self.hosted.commits[after]) if after != NOTHING else None,
        }
        return self._delivery("push", by, told)

    def _known(self, ref: str, before: str) -> set[str]:
        """Commits that are no news in a push: those of the branch before it, or of all others when it is new."""
        others = [sha for name, sha in self.hosted.branches.items() if ref != f"refs/heads/{name}"]
        known = others if before == NOTHING else [before]
        return set().union(*(ancestors(self.hosted.commits, sha) for sha in known))

    def pull_request(
        self,
        action: Literal["opened", "synchronize", "reopened", "closed", "edited"],
        pull: PullRequest,
        before: str = "",
        by: str = "",
    ) -> Delivery:
        """Something became of a pull request; `before` is where its branch was before it was pushed to."""
        told: Shape = {"action": action, "number": pull.number, "pull_request": self._shapes.whole_pull(pull)}
        if action == "synchronize":
            told |= {"before": before or self.hosted.commits[pull.head_sha].parents[0], "after": pull.head_sha}
        if action == "edited":
            told["changes"] = {"title": {"from": "Draft"}}
        return self._delivery("pull_request", by or pull.merged_by or pull.author, told)

    def issue_comment(self, comment: Comment, action: Literal["created", "deleted"] = "created") -> Delivery:
        """Somebody commented on a pull request."""
        issue = self._shapes.issue(self.hosted.pulls[comment.number])
        told = {"action": action, "issue": issue, "comment": self._shapes.comment(comment)}
        return self._delivery("issue_comment", comment.by, told)

    def check_run(
        self,
        check: CheckRun,
        action: Literal["rerequested", "requested_action", "created", "completed"] = "rerequested",
        identifier: str = "",
        by: str = CONTRIBUTOR,
    ) -> Delivery:
        """Somebody wants a check run again, or pressed the button that has the identifier."""
        shape = self._shapes.check(check)
        suite = {name: value for name, value in self._shapes.suite(check.sha).items() if name not in SUITES_ALONE}
        told: Shape = {"action": action, "check_run": {**shape, "check_suite": suite}}
        if action == "requested_action":
            told["requested_action"] = {"identifier": identifier}
        return self._delivery("check_run", by, told, is_app=True)

    def check_suite(self, sha: str, by: str = CONTRIBUTOR) -> Delivery:
        """Somebody wants all check runs of a commit again."""
        told = {"action": "rerequested", "check_suite": self._shapes.suite(sha)}
        return self._delivery("check_suite", by, told, is_app=True)
