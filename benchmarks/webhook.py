"""How fast and how safe the webhook is: `python -m benchmarks.webhook [--kill]`.

Signed pushes of about 20 kB come at a steady rate, each on a connection of its own, into the webhook of a whole stack
whose Prefect is asked for a flow run of each. Latency counts from when a delivery was due, not from when it could be
sent. With `--kill`, webhook and Postgres are killed in the middle of many deliveries: what was answered 2xx has to be
on the record.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg

from deployments.embedded import postgres, webhook
from deployments.embedded.keeper import descendants
from deployments.embedded.service import Service
from deployments.stack import Stack
from openaddr import settings
from openaddr.db.connections import connect
from openaddr.db.migrating import migrate
from openaddr.errors import ProblemError
from openaddr.github.signature import signature
from openaddr.settings import variable

RATE, SECONDS, P99_SECONDS = 100, 60.0, 0.25
REPOSITORY = "openaddresses/openaddresses"
AT_ONCE = 40
"""Deliveries that are under way at once when they come as fast as they can."""
ANSWER_SECONDS = 10.0
"""GitHub waits no longer."""
FLOW = """
from prefect import flow

@flow(name="ci-job")
async def ci_job(delivery_id: str) -> None:
    pass
"""
FILE = """
name: hook
deployments:
  - {name: ci-job, entrypoint: "hook.py:ci_job", work_pool: {work_queue_name: ci}}
