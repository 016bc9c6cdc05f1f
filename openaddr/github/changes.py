"""Which source files differ between two commits, and what was and is in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from openaddr.errors import Code, ProblemError
from openaddr.github.answers import BlobFound, Comparison, ContentFound, FileFound
from openaddr.github.client import ABSENT_COMMIT, GitHub, checked
from openaddr.github.names import Repository
from openaddr.github.refusals import ABSENT
from openaddr.source.catalog import SourceFile, id_of, in_archive
from openaddr.source.parse import MAX_BYTES

FILES_SHOWN = 300
"""A comparison has no more files than these, and does not say that there are more."""
ONE_BY_ONE = 40
"""Of more changed source files the archives of both commits are fetched: two requests in the place of hundreds."""


@dataclass(frozen=True)
class FileChange:
    """A source file that differs. `before` or `after` is None where there is none; `was` is its id before a move."""

    id: str
    before: bytes | None
    after: bytes | None
    was: str = ""


def compare(github: GitHub, repository: Repository, base: str, head: str) -> Comparison:
    """How a commit stands to a branch or another commit. Raises ProblemError(GITHUB_COMMIT_UNKNOWN)."""
    pair = f"{quote(base, safe='')}...{checked(head)}"
    status, headers, body = github.get(f"/repos/{repository}/compare/{pair}", {"per_page": "1"})
    if status in ABSENT_COMMIT:
        message = f"{repository} at {github.host} cannot compare {base[:200]!r} with {head[:12]}."
        raise ProblemError(Code.GITHUB_COMMIT_UNKNOWN, message)
    return github.read((status, headers, body), Comparison)


def changed_sources(
    github: GitHub, repository: Repository, found: Comparison, head: str, folder: Path
) -> Iterator[FileChange]:
    """The source files that `head` has changed since it left the base, in order; `folder` is for archives.

    Raises ProblemError, in the middle too.
    """
    base = found.merge_base_commit.sha
    files = [file for file in found.files if id_of(file.filename) or id_of(file.previous_filename)]
    if len(found.files) < FILES_SHOWN and len(files) <= ONE_BY_ONE:
        for file in sorted(files, key=lambda file: file.filename):
            yield from _one(github, repository, file, base, head)
        return
    paths = []
    for name, sha in (("before.zip", base), ("after.zip", head)):
        paths.append(folder / name)
        github.fetch_archive(repository, sha, paths[-1])
    yield from differing(in_archive(paths[0]), in_archive(paths[1]))


def differing(before: Iterator[SourceFile], after: Iterator[SourceFile]) -> Iterator[FileChange]:
    """What differs between two series of source files, each in the order of its paths. Holds one file of each."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if new is None or (old is not None and _order(old) < _order(new)):
            assert old is not None
            yield FileChange(old.id, old.content, None)
            old = next(before, None)
        elif old is None or _order(new) < _order(old):
            yield FileChange(new.id, None, new.content)
            new = next(after, None)
        else:
            if old.content != new.content:
                yield FileChange(new.id, old.content, new.content)
            old, new = next(before, None), next(after, None)


def _order(file: SourceFile) -> str:
    return f"{file.id}.json"


def _one(github: GitHub, repository: Repository, file: FileFound, base: str, head: str) -> Iterator[FileChange]:
    """A file by itself; a move into or out of the source files is an addition or a removal."""
    identity, was = id_of(file.filename), id_of(file.previous_filename) or ""
    if identity is None:
        yield FileChange(was, _content(github, repository, file.previous_filename, base), None)
        return
    moved = bool(was) and was != identity
    before = _content(github, repository, file.previous_filename if moved else file.filename, base)
    after = _content(github, repository, file.filename, head)
    if before != after or moved:
        yield FileChange(identity, before, after, was if moved else "")


def _content(github: GitHub, repository: Repository, path: str, sha: str) -> bytes | None:
    """What is in a file at a commit, None when there is no such file; of a huge one enough to be refused."""
    place = f"/repos/{repository}/contents/{quote(path)}"
    status, headers, body = github.get(place, {"ref": sha})
    if status in ABSENT:
        return None
    if body.lstrip()[:1] == "[":
        return None  # A folder of that name.
    found = github.read((status, headers, body), ContentFound)
    if found.type != "file":
        return None
    if found.size > MAX_BYTES:
        return b" " * (MAX_BYTES + 1)
    if found.encoding == "base64":
        return github.decoded(found.content)
    blob = github.read(github.get(f"/repos/{repository}/git/blobs/{found.sha}"), BlobFound)
    return github.decoded(blob.content) if blob.encoding == "base64" else blob.content.encode()
