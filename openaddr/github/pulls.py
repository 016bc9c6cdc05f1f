"""Pull requests, and who may say what about them."""

from urllib.parse import quote

from openaddr.errors import Code, ProblemError
from openaddr.github.answers import PermissionFound, PullRequestFound
from openaddr.github.client import GitHub
from openaddr.github.names import Repository
from openaddr.github.refusals import ABSENT

MAY_DECIDE = frozenset({"admin", "maintain", "write"})


def pull_request(github: GitHub, repository: Repository, number: int) -> PullRequestFound:
    """A pull request as it is now. Raises ProblemError(GITHUB_COMMIT_UNKNOWN)."""
    raw = github.get(f"/repos/{repository}/pulls/{number:d}")
    if raw[0] in ABSENT:
        message = f"{repository} at {github.host} has no pull request {number}."
        raise ProblemError(Code.GITHUB_COMMIT_UNKNOWN, message)
    return github.read(raw, PullRequestFound)


def may_decide(github: GitHub, repository: Repository, login: str) -> bool:
    """Whether somebody may say that what a pull request does is right: whoever may write to the repository."""
    raw = github.get(f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission")
    return raw[0] not in ABSENT and github.read(raw, PermissionFound).permission in MAY_DECIDE
