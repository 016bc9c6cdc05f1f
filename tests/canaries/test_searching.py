"""The search for canaries finds them: in files, packed or not, objects, rows, words, and processes."""

import gzip
import io
import subprocess
import sys
import zipfile
from base64 import b64encode
from pathlib import Path

import boto3
import psycopg
import pyarrow
import pyarrow.parquet
import pytest

from openaddr.settings import secret_fields, variable
from openaddr.storage.objects import About
from openaddr.storage.s3 import S3
from tests.buckets import bucket, credentials, s3_port
from tests.canaries.searching import Watch, in_bucket, in_files, in_rows, in_words
from tests.canaries.values import Canaries, canaries

__all__ = ["bucket", "credentials", "s3_port"]


@pytest.fixture
def spread() -> Canaries:
    return canaries("postgresql://openaddr:the-password-of-postgres@127.0.0.1:5432/openaddr")


def test_every_secret_has_a_canary(spread: Canaries) -> None:
    names = {variable(item.name) for item in secret_fields()}
    assert set(spread.words.values()) >= names | {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    assert names <= spread.environment.keys()
    assert "the-password-of-postgres" in spread.words
    key = spread.environment["GITHUB_APP_KEY"].split("\\n")
    assert spread.words[key[3]] == "GITHUB_APP_KEY" and key[0] not in spread.words


def packed(text: str) -> dict[str, bytes]:
    """A text in every form that our files have."""
    table, archive, inner = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"street": [text]}), table, compression="zstd")
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.csv", f"1,{text}\n" * 9)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("inner.zip", inner.getvalue())
    return {
        "plain.log": f"error: {text}".encode(),
        "coded.log": b"Basic " + b64encode(f"admin:{text}".encode()),
        "packed.gz": gzip.compress(text.encode()),
        "twice.zip": archive.getvalue(),
        "rows.parquet": table.getvalue(),
        "harmless.txt": b"canary",
    }


def test_files_are_searched_packed_or_not(spread: Canaries, tmp_path: Path) -> None:
    for name, content in packed(spread.environment["GITHUB_TOKEN"]).items():
        (tmp_path / name).write_bytes(content)
    found = list(in_files(spread, tmp_path))
    assert {line.rsplit(" ", 1)[1] for line in found} == set(packed("")) - {"harmless.txt"}
    assert {line.split()[0] for line in found} == {"GITHUB_TOKEN"}


def test_objects_are_searched_with_what_is_told_of_them(spread: Canaries, bucket: S3, s3_port: int) -> None:
    secret = spread.environment["AWS_SECRET_ACCESS_KEY"]
    bucket.put("runs/1/log.txt", secret.encode(), About())
    bucket.put("runs/2/log.txt", b"nothing", About(marks={"of": secret}))
    bucket.put("runs/3/log.txt", b"nothing", About())
    there = boto3.resource("s3", endpoint_url=f"http://127.0.0.1:{s3_port}", region_name="us-east-1")
    found = {line.rsplit(" ", 1)[1] for line in in_bucket(spread, there.Bucket(bucket.bucket))}
    assert found == {"runs/1/log.txt", "runs/2/log.txt"}


def test_rows_are_searched(spread: Canaries, url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("insert into outbox (kind, key, payload) values ('site', 'a', '{}'), ('site', 'b', '{}')")
        said = spread.environment["PREFECT_API_AUTH_STRING"]
        conn.execute("update outbox set error = %s where key = 'b'", [f"no {said}"])
    (found,) = set(in_rows(spread, url))
    assert found.startswith("PREFECT_API_AUTH_STRING stands in a row of ") and "outbox" in found


def test_what_others_are_told_is_searched(spread: Canaries) -> None:
    secret = spread.environment["OPENADDR_WEBHOOK_SECRETS"].split(",")[1]
    assert list(in_words(spread, "GitHub", ["a", secret])) == ["OPENADDR_WEBHOOK_SECRETS was told to GitHub"]
    assert list(in_words(spread, "GitHub", ["a", "b"])) == []


@pytest.mark.parametrize(
    "words, environment, told",
    [
        (["{}"], {}, "on the command line"),
        (["openaddr.box"], {"X": "{}"}, "in the environment of a boxed process"),
        (["another"], {"X": "{}"}, ""),
    ],
)
def test_processes_are_searched(spread: Canaries, words: list[str], environment: dict[str, str], told: str) -> None:
    secret = spread.environment["GITHUB_TOKEN"]
    command = [sys.executable, "-c", "print(flush=True); input()", *(word.format(secret) for word in words)]
    env = {name: value.format(secret) for name, value in environment.items()}
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"\n"
        watch = Watch(spread)
        watch.look()
        process.communicate(b"\n")
    assert [line for line in watch.breaches if told not in line] == [] and bool(watch.breaches) is bool(told)
