"""All parts, in the order in which a person would mend what does not hold."""

from pathlib import Path

from deployments.doctor import backups, clocks, database, disk, github, prefect_server, storage, webhook
from deployments.doctor.stack_folder import settings_of
from deployments.setup import PREFECT_FILE
from openaddr.doctor.parts import Part
from openaddr.settings import Settings


def operators(settings: Settings, folder: Path | None, prefect_file: Path | None) -> tuple[Settings, list[Part]]:
    """The settings, with those of a stack in a folder, and the parts to be examined. Raises SettingError."""
    known = settings_of(folder, settings) if folder else settings
    return known, [
        database.part(known),
        storage.part(known),
        backups.part(known),
        prefect_server.part(known, prefect_file or PREFECT_FILE),
        github.part(known),
        webhook.part(known),
        disk.part(known),
        clocks.part(known),
    ]
