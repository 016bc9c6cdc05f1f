"""Backups of a stack that does not run: its own Postgres is started for as long as it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from deployments.embedded import postgres
from deployments.stack import only_one
from openaddr.keeping import commands
from openaddr.settings import Settings


def run_backup(settings: Settings, folder: Path | None, file: Path | None, list_them: bool) -> int:
    """`openaddr backup`; gives the exit code. Raises ProblemError, SettingError."""
    with _served(settings, folder) as used:
        return commands.run_backup(used, file, list_them=list_them)


def run_restore(settings: Settings, folder: Path | None, backup: str, replace: bool) -> int:
    """`openaddr restore`; gives the exit code. Raises ProblemError, SettingError."""
    with _served(settings, folder) as used:
        return commands.run_restore(used, backup, replace=replace)


@contextmanager
def _served(settings: Settings, folder: Path | None) -> Iterator[Settings]:
    """Settings by which everything of a stack is found. Raises ProblemError while it runs."""
    if folder is None:
        yield settings
        return
    folder = folder.resolve()
    own = folder_settings(settings, folder)
    with only_one(folder):
        if settings.database_url:
            yield own
            return
        (folder / "logs").mkdir(exist_ok=True)
        with postgres.running(folder / "postgres", folder / "logs" / "postgres.log") as databases:
            yield replace(own, database_url=databases.ours)


def folder_settings(settings: Settings, folder: Path) -> Settings:
    """Where a stack keeps what no setting names another place for."""
    found = replace(settings, storage_folder=str(folder / "storage"))
    has_place = settings.backup_bucket or settings.backup_folder
    return found if has_place else replace(found, backup_folder=str(folder / "backups"))
