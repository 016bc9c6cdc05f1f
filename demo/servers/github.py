"""GitHub on this machine: repositories with commits, the part of the REST API that we ask, and its ways to fail.

Archives come from another host, as they do from GitHub: the same server under another name.
"""

import hashlib
import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.servers.serving import HttpServer, Request, Response

Files = Mapping[str, bytes]
RATE = 5_000
DAY = (2026, 1, 1, 0, 0, 0)
FORBIDDEN = "Resource not accessible by personal access token"


@dataclass(frozen=True)
class Commit:
    """All files at a commit, by path, and the one before it."""

    sha: str
    files: Files
    parent: str = ""


@dataclass
class Hosted:
    """A repository: `branches` are names of commits, `commits` are by id, those of forks included, as on GitHub."""

    full_name: str
    default_branch: str = "master"
    private: bool = False
    branches: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)

    def commit(self, files: Files, branch: str = "", parent: str | None = None) -> str:
        """A new commit on a branch, after its last one unless another parent is named; gives its id."""
        branch = branch or self.default_branch
        before = self.branches.get(branch, "") if parent is None else parent
        told = f"{self.full_name}\0{before}\0{len(self.commits)}\0{sorted(files)}"
        sha = hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()
        self.commits[sha] = Commit(sha, dict(files), before)
        self.branches[branch] = sha
        return sha

    def find(self, ref: str) -> Commit | None:
        """The commit that an id, the beginning of one, or a branch names."""
        ref = ref.removeprefix("heads/")
        if sha := self.branches.get(self.default_branch if ref == "HEAD" else ref):
            return self.commits[sha]
        found = [commit for sha, commit in self.commits.items() if len(ref) >= 7 and sha.startswith(ref)]
        return found[0] if len(found) == 1 else None

    def history(self, sha: str) -> list[str]:
        """A commit and those before it, newest first."""
        found = []
        while sha:
            found.append(sha)
            sha = self.commits[sha].parent
        return found

    def compare(self, base: Commit, head: Commit) -> str | None:
        """How the head stands to the base; None when they have nothing in common."""
        before, after = self.history(base.sha), self.history(head.sha)
        if base.sha == head.sha:
            return "identical"
        if head.sha in before:
            return "behind"
        if base.sha in after:
            return "ahead"
        return "diverged" if set(before) & set(after) else None

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


Answer = Callable[["GitHubServer", Hosted, Request, re.Match[str]], Response]


class GitHubServer(HttpServer):
    """Serves `repositories`; with a `token` private ones are seen by those only who have it, and no other is taken.

    `trouble` answers in the place of an operation, by its name in OPERATIONS: always, or once for each of a list.
    """

    def __init__(self, token: str = "") -> None:
        super().__init__()
        self.token = token
        self.repositories: dict[str, Hosted] = {}
        self.trouble: dict[str, Response | list[Response]] = {}

    def host(self, full_name: str, **changes: Any) -> Hosted:
        """A new repository."""
        self.repositories[full_name.casefold()] = found = Hosted(full_name, **changes)
        return found

    def asked(self, operation: str) -> list[Request]:
        """The requests for an operation so far."""
        return [request for request in self.requests if _operation(request)[0] == operation]

    def answer(self, request: Request) -> Response:
        """What is wrong at the moment, or what the operation gives."""
        name, found = _operation(request)
        if (trouble := self._trouble(name)) is not None:
            return trouble
        given = request.headers.get("authorization", "")
        if found is None:
            return refused(404, "Not Found")
        if name != "codeload" and given and given not in (f"token {self.token}", f"Bearer {self.token}"):
            return refused(401, "Bad credentials")
        repository = self.repositories.get(f"{found['owner']}/{found['repo']}".casefold())
        if repository is None or (repository.private and not given and name != "codeload"):
            return refused(404, "Not Found")
        return OPERATIONS[name][1](self, repository, request, found)

    def _trouble(self, name: str) -> Response | None:
        found = self.trouble.get(name)
        if isinstance(found, list):
            return found.pop(0) if found else None
        return found

    @property
    def codeload(self) -> str:
        """Where archives come from: another host to all who compare names."""
        return f"http://localhost:{self.port}/codeload"


