"""Where flow runs work."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from openaddr.doctor.checks import Check
from openaddr.doctor.parts import Look, Part
from openaddr.settings import Settings
from openaddr.sizes import GB, SIZE_CLASSES

LEAST_BYTES = 2 * GB
"""With less even the sources of one day do not fit side by side."""


def part(settings: Settings) -> Part:
    """What is looked at."""
    folder = Path(settings.work_folder or tempfile.gettempdir())
    setting = "OPENADDR_WORK_FOLDER" + ("" if settings.work_folder else " (not set: where temporary files go)")
    first = Look("work folder", lambda: _writable(folder, setting), f"Make {folder}, for the user of the workers.")
    return Part("Work folder", [Look("free disk", lambda: free(folder, most_needed(settings)))], first)


def _writable(folder: Path, setting: str) -> Iterator[Check]:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".openaddr-doctor-") as file:
        file.write(b"probe")
        file.flush()
    yield Check("work folder", True, f"{folder} can be written to; {setting}")


def most_needed(settings: Settings) -> str:
    """What the largest source may take, in words."""
    size = SIZE_CLASSES[settings.size_class]
    needed = (settings.download_limit + size.unpacked_bytes) / GB
    return f"one source of class {settings.size_class} may take up to {needed:,.0f} GB"


def free(folder: Path, needed: str) -> Iterator[Check]:
    """Whether there is disk left."""
    usage = shutil.disk_usage(folder)
    told = f"{usage.free / GB:,.1f} of {usage.total / GB:,.1f} GB are free; {needed}"
    fix = f"Free some disk, or move the folder to a larger one: at least {LEAST_BYTES / GB:.0f} GB."
    yield Check("free disk", usage.free >= LEAST_BYTES, told, fix)
