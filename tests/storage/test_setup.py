"""What buckets are told, by a real server: once, and nothing that somebody else has told them is lost."""

from typing import Any

import pytest
from typer.testing import CliRunner

from openaddr.cli import app
from openaddr.storage.s3 import S3
from tests.buckets import bucket, credentials, s3_port

__all__ = ["bucket", "credentials", "s3_port"]

THEIRS = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 7}}
THEIR_CORS = {"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://upload.example"]}


@pytest.fixture
def both(bucket: S3, monkeypatch: pytest.MonkeyPatch) -> tuple[S3, S3]:
    """The bucket of runs and that of backups, as settings name them."""
    client, name = bucket.client, f"{bucket.bucket}-backups"
    client.create_bucket(Bucket=name)
    monkeypatch.setenv("S3_BUCKET", bucket.bucket)
    monkeypatch.setenv("OPENADDR_BACKUP_BUCKET", name)
    monkeypatch.setenv("OPENADDR_S3_ENDPOINT_URL", client.meta.endpoint_url)
    return bucket, S3(name, client.meta.endpoint_url)


def told() -> list[str]:
    """What the command says."""
    answer = CliRunner().invoke(app, ["storage", "setup"])
    assert answer.exit_code == 0, answer.stderr
    return answer.stdout.splitlines()


def rules(of: S3) -> dict[str, Any]:
    """The lifecycle of a bucket by the names of its rules."""
    found = of.client.get_bucket_lifecycle_configuration(Bucket=of.bucket)["Rules"]
    return {rule["ID"]: rule for rule in found}


def test_buckets_are_told_once_what_to_do(both: tuple[S3, S3]) -> None:
    runs, backups = both
    assert told() == [
        f"{runs.bucket}: lifecycle set",
        f"{runs.bucket}: CORS set",
        f"{backups.bucket}: no public access set",
        f"{backups.bucket}: lifecycle set",
    ]
    assert [line.rpartition(": ")[2] for line in told()] == [
        "lifecycle as it should be",
        "CORS as it should be",
        "no public access as it should be",
        "lifecycle as it should be",
    ]
    found = rules(runs)
    assert found["openaddr-unfinished-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert found["openaddr-aside"]["Filter"] == {"Prefix": "aside/"} and "Expiration" in found["openaddr-aside"]
    assert found["openaddr-old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    block = backups.client.get_public_access_block(Bucket=backups.bucket)["PublicAccessBlockConfiguration"]
    assert all(block.values()) and len(block) == 4


def test_scripts_of_any_site_may_read_parts(both: tuple[S3, S3]) -> None:
    told()
    (rule,) = both[0].client.get_bucket_cors(Bucket=both[0].bucket)["CORSRules"]
    assert rule["AllowedOrigins"] == ["*"] and rule["AllowedMethods"] == ["GET", "HEAD"]
    assert "Range" in rule["AllowedHeaders"] and {"ETag", "Content-Range"} <= set(rule["ExposeHeaders"])


def test_rules_of_others_stay_and_ours_are_brought_back(both: tuple[S3, S3]) -> None:
    runs, _ = both
    ours = {"ID": "openaddr-of-old", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 1}}
    lifecycle: Any = {"Rules": [THEIRS, ours]}
    cors: Any = {"CORSRules": [THEIR_CORS]}
    runs.client.put_bucket_lifecycle_configuration(Bucket=runs.bucket, LifecycleConfiguration=lifecycle)
    runs.client.put_bucket_cors(Bucket=runs.bucket, CORSConfiguration=cors)
    assert told()[:2] == [f"{runs.bucket}: lifecycle set", f"{runs.bucket}: CORS set"]
    assert "theirs" in rules(runs) and "openaddr-of-old" not in rules(runs) and len(rules(runs)) == 4
    methods = [rule["AllowedMethods"] for rule in runs.client.get_bucket_cors(Bucket=runs.bucket)["CORSRules"]]
    assert methods == [["PUT"], ["GET", "HEAD"]]
    assert told()[0].endswith("as it should be")


def test_a_bucket_that_is_not_there_is_named(both: tuple[S3, S3], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_BUCKET", "nobody-has-this")
    answer = CliRunner().invoke(app, ["storage", "setup"])
    assert answer.exit_code and "NoSuchBucket" in answer.stderr and "STORAGE_REFUSED" in answer.stderr


def test_the_bucket_of_runs_is_none_for_backups(both: tuple[S3, S3], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENADDR_BACKUP_BUCKET", both[0].bucket)
    answer = CliRunner().invoke(app, ["storage", "setup"])
    assert answer.exit_code and "which the public reads" in answer.stderr
