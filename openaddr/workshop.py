"""The hidden folders of a run in progress, beside the folder that it will become, on the same disk.

`.work-…` is gone when the run ends. `.partial-…` holds a download and stays when the run is cut off in it, so that the
next run of the same layer source need not fetch again what is there. Whoever works in one holds a lock on it, which
the system lets go when the process dies, however it dies: what nobody holds is swept by the next run beside it.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from openaddr.errors import Code, ProblemError
from openaddr.outputs.folder import recover

WORK, PARTIAL, NEW = ".work-", ".partial-", ".new-"
SECONDS_KEPT = {WORK: 60.0, PARTIAL: 3600.0, NEW: 3600.0}
"""How long folders that nobody holds are left alone. A new one exists for a moment before its lock does."""


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """A hidden folder beside the target, gone afterwards."""
    _require_text(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    recover(target)
    sweep(target.parent, SECONDS_KEPT)
    with scratch(target.parent, WORK) as folder:
        yield folder


@contextmanager
def scratch(parent: Path | None, prefix: str) -> Iterator[Path]:
    """A folder of its own in `parent`, or where the system keeps temporary files; held, and gone afterwards."""
    made = tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True)
    with made as name, _held(Path(name)):
        yield Path(name)


@contextmanager
def resumable(parent: Path, name: str, prefix: str) -> Iterator[Path]:
    """A folder of this name that is gone when the block ends; one that a killed process left is gone on with.

    When somebody else works in it at the moment, or made it, this one gets a folder of its own (`scratch`).
    """
    folder = parent / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        # Parents may be open to all users of the machine: what one of them put there is not ours to enter.
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid() or not stack.enter_context(_held(folder)):
            yield stack.enter_context(scratch(parent, prefix))
            return
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _require_text(folder: Path) -> None:
    """Raise ProblemError where the name has bytes that are no text: not every library can write there."""
    shown = str(folder).encode("utf-8", "backslashreplace").decode()
    if shown != str(folder):
        raise ProblemError(Code.OUTPUT_NOT_WRITABLE, f"{shown} cannot be used: its name is not UTF-8.")


@contextmanager
def download_folder(target: Path, key: str, work: Path) -> Iterator[Path]:
    """Where a download of the layer source goes; `key` tells one from downloads that would ask for something else.

    It may hold an earlier attempt, and is left as it is when the block fails: see `done_with`. When another run has it
    at the moment, this one works for itself, in a folder of `work`.
    """
    own, beside = f"-{target.name}", target.parent.resolve()
    folder = beside / f"{PARTIAL}{key[:16]}{own}"
    for path in beside.iterdir():
        if path.name.startswith(PARTIAL) and path.name.endswith(own) and path != folder:
            _remove_unless_held(path)
    folder.mkdir(exist_ok=True)
    with _held(folder) as ours:
        if ours:
            yield folder
            return
    folder = work / "download"
    folder.mkdir()
    yield folder


def done_with(folder: Path) -> None:
    """Remove a download folder that no later run has any use for."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a folder for the time of the block; whether that was possible, which it is not when somebody else does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            # It may have been swept between opening and locking.
            yield os.path.exists(folder) and os.path.samestat(os.fstat(descriptor), os.stat(folder))
    finally:
        os.close(descriptor)


def _remove_unless_held(folder: Path) -> bool:
    with suppress(OSError), _held(folder) as ours:
        if ours:
            shutil.rmtree(folder, ignore_errors=True)
            return True
    return False


def sweep(folder: Path, kept: Mapping[str, float]) -> int:
    """Remove what killed runs have left: folders by the beginning of their names, untouched for so many seconds.

    Gives how many there were.
    """
    found = 0
    for path in folder.iterdir():
        seconds = next((seconds for prefix, seconds in kept.items() if path.name.startswith(prefix)), None)
        if seconds is not None and time.time() - _last_change(path) > seconds:
            found += _remove_unless_held(path)
    return found


def _last_change(folder: Path) -> float:
    """When something in the folder was last written; now, when it is going away at the moment."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        return time.time()
