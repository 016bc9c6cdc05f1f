"""What can be wrong with a stack: how it is hurt, and what the doctor has to say of it."""

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate

from demo.servers.github import rate_limited
from demo.servers.github.answers import given
from deployments.queues import POOL
from openaddr.storage import s3_setup
from openaddr.storage.folder import Folder
from openaddr.storage.objects import About
from tests.deployments.patient import (
    CORS,
    DATE,
    PASSWORD,
    TOKEN,
    WEBHOOK_SECRET,
    YESTERYEAR,
    Hurt,
    Patient,
    extra_deployment,
    full_disk,
    paused,
)
from tests.github.payloads import REPOSITORY


def queue(client: SyncPrefectClient, name: str) -> Any:
    return client.read_work_queue_by_name(name, POOL).id


def deployment(client: SyncPrefectClient, name: str) -> Any:
    return client.read_deployment_by_name(name)


def automation(client: SyncPrefectClient) -> Any:
    return next(each for each in client.read_automations(limit=200) if "silent" in each.name)


@contextmanager
def no_server_on_full_disk(here: Patient, place: Path) -> Iterator[None]:
    with full_disk(place / "full") as folder, here.told(work_folder=str(folder)):
        yield


def old_backup(place: Path) -> Path:
    """A folder with the backup of three days ago."""
    made = Folder(place).put("backups/2026-01-01T030000Z.zip", b"PK", About("application/zip", "no-store"))
    os.utime(place / made.key, times=(time.time() - 72 * 3600,) * 2)
    return place


@contextmanager
def both(*hurts: AbstractContextManager[None]) -> Iterator[None]:
    """One thing is hurt after the other."""
    with ExitStack() as stack:
        for hurt in hurts:
            stack.enter_context(hurt)
        yield


def old_clock(block: bytes) -> bytes:
    return DATE.sub(YESTERYEAR, block)


Cases = dict[str, tuple[Hurt, set[str], str, str]]
"""What is hurt: how, which checks do not hold then, and words of what is found and of the fix of one of them."""
GONE = "http://127.0.0.1:1"

