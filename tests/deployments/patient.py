"""What the doctor looks at: a real stack, a database, a bucket and a GitHub of its own, and ways to hurt each."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import psycopg
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolUpdate
from psycopg.conninfo import make_conninfo

from demo.servers.github import App, GitHubServer
from deployments.doctor.clocks import date_of
from deployments.doctor.examining import operators
from deployments.embedded.keeper import descendants
from deployments.embedded.postgres import PREFECTS
from deployments.queues import POOL
from deployments.setup import set_up
from deployments.stack import _beside
from openaddr.db.connections import connect
from openaddr.db.migrating import migrate
from openaddr.doctor.checks import Check
from openaddr.doctor.parts import examine
from openaddr.keeping.commands import back_up
from openaddr.settings import Settings
from openaddr.storage import s3_setup
from tests import postgres
from tests.deployments.conftest import Up
from tests.deployments.processes import eventually
from tests.github.apps import known_app, private_key
from tests.github.payloads import REPOSITORY
from tests.storage.proxy import Proxy

TOKEN, WEBHOOK_SECRET = "ghp_the-token-of-the-patient", "b9d1c0a2-9f6e-4c1d-8a57-2f3e"
ROLE, PASSWORD = "worker", "the-password-of-the-worker"
DATE = re.compile(rb"(?i)(?<=\r\ndate: )[^\r]+")
YESTERYEAR = b"Tue, 02 Jan 2024 03:04:05 GMT"
CORS: Any = s3_setup.READERS


@dataclass
class Patient:
    """All that the doctor looks at; `settings` say where it is."""

    up: Up
    postgres: Path
    owner_url: str
    bucket: Any
    backups: Any
    s3_port: int
    github: GitHubServer
    settings: Settings
    changes: dict[str, Any] = field(default_factory=dict)

    def examined(self, *groups: str) -> list[Check]:
        """Everything but this machine, as the doctor finds it; or only the groups whose names begin so."""
        _, parts = operators(replace(self.settings, **self.changes), None, self.up.prefect_file)
        return examine([part for part in parts if part.group.startswith(groups or "")])

    @contextmanager
    def told(self, **changes: Any) -> Iterator[None]:
        """Other settings."""
        before, self.changes = self.changes, self.changes | changes
        try:
            yield
        finally:
            self.changes = before

    # The database.

    @contextmanager
    def sql(self, hurt: str, mend: str) -> Iterator[None]:
        """A statement of the owner, and the one that takes it back."""
        with psycopg.connect(self.owner_url, autocommit=True) as conn:
            conn.execute(hurt.encode())
            try:
                yield
            finally:
                conn.execute(mend.encode())

    @contextmanager
    def no_postgres(self) -> Iterator[None]:
        """The server is stopped."""
        postgres.stop(self.postgres)
        try:
            yield
        finally:
            postgres.start(self.postgres, postgres.QUICK)

    # The storage.

    @contextmanager
    def rules(self, *rules: dict[str, Any]) -> Iterator[None]:
        """Other rules of CORS, or none."""
        if rules:
            self.bucket.Cors().put(CORSConfiguration={"CORSRules": list(rules)})
        else:
            self.bucket.Cors().delete()
        try:
            yield
        finally:
            list(s3_setup.set_up(self.settings))

    @contextmanager
    def lifecycle(self, *rules: dict[str, Any]) -> Iterator[None]:
        """Other rules of what goes by itself, or none."""
        if rules:
            self.bucket.LifecycleConfiguration().put(LifecycleConfiguration={"Rules": list(rules)})
        else:
            self.bucket.Lifecycle().delete()
        try:
            yield
        finally:
            list(s3_setup.set_up(self.settings))

    @contextmanager
    def open_backups(self) -> Iterator[None]:
        """Everybody reads the backups."""
        found = list(self.backups.objects.all())
        for each in found:
            each.Acl().put(ACL="public-read")
        try:
            yield
        finally:
            for each in found:
                each.Acl().put(ACL="private")

    @contextmanager
    def private(self) -> Iterator[None]:
        """The bucket is for those who have a login."""
        self.bucket.Acl().put(ACL="private")
        try:
            yield
        finally:
            self.bucket.Acl().put(ACL="public-read")

    @contextmanager
    def between(
        self,
        setting: str,
        port: int,
        upward: Callable[[bytes], bytes] = bytes,
        downward: Callable[[bytes], bytes] = bytes,
    ) -> Iterator[None]:
        """A proxy that changes what is asked or answered, and is named by a setting."""
        with Proxy(port) as proxy:
            proxy.upward, proxy.downward = lambda block, _: upward(block), lambda block, _: downward(block)
            address = re.sub(r"^http://[^/]+", proxy.url, str(getattr(self.settings, setting)))
            with self.told(**{setting: address}):
                yield

    # Prefect.

    @contextmanager
    def prefect(
        self, hurt: Callable[[SyncPrefectClient], object], mend: Callable[[SyncPrefectClient], object] = bool
    ) -> Iterator[None]:
        """Something is done to the server; what the set-up does not take back, `mend` does."""
        with SyncPrefectClient(self.up.api) as client:
            hurt(client)
            try:
                yield
            finally:
                mend(client)
                set_up(self.up.api, self.up.prefect_file, 1)
                # Of a queue that was made again nobody has asked for runs yet, which the doctor says, too.
                eventually(lambda: all(each.last_polled for each in client.read_work_queues(work_pool_name=POOL)), 60)

    @contextmanager
    def frozen(self, words: str) -> Iterator[list[int]]:
        """Processes of the stack that have these words on their command line stand still."""
        found = [pid for pid in descendants(self.up.process.pid) if words in _command(pid)]
        assert found, words
        for pid in found:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield found
        finally:
            for pid in found:
                os.kill(pid, signal.SIGCONT)
            # A server knows its time anew a second after it was woken up.
            eventually(lambda: abs(date_of(f"{self.up.api}/health") - time.time()) < 5)

    @contextmanager
    def idle(self) -> Iterator[None]:
        """The workers stand still, and have done so for an hour."""
        database = _beside(self.up.database, PREFECTS)
        with self.frozen("worker start"), psycopg.connect(database, autocommit=True) as conn:
            # What they asked before they stood still may be written down only now.
            conn.execute(
                "create function long_ago() returns trigger language plpgsql as "
                "$$ begin new.last_polled := now() - interval '1 hour'; return new; end $$; "
                "create trigger long_ago before update on work_queue for each row execute function long_ago(); "
                "update work_queue set last_polled = now()"
            )
            try:
                yield
            finally:
                conn.execute("drop function long_ago() cascade")

    # GitHub.

    @contextmanager
    def github_with(self, **changes: Any) -> Iterator[None]:
        """GitHub knows other things of who asks: `token`, `scopes`, `app`."""
        access = self.github.access
        before = {name: getattr(access, name) for name in changes}
        for name, value in changes.items():
            setattr(access, name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                setattr(access, name, value)

    @contextmanager
    def trouble(self, operation: str, answer: Any) -> Iterator[None]:
        """GitHub answers something else."""
        self.github.trouble[operation] = answer
        try:
            yield
        finally:
            del self.github.trouble[operation]

    @contextmanager
    def app(self, key: str = "right", **permissions: str) -> Iterator[None]:
        """We are an App, with other permissions than the usual ones; '' takes one away."""
        usual = known_app()
        given = {name: level for name, level in {**usual.permissions, **permissions}.items() if level}
        ours = {"github_app_id": str(usual.id), "github_app_key": private_key(key)}
        with self.github_with(app=App(public_key=usual.public_key, permissions=given)), self.told(**ours):
            yield


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(bytes(1), b" ").decode(errors="replace")
    except OSError:
        return ""


@contextmanager
def patient(up: Up, folder: Path, place: Path, s3_port: int) -> Iterator[Patient]:
    """A patient in good health: `folder` has a short path, for a socket; `place` is where flow runs work."""
    endpoint, name = f"http://127.0.0.1:{s3_port}", f"patient-{os.getpid()}"
    bucket = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1").Bucket(name)
    bucket.create(ACL="public-read")
    backups = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1").Bucket(f"{name}-backups")
    backups.create()
    with postgres.server(folder, postgres.QUICK) as server_url, GitHubServer(TOKEN) as github:
        owner_url = _record(server_url)
        github.access.scopes = "public_repo, repo:status"
        github.host(REPOSITORY).commit({"README.md": b"Sources."})
        settings = Settings(
            database_url=f"postgresql://{ROLE}:{PASSWORD}@/doctor?host={folder}",
            s3_bucket=name,
            s3_endpoint_url=endpoint,
            site_url=f"{endpoint}/{name}/site/",
            prefect_api_url=up.api,
            worker_slots=1,
            repositories=(REPOSITORY,),
            github_api_url=github.url,
            github_token=TOKEN,
            webhook_secrets=(WEBHOOK_SECRET,),
            work_folder=str(place),
            backup_bucket=f"{name}-backups",
        )
        # What is told as the fix of it.
        list(s3_setup.set_up(settings))
        back_up(settings)
        yield Patient(up, folder, owner_url, bucket, backups, s3_port, github, settings)


def _record(server_url: str) -> str:
    """A database with our schema, and a role that may use it; gives the address for its owner."""
    owner_url = postgres.create_database(server_url, "doctor")
    with connect(owner_url) as conn:
        migrate(conn)
        conn.execute(f"create role {ROLE} login password '{PASSWORD}'".encode())
        conn.execute(f"grant select, insert, update, delete on all tables in schema public to {ROLE}".encode())
        conn.execute(f"grant select on all sequences in schema public to {ROLE}".encode())
    return make_conninfo(owner_url)


@contextmanager
def full_disk(folder: Path) -> Iterator[Path]:
    """A file system of a megabyte; the test is skipped where none can be mounted."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def extra_deployment(client: SyncPrefectClient) -> UUID:
    """A deployment in our pool of which no file says anything."""
    known = client.read_deployment_by_name("sweep/sweep")
    return client.create_deployment(known.flow_id, "of-old", work_pool_name=POOL, work_queue_name="ci")


def paused(client: SyncPrefectClient, value: bool) -> None:
    """Pause the pool, or let it go on."""
    client.update_work_pool(POOL, WorkPoolUpdate(is_paused=value))


Hurt = Callable[[Patient, Path], AbstractContextManager[object]]
