"""What exactly a delivery asks for, as GitHub sees it now: which commit, against what, and how far it is trusted."""

from dataclasses import dataclass

from openaddr.db.records import NewJob, Trust
from openaddr.errors import Code, ProblemError
from openaddr.github.answers import Comparison
from openaddr.github.changes import compare
from openaddr.github.client import GitHub
from openaddr.github.events import BY_HAND, Asked, Ignored
from openaddr.github.names import checked_ref
from openaddr.github.pulls import pull_request


@dataclass(frozen=True)
class Question:
    """A commit that is to be checked, and how it stands to what it is compared with.

    `fresh`: nothing is re-used. `replaces`: what was asked before of the same pull request or branch is of no account;
    of the default branch every push counts, for it is compared with the one before it.
    """

    new: NewJob
    comparison: Comparison
    fresh: bool
    replaces: bool


def question_of(github: GitHub, asked: Asked, delivery_id: str) -> Question | Ignored:
    """What is to be checked, or why nothing is: deliveries come late, twice, and in any order. Raises ProblemError."""
    if asked.pull_request is not None:
        return _of_pull_request(github, asked, asked.pull_request, delivery_id)
    return _of_push(github, asked, delivery_id)


def _of_pull_request(github: GitHub, asked: Asked, number: int, delivery_id: str) -> Question | Ignored:
    # Of the head repository nothing is asked: it may be gone, and the base repository has its commits.
    found = pull_request(github, asked.repository, number)
    if asked.sha and asked.sha != found.head.sha:
        return Ignored(f"A newer push to the pull request {number} is checked instead.")
    if found.state == "closed":
        return Ignored(f"The pull request {number} is closed.")
    sha, trust = found.head.sha, trust_of(github, asked, found.head.sha)
    comparison = compare(github, asked.repository, checked_ref(found.base.ref), sha)
    new = NewJob(str(asked.repository), sha, asked.author, number, delivery_id, "", trust)
    return Question(new, comparison, asked.fresh, replaces=True)


def _of_push(github: GitHub, asked: Asked, delivery_id: str) -> Question | Ignored:
    default = github.default_branch(asked.repository)
    if asked.ref and asked.ref != default:
        try:
            newest = github.commit_of(asked.repository, f"heads/{asked.ref}")
        except ProblemError as error:
            if error.problem.code is not Code.GITHUB_COMMIT_UNKNOWN:
                raise
            return Ignored(f"The branch {asked.ref} is gone.")
        if newest != asked.sha:
            return Ignored(f"A newer push to {asked.ref} is checked instead.")
    comparison = _since(github, asked, default)
    trust = trust_of(github, asked, asked.sha)
    new = NewJob(str(asked.repository), asked.sha, asked.author, None, delivery_id, asked.ref, trust)
    return Question(new, comparison, asked.fresh, replaces=asked.ref != default)


def _since(github: GitHub, asked: Asked, default: str) -> Comparison:
    """How a push stands to what it adds to: the commit before it on the default branch, which others stand to."""
    if asked.before and (asked.ref == default or asked.event == BY_HAND):
        try:
            return compare(github, asked.repository, asked.before, asked.sha)
        except ProblemError as error:
            # Of a forced push the commit before may be gone.
            if error.problem.code is not Code.GITHUB_COMMIT_UNKNOWN:
                raise
    return compare(github, asked.repository, default, asked.sha)


def trust_of(github: GitHub, asked: Asked, sha: str) -> Trust:
    """Whether a commit is on the default branch. That GitHub does not say so is no reason to take it for granted."""
    try:
        return Trust.MERGED if github.is_merged(asked.repository, sha) else Trust.UNMERGED
    except ProblemError as error:
        if not error.problem.retry:
            raise
        return Trust.UNKNOWN
