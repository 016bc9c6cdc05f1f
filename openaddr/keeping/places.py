"""Where backups are: `backups/<time>.zip` in a folder or a bucket of their own, where the public reads nothing."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.storage.folder import Folder
from openaddr.storage.objects import Listed, Storage
from openaddr.storage.s3 import S3

BACKUPS = "backups/"
ZIP = "application/zip"
_NUMBERED = re.compile(r"(runs|sets)/(\d{1,18})/")


def place_of_backups(settings: Settings) -> Storage:
    """The storage for backups. Raises ProblemError when none is named."""
    if settings.backup_bucket:
        return S3(settings.backup_bucket, settings.s3_endpoint_url, settings.s3_region)
    if settings.backup_folder:
        folder = Path(settings.backup_folder)
        # For our eyes only; one that is there already is as its owner wants it.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Folder(folder)
    raise ProblemError(Code.BACKUP_UNSET, "Neither OPENADDR_BACKUP_BUCKET nor OPENADDR_BACKUP_FOLDER is set.")


def new_key() -> str:
    """The key of a backup that is made now; later ones are behind earlier ones."""
    return f"{BACKUPS}{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.zip"


def backups(place: Storage) -> list[Listed]:
    """All backups, the newest last."""
    return [found for found in place.list(BACKUPS) if found.key.endswith(".zip")]


def remove_old(place: Storage, days: int) -> list[str]:
    """Remove backups that are older than so many days, but never the newest; gives their keys. None with 0 days."""
    before = datetime.now(UTC) - timedelta(days=days)
    old = [found.key for found in backups(place)[:-1] if days and found.modified < before]
    place.delete_many(old)
    return old


def numbers_taken(storage: Storage) -> dict[str, int]:
    """The highest number of a run and of a set of which there are files."""
    highest: dict[str, int] = {}
    for prefix in ("runs/", "sets/"):
        for found in storage.list(prefix):
            if match := _NUMBERED.match(found.key):
                highest[match[1]] = max(highest.get(match[1], 0), int(match[2]))
    return highest
