"""From what a commit changes to a job with its runs, all in one transaction: and what takes whose place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from flows.asking import Question
from flows.services import Services
from flows.telling import ask_if_merged, tell
from openaddr import __version__
from openaddr.db import deliveries, jobs, last_good, outbox, runs, source_files
from openaddr.db.records import Job, NewJob, NewRun, Run, Trust
from openaddr.db.values import word
from openaddr.errors import Problem
from openaddr.github.events import Asked
from openaddr.proposal import Layer, Proposal
from openaddr.settings import Settings
from openaddr.sizes import SMALL, UNKNOWN

DAY = 24 * 3600.0


@dataclass(frozen=True)
class Queued:
    """A job, and those of its runs that somebody has to be asked to work on."""

    job: Job
    runs: list[Run]
    queue: str | None = None
    """Which queue they are for: that of pull requests is not for thousands. None = that one."""

    @property
    def sentence(self) -> str:
        """What came of the delivery."""
        commit = f"{self.job.repository} at {self.job.commit_sha[:12]}"
        return f"Job {self.job.id} of {commit}: {len(self.runs)} runs asked for."


def record(opened: Services, question: Question, proposal: Proposal, contents: Mapping[str, bytes]) -> Queued:
    """Put a job and its runs on the record, with what GitHub is to be told; another one for the same answers both.

    Who plans a job of the same repository at the same time waits. All or nothing: whoever dies here leaves a delivery
    that is begun again.
    """
    with opened.pool.connection() as conn:
        new, delivery_id = question.new, str(question.new.delivery_id)
        jobs.one_at_a_time(conn, new.repository)
        same = None if question.fresh else jobs.of_commit(conn, new)
        if same is not None:
            return Queued(_joined(conn, same, question), [])
        layers = limited(conn, opened.settings, question, proposal)
        earlier = jobs.before(conn, new) if question.replaces else []
        job = jobs.start(conn, new, proposal.as_json())
        queued = _queued(conn, job, layers, contents, earlier, question)
        _supersede(conn, earlier, f"A newer push, {new.commit_sha[:12]}, is checked instead.")
        jobs.finish_done(conn, job.id)
        tell(conn, job.id)
        deliveries.handled(conn, delivery_id, f"Job {job.id}.")
        outbox.put(conn, "site", "site", {})
        return Queued(job, queued, "batch" if len(queued) > opened.settings.job_runs else None)


def record_problem(opened: Services, asked: Asked, delivery_id: str, problem: Problem) -> Queued | str:
    """Put on the record why a delivery cannot be done, and have GitHub told, where it is known of what commit."""
    with opened.pool.connection() as conn:
        if not asked.sha:
            deliveries.ignore(conn, delivery_id, f"{problem.code}: {problem.message}")
            return problem.message
        author, number = asked.author, asked.pull_request
        new = NewJob(str(asked.repository), asked.sha, author, number, delivery_id, asked.ref)
        job = jobs.start(conn, new)
        jobs.fail(conn, job.id, problem)
        tell(conn, job.id)
        deliveries.handled(conn, delivery_id, f"{problem.code}: {problem.message}")
        outbox.put(conn, "site", "site", {})
        return Queued(job, [])


def close(opened: Services, asked: Asked, delivery_id: str) -> str:
    """Stop what is under way for a pull request that was closed; after a merge the push to its branch goes on."""
    told = f"The pull request {asked.pull_request} was {'merged' if asked.merged else 'closed'}."
    with opened.pool.connection() as conn:
        jobs.one_at_a_time(conn, str(asked.repository))
        new = NewJob(str(asked.repository), asked.sha, asked.author, asked.pull_request)
        _supersede(conn, [] if asked.merged else jobs.before(conn, new), told)
        deliveries.handled(conn, delivery_id, told)
    return told


def settle(opened: Services, job: Job, delivery_id: str, told: str) -> Queued:
    """Note that something was decided about a job, and have GitHub told."""
    with opened.pool.connection() as conn:
        tell(conn, job.id)
        deliveries.handled(conn, delivery_id, told)
    return Queued(job, [])


def _supersede(conn: Connection[Any], earlier: Sequence[Job], why: str) -> None:
    for job in earlier:
        jobs.supersede(conn, job.id, why)
        tell(conn, job.id)


def _joined(conn: Connection[Any], job: Job, question: Question) -> Job:
    """The job that answers already; on a pull request, too, when that is new."""
    number = question.new.pull_request
    earlier = jobs.before(conn, question.new, job.id) if question.replaces else []
    _supersede(conn, earlier, f"A newer push, {job.commit_sha[:12]}, is checked instead.")
    if number is not None and jobs.join_pull_request(conn, job.id, number):
        tell(conn, job.id)
    deliveries.handled(conn, str(question.new.delivery_id), f"Job {job.id} checks the same commit.")
    return job


def _queued(
    conn: Connection[Any],
    job: Job,
    layers: Sequence[Layer],
    contents: Mapping[str, bytes],
    earlier: Sequence[Job],
    question: Question,
) -> list[Run]:
    """The runs of a job that are not done yet. What an earlier job has under way, or was done lately, is taken over."""
    names = list(dict.fromkeys(layer.source_id for layer in layers))
    shas = dict(zip(names, source_files.save_all(conn, (contents[name] for name in names)), strict=True))
    merged, queued = job.trust is Trust.MERGED, []
    sizes = last_good.size_classes(conn) if merged else {}
    for layer in layers:
        known = sizes.get((word(layer.source_id), word(layer.layer), word(layer.name)), UNKNOWN)
        new = NewRun(
            layer.source_id,
            layer.layer,
            layer.name,
            shas[layer.source_id],
            job.trust,
            # Strangers have what is least, whatever the source took before.
            known if merged else SMALL,
            job_id=job.id,
            commit_sha=job.commit_sha,
            fresh=question.fresh,
        )
        if jobs.adopt(conn, new, earlier) is not None:
            continue
        done = runs.reusable(conn, new, __version__, any_trust=merged)
        if done is None:
            run = runs.queue(conn, new)
            runs.mark_dispatched(conn, run.id)
            queued.append(run)
        else:
            runs.copy(conn, done.id, new, any_trust=merged)
            if job.trust is not Trust.UNMERGED:
                ask_if_merged(conn, job.id)
    return queued


def limited(conn: Connection[Any], settings: Settings, question: Question, proposal: Proposal) -> list[Layer]:
    """The layer sources that are run now; of those that have to wait for the merge the proposal says why."""
    new, layers = question.new, proposal.layers
    if new.trust is Trust.MERGED:
        return layers
    if question.fresh and jobs.asked_lately(conn, new.repository, new.commit_sha, DAY) >= settings.job_repeats:
        proposal.limits.append(
            f"This commit was checked {settings.job_repeats} times within a day already: nothing is run again."
        )
        return []
    room = settings.author_runs - jobs.open_of_author(conn, new.author)
    allowed = max(0, min(settings.job_runs, room))
    if len(layers) > allowed:
        why = (
            f"{allowed} of {len(layers):,} changed layer sources are run before the merge, the others once it is merged"
        )
        limit = "is the most for one commit" if allowed == settings.job_runs else "is what is left for its author now"
        proposal.limits.append(f"{why}: {allowed} {limit}.")
    return layers[:allowed]
