"""A pull request to the bundled sources: signed deliveries to the webhook, and what we say on GitHub in the end.

GitHub is a stand-in on this machine. The proposal adds one source that is good and one with a column that is not there.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from psycopg import Connection

from demo.servers.github import GitHubServer, Hosted, PullRequest
from demo.servers.github.deliveries import Deliveries
from demo.servers.github.signing import Delivery
from openaddr.db import jobs, outbox
from openaddr.db.records import Job

REPOSITORY, FORK, TOKEN = "windmere/sources", "somebody/sources", "token-of-the-demo"
GOOD, BAD = "sources/xx/windmere/new.json", "sources/xx/windmere/typo.json"
LIMIT_SECONDS, LOOK_EVERY = 180.0, 0.2


@dataclass(frozen=True)
class Proposal:
    """A pull request on the stand-in, and the delivery that tells of it."""

    hosted: Hosted
    pull: PullRequest
    delivery: Delivery

    @property
    def answer(self) -> str:
        """What is said on GitHub: the statuses of its commit, and the comment."""
        sha = self.pull.head_sha
        states = [
            f"{each.context}: {each.state}: {each.description}" for each in self.hosted.statuses if each.sha == sha
        ]
        return "\n".join([*states, "", *(comment.body for comment in self.hosted.comments)])


@contextmanager
def github() -> Iterator[GitHubServer]:
    """The stand-in, which the settings of this process and of what it starts name."""
    with GitHubServer(TOKEN) as server:
        named = {"GITHUB_API_URL": server.url, "GITHUB_TOKEN": TOKEN, "OPENADDR_REPOSITORIES": REPOSITORY}
        os.environ.update(named)
        yield server


def propose(server: GitHubServer, sources: Path) -> Proposal:
    """Open the pull request; `sources` is the folder with the bundled source files."""
    hosted = server.host(REPOSITORY)
    hosted.commit({"README.md": b"The sources of Windmere."})
    source = json.loads((sources / "xx/windmere/csv.json").read_text(encoding="utf-8"))
    good = json.dumps(source, indent=4)
    (entry, *_) = source["layers"]["addresses"]
    entry["conform"]["number"] = "hous_number"
    bad = json.dumps(source, indent=4)
    fork = server.fork(hosted, FORK)
    fork.change({GOOD: good.encode(), BAD: bad.encode()}, "new-sources")
    pull = hosted.open_pull("new-sources", fork, title="Add Windmere")
    return Proposal(hosted, pull, Deliveries(hosted).pull_request("opened", pull))


def deliver(proposal: Proposal, webhook: str, secret: str) -> None:
    """Tell the webhook of it, as GitHub does."""
    body, headers = proposal.delivery.signed(secret)
    httpx.post(webhook, content=body, headers=headers, timeout=30).raise_for_status()


def answered(conn: Connection[Any], proposal: Proposal) -> Job:
    """The job of the proposal, once GitHub was told how it ended. Raises TimeoutError."""
    ends = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < ends:
        conn.rollback()
        job = jobs.of_delivery(conn, proposal.delivery.id)
        if job is not None and job.finished_at and not outbox.is_waiting(conn, str(job.id)):
            return job
        time.sleep(LOOK_EVERY)
    raise TimeoutError(f"no answer on the pull request after {LIMIT_SECONDS:g} seconds")
