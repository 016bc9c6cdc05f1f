"""What is written on GitHub: the status of a commit, its checks, and the one comment of a pull request.

Doing it again changes nothing that a reader sees. Everything raises ProblemError as `client` does.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from openaddr.github.answers import CheckFound, ChecksFound, CommentFound, Written
from openaddr.github.client import GitHub, checked
from openaddr.github.names import Repository
from openaddr.github.refusals import ABSENT

Body = Mapping[str, Any]
Item = TypeVar("Item")
PER_PAGE, MOST_PAGES = 100, 50


def post_status(github: GitHub, repository: Repository, sha: str, status: Body) -> None:
    """Add a status to a commit; of each context the newest counts."""
    github.read(github.send("POST", f"/repos/{repository}/statuses/{checked(sha)}", status), Written)


def checks_of(github: GitHub, repository: Repository, sha: str) -> dict[tuple[str, str], CheckFound]:
    """The checks of a commit by name and external id, the newest of each."""
    found: dict[tuple[str, str], CheckFound] = {}
    for page in range(1, MOST_PAGES):
        parameters = {"per_page": str(PER_PAGE), "page": str(page), "filter": "all"}
        answer = github.read(
            github.get(f"/repos/{repository}/commits/{checked(sha)}/check-runs", parameters), ChecksFound
        )
        for check in answer.check_runs:
            _keep_newest(found, check)
        if len(answer.check_runs) < PER_PAGE:
            break
    return found


def _keep_newest(found: dict[tuple[str, str], CheckFound], check: CheckFound) -> None:
    key = check.name, check.external_id or ""
    if key not in found or found[key].id < check.id:
        found[key] = check


def put_check(
    github: GitHub,
    repository: Repository,
    sha: str,
    bodies: Iterable[Body],
    known: Mapping[tuple[str, str], CheckFound],
) -> None:
    """Make a check, or bring the one that is known up to date; what follows the first body is added to it."""
    first, *others = bodies
    ours = known.get((first["name"], first["external_id"]))
    checks = f"/repos/{repository}/check-runs"
    if ours is None:
        number = github.read(github.send("POST", checks, {**first, "head_sha": checked(sha)}), Written).id
    else:
        number = ours.id
        others = list(_news([first, *others], ours.output.annotations_count))
    for body in others:
        github.read(github.send("PATCH", f"{checks}/{number:d}", body), Written)


def _news(bodies: Iterable[Body], known: int) -> Iterator[Body]:
    """Bodies without the annotations that a check has already: GitHub keeps them, and would show them twice."""
    for place, body in enumerate(bodies):
        annotations = body.get("output", {}).get("annotations", [])
        new = annotations[known:]
        known = max(0, known - len(annotations))
        if new or not place:
            yield {**body, "output": {**body["output"], "annotations": new}} if annotations else body


def put_comment(github: GitHub, repository: Repository, number: int, marker: str, body: str) -> None:
    """Let the one comment of ours on a pull request say this: it is edited where there is one, else written."""
    ours = _our_comment(github, repository, number, marker)
    if ours is not None and ours.body == body:
        return
    if ours is not None:
        raw = github.send("PATCH", f"/repos/{repository}/issues/comments/{ours.id:d}", {"body": body})
        if raw[0] not in ABSENT:
            github.read(raw, Written)
            return
        # Somebody has deleted it since.
    github.read(github.send("POST", f"/repos/{repository}/issues/{number:d}/comments", {"body": body}), Written)


def _our_comment(github: GitHub, repository: Repository, number: int, marker: str) -> CommentFound | None:
    """The comment with our mark that we wrote: strangers can copy the mark."""
    marked = [each for each in _comments(github, repository, number) if (each.body or "").startswith(marker)]
    if not marked:
        return None
    login = github.login().casefold()
    return next((each for each in marked if each.user and each.user.login.casefold() == login), None)


def _comments(github: GitHub, repository: Repository, number: int) -> Iterator[CommentFound]:
    for page in range(1, MOST_PAGES):
        parameters = {"per_page": str(PER_PAGE), "page": str(page)}
        raw = github.get(f"/repos/{repository}/issues/{number:d}/comments", parameters)
        found = github.read(raw, list[CommentFound])
        yield from found
        if len(found) < PER_PAGE:
            return
