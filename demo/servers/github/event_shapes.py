"""How what only deliveries tell looks in JSON."""

from dataclasses import dataclass

from demo.servers.github.objects import Commit, changes_between
from demo.servers.github.pull_shapes import PullShapes
from demo.servers.github.repositories import PullRequest
from demo.servers.github.shapes import Shape, number_of, when

NOTHING = "0" * 40
"""The commit of a branch that was not there before, or is not there after."""
HOOK = 4321
SUITES_ALONE = ("latest_check_runs_count", "check_runs_url", "head_commit")
"""What only deliveries of check suites themselves tell of them."""


@dataclass(frozen=True)
class EventShapes(PullShapes):
    """Shapes of what belongs to one repository, in deliveries."""

    def organization(self) -> Shape:
        """Whose repository it is, when that is not a person."""
        shapes, login = self.shapes, self.hosted.owner
        url, ident = f"{shapes.api}/orgs/{login}", number_of(login)
        addresses = ("repos", "events", "hooks", "issues")
        return {
            "login": login,
            "id": ident,
            "node_id": f"O_{ident}",
            "url": url,
            **{f"{name}_url": f"{url}/{name}" for name in addresses},
            "members_url": f"{url}/members{{/member}}",
            "public_members_url": f"{url}/public_members{{/member}}",
            "avatar_url": f"{shapes.web}/avatars/u/{ident}?v=4",
            "description": "",
        }

    def hook(self) -> Shape:
        """The webhook."""
        url = f"{self.url}/hooks/{HOOK}"
        return {
            "type": "Repository",
            "id": HOOK,
            "name": "web",
            "active": True,
            "events": ["check_run", "issue_comment", "pull_request", "push"],
            "config": {
                "content_type": "json",
                "insecure_ssl": "0",
                "secret": "********",
                "url": f"{self.shapes.web}/hook",
            },
            "updated_at": "2026-01-01T00:00:00Z",
            "created_at": "2026-01-01T00:00:00Z",
            "url": url,
            "test_url": f"{url}/test",
            "ping_url": f"{url}/pings",
            "deliveries_url": f"{url}/deliveries",
            "last_response": {"code": None, "status": "unused", "message": None},
        }

    def pushed_repository(self) -> Shape:
        """The repository as pushes tell it, who have their own way with times, owners and addresses."""
        shape = self.shapes.repository(self.hosted)
        owner = {"name": self.hosted.owner, "email": f"{self.hosted.owner}@users.noreply.github.com", **shape["owner"]}
        extra = {"organization": self.hosted.owner} if self.hosted.upstream is None else {}
        times = {"created_at": 1_767_225_600, "pushed_at": 1_767_225_600, "url": shape["html_url"]}
        return {**shape, **times, **extra, "owner": owner, "stargazers": 0, "master_branch": self.hosted.default_branch}

    def commit(self, commit: Commit) -> Shape:
        """A commit of a push, with the files that it touched."""
        before = self.hosted.commits[commit.parents[0]].files if commit.parents else {}
        changes = changes_between(before, commit.files)
        who = {"name": commit.author, "email": f"{commit.author}@users.noreply.github.com", "username": commit.author}
        # Of a renamed file a push tells that one came and one went.
        added = [change.path for change in changes if change.status in ("added", "renamed")]
        removed = [change.previous or change.path for change in changes if change.status in ("removed", "renamed")]
        return {
            "id": commit.sha,
            "tree_id": commit.trees[""].sha,
            "distinct": True,
            "message": commit.message,
            "timestamp": when(commit.at),
            "url": f"{self.page}/commit/{commit.sha}",
            "author": who,
            "committer": who,
            "added": added,
            "removed": removed,
            "modified": [change.path for change in changes if change.status == "modified"],
        }

    def issue(self, pull: PullRequest) -> Shape:
        """A pull request as an issue."""
        shape = self.whole_pull(pull)
        url, page = f"{self.url}/issues/{pull.number}", shape["html_url"]
        same = (
            "html_url", "number", "title", "user", "labels", "state", "locked", "assignee", "assignees", "milestone",
            "comments", "created_at", "updated_at", "closed_at", "author_association", "active_lock_reason", "draft",
            "body",
        )  # fmt: skip
        return {
            **{name: shape[name] for name in same},
            "id": number_of(url),
            "node_id": shape["node_id"],
            "url": url,
            "repository_url": self.url,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "pull_request": {
                "url": shape["url"],
                "html_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "merged_at": shape["merged_at"],
            },
            "reactions": self.reactions(url),
            "performed_via_github_app": None,
            "state_reason": None,
        }

    def suite(self, sha: str) -> Shape:
        """All check runs of a commit together."""
        hosted, commit = self.hosted, self.hosted.commits[sha]
        checks = [check for check in hosted.checks if check.sha == sha]
        is_done = bool(checks) and all(check.status == "completed" for check in checks)
        is_good = is_done and all(check.conclusion == "success" for check in checks)
        pulls = [pull for pull in hosted.pulls.values() if pull.head is hosted and pull.head_sha == sha]
        branches = [name for name, tip in hosted.branches.items() if tip == sha]
        ident = number_of(f"suite of {sha}")
        url = f"{self.url}/check-suites/{ident}"
        who = {"name": commit.author, "email": f"{commit.author}@users.noreply.github.com"}
        head = {"message": commit.message, "timestamp": when(commit.at), "author": who, "committer": who}
        return {
            "id": ident,
            "node_id": f"CS_{ident}",
            # GitHub does not tell branches of forks.
            "head_branch": branches[0] if branches else None,
            "head_sha": sha,
            "status": "completed" if is_done else "queued",
            "conclusion": ("success" if is_good else "failure") if is_done else None,
            "url": url,
            "before": commit.parents[0] if commit.parents else NOTHING,
            "after": sha,
            "pull_requests": [self.slim_pull(pull) for pull in pulls],
            "app": self.app(),
            "created_at": when(commit.at),
            "updated_at": when(commit.at),
            "latest_check_runs_count": len(checks),
            "check_runs_url": f"{url}/check-runs",
            "head_commit": {"id": sha, "tree_id": commit.trees[""].sha, **head},
        }
