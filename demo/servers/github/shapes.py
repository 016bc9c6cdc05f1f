"""How people, repositories and commits look in JSON, in answers and in deliveries alike."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from demo.servers.github.objects import Change, Commit
from demo.servers.github.repositories import START, Hosted

Shape = dict[str, Any]

USER_ADDRESSES = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REPOSITORY_ADDRESSES = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}
REPOSITORY_FACTS: Shape = {
    "description": None,
    "homepage": None,
    "size": 0,
    "stargazers_count": 0,
    "watchers_count": 0,
    "language": None,
    "has_issues": True,
    "has_projects": True,
    "has_downloads": True,
    "has_wiki": True,
    "has_pages": False,
    "has_discussions": False,
    "forks_count": 0,
    "mirror_url": None,
    "archived": False,
    "disabled": False,
    "license": None,
    "allow_forking": True,
    "is_template": False,
    "web_commit_signoff_required": False,
    "topics": [],
    "custom_properties": {},
    "forks": 0,
    "watchers": 0,
}
UNSIGNED = ("signature", "payload", "verified_at")


def when(at: datetime | None) -> str | None:
    """A time as GitHub writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def number_of(text: str) -> int:
    """An id that stays the same."""
    return zlib.crc32(text.encode())


@dataclass(frozen=True)
class Shapes:
    """Shapes whose addresses lead to `api` and `web`."""

    api: str
    web: str

    def user(self, login: str, kind: str = "User") -> Shape:
        """A person, an organization or, with a name that ends like one, the bot of an app."""
        kind = "Bot" if login.endswith("[bot]") else kind
        url = f"{self.api}/users/{quote(login)}"
        ident = number_of(login)
        return {
            "login": login,
            "id": ident,
            "node_id": f"U_{ident}",
            "avatar_url": f"{self.web}/avatars/u/{ident}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{quote(login)}",
            **{name: url + rest for name, rest in USER_ADDRESSES.items()},
            "type": kind,
            "site_admin": False,
        }

    def repository(self, hosted: Hosted) -> Shape:
        """A repository."""
        url, page = f"{self.api}/repos/{hosted.full_name}", f"{self.web}/{hosted.full_name}"
        host = self.web.partition("//")[2]
        ident = number_of(hosted.full_name)
        pulls = sum(pull.state == "open" for pull in hosted.pulls.values())
        moment = when(START)
        return {
            "id": ident,
            "node_id": f"R_{ident}",
            "name": hosted.name,
            "full_name": hosted.full_name,
            "private": hosted.private,
            "owner": self.user(hosted.owner, "User" if hosted.upstream else "Organization"),
            "html_url": page,
            "fork": hosted.upstream is not None,
            "url": url,
            **{name: url + rest for name, rest in REPOSITORY_ADDRESSES.items()},
            "created_at": moment,
            "updated_at": moment,
            "pushed_at": moment,
            "git_url": f"git://{host}/{hosted.full_name}.git",
            "ssh_url": f"git@{host}:{hosted.full_name}.git",
            "clone_url": f"{page}.git",
            "svn_url": page,
            **REPOSITORY_FACTS,
            "open_issues_count": pulls,
            "open_issues": pulls,
            "visibility": "private" if hosted.private else "public",
            "default_branch": hosted.default_branch,
        }

    def commit(self, hosted: Hosted, commit: Commit, changes: Sequence[Change] | None = None) -> Shape:
        """A commit, with what it did to files when that is told."""
        url = f"{self.api}/repos/{hosted.full_name}"
        signature = {
            "name": commit.author,
            "email": f"{commit.author}@users.noreply.github.com",
            "date": when(commit.at),
        }
        tree = commit.trees[""].sha
        shape = {
            "sha": commit.sha,
            "node_id": f"C_{commit.sha}",
            "commit": {
                "author": signature,
                "committer": signature,
                "message": commit.message,
                "tree": {"sha": tree, "url": f"{url}/git/trees/{tree}"},
                "url": f"{url}/git/commits/{commit.sha}",
                "comment_count": 0,
                "verification": {"verified": False, "reason": "unsigned", **dict.fromkeys(UNSIGNED)},
            },
            "url": f"{url}/commits/{commit.sha}",
            "html_url": f"{self.web}/{hosted.full_name}/commit/{commit.sha}",
            "comments_url": f"{url}/commits/{commit.sha}/comments",
            "author": self.user(commit.author),
            "committer": self.user(commit.author),
            "parents": [
                {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{self.web}/{hosted.full_name}/commit/{sha}"}
                for sha in commit.parents
            ],
        }
        if changes is None:
            return shape
        added, gone = sum(change.additions for change in changes), sum(change.deletions for change in changes)
        stats = {"total": added + gone, "additions": added, "deletions": gone}
        return {**shape, "stats": stats, "files": [self.change(hosted, commit, change) for change in changes]}

    def change(self, hosted: Hosted, head: Commit, change: Change) -> Shape:
        """What became of a file up to a commit."""
        path = quote(change.path)
        previous = {"previous_filename": change.previous} if change.previous else {}
        return {
            "sha": change.sha,
            "filename": change.path,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": f"{self.web}/{hosted.full_name}/blob/{head.sha}/{path}",
            "raw_url": f"{self.web}/{hosted.full_name}/raw/{head.sha}/{path}",
            "contents_url": f"{self.api}/repos/{hosted.full_name}/contents/{path}?ref={head.sha}",
            **previous,
        }
