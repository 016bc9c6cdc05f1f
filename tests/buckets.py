"""A real S3 server on this machine, and buckets of it, for tests that have to pass with a bucket and with a folder."""

import os
import secrets
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from openaddr.storage.s3 import S3

KINDS = ("folder", "bucket")


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """The port of a server that speaks S3; it takes whatever credentials."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials of boto3's environment, and nothing of the machine's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-nobody")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture
def bucket(s3_port: int, credentials: None) -> S3:
    """A new bucket."""
    name, url = f"bucket-{secrets.token_hex(4)}", f"http://127.0.0.1:{s3_port}"
    boto3.client("s3", region_name="us-east-1", endpoint_url=url).create_bucket(Bucket=name)
    return S3(name, url)
