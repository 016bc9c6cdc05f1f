"""A town of its own for the proof: record, storage and publisher, each real, each there to be hurt."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from demo.servers.files import FileServer
from flows.services import services
from openaddr.db.connections import connect
from openaddr.db.migrating import migrate
from openaddr.storage.objects import Storage
from openaddr.storage.s3 import S3
from tests.flows.conftest import Town
from tests.flows.killing import ends_noted
from tests.postgres import QUICK, create_database, server, start, stop
from tests.storage.proxy import Harm, Proxy

BUCKET = "proof"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "key-of-nobody",
    "AWS_SECRET_ACCESS_KEY": "secret-of-nobody",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass
class Place:
    """The town, its storage as readers have it, the way from the town to its bucket, where it works, its database."""

    town: Town
    storage: Storage
    proxy: Proxy
    work: Path
    postgres: Path
    server_url: str

    def restart_database(self) -> None:
        """Stop Postgres as a crash would, and start it again."""
        stop(self.postgres)
        start(self.postgres, QUICK)

    @contextmanager
    def harmed(self, harm: Harm, *, downward: bool = True) -> Iterator[None]:
        """Blocks to the bucket are harmed, and those from there too."""
        self.proxy.upward, self.proxy.downward = harm, harm if downward else None
        try:
            yield
        finally:
            self.proxy.upward = self.proxy.downward = None


@contextmanager
def place(kind: str) -> Iterator[Place]:
    """Everything, with a storage of a kind: "folder" or "bucket"."""
    with (
        tempfile.TemporaryDirectory(prefix="pg-") as postgres,
        tempfile.TemporaryDirectory(prefix="proof-") as name,
        server(Path(postgres), QUICK) as server_url,
        _bucket() as proxy,
        pytest.MonkeyPatch.context() as patch,
    ):
        folder, url = Path(name), create_database(server_url, "proof")
        with connect(url) as conn:
            migrate(conn)
        for part in ("web", "work"):
            (folder / part).mkdir()
        settings = {
            "DATABASE_URL": url,
            "OPENADDR_STORAGE_FOLDER": str(folder / "storage"),
            "OPENADDR_WORK_FOLDER": str(folder / "work"),
            "OPENADDR_ALLOW_HOSTS": "127.0.0.1",
            "OPENADDR_READ_SECONDS": "2",
            "OPENADDR_RETRY_SECONDS": "0.05",
        }
        bucket = {"S3_BUCKET": BUCKET, "OPENADDR_S3_ENDPOINT_URL": proxy.url}
        for variable, value in (settings | CREDENTIALS | (bucket if kind == "bucket" else {})).items():
            patch.setenv(variable, value)
        with FileServer(folder / "web") as web, ends_noted(url), services() as opened:
            town = Town(opened, web, folder / "web")
            storage = opened.storage if kind == "folder" else S3(BUCKET, f"http://127.0.0.1:{proxy.port}")
            yield Place(town, storage, proxy, folder / "work", Path(postgres), server_url)


@contextmanager
def _bucket() -> Iterator[Proxy]:
    """A server of S3 with one bucket, behind a proxy."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    port = moto.get_host_and_port()[1]
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket=BUCKET)
    try:
        with Proxy(port) as proxy:
            yield proxy
    finally:
        moto.stop()
