"""A fleet on this machine: one record, one bucket, one Prefect server, and workers that share nothing else.

Each worker has a home of Prefect's, a folder and a session of its own, as if it were alone on its machine.
"""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from prefect.client.orchestration import SyncPrefectClient
from psycopg import Connection

from demo.servers.files import FileServer
from deployments.embedded import postgres, prefect_server
from deployments.embedded.keeper import descendants
from deployments.embedded.prefect_server import client_environment, prefect_command
from deployments.embedded.service import ROOT
from deployments.queues import BATCH, POOL, SCHEDULED, UPKEEP
from deployments.setup import PREFECT_FILE, set_up
from openaddr.db import runs, sets, source_files
from openaddr.db.connections import connect
from openaddr.db.migrating import migrate
from openaddr.db.records import NewRun, Trust
from openaddr.storage.s3 import S3
from tests.deployments.processes import eventually, is_alive
from tests.faults.place import BUCKET, CREDENTIALS
from tests.flows.killing import ends_noted

ROWS = 100
CONTROL_SLOTS = 4


@dataclass
class Machine:
    """A worker that was started, of which everything can be killed at once, as when a machine loses its power."""

    name: str
    process: subprocess.Popen[bytes]

    def is_at_work(self, conn: Connection[Any]) -> bool:
        """Whether one of its processes has a run now."""
        found = conn.execute("select worker from runs where status = 'running'")
        return bool({int(worker.rpartition("/")[2]) for (worker,) in found} & set(descendants(self.process.pid)))

    def kill(self) -> int:
        """Kill the worker and all flow runs that it has; gives how many processes that were."""
        # Stopped first, so that nothing new is started below it while the others are killed.
        self.process.send_signal(signal.SIGSTOP)
        below = list(descendants(self.process.pid))
        for pid in (self.process.pid, *below):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        eventually(lambda: not any(map(is_alive, below)))
        return 1 + len(below)

    def stop(self) -> None:
        """Kill it unless it is dead."""
        if self.process.poll() is None:
            self.kill()


@dataclass
class Fleet:
    """Everything that the machines share."""

    folder: Path
    environment: dict[str, str]
    api: str
    conn: Connection[Any]
    bucket: S3
    web: FileServer
    _life: ExitStack = field(default_factory=ExitStack)

    def start(self, name: str, slots: int, *queues: str) -> Machine:
        """A worker on a machine of its own."""
        place = self.folder / name
        (place / "work").mkdir(parents=True)
        command = prefect_command("worker", "start", "--pool", POOL, "--type", "process", "--name", name)
        command += ["--install-policy", "never", "--limit", str(slots)]
        command += [word for queue in queues for word in ("--work-queue", queue)]
        own = client_environment(self.api, place / "home") | {"OPENADDR_WORK_FOLDER": str(place / "work")}
        environment = os.environ | self.environment | own | {"PYTHONPATH": str(ROOT)}
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=place / "work", env=environment, stdout=log, stderr=log, start_new_session=True
            )
        machine = Machine(name, process)
        self._life.callback(machine.stop)
        return machine

    def source(self, number: int) -> bytes:
        """The text of a small source that differs from the others."""
        rules = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street"}
        entry = {"name": "city", "protocol": "http", "data": f"{self.web.url}/a.csv?{number}", "conform": rules}
        return json.dumps({"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [entry]}}).encode()

    def listed(self, name: str, count: int, size_class: str = "small") -> int:
        """A set of as many runs, listed as the flow of sets lists one; gives its id."""
        with self.conn.transaction():
            found = sets.start(self.conn, name, "0" * 40, folder=name, fresh=True)
            assert found is not None
            texts = [self.source(number) for number in range(count)]
            for number, sha in enumerate(source_files.save_all(self.conn, texts)):
                new = NewRun(f"{name}/{number}", "addresses", "city", sha, Trust.MERGED, size_class, found.id)
                runs.queue(self.conn, new)
            sets.mark_listed(self.conn, found.id)
        return found.id

    def begin(self, set_id: int) -> None:
        """Have the set worked on."""
        with SyncPrefectClient(self.api) as client:
            deployment = client.read_deployment_by_name("batch-set/batch-set")
            client.create_flow_run_from_deployment(deployment.id, parameters={"set_id": set_id})

    def final(self, set_id: int) -> int:
        """How many runs of a set are final."""
        return sum(count for status, count in sets.progress(self.conn, set_id).items() if status.is_final)


@contextmanager
def fleet(prefect_file: Path = PREFECT_FILE) -> Iterator[Fleet]:
    """The shared parts, and one machine for the flows of sets, the sweep and what the clock starts, but for no runs."""
    with ExitStack() as life:
        folder = Path(life.enter_context(tempfile.TemporaryDirectory(prefix="fleet-")))
        databases = life.enter_context(postgres.running(folder / "postgres", folder / "postgres.log"))
        with connect(databases.ours) as conn:
            migrate(conn)
        life.enter_context(ends_noted(databases.ours))
        server = life.enter_context(
            prefect_server.running(folder / "prefect", folder / "prefect.log", databases.prefects)
        )
        web = life.enter_context(_publisher(folder / "web"))
        patch = life.enter_context(pytest.MonkeyPatch.context())
        environment = {
            "DATABASE_URL": databases.ours,
            "S3_BUCKET": BUCKET,
            "OPENADDR_S3_ENDPOINT_URL": life.enter_context(_bucket()),
            "OPENADDR_ALLOW_HOSTS": "127.0.0.1",
            "OPENADDR_BATCH_BY_FLEET": "1",
        } | CREDENTIALS
        for name, value in environment.items():
            patch.setenv(name, value)
        set_up(server.api, prefect_file, None)
        conn = life.enter_context(connect(databases.ours))
        conn.autocommit = True
        bucket = S3(BUCKET, environment["OPENADDR_S3_ENDPOINT_URL"])
        found = Fleet(folder, environment, server.api, conn, bucket, web, life)
        found.start("control", CONTROL_SLOTS, SCHEDULED.name, UPKEEP.name)
        yield found


def workers(found: Fleet, count: int, slots: int) -> list[Machine]:
    """Machines that have the runs of sets."""
    return [found.start(f"machine-{number}", slots, BATCH.name) for number in range(count)]


@contextmanager
def _publisher(folder: Path) -> Iterator[FileServer]:
    folder.mkdir()
    lines = "".join(f"{row},Main Street,10.{row:05},50.5\n" for row in range(ROWS))
    (folder / "a.csv").write_text("no,street,x,y\n" + lines)
    with FileServer(folder) as web:
        yield web


@contextmanager
def _bucket() -> Iterator[str]:
    """The address of a server of S3 that has the bucket."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    address = f"http://127.0.0.1:{moto.get_host_and_port()[1]}"
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=address,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket=BUCKET)
    try:
        yield address
    finally:
        moto.stop()
