"""What is asked of commits: how they compare, and their folders and files."""

import base64
from collections.abc import Callable
from urllib.parse import quote

from demo.servers.github.answers import NOT_FOUND, Page, given, moved, refused
from demo.servers.github.asking import Asked
from demo.servers.github.objects import Commit, Entry, changes_between, walk
from demo.servers.github.repositories import Hosted
from demo.servers.github.shapes import Shape
from demo.servers.serving import Response

MOST_OF_A_COMPARISON = 300
"""Files."""
MOST_COMMITS_AT_ONCE = 250
MOST_OF_A_COMMIT = 3_000
LONGEST_CONTENT = 1 << 20
"""Bytes that come as JSON; longer files come raw only."""


def repository(asked: Asked) -> Response:
    """What is known of the repository."""
    shape = asked.shapes.repository(asked.hosted)
    return given({**shape, "network_count": 0, "subscribers_count": 0})


def commit(asked: Asked) -> Response:
    """A commit with what it did to files."""
    if not asked.hosted.commits:
        return refused(409, "Git Repository is empty.")
    found = asked.hosted.find(asked.parts["ref"])
    if found is None:
        return refused(422, f"No commit found for SHA: {asked.parts['ref']}")
    before = asked.hosted.commits[found.parents[0]].files if found.parents else {}
    changes = changes_between(before, found.files)[:MOST_OF_A_COMMIT]
    page = Page(asked.request, MOST_OF_A_COMPARISON)
    shape = asked.shapes.commit(asked.hosted, found, page.of(changes))
    return given(shape, headers=page.links(asked.hosted.api, len(changes)))


def compare(asked: Asked) -> Response:
    """How one commit stands to another; files are told on the first page only, and no more than 300."""
    base, head = _named(asked.hosted, asked.parts["base"]), _named(asked.hosted, asked.parts["head"])
    found = asked.hosted.compare(base, head) if base and head else None
    if found is None:
        return NOT_FOUND
    shapes, page = asked.shapes, Page(asked.request)
    if asked.request.parameters.keys() & {"page", "per_page"}:
        commits, links = page.of(found.ahead), page.links(asked.hosted.api, len(found.ahead))
    else:
        commits, links = list(found.ahead[-MOST_COMMITS_AT_ONCE:]), {}
    url = f"{asked.hosted.api}/repos/{asked.hosted.full_name}/compare/{found.base.sha}...{found.head.sha}"
    web = url.replace(f"{asked.hosted.api}/repos", asked.hosted.web)
    changes = found.changes[:MOST_OF_A_COMPARISON] if page.number == 1 else []
    shape = {
        "url": url,
        "html_url": web,
        "permalink_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "base_commit": shapes.commit(asked.hosted, found.base),
        "merge_base_commit": shapes.commit(asked.hosted, found.merge_base),
        "status": found.status,
        "ahead_by": len(found.ahead),
        "behind_by": found.behind_by,
        "total_commits": len(found.ahead),
        "commits": [shapes.commit(asked.hosted, commit) for commit in commits],
        "files": [shapes.change(asked.hosted, found.head, change) for change in changes],
    }
    return given(shape, headers=links)


def _named(hosted: Hosted, name: str) -> Commit | None:
    """A commit by name; the owner of a fork may stand before a branch."""
    owner, colon, branch = name.partition(":")
    if not colon or owner.casefold() == hosted.owner.casefold():
        return hosted.find(branch or owner)
    heads = (pull.head for pull in hosted.pulls.values() if pull.head and pull.head.owner == owner)
    return next((found for fork in heads if (found := fork.find(branch))), None)


def tree(asked: Asked) -> Response:
    """A folder by its id, or that of a commit; whatever `recursive` is set to, all that lies below comes too."""
    found = _tree(asked.hosted, asked.parts["sha"])
    if found is None:
        return NOT_FOUND
    at, folder = found
    is_deep = "recursive" in asked.request.parameters
    entries = [(path, entry) for path, entry in walk(at.trees, folder) if is_deep or "/" not in path]
    url = f"{asked.hosted.api}/repos/{asked.hosted.full_name}/git"
    shape = {
        "sha": at.trees[folder].sha,
        "url": f"{url}/trees/{at.trees[folder].sha}",
        "tree": [_entry(url, path, entry) for path, entry in entries[: asked.hosted.tree_limit]],
        "truncated": len(entries) > asked.hosted.tree_limit,
    }
    return given(shape)


def _tree(hosted: Hosted, sha: str) -> tuple[Commit, str] | None:
    """The folder of an id, as it was at a commit."""
    if commit := hosted.find(sha):
        return commit, ""
    found = ((commit, folder) for commit in hosted.commits.values() for folder, tree in commit.trees.items())
    return next(((commit, folder) for commit, folder in found if commit.trees[folder].sha == sha), None)


