"""What a page shows, worked out from rows: frozen, and in words."""

from dataclasses import dataclass

from openaddr.db.records import Run, RunStatus
from openaddr.storage.keys import run_prefix
from openaddr.storage.objects import Storage

MARKS = {
    RunStatus.QUEUED: "…",
    RunStatus.RUNNING: "▸",
    RunStatus.SUCCEEDED: "✓",
    RunStatus.HELD: "‖",
    RunStatus.FAILED: "✗",
    RunStatus.SKIPPED: "-",
    RunStatus.LOST: "?",
}


@dataclass(frozen=True)
class RunLine:
    """One run in a table. `problem` and `hint` are '' where there is none; `log` is the address of its log or ''."""

    id: int
    source: str
    layer: str
    name: str
    mark: str
    status: str
    rows: str
    when: str
    problem: str
    hint: str
    log: str
    record: str


def run_line(run: Run, storage: Storage) -> RunLine:
    """A run as the table shows it."""
    found = run.problem or {}
    prefix = run_prefix(run.id)
    is_unchanged = bool(run.record and run.record.get("unchanged"))
    # A run that was taken over from an earlier one did nothing, so it has no log.
    has_files = (
        run.finished_at is not None and run.status is not RunStatus.LOST and not (run.copy_of and not is_unchanged)
    )
    same = f"the data has not changed since run {run.copy_of}" if is_unchanged else f"the same as run {run.copy_of}"
    when = run.finished_at or run.started_at or run.queued_at
    return RunLine(
        run.id,
        run.source_id,
        run.layer,
        run.name,
        MARKS[run.status],
        f"{run.status}, {same}" if run.copy_of else run.status.value,
        "" if run.rows is None else f"{run.rows:,}",
        when.strftime("%Y-%m-%d %H:%M UTC"),
        f"{found['code']}: {found['message']}" if found else "",
        str(found.get("hint", "")),
        storage.url(f"{prefix}log.txt") if has_files else "",
        storage.url(f"{prefix}run.json") if has_files else "",
    )
