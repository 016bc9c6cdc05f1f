"""What `openaddr up` made up where there was no setting, so that its stack can be examined from outside."""

from dataclasses import replace
from pathlib import Path

from deployments.embedded.postgres import OURS, ROLE
from deployments.keeping import folder_settings
from openaddr.settings import SettingError, Settings


def settings_of(folder: Path, settings: Settings) -> Settings:
    """The settings that the programs of a stack have. Raises SettingError when no stack was ever started there."""
    try:
        return replace(
            folder_settings(settings, folder.resolve()),
            database_url=settings.database_url or _database(folder),
            prefect_api_url=settings.prefect_api_url or f"http://127.0.0.1:{_in(folder, 'prefect/port')}/api",
            site_url=settings.site_url or ("" if settings.s3_bucket else _site(folder)),
            work_folder=str(folder.resolve() / "work"),
            webhook_secrets=settings.webhook_secrets
            or (() if settings.webhook_unsigned else (_in(folder, "webhook-secret"),)),
        )
    except OSError as error:
        message = f"{folder} is no folder of `openaddr up` that we may read: {error.filename} - {error.strerror}"
        raise SettingError(message) from error


def _database(folder: Path) -> str:
    password, port = _in(folder, "postgres/password"), _in(folder, "postgres/port")
    return f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{OURS}"


def _site(folder: Path) -> str:
    return f"http://127.0.0.1:{_in(folder, 'site-port')}/"


def _in(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8").strip()