def _entry(url: str, path: str, entry: Entry) -> Shape:
    size = {} if entry.size is None else {"size": entry.size}
    return {
        "path": path,
        "mode": entry.mode,
        "type": entry.kind,
        "sha": entry.sha,
        **size,
        "url": f"{url}/{entry.kind}s/{entry.sha}",
    }


def blob(asked: Asked) -> Response:
    """A content by its id."""
    sha = asked.parts["sha"]
    contents = (commit.blobs[sha] for commit in asked.hosted.commits.values() if sha in commit.blobs)
    content = next(contents, None)
    if content is None:
        return NOT_FOUND
    if asked.wants_raw:
        return _raw(content)
    shape = {
        "sha": sha,
        "node_id": f"B_{sha}",
        "size": len(content),
        "url": f"{asked.hosted.api}/repos/{asked.hosted.full_name}/git/blobs/{sha}",
        "content": _base64(content),
        "encoding": "base64",
    }
    return given(shape)


def contents(asked: Asked) -> Response:
    """A file, or the list of a folder, at a commit."""
    at = asked.hosted.find(asked.request.parameters.get("ref", "HEAD"))
    path = asked.parts["path"].strip("/")
    if at is None:
        return refused(404, f"No commit found for the ref {asked.request.parameters.get('ref', 'HEAD')}")
    folder, _, name = path.rpartition("/")
    if path in at.trees:
        found = ((f"{path}/{entry.name}".lstrip("/"), entry) for entry in at.trees[path].entries)
        return given([_item(asked, at, path, entry) for path, entry in found])
    if path not in at.files:
        return NOT_FOUND
    content = at.files[path]
    if asked.wants_raw:
        return _raw(content)
    entry = next(entry for entry in at.trees[folder].entries if entry.name == name)
    is_long = len(content) > LONGEST_CONTENT
    sent = {"content": "", "encoding": "none"} if is_long else {"content": _base64(content), "encoding": "base64"}
    return given({**_item(asked, at, path, entry), **sent})


def _item(asked: Asked, at: Commit, path: str, entry: Entry) -> Shape:
    name, ref = asked.hosted.full_name, asked.request.parameters.get("ref", at.sha)
    url = f"{asked.hosted.api}/repos/{name}/contents/{quote(path)}?ref={quote(ref)}"
    git_url = f"{asked.hosted.api}/repos/{name}/git/{entry.kind}s/{entry.sha}"
    html_url = f"{asked.hosted.web}/{name}/{entry.kind}/{quote(ref)}/{quote(path)}"
    is_file = entry.kind == "blob"
    return {
        "name": entry.name,
        "path": path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": f"{asked.hosted.web}/{name}/raw/{quote(ref)}/{quote(path)}" if is_file else None,
        "type": "file" if is_file else "dir",
        "_links": {"self": url, "git": git_url, "html": html_url},
    }


def _base64(content: bytes) -> str:
    """As GitHub does it: in lines of 60 letters."""
    text = base64.b64encode(content).decode()
    return "".join(f"{text[start : start + 60]}\n" for start in range(0, len(text), 60))


def _raw(content: bytes) -> Response:
    return Response(content, headers={"Content-Type": "application/vnd.github.raw+json; charset=utf-8"})


def zipball(asked: Asked) -> Response:
    """Where the archive of a commit is."""
    found = asked.hosted.find(asked.parts["ref"])
    if found is None:
        return NOT_FOUND
    # Of a private repository the address is a secret by itself.
    secret = "?token=SECRET-OF-THE-ADDRESS" if asked.hosted.private else ""
    return moved(f"{asked.codeload}/{asked.hosted.full_name}/legacy.zip/{found.sha}{secret}")


def codeload(asked: Asked) -> Response:
    """The archive of a commit."""
    found = asked.hosted.find(asked.parts["ref"])
    if found is None or (asked.hosted.private and not asked.request.parameters.get("token")):
        return NOT_FOUND
    # GitHub makes it as it goes, and does not know its length.
    return Response(asked.hosted.archive(found), headers={"Content-Type": "application/zip"}, chunked=True)


READING: dict[str, tuple[str, str, Callable[[Asked], Response]]] = {
    "repository": ("GET", "", repository),
    "compare": ("GET", r"/compare/(?P<base>.+?)\.\.\.(?P<head>.+)", compare),
    "tree": ("GET", r"/git/trees/(?P<sha>.+)", tree),
    "blob": ("GET", r"/git/blobs/(?P<sha>[^/]+)", blob),
    "contents": ("GET", r"/contents/(?P<path>.*)", contents),
    "zipball": ("GET", r"/zipball/(?P<ref>.+)", zipball),
    "commit": ("GET", r"/commits/(?P<ref>.+)", commit),
}
