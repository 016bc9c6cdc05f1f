"""A stack with a canary in every secret setting, through all that may make it talk: `spill` gives its breaches (I11).

A set, a pull request whose sources want to read our environment, deliveries that are not signed, a storage, a database
and a GitHub that fail under a run, and commands that cannot do what they are asked. Then everything is searched.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import psycopg
from moto.server import ThreadedMotoServer

from demo.servers.files import FileServer
from demo.servers.github import UNICORN, Deliveries, GitHubServer, Hosted, refused
from demo.servers.serving import Request, Response
from deployments.embedded import postgres
from deployments.embedded.keeper import descendants
from deployments.embedded.postgres import Databases
from deployments.embedded.service import ROOT
from tests.canaries import hostile
from tests.canaries.searching import Watch, in_bucket, in_files, in_rows, in_words
from tests.canaries.values import Canaries, canaries, environment_without_secrets
from tests.deployments.processes import eventually
from tests.github.apps import known_app
from tests.storage.proxy import Proxy

REPOSITORY, FORK, BUCKET = "town/sources", "somebody/sources", "canaries"
PATIENCE = 240.0
CLOSED = "127.0.0.1:1"


@dataclass
class Spilt:
    """What came of it. `breaches` is empty where no secret was found anywhere."""

    breaches: list[str] = field(default_factory=list)
    canaries: int = 0
    boxed: int = 0
    statuses: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Publisher(FileServer):
    """A publisher who may be made to wait with an answer until `let` is called."""

    held: Callable[[], None] | None = None

    def answer(self, request: Request) -> Response:
        """What comes after whatever is to happen before it."""
        if self.held is not None and request.path == "/a.csv":
            happens, self.held = self.held, None
            happens()
        return super().answer(request)


@dataclass
class World:
    """A stack that is up, and all that it knows."""

    folder: Path
    databases: Databases
    canaries: Canaries
    environment: dict[str, str]
    github: GitHubServer
    hosted: Hosted
    web: Publisher
    proxy: Proxy
    up: "subprocess.Popen[bytes]"

    @property
    def told(self) -> str:
        """What `openaddr up` has said so far."""
        return (self.folder / "commands" / "up.txt").read_text()

    def place(self, name: str) -> str:
        """A row of its table."""
        return next(line.split()[1] for line in self.told.splitlines() if line.strip().startswith(f"{name} "))

    def rows(self, question: str, *values: object) -> list[Any]:
        """Rows of the record."""
        with psycopg.connect(self.databases.ours) as conn:
            return conn.execute(question.encode(), values).fetchall()

    def command(self, name: str, *words: str, **environment: str) -> int:
        """Run a command of ours, or of Prefect's; what it says is kept to be searched."""
        with (self.folder / "commands" / f"{name}.txt").open("wb") as output:
            return subprocess.run(
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=PATIENCE,
            ).returncode

    def deliver(self, delivery: Any, secret: str) -> int:
        """Deliver as GitHub does."""
        body, headers = delivery.signed(secret)
        return httpx.post(self.place("Webhook"), content=body, headers=headers, timeout=30).status_code

    def break_database(self) -> None:
        """Kill every process of Postgres; its keeper starts it again."""
        assert self.databases.service
        for pid in list(descendants(self.databases.service.keeper)):
            os.kill(pid, signal.SIGKILL)

    def cut_storage(self, times: int) -> None:
        """Cut so many answers of the storage off; then it is well again."""
        left = iter(range(times))
        self.proxy.downward = lambda block, _: block if next(left, None) is None else None


def spill(folder: Path) -> Spilt:
    """Run it all in a folder, and search it. Raises AssertionError when the stack did not do what it was asked."""
    found, started = Spilt(), time.monotonic()

    def done(step: str) -> None:
        found.seconds[step] = round(time.monotonic() - started, 1)

    with _world(folder) as world, Watch(world.canaries) as watch:
        done("up")
        _set(world)
        done("set")
        _pull_request(world)
        done("pull request")
        world.up.send_signal(signal.SIGTERM)
        world.up.wait(60)
        done("stopped")
        for token in world.github.access.given:
            world.canaries.add("a token of the App", token)
        found.breaches = sorted({*_searched(world), *watch.breaches})
        found.statuses = [str(status) for (status,) in world.rows("select status from runs order by id")]
    found.canaries, found.boxed = len(set(world.canaries.words.values())), len(watch.boxed)
    done("searched")
    return found


def _set(world: World) -> None:
    """A set of sources that want to know, while commands fail beside it."""
    world.github.trouble["commit"] = [UNICORN]
    api = {"PREFECT_API_URL": f"{world.place('Prefect')}/api"}
    assert world.command("batch-set", "prefect", "deployment", "run", "batch-set/batch-set", **api) == 0
    url = world.databases.ours
    closed = {"DATABASE_URL": _elsewhere(url, CLOSED)}
    world.command("migrate-closed", "openaddr", "db", "migrate", **closed)
    world.command("migrate-unreadable", "openaddr", "db", "migrate", DATABASE_URL=_elsewhere(url, "127.0.0.1:port"))
    world.command("site-refused", "openaddr", "site", "build", DATABASE_URL=url.replace("openaddr:", "nobody:", 1))
    world.command("site-no-storage", "openaddr", "site", "build", OPENADDR_S3_ENDPOINT_URL=f"http://{CLOSED}")
    world.command("doctor-ill", "openaddr", "doctor", GITHUB_API_URL=f"http://{CLOSED}", **api, **closed)
    job = ["job", "--repository", REPOSITORY, "--pull-request", "1"]
    world.command("job-no-github", "openaddr", *job, GITHUB_API_URL=f"http://{CLOSED}")
    eventually(lambda: world.rows("select id from sets where completed_at is not null"), PATIENCE)


