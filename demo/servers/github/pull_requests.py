"""What is asked of pull requests, and of the comments on them."""

from collections.abc import Callable
from dataclasses import replace

from msgspec import Struct

from demo.servers.github.answers import NOT_FOUND, given, invalid, refused
from demo.servers.github.asking import Asked
from demo.servers.github.objects import Change
from demo.servers.github.pull_shapes import PullShapes
from demo.servers.github.records import Comment
from demo.servers.github.repositories import PullRequest
from demo.servers.serving import Response

MOST_OF_A_PULL = 3_000
"""Files."""
LONGEST_COMMENT = 65_536
"""Letters."""


class CommentAsked(Struct, frozen=True):
    """What a comment is to say."""

    body: str


def shapes(asked: Asked) -> PullShapes:
    """How things of this repository look."""
    return PullShapes(asked.hosted, asked.shapes)


def _pull(asked: Asked) -> PullRequest | None:
    return asked.hosted.pulls.get(int(asked.parts["number"]))


def pull(asked: Asked) -> Response:
    """A pull request."""
    found = _pull(asked)
    return given(shapes(asked).whole_pull(found)) if found else NOT_FOUND


def pull_files(asked: Asked) -> Response:
    """What a pull request does to files, in pages, and no more than 3,000."""
    found = _pull(asked)
    if found is None:
        return NOT_FOUND
    head = asked.hosted.commits[found.head_sha]

    def shape(change: Change) -> object:
        return asked.shapes.change(asked.hosted, head, change)

    return asked.page(asked.hosted.changes_of(found)[:MOST_OF_A_PULL], shape)


def commit_pulls(asked: Asked) -> Response:
    """The pull requests of a commit."""
    found = asked.hosted.find(asked.parts["ref"])
    if found is None:
        return refused(422, f"No commit found for SHA: {asked.parts['ref']}")
    return asked.page(asked.hosted.pulls_with(found.sha), shapes(asked).pull)


def comments(asked: Asked) -> Response:
    """The comments on a pull request, oldest first."""
    found = _pull(asked)
    if found is None:
        return NOT_FOUND
    on_it = [comment for comment in asked.hosted.comments if comment.number == found.number]
    return asked.page(on_it, shapes(asked).comment)


def create_comment(asked: Asked) -> Response:
    """One more comment on a pull request."""
    found, body = _pull(asked), asked.body(CommentAsked).body
    if found is None:
        return NOT_FOUND
    if wrong := _wrong(body):
        return wrong
    return given(shapes(asked).comment(asked.hosted.comment(found.number, body, asked.caller.login)), 201)


def update_comment(asked: Asked) -> Response:
    """A comment says something else."""
    ident, body = int(asked.parts["id"]), asked.body(CommentAsked).body
    for place, found in enumerate(asked.hosted.comments):
        if found.id == ident:
            if wrong := _wrong(body):
                return wrong
            edited = replace(found, body=body, edited=asked.hosted.tick()[1])
            asked.hosted.comments[place] = edited
            asked.hosted.written.append(edited)
            return given(shapes(asked).comment(edited))
    return NOT_FOUND


def _wrong(body: str) -> Response | None:
    if not body.strip():
        return invalid("IssueComment", "body", "Body can't be blank", "missing_field")
    if len(body) > LONGEST_COMMENT:
        return invalid("IssueComment", "body", f"Body is too long (maximum is {LONGEST_COMMENT} characters)")
    return None


def comment(asked: Asked) -> Response:
    """A comment by its id."""
    ident = int(asked.parts["id"])
    found: Comment | None = next((found for found in asked.hosted.comments if found.id == ident), None)
    return given(shapes(asked).comment(found)) if found else NOT_FOUND


def permission(asked: Asked) -> Response:
    """What somebody may do with the repository."""
    login = asked.parts["user"]
    found = asked.hosted.permissions.get(login)
    if found is None:
        return refused(404, f"{login} is not a user")
    may = dict.fromkeys(("pull", "triage", "push", "maintain", "admin"), False)
    may |= {"pull": found != "none", "push": found in ("admin", "write"), "admin": found == "admin"}
    user = {**asked.shapes.user(login), "permissions": may, "role_name": found}
    return given({"permission": found, "role_name": found, "user": user})


PULL_REQUESTS: dict[str, tuple[str, str, Callable[[Asked], Response]]] = {
    "pull": ("GET", r"/pulls/(?P<number>\d+)", pull),
    "pull_files": ("GET", r"/pulls/(?P<number>\d+)/files", pull_files),
    "commit_pulls": ("GET", r"/commits/(?P<ref>.+)/pulls", commit_pulls),
    "comments": ("GET", r"/issues/(?P<number>\d+)/comments", comments),
    "create_comment": ("POST", r"/issues/(?P<number>\d+)/comments", create_comment),
    "comment": ("GET", r"/issues/comments/(?P<id>\d+)", comment),
    "update_comment": ("PATCH", r"/issues/comments/(?P<id>\d+)", update_comment),
    "permission": ("GET", r"/collaborators/(?P<user>[^/]+)/permission", permission),
}
