"""One run, from its claim to its final status: everything of `source-run` that is not Prefect's."""

import logging
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from flows import policies, telling
from flows.leases import kept
from flows.live_logs import stored_while_it_lasts
from flows.patience import patiently
from flows.services import Services
from openaddr import __version__, logs
from openaddr.db import last_good, outbox, runs, source_files
from openaddr.db.records import Lease, Outcome, RunStatus, Trust
from openaddr.db.records import Run as Row
from openaddr.errors import Code, Problem, ProblemError
from openaddr.machines import PROCESS
from openaddr.process import Request, process_source
from openaddr.publication import files_of, make_latest
from openaddr.quality.figures import figures_of
from openaddr.quality.gate import judge
from openaddr.run import Record, Run, Status
from openaddr.run_folder import write_record
from openaddr.settings import Settings
from openaddr.sizes import LIMITS, ROOM, larger
from openaddr.source.parse import parse_source
from openaddr.stages import Progress
from openaddr.storage.keys import run_prefix
from openaddr.storage.publishing import put_all
from openaddr.workshop import resumable

log = logging.getLogger("openaddr.flows")

STATUS = {
    Status.SUCCEEDED: RunStatus.SUCCEEDED,
    Status.SKIPPED: RunStatus.SKIPPED,
    Status.FAILED: RunStatus.FAILED,
    Status.HELD: RunStatus.HELD,
}


@dataclass(frozen=True)
class Assignment:
    """What is to be done: the row, the text of its source file, and the last good run of its layer source."""

    row: Row
    content: bytes
    last: Row | None

    @property
    def last_record(self) -> Record | None:
        """The `run.json` of the last good run, for data that has not changed since."""
        if self.last is None or self.last.record is None:
            return None
        return msgspec.convert(self.last.record, Record)


def work_on(
    services: Services, run_id: int, worker: str, flow_run_id: UUID | None, progress: Progress
) -> RunStatus | None:
    """Do a run that is queued, or whose worker has died, and say how it ended.

    None when it is somebody else's, or became so: then nothing of ours is published. QUEUED when it needs more than
    its size class has: it is in the queue again, in the next one.
    """
    lease = patiently(lambda: _claimed(services, run_id, worker, flow_run_id))
    if lease is None:
        return None
    stop, parent = threading.Event(), work_folder(services.settings)
    place = resumable(parent, f"{policies.WORK_PREFIX}{run_id}", policies.WORK_PREFIX)
    with logs.about(run=run_id), kept(services.pool, lease, stop), place as folder:
        task = patiently(lambda: _assignment(services, run_id))
        with logs.about(source=task.row.source_id), stored_while_it_lasts(services, lease, worker):
            run = _processed(services, task, folder, progress, stop)
        if stop.is_set():
            return None
        if _enlarged(services, lease, task.row, run):
            return RunStatus.QUEUED
        _judge(services, task, run)
        if not _stored(services, lease, run):
            return None
        return _concluded(services, lease, task, run)


def work_folder(settings: Settings) -> Path:
    """Where flow runs keep what they work on."""
    return Path(settings.work_folder or tempfile.gettempdir())


def _claimed(services: Services, run_id: int, worker: str, flow_run_id: UUID | None) -> Lease | None:
    deadline = policies.deadline_seconds(services.settings)
    with services.pool.connection() as conn:
        return runs.claim(conn, run_id, worker, flow_run_id, policies.LEASE_SECONDS, deadline)


def _assignment(services: Services, run_id: int) -> Assignment:
    with services.pool.connection() as conn:
        row = runs.get(conn, run_id)
        assert row is not None, "a run that was claimed is there"
        pointer = last_good.get(conn, row.source_id, row.layer, row.name)
        last = runs.get(conn, pointer.run_id) if pointer else None
        return Assignment(row, source_files.content(conn, row.source_sha), last)