def _pull_request(world: World) -> None:
    """A pull request, under whose runs database and storage break, and whose answers GitHub refuses."""
    fork = world.github.fork(world.hosted, FORK)
    late = hostile.source(f"{world.web.url}/a.csv?late", note=hostile.WISHES)
    fork.change(
        {"sources/xx/late.json": late, "sources/xx/environ.json": hostile.source("file:///proc/1/environ")}, "new"
    )
    pull = world.hosted.open_pull("new", fork, title=hostile.WISHES)
    delivery = Deliveries(world.hosted).pull_request("opened", pull)
    first, second = world.environment["OPENADDR_WEBHOOK_SECRETS"].split(",")
    assert [world.deliver(delivery, secret) for secret in ("wrong", first[:-1], f"{first},{second}")] == [401] * 3

    def happens() -> None:
        world.break_database()
        world.cut_storage(10)

    world.web.held = happens
    world.github.trouble["create_status"] = [UNICORN, refused(401, "Bad credentials")]
    assert world.deliver(delivery, second) in (200, 202)
    eventually(lambda: _calm(lambda: world.rows(ENDED, delivery.id)) == [(True,)], PATIENCE)
    assert world.web.held is None, "the sources of the pull request were fetched"


ENDED = "select finished_at is not null from jobs where delivery_id = %s"


def _calm(ask: Callable[[], list[Any]]) -> list[Any]:
    """Rows, none while the database is away."""
    try:
        return ask()
    except psycopg.OperationalError:
        return []


def _searched(world: World) -> Iterator[str]:
    """Every place but those that are for secrets."""
    yield from in_files(world.canaries, world.folder, but=frozenset({"password"}))
    yield from in_bucket(world.canaries, _bucket(world.proxy.port))
    yield from in_rows(world.canaries, world.databases.ours)
    yield from in_rows(world.canaries, world.databases.prefects)
    yield from in_words(world.canaries, "the publisher", world.web.requests)
    bodies = [(request.target, request.body) for request in world.github.requests]
    yield from in_words(world.canaries, "GitHub in a body", bodies)
    yield from in_words(world.canaries, "GitHub's host of archives", world.github.asked("codeload"))
    yield from in_words(world.canaries, "readers of GitHub", [world.hosted.written, world.hosted.comments])


def _elsewhere(url: str, place: str) -> str:
    head, _, rest = url.rpartition("@")
    return f"{head}@{place}/{rest.partition('/')[2]}"


def _bucket(port: int) -> Any:
    endpoint = f"http://127.0.0.1:{port}"
    session = boto3.Session("key-of-nobody", "secret-of-nobody", region_name="us-east-1")
    return session.resource("s3", endpoint_url=endpoint).Bucket(BUCKET)


@contextmanager
def _world(folder: Path) -> Iterator[World]:
    """All servers, and the stack once it is up. Postgres keeps its data where nobody searches: it has passwords."""
    (folder / "commands").mkdir(parents=True)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with (
        tempfile.TemporaryDirectory(prefix="canaries-") as data,
        postgres.running(Path(data) / "postgres", folder / "postgres.log") as databases,
        GitHubServer(app=known_app()) as github,
        Publisher() as web,
        Proxy(server.get_host_and_port()[1]) as proxy,
    ):
        found = canaries(databases.ours)
        github.access.token = found.environment["GITHUB_TOKEN"]
        web.responses["/a.csv"] = Response(b"no,street,x,y\n1,Main St,10,50\n", headers={"Content-Type": "text/csv"})
        hosted = github.host(REPOSITORY)
        sources = {"sources/xx/town.json": hostile.good(web), **hostile.proposed(web, github.url)}
        hosted.commit(sources)
        _bucket(proxy.port).create()
        environment = environment_without_secrets() | found.environment | _settings(github, proxy, folder)
        with _up(folder, environment) as up:
            world = World(folder, databases, found, environment, github, hosted, web, proxy, up)
            eventually(lambda: "up; Ctrl-C" in world.told or up.poll() is not None, PATIENCE)
            assert up.poll() is None, world.told
            yield world
    server.stop()


def _settings(github: GitHubServer, proxy: Proxy, folder: Path) -> dict[str, str]:
    """What is no secret."""
    return {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "GITHUB_API_URL": github.url,
        "OPENADDR_ALLOW_HOSTS": "127.0.0.1,localhost",
        "OPENADDR_CONNECT_SECONDS": "5",
        "OPENADDR_REPOSITORIES": REPOSITORY,
        "OPENADDR_RETRY_SECONDS": "0.01",
        "OPENADDR_S3_ENDPOINT_URL": proxy.url,
        "PREFECT_HOME": str(folder / "home"),
        "PYTHONPATH": str(ROOT),
        "S3_BUCKET": BUCKET,
    }


@contextmanager
def _up(folder: Path, environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "openaddr", "up", "--folder", str(folder / "stack")]
    with (folder / "commands" / "up.txt").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