DATABASE: Cases = {
    "the database is stopped": (
        lambda here, _: here.no_postgres(),
        {"database reachable"},
        "No connection to doctor",
        "Start Postgres",
    ),
    "the database is not known by that name": (
        lambda here, _: here.told(database_url=here.settings.database_url.replace("/doctor", "/nothing")),
        {"database reachable"},
        'database "nothing" does not exist',
        "DATABASE_URL",
    ),
    "a migration is missing": (
        lambda here, _: here.sql(
            "delete from migrations where number = 2",
            "insert into migrations values (2, 'sets_begin_again')",
        ),
        {"migrations"},
        "are missing: 0002 sets_begin_again",
        "openaddr db migrate",
    ),
    "the database is newer": (
        lambda here, _: here.sql(
            "insert into migrations values (999, 'of tomorrow')", "delete from migrations where number = 999"
        ),
        {"migrations"},
        "which does not know 0999",
        "Install the release that made them",
    ),
    "the database is empty": (
        lambda here, _: here.sql("alter table migrations rename to other", "alter table other rename to migrations"),
        {"migrations"},
        "there are no tables of ours",
        "openaddr db migrate",
    ),
    "a right is taken away": (
        lambda here, _: here.sql("revoke insert on runs from worker", "grant insert on runs to worker"),
        {"rights"},
        "worker may not use runs",
        "grant select, insert, update, delete",
    ),
    "a right that only backups take is taken away": (
        lambda here, _: here.sql(
            "revoke select on sequence outbox_id_seq from worker", "grant select on sequence outbox_id_seq to worker"
        ),
        {"rights"},
        "worker may not use outbox_id_seq",
        "grant select on all sequences",
    ),
    "the clock of the database is wrong": (
        lambda here, _: here.sql(
            "create function public.clock_timestamp() returns timestamptz language sql as "
            "'select pg_catalog.clock_timestamp() + interval ''1 hour'''; "
            "alter role worker set search_path = public, pg_catalog",
            "alter role worker reset search_path; drop function public.clock_timestamp()",
        ),
        {"clock of the database"},
        "3600 s ahead of ours",
        "timedatectl",
    ),
}
STORAGE: Cases = {
    "the bucket is gone": (
        lambda here, _: here.told(s3_bucket="bucket-of-nobody"),
        {"write, read, delete"},
        "NoSuchBucket (404)",
        "S3_BUCKET",
    ),
    "the storage is gone": (
        lambda here, _: here.told(s3_endpoint_url=GONE),
        {"write, read, delete"},
        "No answer from the bucket",
        "OPENADDR_S3_ENDPOINT_URL",
    ),
    "no rule of CORS": (lambda here, _: here.rules(), {"CORS"}, "no rules", "openaddr storage setup"),
    "CORS without Range": (
        lambda here, _: here.rules(CORS | {"AllowedHeaders": ["Authorization"]}),
        {"CORS"},
        "header Range",
        "AllowedHeaders Range",
    ),
    "CORS without HEAD, for one origin": (
        lambda here, _: here.rules(CORS | {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"]}),
        {"CORS"},
        "origin * and HEAD",
        "AllowedMethods GET and HEAD",
    ),
    "nothing goes by itself": (
        lambda here, _: here.lifecycle(),
        {"lifecycle"},
        "it lacks openaddr-aside, openaddr-old-versions, openaddr-unfinished-uploads",
        "openaddr storage setup",
    ),
    "unfinished uploads stay": (
        lambda here, _: here.lifecycle(*(rule for rule in s3_setup.LIFECYCLE if "uploads" not in rule["ID"])),
        {"lifecycle"},
        "it lacks openaddr-unfinished-uploads",
        "openaddr storage setup",
    ),
    "the bucket is not public": (
        lambda here, _: here.private(),
        {"readers without login", "site"},
        "answers 403: it wants a login",
        "bucket policy",
    ),
    "the public address leads elsewhere": (
        lambda here, _: here.told(s3_public_url=f"{here.github.url}/somewhere"),
        {"readers without login"},
        "answers 404",
        "OPENADDR_S3_PUBLIC_URL",
    ),
    "nobody serves the site": (
        lambda here, _: here.told(site_url=GONE),
        {"site"},
        "http://127.0.0.1:1 does not answer",
        "OPENADDR_SITE_URL",
    ),
    "the server of the storage knows no Range": (
        lambda here, _: here.between(
            "s3_endpoint_url", here.s3_port, upward=lambda sent: sent.replace(b"Range:", b"Bange:")
        ),
        {"Range", "readers without login"},
        "200 with 10 of the 4 bytes",
        "206",
    ),
    "the folder is gone": (
        lambda here, place: here.told(s3_bucket="", site_url="", storage_folder=str(place / "gone")),
        {"write, read, delete"},
        "There is no folder",
        "let the user of the workers write there",
    ),
}
BACKUPS: Cases = {
    "there is no place for backups": (
        lambda here, _: here.told(backup_bucket=""),
        {"newest backup"},
        "no place for backups is named",
        "OPENADDR_BACKUP_BUCKET",
    ),
    "the newest backup is old": (
        lambda here, place: here.told(backup_bucket="", backup_folder=str(old_backup(place))),
        {"newest backup"},
        "72 hours old",
        "openaddr backup",
    ),
    "no backup was ever made": (
        lambda here, place: both(
            here.told(backup_bucket="", backup_folder=str(place / "none")),
            here.sql(
                "update migrations set applied_at = applied_at - interval '9 days'",
                "update migrations set applied_at = applied_at + interval '9 days'",
            ),
        ),
        {"newest backup"},
        "there is none, of a record that is 216 hours old",
        "openaddr backup",
    ),
    "the bucket for backups is gone": (
        lambda here, _: here.told(backup_bucket="bucket-of-nobody"),
        {"newest backup", "nobody else reads them"},
        "NoSuchBucket",
        "openaddr backup",
    ),
    "everybody reads the backups": (
        lambda here, _: here.open_backups(),
        {"nobody else reads them"},
        "everybody can get the newest",
        "openaddr storage setup",
    ),
}
PREFECT: Cases = {
    "Prefect is away": (
        lambda here, _: here.told(prefect_api_url=f"{GONE}/api"),
        {"Prefect answers"},
        "No Prefect server answers at http://127.0.0.1:1/api",
        "PREFECT_API_URL",
    ),
    "Prefect hangs": (
        lambda here, _: here.frozen("server start"),
        {"Prefect answers"},
        "No Prefect server answers",
        "Start the Prefect server",
    ),
    "Prefect is of another version": (
        lambda here, _: here.between(
            "prefect_api_url",
            int(here.up.api.split(":")[2].split("/")[0]),
            downward=lambda sent: sent.replace(b'"3.8.', b'"3.7.'),
        ),
        {"version"},
        "the server has 3.7.",
        "pip install prefect==",
    ),
    "the clock of Prefect is wrong": (
        lambda here, _: here.between(
            "prefect_api_url", int(here.up.api.split(":")[2].split("/")[0]), downward=old_clock
        ),
        {"clock of Prefect"},
        "s behind ours",
        "timedatectl",
    ),
    "the pool is paused": (
        lambda here, _: here.prefect(lambda client: paused(client, True), lambda client: paused(client, False)),
        {"work pool"},
        "is paused",
        "prefect work-pool resume machine",
    ),
    "a queue is gone": (
        lambda here, _: here.prefect(lambda client: client.delete_work_queue_by_id(queue(client, "batch"))),
        {"queue batch", "deployment batch", "worker on batch"},
        "there is no such queue",
        "openaddr deploy",
    ),
    "a queue has another limit": (
        lambda here, _: here.prefect(
            lambda client: client.update_work_queue(queue(client, "batch"), concurrency_limit=9)
        ),
        {"queue batch"},
        "(10, 9), they are to be (10, 1)",
        "openaddr deploy",
    ),
    "a queue is paused": (
        lambda here, _: here.prefect(
            lambda client: client.update_work_queue(queue(client, "upkeep"), is_paused=True),
            lambda client: client.update_work_queue(queue(client, "upkeep"), is_paused=False),
        ),
        {"queue upkeep"},
        "it is paused",
        "prefect work-queue resume upkeep",
    ),
    "a deployment is gone": (
        lambda here, _: here.prefect(lambda client: client.delete_deployment(deployment(client, "tiny/ci").id)),
        {"deployment ci"},
        "there is no such deployment",
        "openaddr deploy",
    ),
    "a schedule is switched off": (
        lambda here, _: here.prefect(
            lambda client: client.update_deployment_schedule(
                (found := deployment(client, "sweep/sweep")).id, found.schedules[0].id, active=False
            )
        ),
        {"deployment sweep"},
        "schedules",
        "openaddr deploy",
    ),
    "a deployment is in another queue": (
        lambda here, _: here.prefect(
            lambda client: client.update_deployment(
                deployment(client, "sweep/sweep").id, DeploymentUpdate(work_queue_name="batch")
            )
        ),
        {"deployment sweep"},
        "work_queue_name",
        "openaddr deploy",
    ),
    "a deployment is paused": (
        lambda here, _: here.prefect(
            lambda client: client.pause_deployment(deployment(client, "tiny/ci").id),
            lambda client: client.resume_deployment(deployment(client, "tiny/ci").id),
        ),
        {"deployment ci"},
        "it is paused",
        "prefect deployment",
    ),
    "a deployment of old was left": (
        lambda here, _: here.prefect(extra_deployment),
        {"other deployments"},
        "of-old",
        "openaddr deploy",
    ),
    "an automation is gone": (
        lambda here, _: here.prefect(lambda client: client.delete_automation(automation(client).id)),
        {"automation silent flow runs have crashed"},
        "it is not there",
        "openaddr deploy",
    ),
    "an automation is switched off": (
        lambda here, _: here.prefect(
            lambda client: client.pause_automation(automation(client).id),
            lambda client: client.resume_automation(automation(client).id),
        ),
        {"automation silent flow runs have crashed"},
        "it is switched off",
        "prefect automation resume",
    ),
    "the workers stand still": (
        lambda here, _: here.idle(),
        {f"worker on {name}" for name in ("ci", "upkeep", "scheduled", "batch")},
        "last asked for runs 3,",
        "prefect worker start",
    ),
}
GITHUB: Cases = {
    "GitHub is away": (
        lambda here, _: here.told(github_api_url=GONE),
        {"GitHub answers"},
        "gives no usable answer",
        "check GITHUB_API_URL",
    ),
    "the token was revoked": (
        lambda here, _: here.github_with(token="ghp_another"),
        {"GitHub answers"},
        "answers 401",
        "Make a new token",
    ),
    "the token may too much": (
        lambda here, _: here.github_with(scopes="repo, public_repo, repo:status, admin:org"),
        {"rights"},
        "more than is needed: admin:org, repo",
        "revoke this one",
    ),
    "the token may too little": (
        lambda here, _: here.github_with(scopes="public_repo"),
        {"rights"},
        "lacks repo:status",
        "Make a token",
    ),
    "no requests are left": (
        lambda here, _: here.trouble("rate_limit", used_up()),
        {"requests left"},
        "3 of 5,000 an hour",
        "Wait",
    ),
    "GitHub lets nobody ask": (
        lambda here, _: here.trouble("rate_limit", rate_limited(600)),
        {"GitHub answers"},
        "allows no more requests until",
        "Try again at the time named",
    ),
    "a repository is not seen": (
        lambda here, _: here.told(repositories=(REPOSITORY, "somebody/elses")),
        {"somebody/elses"},
        "has no repository somebody/elses",
        "OPENADDR_REPOSITORIES",
    ),
    "the App may too much": (
        lambda here, _: here.app(contents="write", administration="write"),
        {f"rights at {REPOSITORY}"},
        "it has administration: write, contents: write beyond",
        "GitHub Apps",
    ),
    "the App may too little": (
        lambda here, _: here.app(checks="read", statuses=""),
        {f"rights at {REPOSITORY}"},
        "it lacks checks: write, statuses: write",
        "GitHub Apps",
    ),
    "the key of the App is another's": (
        lambda here, _: here.app(key="wrong"),
        {"GitHub answers"},
        "answers 401",
        "private key of the App",
    ),
    "the clock of GitHub is wrong": (
        lambda here, _: here.between("github_api_url", here.github.port, downward=old_clock),
        {"clock of GitHub"},
        "s behind ours",
        "date -u",
    ),
}
WEBHOOK: Cases = {
    "the webhook takes everything": (
        lambda here, _: here.told(webhook_secrets=(), webhook_unsigned=True),
        {"webhook secret"},
        "everybody may deliver",
        "OPENADDR_WEBHOOK_UNSIGNED",
    ),
    "the secret is short": (
        lambda here, _: here.told(webhook_secrets=(WEBHOOK_SECRET, "0123456789abcdef")),
        {"webhook secret: strength"},
        "number 2 is 16 characters long",
        "openssl rand",
    ),
    "the secret is long and simple": (
        lambda here, _: here.told(webhook_secrets=("secretsecretsecretsecret",)),
        {"webhook secret: strength"},
        "5 different characters",
        "openssl rand",
    ),
    "the secret is the token": (
        lambda here, _: here.told(webhook_secrets=(TOKEN,)),
        {"webhook secret: its own"},
        "the same as GITHUB_TOKEN",
        "openssl rand",
    ),
    "the secret is the password": (
        lambda here, _: here.told(webhook_secrets=(PASSWORD,)),
        {"webhook secret: its own"},
        "the same as DATABASE_URL",
        "openssl rand",
    ),
}
WORK_FOLDER: Cases = {
    "the work folder is gone": (
        lambda here, place: here.told(work_folder=str(place / "gone")),
        {"work folder"},
        "gone",
        "Make ",
    ),
    "the disk is full": (no_server_on_full_disk, {"free disk"}, "0.0 of 0.0 GB are free", "at least 2 GB"),
}
CASES = {
    name: (group, case)
    for group, cases in {
        "Database": DATABASE,
        "Storage": STORAGE,
        "Backups": BACKUPS,
        "Prefect": PREFECT,
        "GitHub": GITHUB,
        "Webhook": WEBHOOK,
        "Work folder": WORK_FOLDER,
    }.items()
    for name, case in cases.items()
}


def used_up() -> Any:
    return given({"rate": {"limit": 5_000, "remaining": 3, "reset": 0, "used": 4_997}})
