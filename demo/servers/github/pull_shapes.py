"""How pull requests, comments, statuses and checks look in JSON."""

from dataclasses import dataclass
from typing import Any

from demo.servers.github.records import Annotation, CheckRun, Comment, Status
from demo.servers.github.repositories import MAINTAINER, Hosted, PullRequest
from demo.servers.github.shapes import Shape, Shapes, number_of, when

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


@dataclass(frozen=True)
class PullShapes:
    """Shapes of what belongs to one repository."""

    hosted: Hosted
    shapes: Shapes

    @property
    def url(self) -> str:
        """The repository in the API."""
        return f"{self.shapes.api}/repos/{self.hosted.full_name}"

    @property
    def page(self) -> str:
        """The repository for people."""
        return f"{self.shapes.web}/{self.hosted.full_name}"

    def pull(self, pull: PullRequest) -> Shape:
        """A pull request as it stands in a list."""
        url, issue = f"{self.url}/pulls/{pull.number}", f"{self.url}/issues/{pull.number}"
        page, statuses = f"{self.page}/pull/{pull.number}", f"{self.url}/statuses/{pull.head_sha}"
        addresses = {
            "self": url,
            "html": page,
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self.url}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": statuses,
        }
        return {
            "url": url,
            "id": number_of(url),
            "node_id": f"PR_{number_of(url)}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue,
            "number": pull.number,
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "user": self.shapes.user(pull.author),
            "body": None,
            "created_at": when(pull.created_at),
            "updated_at": when(pull.updated_at),
            "closed_at": when(pull.closed_at),
            "merged_at": when(pull.closed_at) if pull.merged else None,
            "merge_commit_sha": pull.merge_sha,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "labels": [],
            "milestone": None,
            "draft": False,
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{self.url}/pulls/comments{{/number}}",
            "comments_url": f"{issue}/comments",
            "statuses_url": statuses,
            "head": self._end(pull.head, pull.head_owner, pull.head_branch, pull.head_sha),
            "base": self._end(self.hosted, self.hosted.owner, pull.base, pull.base_sha),
            "_links": {name: {"href": address} for name, address in addresses.items()},
            "author_association": self._association(pull.author),
            "auto_merge": None,
            "active_lock_reason": None,
        }

    def whole_pull(self, pull: PullRequest) -> Shape:
        """A pull request as it stands alone."""
        changes = self.hosted.changes_of(pull)
        is_open = pull.state == "open"
        return {
            **self.pull(pull),
            "merged": pull.merged,
            "mergeable": True if is_open else None,
            "rebaseable": True if is_open else None,
            "mergeable_state": "clean" if is_open else "unknown",
            "merged_by": self.shapes.user(pull.merged_by) if pull.merged else None,
            "comments": sum(comment.number == pull.number for comment in self.hosted.comments),
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": len(self.hosted.commits_of(pull)),
            "additions": sum(change.additions for change in changes),
            "deletions": sum(change.deletions for change in changes),
            "changed_files": len(changes),
        }

    def _end(self, hosted: Hosted | None, owner: str, branch: str, sha: str) -> Shape:
        kind = "Organization" if hosted is not None and hosted.upstream is None else "User"
        repository = self.shapes.repository(hosted) if hosted else None
        if repository:
            merging = ("allow_squash_merge", "allow_merge_commit", "allow_rebase_merge")
            repository |= dict.fromkeys(merging, True) | {"delete_branch_on_merge": False}
        return {
            "label": f"{owner}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": self.shapes.user(owner, kind),
            "repo": repository,
        }

    def _association(self, login: str) -> str:
        if self.hosted.permissions.get(login) in ("admin", "write"):
            return "MEMBER"
        has_merged = any(pull.merged and pull.author == login for pull in self.hosted.pulls.values())
        return "CONTRIBUTOR" if has_merged else "NONE"

    def comment(self, comment: Comment) -> Shape:
        """A comment."""
        url = f"{self.url}/issues/comments/{comment.id}"
        return {
            "url": url,
            "html_url": f"{self.page}/pull/{comment.number}#issuecomment-{comment.id}",
            "issue_url": f"{self.url}/issues/{comment.number}",
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "user": self.shapes.user(comment.by),
            "created_at": when(comment.at),
            "updated_at": when(comment.edited),
            "author_association": self._association(comment.by),
            "body": comment.body,
            "reactions": self.reactions(url),
            "performed_via_github_app": None,
        }

    def reactions(self, url: str) -> Shape:
        """What people think of it."""
        return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(REACTIONS, 0)}

    def status(self, status: Status) -> Shape:
        """A status without who gave it."""
        return {
            "url": f"{self.url}/statuses/{status.sha}",
            "avatar_url": f"{self.shapes.web}/avatars/u/{number_of(status.by)}?v=4",
            "id": status.id,
            "node_id": f"SC_{status.id}",
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": when(status.at),
            "updated_at": when(status.at),
        }

    def check(self, check: CheckRun) -> Shape:
        """A check run."""
        url = f"{self.url}/check-runs/{check.id}"
        pulls = [
            self.slim_pull(pull)
            for pull in self.hosted.pulls.values()
            # GitHub does not tell those of forks.
            if pull.head is self.hosted and pull.head_sha == check.sha and pull.state == "open"
        ]
        return {
            "id": check.id,
            "name": check.name,
            "node_id": f"CR_{check.id}",
            "head_sha": check.sha,
            "external_id": check.external_id,
            "url": url,
            "html_url": f"{self.page}/runs/{check.id}",
            "details_url": check.details_url or f"{self.page}/runs/{check.id}",
            "status": check.status,
            "conclusion": check.conclusion,
            "started_at": check.started_at,
            "completed_at": check.completed_at,
            "output": {
                "title": check.title,
                "summary": check.summary,
                "text": check.text,
                "annotations_count": len(check.annotations),
                "annotations_url": f"{url}/annotations",
            },
            "check_suite": {"id": number_of(f"suite of {check.sha}")},
            "app": self.app(),
            "pull_requests": pulls,
        }

    def annotation(self, sha: str, annotation: Annotation) -> Shape:
        """A remark on lines of a file."""
        return {
            "path": annotation.path,
            "blob_href": f"{self.page}/blob/{sha}/{annotation.path}",
            "start_line": annotation.start_line,
            "start_column": annotation.start_column,
            "end_line": annotation.end_line,
            "end_column": annotation.end_column,
            "annotation_level": annotation.level,
            "title": annotation.title,
            "message": annotation.message,
            "raw_details": annotation.raw_details,
        }

    def slim_pull(self, pull: PullRequest) -> Shape:
        """A pull request as a check names it."""

        def end(hosted: Hosted, ref: str, sha: str) -> dict[str, Any]:
            url = f"{self.shapes.api}/repos/{hosted.full_name}"
            repo = {"id": number_of(hosted.full_name), "url": url, "name": hosted.name}
            return {"ref": ref, "sha": sha, "repo": repo}

        url = f"{self.url}/pulls/{pull.number}"
        head = end(pull.head or self.hosted, pull.head_branch, pull.head_sha)
        base = end(self.hosted, pull.base, pull.base_sha)
        return {"url": url, "id": number_of(url), "number": pull.number, "head": head, "base": base}

    def app(self) -> Shape:
        """The app that checks."""
        return {
            "id": self.hosted.app.id,
            "slug": self.hosted.app.slug,
            "node_id": f"A_{self.hosted.app.id}",
            "owner": self.shapes.user(MAINTAINER),
            "name": self.hosted.app.slug.title(),
            "description": "",
            "external_url": f"{self.shapes.web}/apps/{self.hosted.app.slug}/about",
            "html_url": f"{self.shapes.web}/apps/{self.hosted.app.slug}",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "permissions": dict(self.hosted.app.permissions),
            "events": ["push", "pull_request", "issue_comment", "check_run", "check_suite"],
        }
