"""What all answers say in the same words: the result in one line, what it means, and what else is to be known."""

from collections.abc import Iterator

from openaddr.feedback.markdown import code, items, link, sentence, text
from openaddr.feedback.report import FAILURES, Outcome, Report, Verdict
from openaddr.lint.findings import Severity
from openaddr.words import number, plural

MOST_NAMES = 10
WORTH_A_RERUN = (Verdict.GOOD, Verdict.HELD, Verdict.FAILED)
ABOUT = "https://github.com/openaddresses/machine/blob/main/docs/pull-requests.md"
RERUN = "Re-run this please"
"""The comment that starts a job again."""
REPLACED = "A newer push is checked instead"
HELD = (
    "The data could be read, but it is worse than that of the last good run. Until somebody has looked, nothing is "
    "replaced. If it is meant to be so, say why in this pull request, and a maintainer can approve it. If not, correct "
    "the source file and push."
)
MARKS = {
    Verdict.CHECKING: "⏳",
    Verdict.GOOD: "✅",
    Verdict.NOTHING: "✅",
    Verdict.HELD: "⏸️",
    Verdict.FAILED: "❌",
    Verdict.ERRORED: "⚠️",
    Verdict.SUPERSEDED: "⏹️",
}


def headline(report: Report) -> str:
    """The result in one line of plain text."""
    match report.verdict:
        case Verdict.GOOD:
            return f"{_layers(report, Outcome.GOOD)} good: {_total(report)}"
        case Verdict.NOTHING:
            return "Nothing to check"
        case Verdict.HELD:
            held = len(report.having(Outcome.HELD))
            return f"{_of_all(report, held)} {'waits' if held == 1 else 'wait'} for a decision"
        case Verdict.FAILED:
            return _failed(report)
        case Verdict.ERRORED:
            return "We could not check this change"
        case Verdict.SUPERSEDED:
            return f"A newer push, {report.superseded_by[:7]}, is checked instead" if report.superseded_by else REPLACED
        case Verdict.CHECKING:
            return _checking(report)


def meaning(report: Report) -> str:
    """What the result means for whoever made the change, in Markdown; '' where the headline says it all."""
    match report.verdict:
        case Verdict.GOOD:
            return "Thank you! Please look at the figures below: are they what you expected?"
        case Verdict.HELD:
            return HELD
        case Verdict.FAILED:
            return _correction(report) + (" Other layers are still running." if report.is_running else "")
        case Verdict.ERRORED:
            return _errored(report)
        case Verdict.NOTHING:
            return _nothing(report)
        case Verdict.CHECKING:
            return f"{waits(report)}You need not wait here: this text is replaced when there is more to say."
        case Verdict.SUPERSEDED:
            return "There is nothing to do for you."


def notes(report: Report) -> Iterator[str]:
    """What else the change does, and which limits bit, in Markdown."""
    if report.removed:
        names = _listed([code(name, 120) for name in report.removed])
        yield f"Removed: {names}. Once this is merged, nothing new is published for what is gone."
    if report.renamed:
        pairs = _listed([f"{code(old, 120)} is now {code(new, 120)}" for old, new in report.renamed])
        yield f"Renamed: {pairs}. A new name has no last good run to be compared with."
    if report.unchanged and report.entries:
        yield f"{plural(report.unchanged, 'other layer')} of these files did not change and did not have to run."
    if report.limits:
        yield "**Limits that apply here**\n\n" + items(sentence(limit) for limit in report.limits[:MOST_NAMES])


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def lint_counts(report: Report) -> str:
    """`2 errors, 1 warning`, `Nothing wrong` without findings."""
    found = [finding.severity for findings in report.findings.values() for finding in findings]
    words = {Severity.BUG: "error", Severity.WARNING: "warning", Severity.HINT: "hint"}
    counts = [(found.count(severity), word) for severity, word in words.items()]
    return ", ".join(plural(count, word) for count, word in counts if count) or "Nothing wrong"


def foot(report: Report) -> str:
    """Where there is more, and how to start again, in Markdown."""
    commit = f"Commit {code(report.job.commit_sha[:10])}"
    details = link("all details", report.job_url) if report.job_url else ""
    about = link("what is this?", ABOUT)
    may_rerun = report.job.pull_request and not report.is_running and report.verdict in WORTH_A_RERUN
    again = f"to run it again, comment {code(RERUN)}" if may_rerun else ""
    return f"<sub>{' · '.join(filter(None, (commit, details, about, again)))}</sub>"


def _layers(report: Report, outcome: Outcome) -> str:
    """`us/ca/alameda addresses county is`, `All 3 layers that changed are`."""
    found = report.having(outcome)
    if len(found) == 1:
        return f"{found[0].label} is"
    return f"{'All ' if len(found) == len(report.entries) else ''}{len(found):,} layers that changed are"


def _total(report: Report) -> str:
    rows = number(sum(entry.run.rows or 0 for entry in report.having(Outcome.GOOD)))
    skipped = len(report.having(Outcome.SKIPPED))
    return f"{rows} rows" + (f"; {plural(skipped, 'layer')} skipped" if skipped else "")


def _of_all(report: Report, count: int) -> str:
    total = len(report.entries)
    return report.entries[0].label if total == 1 else f"{count:,} of {total:,} layers"


def _failed(report: Report) -> str:
    failed, bugs = len(report.having(*FAILURES)), len(report.bugs)
    files = len({path for path, _ in report.bugs})
    where = "the source file" if files == 1 else f"{files:,} source files"
    said = [f"{_of_all(report, failed)} failed"] if failed else []
    said += [f"{plural(bugs, 'error')} in {where}"] if bugs else []
    return " and ".join(said)


def _correction(report: Report) -> str:
    explained = [entry.problem.explanation for entry in report.having(*FAILURES) if entry.problem]
    if report.bugs or not all(found and found.retry for found in explained):
        return "Push a correction to this branch, and it is checked again."
    again = f"comment {code(RERUN)}" if report.job.pull_request else "push again"
    return f"This may be a matter of time: {again} to try again later."


def waits(report: Report) -> str:
    """`12 runs of other changes come first. `, '' where nothing does."""
    if not report.ahead:
        return ""
    return f"{plural(report.ahead, 'run')} of other changes {'comes' if report.ahead == 1 else 'come'} first. "


def _checking(report: Report) -> str:
    if not report.entries:
        return "Looking at what changed"
    done = sum(entry.run.status.is_final for entry in report.entries)
    return f"Checking {plural(len(report.entries), 'layer')}" + (f": {done:,} done" if done else "")


def _errored(report: Report) -> str:
    again = f"Comment {code(RERUN)} to try again." if report.job.pull_request else "Push again to try again."
    if report.problem is None:
        return f"The fault is ours, not that of your change. {again}"
    problem = report.problem
    told = f"**{text(problem.title)}.** {sentence(problem.message)}"
    return f"{told}\n\nThis says nothing about your change. {again}"


def _nothing(report: Report) -> str:
    if report.entries:
        skip = "layer says" if len(report.entries) == 1 else "layers say"
        return f"{len(report.entries):,} {skip} `skip`, so nothing was downloaded. Remove it where that is not meant."
    if report.unchanged:
        was = "layer says" if report.unchanged == 1 else "layers say"
        return f"{report.unchanged:,} {was} the same as before, only written differently: nothing had to run."
    if report.removed or report.renamed:
        return "This change adds nothing that could be run."
    return "This change touches no source file."
