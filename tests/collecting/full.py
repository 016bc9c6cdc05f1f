"""A build on a disk that is full: `python -m tests.collecting.full WHAT ROOM FOLDER [COPY]`.

Fills the disk of FOLDER, on which the files of COPY are put before, but for ROOM bytes; prints as JSON what became of
the build, what readers see then, and what becomes of the next one, when there is room again.
"""

import errno
import json
import shutil
import sys
import threading
from pathlib import Path

from flows.services import services
from openaddr.db import collections
from openaddr.errors import ProblemError
from tests.collecting.kills import LOOKS
from tests.collecting.victims import MAKERS

BLOCK = 4096


def main(what: str, room: int, folder: Path, copy: Path | None) -> None:
    """See above."""
    if copy:
        shutil.copytree(copy, folder, dirs_exist_ok=True)
    filling = folder / ".filling"
    _fill(filling, room)
    found = [_made(what)]
    filling.unlink()
    found.append(_made(what))
    print(json.dumps(found))


def _made(what: str) -> tuple[str, dict[str, str], int]:
    """How it ended, what the record says was in the way, and the rows of each source that readers see."""
    with services() as opened:
        try:
            name = str(MAKERS[what](opened, threading.Event()).name)
        except ProblemError:
            # Prefect tries it again after some minutes.
            name = "Failed"
        with opened.pool.connection() as conn:
            problems = {found.name: str(found.problem["code"]) for found in collections.problems(conn)}
        return name, problems, LOOKS[what](opened.storage)


def _fill(path: Path, room: int) -> None:
    """Write a file until no block fits any more, and give so many bytes back."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(BLOCK)):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC
        file.truncate(file.tell() - room)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]) if sys.argv[4:] else None)
