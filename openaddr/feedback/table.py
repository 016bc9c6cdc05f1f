"""The table of the layer sources of a job: result, rows, what changed, how full, where to look."""

from collections import Counter
from collections.abc import Iterable
from itertools import accumulate

from openaddr.feedback import links
from openaddr.feedback.markdown import link, table, text
from openaddr.feedback.report import Entry, Outcome, Report
from openaddr.stages import ATTRIBUTES
from openaddr.words import NONE, change, number, percent, plural

HEADS = ("Layer", "Result", "Rows", "Change", "Filled", "Outside coverage", "Links")
NUMBERS = frozenset({"Rows", "Outside coverage"})
MOST_ROWS, MOST_BYTES = 100, 40_000
"""What the table may have: beyond, nobody reads, and GitHub refuses."""
MOST_FILLS = 4
FILLS = {layer.value: names[:MOST_FILLS] for layer, names in ATTRIBUTES.items()} | {
    "addresses": ("number", "street", "city", "postcode"),
    "centerlines": ("name", "oneway", "speed", "surface"),
}
"""The attributes that tell whether a layer was read rightly."""
RESULTS = {
    Outcome.FAILED: "❌\u00a0Failed",
    Outcome.REJECTED: "❌\u00a0Rejected",
    Outcome.HELD: "⏸️\u00a0Held",
    Outcome.UNFINISHED: "⚠️\u00a0Not\u00a0finished",
    Outcome.SUPERSEDED: "⏹️\u00a0Superseded",
    Outcome.RUNNING: "⏳\u00a0Running",
    Outcome.WAITING: "⏳\u00a0Waiting",
    Outcome.SKIPPED: "⏭️\u00a0Skipped",
    Outcome.GOOD: "✅\u00a0Good",
}


def of_entries(report: Report) -> str:
    """The table, cut where it gets too long, with the rest in numbers. '' without layer sources."""
    if not report.entries:
        return ""
    rows = (" | ".join(_cells(report, entry)) for entry in report.worst_first[:MOST_ROWS])
    count = sum(length <= MOST_BYTES for length in accumulate(len(row.encode()) + 5 for row in rows))
    shown, left = report.worst_first[:count], report.worst_first[count:]
    return f"{of(report, shown)}\n\n{_rest(report, left)}" if left else of(report, shown)


def of(report: Report, entries: Iterable[Entry]) -> str:
    """The table of some layer sources."""
    return table(HEADS, (_cells(report, entry) for entry in entries), NUMBERS)


def counted(entries: Iterable[Entry]) -> str:
    """How many have which result: `2 failed, 98 good`."""
    counts = Counter(entry.outcome for entry in entries)
    return ", ".join(f"{counts[outcome]:,} {outcome_words(outcome)}" for outcome in Outcome if counts[outcome])


def outcome_words(outcome: Outcome) -> str:
    """A result within a sentence."""
    return "not finished" if outcome is Outcome.UNFINISHED else outcome.value


def result(entry: Entry) -> str:
    """The result of one layer source."""
    run = entry.run
    if run.is_good and run.decided_by:
        return f"{RESULTS[entry.outcome]}, approved by {text(run.decided_by, 40)}"
    return f"{RESULTS[entry.outcome]}{', as before' if run.is_good and run.copy_of else ''}"


def changed(entry: Entry) -> str:
    """How many rows there are, beside the last good run."""
    if entry.run.rows is None:
        return NONE
    if entry.last is None or entry.last.rows is None:
        return "new"
    difference = change(entry.last.rows, entry.run.rows)
    return f"{_together(difference)} (was {number(entry.last.rows)})" if difference else "none"


def filled(entry: Entry) -> str:
    """In which share of the rows the attributes that count are filled."""
    run = entry.run
    if not run.rows:
        return NONE
    fills = entry.record.fills
    known = (name for name in FILLS.get(run.layer, ()) if name in fills)
    return ", ".join(_together(f"{name} {_share(fills[name], run.rows)}") for name in known) or NONE


def outside(entry: Entry) -> str:
    """Which share of the rows lies where the source does not say it is."""
    count = entry.record.misplaced.outside
    return NONE if count is None or not entry.run.rows else _together(_share(count, entry.run.rows))


def looks(report: Report, entry: Entry) -> str:
    """Where to look further."""
    pages = (
        ("run", links.run_page(report, entry)),
        ("map", links.map_page(report, entry)),
        ("rows", links.rows_page(report, entry)),
    )
    return "\u00a0· ".join(link(label, page) for label, page in pages if page) or NONE


def _cells(report: Report, entry: Entry) -> list[str]:
    label = link(text(entry.label, 120), links.file_line(report, entry.path, entry.line))
    rest = (number(entry.run.rows), changed(entry), filled(entry), outside(entry), looks(report, entry))
    return [label, result(entry), *rest]


def _share(count: int, of: int) -> str:
    return percent(min(max(count / of, 0.0), 1.0))


def _together(words: str) -> str:
    """Words that are not torn apart at the end of a line."""
    return words.replace(" ", "\u00a0")


def _rest(report: Report, left: tuple[Entry, ...]) -> str:
    where = link("page of this job", report.job_url)
    return f"And {plural(len(left), 'more layer')}: {counted(left)}. All of them are on the {where}."
