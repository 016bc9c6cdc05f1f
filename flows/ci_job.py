"""`ci-job`: what a delivery of GitHub asks for. Its runs are queued, and GitHub is told, before anything is fetched."""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows import policies
from flows.asking import Question, question_of
from flows.handing_over import desk
from flows.queueing import Queued, close, record, record_problem, settle
from flows.sending import send_about
from flows.services import Services, services
from flows.working import work_folder
from openaddr.db import deliveries, jobs
from openaddr.db.records import Decision, Delivery
from openaddr.deciding import decide
from openaddr.errors import ProblemError
from openaddr.github import events
from openaddr.github.changes import changed_sources
from openaddr.github.client import GitHub
from openaddr.github.events import Action, Asked, Ignored
from openaddr.github.pulls import may_decide
from openaddr.proposal import propose
from openaddr.workshop import scratch

log = logging.getLogger("openaddr.flows")


@flow(name="ci-job", timeout_seconds=policies.JOB_SECONDS)
async def ci_job(delivery_id: str) -> State[None]:
    """Do what a delivery asks for. Doing it again changes nothing; what is away is waited for outside of this flow."""
    with services(flow_run.id) as opened:
        ours = UUID(str(flow_run.id)) if flow_run.id else None
        delivery = await asyncio.to_thread(_begun, opened, delivery_id, ours)
        if delivery is None:
            return Completed(name="Left", message=f"There is nothing to do for the delivery {delivery_id}.")
        try:
            done = await asyncio.to_thread(handle, opened, delivery)
        except Exception as error:
            log.exception("the delivery %s was not handled", delivery_id)
            return await asyncio.to_thread(_failed, opened, delivery_id, f"{type(error).__name__}: {error}"[:500])
        if isinstance(done, str):
            return Completed(message=done)
        await asyncio.to_thread(send_about, opened, done.job.id)
        await hand_over(done)
        return Completed(message=done.sentence)


async def hand_over(queued: Queued) -> None:
    """Ask Prefect to have the runs of a job worked on; those that it does not hear of are found by the sweep."""
    async with desk() as where:
        for run in queued.runs:
            await where.hand_over(run, queued.queue)


def _begun(opened: Services, delivery_id: str, ours: UUID | None) -> Delivery | None:
    with opened.pool.connection() as conn:
        return deliveries.begin(conn, delivery_id, ours)


def _failed(opened: Services, delivery_id: str, error: str) -> State[None]:
    with opened.pool.connection() as conn:
        deliveries.failed(conn, delivery_id, error)
    return Failed(message=error)


def handle(opened: Services, delivery: Delivery) -> Queued | str:
    """Do what a delivery asks for, on the record; gives its job, or what else came of it in a sentence."""
    asked = events.read(delivery.event, delivery.payload, opened.settings.repositories)
    if isinstance(asked, Asked):
        asked = _of_known_commit(opened, asked)
        try:
            done = _act(opened, asked, delivery.id)
        except ProblemError as error:
            return _not_now(opened, asked, delivery, error)
        if not isinstance(done, Ignored):
            return done
        asked = done
    with opened.pool.connection() as conn:
        deliveries.ignore(conn, delivery.id, asked.reason)
    return asked.reason


def _of_known_commit(opened: Services, asked: Asked) -> Asked:
    """A check that is asked for again, of the pull request or branch that its commit was checked for: GitHub does not
    say it of forks."""
    if asked.action is Action.CLOSE or asked.pull_request is not None or asked.ref or not asked.sha:
        return asked
    with opened.pool.connection() as conn:
        last = jobs.last_of_commit(conn, str(asked.repository), asked.sha)
    return replace(asked, pull_request=last.pull_request, ref=last.branch) if last else asked


def _act(opened: Services, asked: Asked, delivery_id: str) -> Queued | Ignored | str:
    if asked.action is Action.CLOSE:
        return close(opened, asked, delivery_id)
    with GitHub(opened.settings, repository=asked.repository) as github:
        if asked.action is Action.APPROVE:
            return _approve(opened, github, asked, delivery_id)
        question = question_of(github, asked, delivery_id)
        if isinstance(question, Ignored):
            return question
        return _check(opened, github, asked, question)


def _check(opened: Services, github: GitHub, asked: Asked, question: Question) -> Queued:
    """Find out what changed, and put what has to be done about it on the record."""
    with scratch(work_folder(opened.settings), policies.WORK_PREFIX) as folder:
        sha = question.new.commit_sha
        changed = changed_sources(github, asked.repository, question.comparison, sha, folder)
        proposal, contents = propose(changed)
    return record(opened, question, proposal, contents)


def _approve(opened: Services, github: GitHub, asked: Asked, delivery_id: str) -> Queued | Ignored:
    """Accept a held run of the repository, when somebody says so who may write to it."""
    assert asked.run_id is not None
    if not may_decide(github, asked.repository, asked.author):
        return Ignored(f"{asked.author} may not write to {asked.repository}, and so cannot approve a run of it.")
    with opened.pool.connection() as conn:
        job = jobs.of_run(conn, asked.run_id)
    if job is None or job.repository != str(asked.repository):
        return Ignored(f"No run {asked.run_id} was ever asked for by {asked.repository}.")
    try:
        told = decide(opened.settings, asked.run_id, Decision.APPROVED, asked.author, "Approved on GitHub.")
    except LookupError as error:
        return Ignored(str(error))
    return settle(opened, job, delivery_id, told)


def _not_now(opened: Services, asked: Asked, delivery: Delivery, error: ProblemError) -> Queued | str:
    """Let a delivery wait for what is away; what will not get better, or not in time, is the answer."""
    age = (datetime.now(UTC) - delivery.received_at).total_seconds()
    if error.problem.retry and age < policies.JOB_PATIENCE_SECONDS:
        pause = max(policies.JOB_PAUSE_SECONDS, age)
        with opened.pool.connection() as conn:
            deliveries.postpone(conn, delivery.id, str(error), pause)
        return f"It is tried again in {pause:.0f} s: {error}"
    return record_problem(opened, asked, delivery.id, error.problem)