def _processed(services: Services, task: Assignment, folder: Path, progress: Progress, stop: threading.Event) -> Run:
    """The run of the one layer source, in a folder of its own."""
    row = task.row
    path = folder.joinpath("sources", *f"{row.source_id}.json".split("/"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(task.content)
    request = Request(
        path,
        folder / "output",
        row.layer,
        row.name,
        settings=replace(services.settings, size_class=row.size_class),
        # What an earlier attempt has left here is no good run: it counts only once it is on the record.
        fresh=row.fresh or task.last_record is None,
        last=task.last_record,
        stop=stop,
    )
    (run,) = process_source(request, progress)
    if row.outgrown:
        run.warnings.append(Problem(Code.SIZE_CLASS_RAISED, row.outgrown))
        if run.folder is not None:
            write_record(run, run.folder)
    return run


def _enlarged(services: Services, lease: Lease, row: Row, run: Run) -> bool:
    """Put a run for which its size class was too small back into the queue, once, in the next one; whether that is so.

    What is not merged stays in the class of strangers. Where all runs share a machine, another class has no more room.
    """
    problem, size_class = run.problem, larger(row.size_class)
    may_help = LIMITS if services.settings.work_pool == PROCESS else LIMITS | ROOM
    if problem is None or problem.code not in may_help or size_class is None or row.trust is Trust.UNMERGED:
        return False
    why = (
        f"As a {row.size_class} source it ended with {problem.code}: {problem.message} "
        f"It was tried once more as a {size_class} one."
    )

    def enlarge() -> bool:
        with services.pool.connection() as conn:
            return runs.enlarge(conn, lease, size_class, why)

    return patiently(enlarge)


def _judge(services: Services, task: Assignment, run: Run) -> None:
    """Hold a run that is worse than the last good one: what is wrong becomes its problem, and its record says so."""
    if run.status is not Status.SUCCEEDED or run.unchanged or run.folder is None:
        return
    last, day = task.last_record, str(task.last.finished_at.date()) if task.last and task.last.finished_at else ""
    verdict = judge(figures_of(run), figures_of(last, day) if last else None, services.settings)
    if verdict.held:
        source = parse_source(task.row.source_id, task.content)
        run.problem, *others = map(source.located, verdict.problems)
        run.status, run.warnings = Status.HELD, [*run.warnings, *others]
        write_record(run, run.folder)


def _stored(services: Services, lease: Lease, run: Run) -> bool:
    """Store the files of the run; False when it is not ours any more.

    A storage that is away is waited for. One that is full, or does not want them, is how the run ends.
    """

    def renewed() -> bool:
        with services.pool.connection() as conn:
            return runs.renew(conn, lease, policies.LEASE_SECONDS)

    def is_ours() -> bool:
        return patiently(renewed)

    folder, prefix = run.folder, run_prefix(lease.run_id)
    if folder is None:
        return is_ours()
    try:
        return patiently(lambda: put_all(services.storage, prefix, files_of(folder), is_ours)) is not None
    except ProblemError as error:
        log.error("run %d cannot be stored: %s", lease.run_id, error)
        run.status, run.problem, run.unchanged, run.outputs = Status.FAILED, error.problem, False, {}
        return True


def _concluded(services: Services, lease: Lease, task: Assignment, run: Run) -> RunStatus | None:
    """Write the final status, and what has to follow from it, in one transaction; then do it."""
    original = task.last.files_of if run.unchanged and task.last else None
    outcome = Outcome(
        STATUS[run.status], __version__, run.key, run.problem, run.as_json(), run.account.kept, copy_of=original
    )

    def conclude() -> Row | None:
        with services.pool.connection() as conn:
            if not runs.finish(conn, lease, outcome) and not runs.was_finished_by(conn, lease):
                log.warning("run %d was finished by somebody else", lease.run_id)
                return None
            row = runs.get(conn, lease.run_id)
            if row is not None and row.job_id is not None and row.trust is not Trust.UNMERGED:
                # Long ago it was merged, or so it seemed: that is asked again before anything is published.
                telling.ask_if_merged(conn, row.job_id)
                outbox.put(conn, "site", "site", {})
            else:
                announce(conn, lease.run_id, is_new=not run.unchanged)
            return row

    row = patiently(conclude)
    if row is None:
        return None
    if row.job_id is not None:
        _told(services, row.job_id, row.status)
    try:
        make_latest_of(services, row)
    except Exception:
        # The run is over and on the record; the sweep switches what the outbox says.
        log.exception("run %d is not shown as the latest yet", row.id)
    return row.status


def _told(services: Services, job_id: UUID, status: RunStatus) -> None:
    """Finish the job of a run, if that was the last one, and have GitHub told; of a failure at once."""

    def finish() -> None:
        with services.pool.connection() as conn:
            if not telling.finish(conn, job_id) and status is RunStatus.FAILED:
                telling.tell(conn, job_id)

    patiently(finish)


def announce(conn: Connection[Any], run_id: int, *, is_new: bool = True) -> None:
    """Note what has to follow from a final run: the switch of `latest/`, where it may and has news, and the pages."""
    if is_new and last_good.move(conn, run_id):
        outbox.put(conn, "latest", str(run_id), {"run": run_id})
    outbox.put(conn, "site", "site", {})


def make_latest_of(services: Services, row: Row) -> None:
    """Switch `latest/` to a run, unless the record has a newer one."""
    with services.pool.connection() as conn:
        pointer = last_good.get(conn, row.source_id, row.layer, row.name)
    if pointer is not None and pointer.run_id == row.id:
        make_latest(services.storage, row)
