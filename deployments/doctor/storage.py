"""Where runs and pages are: can be written, read and deleted, in parts, and by readers who have no login."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.doctor import bucket, readers
from deployments.doctor.disk import free
from openaddr.doctor.checks import Check
from openaddr.doctor.parts import Look, Part
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.storage.folder import Folder
from openaddr.storage.keys import aside_of
from openaddr.storage.objects import About, MissingError, Storage

UNSET = "Set S3_BUCKET or OPENADDR_STORAGE_FOLDER, and it is checked."
PLAIN = About("text/plain; charset=utf-8", "no-store")


def part(settings: Settings) -> Part:
    """What is looked at of a bucket or of a folder."""
    name = settings.s3_bucket or settings.storage_folder
    if not name:
        return Part("Storage", unset=UNSET)
    if settings.s3_bucket:
        fix = (
            f"Look at S3_BUCKET, OPENADDR_S3_ENDPOINT_URL and boto3's credentials (`aws s3 ls s3://{name}`); they need "
            "to list, get, put and delete objects of the bucket and to abort uploads in parts."
        )
    else:
        fix = f"Make {name}, and let the user of the workers write there."
    first = Look("write, read, delete", lambda: _round_trip(settings), fix)
    return Part(f"Storage: {'bucket' if settings.s3_bucket else 'folder'} {name}", _looks(settings), first)


def _looks(settings: Settings) -> list[Look]:
    if not settings.s3_bucket:
        folder = Path(settings.storage_folder)
        needed = "a whole set of OpenAddresses takes some 500 GB with its runs"
        return [Look("free disk", lambda: free(folder, needed)), *_pages(settings)]
    name = "readers without login"
    return [
        Look("Range", lambda: bucket.in_parts(settings), bucket.RANGE),
        Look("CORS", lambda: bucket.cors(settings), bucket.CORS),
        Look("lifecycle", lambda: bucket.lifecycle(settings), bucket.LIFECYCLE),
        Look(name, lambda: _read_by_all(settings, name, readers.of_bucket), readers.OPEN),
        *_pages(settings),
    ]


def _pages(settings: Settings) -> list[Look]:
    """The site, where it has an address."""
    name = "site"
    if not settings.site_url:
        unset = Check(name, None, "OPENADDR_SITE_URL is not set", "Set it to the public address, and it is asked.")
        return [Look(name, lambda: [unset])]
    return [Look(name, lambda: _read_by_all(settings, name, readers.of_site), readers.SERVE)]


def _open(settings: Settings) -> Storage:
    """The storage, whose patience is shorter than a look. Raises ProblemError."""
    if settings.s3_bucket:
        return bucket.opened(settings)
    if not Path(settings.storage_folder).is_dir():
        # To open it would make it: on the disk of the machine, where the mount of a larger one is missing.
        raise ProblemError(Code.STORAGE_REFUSED, f"There is no folder {settings.storage_folder}.")
    return Folder(Path(settings.storage_folder))


@contextmanager
def probe(storage: Storage, key: str) -> Iterator[bytes]:
    """An object of a few bytes while the context lasts."""
    content = f"probe {secrets.token_hex(16)}".encode()
    storage.put(key, content, PLAIN)
    try:
        yield content
    finally:
        storage.delete(key)


def _round_trip(settings: Settings) -> Iterator[Check]:
    storage, key = _open(settings), aside_of("probe.txt")
    with probe(storage, key) as content, storage.open(key) as stream:
        if (found := stream.read()) != content:
            told = f"of {len(content)} bytes that were written, {len(found)} others came back"
            raise ProblemError(Code.STORAGE_CORRUPT, f"{told}.")
    try:
        with storage.open(key):
            told = "what was deleted can still be read"
    except MissingError:
        told = ""
    yield Check("write, read, delete", not told, told or "a probe was written, read and deleted", readers.DELETE)


def _read_by_all(settings: Settings, name: str, ask: readers.Ask) -> Iterator[Check]:
    storage = _open(settings)
    # Below `site/`, which is public, under a name that no other doctor uses.
    page = f"doctor-{secrets.token_hex(8)}.txt"
    with probe(storage, f"site/{page}") as content:
        yield ask(name, storage, settings, page, content)
