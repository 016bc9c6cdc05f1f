"""The status of a commit, with the context and the texts that tools know from the predecessor.

GitHub has four states. `failure` says that something is to be done about the change, `error` that we cannot say whether
it is good. So a held run is a failure, though nothing is broken: a merge should wait until somebody has looked. A job
that a newer push took the place of is an error: whoever looks at the old commit must not take it for good or bad.
"""

from dataclasses import dataclass
from enum import StrEnum

from openaddr.feedback.paragraphs import REPLACED
from openaddr.feedback.report import FAILURES, Outcome, Report, Verdict
from openaddr.run import printable
from openaddr.words import plural

CONTEXT = "openaddresses/hooked"
LONGEST = 140
"""Characters that GitHub takes."""


class State(StrEnum):
    """What a commit may be, for GitHub."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True)
class Status:
    """What is posted to a commit."""

    state: State
    description: str
    target_url: str
    context: str = CONTEXT


def status(report: Report) -> Status:
    """The status that a job has now."""
    state, description = _told(report)
    return Status(state, shortened(printable(description), LONGEST), report.job_url)


def shortened(words: str, most: int) -> str:
    """A text cut behind a word, with … for the rest."""
    if len(words) <= most:
        return words
    head, _, _ = words[:most].rpartition(" ")
    return (head if len(head) > most // 2 else words[: most - 1]).rstrip(" ,:;") + "…"


def _told(report: Report) -> tuple[State, str]:
    names = ", ".join(report.files)
    match report.verdict:
        case Verdict.CHECKING:
            return State.PENDING, _checking(report, names or "what changed")
        case Verdict.GOOD:
            return State.SUCCESS, f"Succeeded on {names}"
        case Verdict.NOTHING:
            return State.SUCCESS, "Nothing to check"
        case Verdict.FAILED:
            return State.FAILURE, f"Failed on {', '.join(_failed(report))} from {names}"
        case Verdict.HELD:
            return State.FAILURE, _held(report)
        case Verdict.ERRORED:
            return State.ERROR, _errored(report, names)
        case Verdict.SUPERSEDED:
            by = f"Superseded by {report.superseded_by[:7]}, which is checked instead"
            return State.ERROR, by if report.superseded_by else f"Superseded: {REPLACED[0].lower()}{REPLACED[1:]}"


def _checking(report: Report, names: str) -> str:
    """The place in the queue has room, however many files there are."""
    behind = f" ({plural(report.ahead, 'run')} of others first)" if report.ahead else ""
    return shortened(printable(f"Checking {names}"), LONGEST - len(behind)) + behind


def _failed(report: Report) -> list[str]:
    """Files that are at fault, in their order."""
    failed = {*report.files_with(*FAILURES), *(path for path, _ in report.bugs)}
    return [path for path in report.files if path in failed]


def _held(report: Report) -> str:
    """What waits for a decision, and the first reason."""
    held = report.having(Outcome.HELD)
    problem = held[0].problem
    why = f": {problem.title[0].lower()}{problem.title[1:]}" if problem else ""
    return f"Held: {', '.join(report.files_with(Outcome.HELD))}{why}"


def _errored(report: Report, names: str) -> str:
    message = report.problem.message if report.problem else "the fault is ours, a new run may help"
    return f"Errored on {names}: {message}" if names else f"Could not read source files: {message}"
