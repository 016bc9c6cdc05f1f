"""What any storage does with several steps: store the files of a run, read one back, replace one, sweep."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from openaddr.errors import Code, ProblemError
from openaddr.storage.keys import ASIDE, aside_of
from openaddr.storage.objects import ABSENT, About, ConflictError, Storage, Stored

BLOCK = 1 << 20


@dataclass(frozen=True)
class File:
    """A file of this machine that is to be stored as `<prefix><name>`; `sha256` when it is known, as in a manifest."""

    name: str
    path: Path
    about: About
    sha256: str = ""


def always() -> bool:
    """For writers who have no rival."""
    return True


def put_all(
    storage: Storage, prefix: str, files: Iterable[File], may_write: Callable[[], bool] = always
) -> list[Stored] | None:
    """Make files all that is below a prefix that ends in a slash; None when we may not write there any more.

    Of two writers the one who may not any more changes nothing that the other has written, even if it was held up for
    hours between asking and writing: each file replaces only what was there when we were still allowed to.
    Raises ProblemError at the first that fails; the ones before it stay, below a prefix that nothing links to yet.
    """
    files = list(files)
    while True:
        there = _there(storage, prefix)
        if not may_write():
            return None
        try:
            stored = [_put(storage, prefix + file.name, file, there) for file in files]
        except ConflictError:
            # A rival was faster, or a request of ours arrived twice: whether we still may decides.
            continue
        for key in there.keys() - {found.key for found in stored}:
            storage.delete(key)
        return stored


def _put(storage: Storage, key: str, file: File, there: Mapping[str, str]) -> Stored:
    return storage.put(key, file.path, file.about, match=there.get(key, ABSENT), sha256=file.sha256)


def _there(storage: Storage, prefix: str) -> dict[str, str]:
    """What is below a prefix, with etags."""
    heads = (storage.head(listed.key) for listed in storage.list(prefix))
    return {found.key: found.etag for found in heads if found}


def get(storage: Storage, key: str, path: Path) -> Stored:
    """Fetch an object into a new file and compare it with its checksum. Raises MissingError and ProblemError.

    What is fetched is what was there when it was opened; one that is replaced meanwhile is fetched once more.
    """
    while True:
        before = storage.head(key)
        found = _fetched(storage, key, path)
        # What others put into a bucket has no checksum.
        if before is not None and found == (before.sha256 or found):
            return before
        path.unlink()
        if storage.head(key) == before:
            expected = before.sha256 if before else "nothing"
            raise ProblemError(Code.STORAGE_CORRUPT, f"{key} has sha256 {found}, expected was {expected}.")


def _fetched(storage: Storage, key: str, path: Path) -> str:
    """Write an object into a file, which is gone again if that fails; the sha256 of its bytes."""
    digest = hashlib.sha256()
    try:
        with storage.open(key) as stream, path.open("wb") as file:
            while block := stream.read(BLOCK):
                digest.update(block)
                file.write(block)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def switch(storage: Storage, key: str, content: Path | bytes, about: About, match: str | None = None) -> Stored:
    """Replace an object by one that was written aside and found whole, in one step for whoever reads it.

    Raises ConflictError, and ProblemError; then the object is what it was before.
    """
    aside = aside_of(key)
    try:
        storage.put(aside, content, about)
        return storage.copy(aside, key, about, match=match)
    finally:
        storage.delete(aside)


def sweep(storage: Storage, older_than: timedelta) -> int:
    """Remove what killed writers left before that much time: unfinished uploads, and what lies aside."""
    before = datetime.now(UTC) - older_than
    left = [found.key for found in storage.list(ASIDE) if found.modified < before]
    for key in left:
        storage.delete(key)
    return storage.abort_leftovers(older_than) + len(left)