"""


@dataclass(frozen=True)
class Place:
    """A webhook that runs, and its record."""

    port: int
    secret: str
    database: str
    parts: Sequence[Service]

    def recorded(self) -> dict[str, str]:
        """The deliveries on the record, and how they stand."""
        with connect(self.database) as conn:
            return dict(conn.execute("select id, status::text from deliveries").fetchall())

    def count(self) -> int:
        """How many deliveries are on the record; -1 while that cannot be asked."""
        try:
            with connect(self.database) as conn:
                (found,) = conn.execute("select count(*) from deliveries").fetchall()[0]
        except (psycopg.Error, ProblemError):
            return -1
        return int(found)

    def kill(self, name: str, number: signal.Signals) -> None:
        """Kill what a part runs; its keeper starts it again."""
        (part,) = [each for each in self.parts if each.program.name == name]
        for pid in list(descendants(part.keeper)) if number is signal.SIGKILL else _children(part.keeper):
            os.kill(pid, number)


@dataclass(frozen=True)
class Sent:
    """What came of a delivery: `status` 0 when no answer came."""

    delivery_id: str
    status: int
    seconds: float


@contextmanager
def alone(folder: Path) -> Iterator[Place]:
    """The webhook with a Postgres and nobody to begin what is delivered."""
    with postgres.running(folder / "postgres", folder / "postgres.log") as databases:
        with connect(databases.ours) as conn:
            migrate(conn)
        environment = _environment() | {variable("database_url"): databases.ours, variable("prefect_api_url"): ""}
        with webhook.running(folder, folder / "webhook.log", environment, settings.Settings()) as hook:
            assert databases.service
            yield _place(folder, databases.ours, [databases.service, hook.service])


@contextmanager
def with_prefect(folder: Path) -> Iterator[Place]:
    """The webhook of a whole stack, with a flow that does nothing."""
    (folder / "hook.py").write_text(FLOW)
    (folder / "prefect.yaml").write_text(FILE)
    os.environ |= _environment()
    with Stack(folder / "stack", settings.load(), folder / "prefect.yaml") as stack:
        yield _place(stack.folder, stack.addresses.environment["DATABASE_URL"], stack.services)


def _environment() -> dict[str, str]:
    return {variable("repositories"): REPOSITORY}


def _place(folder: Path, database: str, parts: Sequence[Service]) -> Place:
    port, secret = int((folder / "webhook-port").read_text()), (folder / "webhook-secret").read_text()
    return Place(port, secret, database, parts)


def push() -> bytes:
    """A push of 40 commits, about 20 kB."""
    commits = [{"id": uuid4().hex, "message": "x" * 300, "modified": [f"sources/us/{n}.json"]} for n in range(40)]
    values = {"ref": "refs/heads/master", "before": "0" * 40, "after": "1" * 40, "commits": commits}
    return json.dumps(values | {"repository": {"full_name": REPOSITORY}, "sender": {"login": "me"}}).encode()


async def deliver(port: int, headers: Mapping[str, str], body: bytes, delivery_id: str, due: float) -> Sent:
    """Deliver once, on a connection of its own."""
    told = {**headers, "Host": "localhost", "X-GitHub-Delivery": delivery_id, "X-GitHub-Event": "push"}
    told |= {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    head = "POST /hook HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items()) + "\r\n"
    status = 0
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(head.encode() + body)
                answer = await reader.read()
            finally:
                writer.close()
        status = int(answer.split(b" ", 2)[1]) if answer else 0
    except OSError:
        # Nobody is there just now, or not any more; a time-out is one, too.
        pass
    return Sent(delivery_id, status, time.monotonic() - due)


async def at_rate(place: Place, rate: float, seconds: float) -> list[Sent]:
    """Deliver so many a second, whatever becomes of those before."""
    body = push()
    headers = {"X-Hub-Signature-256": signature(body, place.secret)}
    begin, tasks = time.monotonic(), list[asyncio.Task[Sent]]()
    for number in range(int(rate * seconds)):
        due = begin + number / rate
        await asyncio.sleep(max(due - time.monotonic(), 0))
        tasks.append(asyncio.create_task(deliver(place.port, headers, body, str(uuid4()), due)))
    return list(await asyncio.gather(*tasks))


async def in_a_crowd(place: Place, ids: Sequence[str]) -> list[Sent]:
    """Deliver as fast as it goes."""
    body, waiting, done = push(), iter(ids), list[Sent]()
    headers = {"X-Hub-Signature-256": signature(body, place.secret)}

    async def work() -> None:
        for delivery_id in waiting:
            done.append(await deliver(place.port, headers, body, delivery_id, time.monotonic()))
            if not done[-1].status:
                # As one who is refused the connection; the next may be luckier.
                await asyncio.sleep(0.05)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return done


async def under_kills(place: Place, number: int, kills: int) -> tuple[list[Sent], list[str]]:
    """Deliver so many while webhook and Postgres are killed; what was sent, and what was answered 2xx and is lost.

    What was not answered is delivered again, as people do at GitHub, until everything is on the record.
    """
    ids = [str(uuid4()) for _ in range(number)]
    sending = asyncio.create_task(in_a_crowd(place, ids))
    for kill in range(2 * kills):
        await _grown(place, (kill + 1) * number // (2 * kills + 1), sending)
        name, how = (("webhook", signal.SIGKILL), ("Postgres", signal.SIGQUIT))[kill % 2]
        place.kill(name, how)
    sent = await sending
    answered = {each.delivery_id for each in sent if each.status // 100 == 2}
    left = ids
    while left := [each for each in left if each not in answered]:
        again = await in_a_crowd(place, left)
        sent += again
        answered |= {each.delivery_id for each in again if each.status // 100 == 2}
    recorded = place.recorded()
    return sent, [each for each in answered if each not in recorded] + [each for each in recorded if each not in ids]


async def _grown(place: Place, wanted: int, sending: "asyncio.Task[list[Sent]]") -> None:
    """Wait until there are so many on the record."""
    while not sending.done() and await asyncio.to_thread(place.count) < wanted:
        await asyncio.sleep(0.05)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def report(place: Place, sent: Sequence[Sent]) -> bool:
    """Print what came of deliveries at a rate, and say whether the goal is met."""
    seconds = sorted(each.seconds for each in sent)
    p50, p99 = (seconds[int(len(seconds) * share)] for share in (0.5, 0.99))
    recorded = place.recorded()
    lost = [each for each in sent if each.status // 100 == 2 and each.delivery_id not in recorded]
    statuses = dict(Counter(each.status for each in sent))
    print(f"{len(sent)} deliveries, answers {statuses}, p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, ", end="")
    print(f"longest {seconds[-1] * 1000:.0f} ms, {len(lost)} lost, on the record {dict(Counter(recorded.values()))}")
    return not lost and set(statuses) == {202} and p99 < P99_SECONDS


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhook", description=__doc__)
    parser.add_argument("--rate", type=float, default=RATE, help="deliveries a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--alone", action="store_true", help="without Prefect and workers")
    parser.add_argument("--kill", type=int, metavar="N", help="kill webhook and Postgres in the middle of N deliveries")
    options = parser.parse_args()
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="hook-")))
        place = parts.enter_context(alone(folder) if options.alone or options.kill else with_prefect(folder))
        if options.kill:
            sent, lost = asyncio.run(under_kills(place, options.kill, kills=2))
            print(f"answers {dict(Counter(each.status for each in sent))}; {len(lost)} lost or foreign")
            return 1 if lost else 0
        return 0 if report(place, asyncio.run(at_rate(place, options.rate, options.seconds))) else 1


if __name__ == "__main__":
    sys.exit(main())
