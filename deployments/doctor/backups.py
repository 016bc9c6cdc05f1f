"""Backups of the record: the newest is of these days, and nobody else can read it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from openaddr.db import examining
from openaddr.db.connections import connect
from openaddr.doctor.checks import Check
from openaddr.doctor.parts import Look, Part
from openaddr.keeping.places import backups, place_of_backups
from openaddr.settings import Settings
from openaddr.storage.objects import Listed
from openaddr.words import plural, size

LATE = timedelta(hours=36)
"""They are made daily: one may fail and be made by hand in the morning, before anybody need be told."""
UNSET = "Set OPENADDR_BACKUP_BUCKET or OPENADDR_BACKUP_FOLDER: each day's backup fails without, as BACKUP_UNSET."
MAKE = "Look why `prefect flow-run ls --flow-name backup` failed, then make one by `openaddr backup`."
CLOSE = "`openaddr storage setup` closes the bucket to the public; mail addresses of who committed are in a backup."
ASK_SECONDS = 8
NEWEST, PRIVATE = "newest backup", "nobody else reads them"


def part(settings: Settings) -> Part:
    """What is looked at, where there is a record to back up."""
    if not settings.database_url:
        return Part("Backups", unset="Set DATABASE_URL and OPENADDR_BACKUP_BUCKET, and they are looked at.")
    if not settings.backup_bucket and not settings.backup_folder:
        return Part("Backups", [Look(NEWEST, lambda: [Check(NEWEST, False, "no place for backups is named", UNSET)])])
    looks = [Look(NEWEST, lambda: _newest(settings), MAKE)]
    if settings.backup_bucket:
        looks.append(Look(PRIVATE, lambda: _private(settings), CLOSE))
    return Part(f"Backups: {settings.backup_bucket or settings.backup_folder}", looks)


def _newest(settings: Settings) -> Iterator[Check]:
    now, found = datetime.now(UTC), _listed(settings)
    if found:
        age = now - found[-1].modified
        told = f"{_hours(age)} old, {size(found[-1].bytes)}; {plural(len(found), 'backup')} in all"
        yield Check(NEWEST, age < LATE, told, MAKE)
        return
    with connect(settings.database_url) as conn:
        began = examining.began(conn)
    age = now - (began or now)
    if age < LATE:
        yield Check(NEWEST, None, "there is none yet", "The first is made at 03:00 UTC, or now by `openaddr backup`.")
    else:
        yield Check(NEWEST, False, f"there is none, of a record that is {_hours(age)} old", MAKE)


def _listed(settings: Settings) -> list[Listed]:
    if not settings.backup_bucket and not Path(settings.backup_folder).is_dir():
        # To open it would make it.
        return []
    return backups(place_of_backups(settings))


def _hours(age: timedelta) -> str:
    return plural(round(age.total_seconds() / 3600), "hour")


def _private(settings: Settings) -> Iterator[Check]:
    """The first byte of the newest, asked for as one who has no login."""
    config = Config(signature_version=UNSIGNED, connect_timeout=ASK_SECONDS, read_timeout=ASK_SECONDS)
    endpoint = settings.s3_endpoint_url or None
    anybody = boto3.client("s3", endpoint_url=endpoint, region_name=settings.s3_region, config=config)
    found = _listed(settings)
    if not found:
        yield Check(PRIVATE, None, "there is none to be read yet")
        return
    try:
        anybody.get_object(Bucket=settings.backup_bucket, Key=found[-1].key, Range="bytes=0-0")
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        yield Check(PRIVATE, True, f"who has no login is refused ({code})")
    else:
        yield Check(PRIVATE, False, "everybody can get the newest", CLOSE)
