"""`openaddr backup`, `openaddr restore` and `openaddr storage setup`."""

import os
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from openaddr.db import keeping
from openaddr.db.connections import connect
from openaddr.db.keeping import Work
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.keeping.backup import Manifest, write_backup
from openaddr.keeping.places import BACKUPS, ZIP, backups, new_key, numbers_taken, place_of_backups
from openaddr.keeping.restoring import read_backup, restore
from openaddr.settings import SettingError, Settings, variable
from openaddr.storage import open_storage
from openaddr.storage.objects import NEVER_CHANGES, About, MissingError
from openaddr.storage.publishing import get
from openaddr.storage.s3_setup import set_up
from openaddr.words import size


def run_backup(settings: Settings, file: Path | None, *, list_them: bool) -> int:
    """Back up into a file, or into where backups are; or list those. Gives the exit code. Raises ProblemError."""
    if list_them:
        for found in backups(place_of_backups(settings)):
            print(f"{found.key}  {size(found.bytes)}")
        return ExitCode.DONE
    if file is None:
        key, manifest = back_up(settings)
        print(key)
    else:
        manifest = _into_file(settings, file)
    _say(f"backed up {manifest}")
    return ExitCode.DONE


def back_up(settings: Settings) -> tuple[str, Manifest]:
    """Back up into where backups are; gives the key. Raises ProblemError, also when somebody else is at it."""
    place, key = place_of_backups(settings), new_key()
    with connect(_url(settings)) as conn, connect(_url(settings)) as holding:
        if not keeping.hold(holding, Work.BACKUP):
            raise ProblemError(Code.STACK_BUSY, "Somebody else makes or restores a backup just now.")
        holding.commit()
        with place.write(key, About(ZIP, NEVER_CHANGES)) as out:
            manifest = write_backup(conn, out)
    return key, manifest


def _into_file(settings: Settings, file: Path) -> Manifest:
    """Write aside, then rename: what has the name is whole."""
    aside = file.with_name(f".{file.name}.new")
    try:
        # For our eyes only: there are mail addresses in it.
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as out, connect(_url(settings)) as conn:
            manifest = write_backup(conn, out)
            out.flush()
            os.fsync(out.fileno())
        aside.rename(file)
    except OSError as error:
        raise ProblemError(Code.OUTPUT_NOT_WRITABLE, f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        aside.unlink(missing_ok=True)
    return manifest


def run_restore(settings: Settings, backup: str, *, replace: bool) -> int:
    """Make a backup the record: a file, or a key of where backups are. Gives the exit code. Raises ProblemError."""
    url = _url(settings)
    is_key = backup.startswith(BACKUPS) and not Path(backup).exists()
    taken = numbers_taken(open_storage(settings)) if settings.s3_bucket or settings.storage_folder else {}
    with tempfile.TemporaryDirectory() if is_key else nullcontext("") as folder:
        path = _fetched(settings, backup, Path(folder)) if is_key else Path(backup)
        found = read_backup(path)
        with connect(url) as conn:
            steps = restore(conn, found, taken, replace=replace)
    _say(f"restored {found.manifest}")
    if steps:
        _say(f"brought up to date: {', '.join(steps)}")
    _say("next: `openaddr site build`, then start the workers")
    return ExitCode.DONE


def _fetched(settings: Settings, key: str, folder: Path) -> Path:
    path = folder / "backup.zip"
    try:
        get(place_of_backups(settings), key, path)
    except (MissingError, ValueError) as error:
        raise ProblemError(Code.BACKUP_MISSING, f"There is no {key} where backups are.") from error
    return path


def run_storage_setup(settings: Settings) -> int:
    """Have the buckets do what they can do by themselves; gives the exit code. Raises ProblemError."""
    for line in set_up(settings):
        print(line)
    return ExitCode.DONE


def _url(settings: Settings) -> str:
    if not settings.database_url:
        raise SettingError(f"{variable('database_url')} is empty, but has to say where the record is")
    return settings.database_url


def _say(text: str) -> None:
    print(f"openaddr: {text}", file=sys.stderr)
