"""The check runs of a job, which a GitHub App can make: the lint, the whole job, and each of a few layer sources.

`neutral` is what was skipped, `action_required` what is held, `cancelled` what a newer push took the place of.
"""

from collections.abc import Iterator

from openaddr.feedback import advice, annotations, links, table
from openaddr.feedback.check import APPROVE_DROP, RERUN_FRESH, Action, Check, Conclusion, State
from openaddr.feedback.markdown import fitted, link
from openaddr.feedback.paragraphs import headline, lint_counts, meaning, notes
from openaddr.feedback.report import Entry, Outcome, Report, Verdict
from openaddr.feedback.sections import log, what_to_do, worth_a_look
from openaddr.names import digits_of
from openaddr.words import plural, shown

MACHINE, LINT = "openaddresses/machine", "openaddresses/lint"
MOST_LAYERS = 20
"""With more, the check of the whole job says it all: long lists are noise."""
LONGEST = 65_535
"""Characters that GitHub takes for a summary."""
LONGEST_NAME, LONGEST_TITLE = 100, 200
READING = "Reading the source files"
ALL_SAID = f"Layers have a check of their own each when there are up to {MOST_LAYERS} of them."
CONCLUSIONS = {
    Verdict.GOOD: Conclusion.SUCCESS,
    Verdict.NOTHING: Conclusion.SUCCESS,
    Verdict.HELD: Conclusion.ACTION_REQUIRED,
    Verdict.FAILED: Conclusion.FAILURE,
    Verdict.ERRORED: Conclusion.FAILURE,
    Verdict.SUPERSEDED: Conclusion.CANCELLED,
}
OUTCOMES = {
    Outcome.FAILED: Conclusion.FAILURE,
    Outcome.REJECTED: Conclusion.FAILURE,
    Outcome.HELD: Conclusion.ACTION_REQUIRED,
    Outcome.UNFINISHED: Conclusion.FAILURE,
    Outcome.SUPERSEDED: Conclusion.CANCELLED,
    Outcome.SKIPPED: Conclusion.NEUTRAL,
    Outcome.GOOD: Conclusion.SUCCESS,
}


def checks(report: Report) -> tuple[Check, ...]:
    """All checks of a job as it is now, that of the lint first."""
    linted = (lint(report),) if report.files else ()
    layers = (layer(report, entry) for entry in report.worst_first) if _has_layers(report) else ()
    return (*linted, machine(report), *layers)


def lint(report: Report) -> Check:
    """What the lint says of the files that changed; it is known before anything is downloaded."""
    found, left_out = annotations.of_findings(report)
    return Check(
        LINT,
        str(report.job.id),
        report.job_url,
        State.COMPLETED if report.is_linted else State.IN_PROGRESS,
        _linted(report),
        _found(report) if report.is_linted else READING,
        _fitted(report, _lint_summary(report, len(found), left_out)),
        tuple(found),
    )


def machine(report: Report) -> Check:
    """The whole job."""
    conclusion = None if report.is_running else CONCLUSIONS[report.verdict]
    return Check(
        MACHINE,
        str(report.job.id),
        report.job_url,
        State.COMPLETED if conclusion else State.IN_PROGRESS,
        conclusion,
        shown(headline(report), LONGEST_TITLE),
        _fitted(report, _summary(report)),
        actions=_actions(conclusion, is_held=False),
    )


def layer(report: Report, entry: Entry) -> Check:
    """One layer source."""
    conclusion = OUTCOMES.get(entry.outcome)
    waiting = State.QUEUED if entry.outcome is Outcome.WAITING else State.IN_PROGRESS
    return Check(
        _name(entry),
        str(entry.run.id),
        links.run_page(report, entry),
        State.COMPLETED if conclusion else waiting,
        conclusion,
        shown(_title(entry), LONGEST_TITLE),
        _fitted(report, _layer_summary(report, entry)),
        tuple(annotations.of_run(entry)),
        _actions(conclusion, is_held=entry.outcome is Outcome.HELD),
    )


def _has_layers(report: Report) -> bool:
    return len(report.entries) <= MOST_LAYERS


def _linted(report: Report) -> Conclusion | None:
    if not report.is_linted:
        return None
    return Conclusion.FAILURE if report.bugs else Conclusion.SUCCESS


def _found(report: Report) -> str:
    return f"{lint_counts(report)} in {plural(len(report.files), 'source file')}"


def _lint_summary(report: Report, marked: int, left_out: int) -> Iterator[str]:
    if not report.is_linted:
        yield "What the lint finds is written beside the lines of the files in a moment."
        return
    yield f"{_found(report)}." if marked else "Nothing is wrong with the files themselves. Now their data is looked at."
    if report.bugs:
        yield "An error loses data or fails the run. Correct it and push, and all is checked again."
    elif marked:
        yield "This does not stop your change. A warning most likely is a mistake, a hint is worth a look."
    if left_out:
        yield (
            f"{marked:,} of {marked + left_out:,} findings are marked beside the lines: the worst first, a few of each "
            "file. To see all, run `openaddr lint` over the files."
        )
    yield from advice.told(report, [*advice.errors(report), *advice.looks(report)])


def _summary(report: Report) -> Iterator[str]:
    yield meaning(report)
    yield from what_to_do(report)
    if report.verdict is not Verdict.SUPERSEDED:
        yield table.of_entries(report)
    yield from notes(report)
    if not _has_layers(report):
        yield ALL_SAID


def _title(entry: Entry) -> str:
    words = table.outcome_words(entry.outcome)
    if entry.problem and entry.outcome is not Outcome.SUPERSEDED:
        return f"{words.capitalize()}: {entry.problem.title}"
    return words.capitalize() + (f": {plural(entry.run.rows, 'row')}" if entry.run.rows is not None else "")


def _layer_summary(report: Report, entry: Entry) -> Iterator[str]:
    yield table.of(report, [entry])
    if entry.outcome in advice.BAD:
        yield from advice.told(report, [advice.of_entry(entry)])
    if entry.outcome is Outcome.HELD:
        yield "**Approve drop** publishes the result as it is, once the change is merged. It is for maintainers."
    yield from worth_a_look(report, advice.warnings(entry))
    yield from log(entry)


def _actions(conclusion: Conclusion | None, *, is_held: bool) -> tuple[Action, ...]:
    """What can be done about a check that is completed."""
    if conclusion in (None, Conclusion.CANCELLED):
        return ()
    return (RERUN_FRESH, APPROVE_DROP) if is_held else (RERUN_FRESH,)


def _name(entry: Entry) -> str:
    """The name of the check of a layer source: no two have the same."""
    name = f"openaddresses/{shown(entry.label, 3 * LONGEST_NAME)}"
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 10]}… {digits_of(entry.label)}"


def _fitted(report: Report, blocks: Iterator[str]) -> str:
    where = link("the page of this job", report.job_url)
    return fitted(blocks, LONGEST, f"This is not all: GitHub takes no longer texts. The rest is on {where}.")
