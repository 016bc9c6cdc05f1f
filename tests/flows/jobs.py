"""A repository on GitHub with a town's sources, the deliveries of what is done to it, and what we answer there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from demo.servers.github import GitHubServer, Hosted
from demo.servers.github.deliveries import Deliveries
from demo.servers.github.signing import Delivery
from flows.ci_job import handle
from flows.queueing import Queued
from flows.sending import send_about, send_due
from openaddr.db import deliveries, jobs, runs
from openaddr.db.records import Delivery as Received
from openaddr.db.records import Job, Run, RunStatus
from tests.flows.conftest import Town

NAME = "openaddresses/openaddresses"


@dataclass
class Contributing:
    """What contributors do, and what becomes of it, step by step as the flows do it."""

    town: Town
    server: GitHubServer
    hosted: Hosted

    def source(self, data: str = "a.csv", **conform: str) -> bytes:
        """The text of a source file with which lint finds no fault."""
        source = json.loads(self.town.source(**conform).replace(b"a.csv", data.encode()))
        return json.dumps({**source, "coverage": {"country": "de"}}).encode()

    @property
    def told(self) -> Deliveries:
        """What GitHub tells of the repository."""
        return Deliveries(self.hosted)

    def received(self, delivery: Delivery) -> Received:
        """A delivery that is on the record and begun."""
        with self.town.opened.pool.connection() as conn:
            deliveries.receive(conn, delivery.id, delivery.event, delivery.payload)
            found = deliveries.begin(conn, delivery.id, None)
        assert found is not None
        return found

    def recorded(self, delivery: Delivery) -> Queued:
        """A delivery whose job is on the record, and of which GitHub was told nothing yet."""
        done = handle(self.town.opened, self.received(delivery))
        assert isinstance(done, Queued), done
        return done

    def send(self, job: Job) -> None:
        """Tell GitHub what there is to tell of a job."""
        send_about(self.town.opened, job.id)

    def sweep(self) -> None:
        """Send all that is to be sent."""
        send_due(self.town.opened)

    def deliver(self, delivery: Delivery) -> Queued | str:
        """Do what `ci-job` does up to the point where somebody is asked to work on the runs."""
        done = handle(self.town.opened, self.received(delivery))
        if isinstance(done, Queued):
            self.send(done.job)
        return done

    def asked(self, delivery: Delivery) -> Queued:
        """A delivery that made a job."""
        done = self.deliver(delivery)
        assert isinstance(done, Queued), done
        return done

    def checked(self, delivery: Delivery) -> Job:
        """A delivery whose runs were all worked on, and of which GitHub was told."""
        done = self.asked(delivery)
        for run in self.open_runs(done.job):
            self.town.work(run.id)
            self.send(done.job)
        return self.job(done.job)

    def job(self, job: Job) -> Job:
        """A job as it is now."""
        with self.town.opened.pool.connection() as conn:
            found = jobs.get(conn, job.id)
        assert found is not None
        return found

    def runs(self, job: Job) -> dict[str, RunStatus]:
        """The runs of a job by source."""
        with self.town.opened.pool.connection() as conn:
            return {run.source_id: run.status for run in runs.of_job(conn, job.id)}

    def open_runs(self, job: Job) -> list[Run]:
        """The runs of a job that are in the queue."""
        with self.town.opened.pool.connection() as conn:
            return [run for run in runs.of_job(conn, job.id) if run.status is RunStatus.QUEUED]

    def statuses(self, sha: str) -> Iterator[tuple[str, str]]:
        """The statuses of a commit in their order: state and description."""
        return ((each.state, each.description or "") for each in self.hosted.statuses if each.sha == sha)