def _operation(request: Request) -> tuple[str, re.Match[str] | None]:
    """The operation of a request with what its path says, '' for none."""
    for name, (pattern, _) in OPERATIONS.items():
        if request.method == "GET" and (found := pattern.fullmatch(request.path)):
            return name, found
    return "", None


def _repository(server: GitHubServer, hosted: Hosted, request: Request, found: re.Match[str]) -> Response:
    about = {"full_name": hosted.full_name, "default_branch": hosted.default_branch, "private": hosted.private}
    return _json(about)


def _commit(server: GitHubServer, hosted: Hosted, request: Request, found: re.Match[str]) -> Response:
    if not hosted.commits:
        return refused(409, "Git Repository is empty.")
    commit = hosted.find(found["ref"])
    if commit is None:
        return refused(422, f"No commit found for SHA: {found['ref']}")
    return _json({"sha": commit.sha, "parents": [{"sha": commit.parent}] if commit.parent else []})


def _compare(server: GitHubServer, hosted: Hosted, request: Request, found: re.Match[str]) -> Response:
    base, head = hosted.find(found["base"]), hosted.find(found["head"])
    status = hosted.compare(base, head) if base and head else None
    return _json({"status": status}) if status else refused(404, "Not Found")


def _zipball(server: GitHubServer, hosted: Hosted, request: Request, found: re.Match[str]) -> Response:
    commit = hosted.find(found["ref"])
    if commit is None:
        return refused(404, "Not Found")
    # Of a private repository the address is a secret by itself.
    secret = "?token=SECRET-OF-THE-ADDRESS" if hosted.private else ""
    return moved(f"{server.codeload}/{hosted.full_name}/legacy.zip/{commit.sha}{secret}")


def _codeload(server: GitHubServer, hosted: Hosted, request: Request, found: re.Match[str]) -> Response:
    commit = hosted.find(found["ref"])
    if commit is None or (hosted.private and not request.parameters.get("token")):
        return refused(404, "Not Found")
    # GitHub makes it as it goes, and does not know its length.
    return Response(hosted.archive(commit), headers={"Content-Type": "application/zip"}, chunked=True)


_NAME = r"/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
OPERATIONS: dict[str, tuple[re.Pattern[str], Answer]] = {
    "repository": (re.compile(f"/repos{_NAME}"), _repository),
    "commit": (re.compile(f"/repos{_NAME}/commits/(?P<ref>.+)"), _commit),
    "compare": (re.compile(f"/repos{_NAME}/compare/(?P<base>.+?)\\.\\.\\.(?P<head>.+)"), _compare),
    "zipball": (re.compile(f"/repos{_NAME}/zipball/(?P<ref>.+)"), _zipball),
    "codeload": (re.compile(f"/codeload{_NAME}/legacy\\.zip/(?P<ref>.+)"), _codeload),
}


def _json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    told = {"Content-Type": "application/json; charset=utf-8", "X-RateLimit-Limit": str(RATE)}
    return Response(json.dumps(content).encode(), status, {**told, **(headers or {})})


def moved(location: str, status: int = 302) -> Response:
    """A redirect."""
    return Response(status=status, headers={"Location": location})


def refused(status: int, message: str) -> Response:
    """How GitHub refuses."""
    return _json({"message": message, "documentation_url": "https://docs.github.com/rest"}, status)


def rate_limited(seconds: int, status: int = 403) -> Response:
    """No more requests for so long."""
    reset = str(int(time.time()) + seconds)
    message = {"message": "API rate limit exceeded for 203.0.113.7. (But here's the good news: ...)"}
    return _json(message, status, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})


def too_fast(retry_after: int, status: int = 403) -> Response:
    """The secondary limit: too many requests in a short time."""
    message = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
    return _json(message, status, {"Retry-After": str(retry_after)})


UNICORN = Response(b"<html><title>Unicorn! &middot; GitHub</title></html>", 502, {"Content-Type": "text/html"})
SILENT = Response(silent=True)
HANGS_UP = Response(hangs_up=True)
CUT_ANSWER = Response(b'{"sha": "0123', headers={"Content-Type": "application/json"}, length=400)
CUT_ARCHIVE = Response(b"PK\x03\x04" + bytes(5_000), chunked=True, stops_after=3_000)
