"""What git keeps, by the ids that git gives: contents, folders, commits, and what differs between two of them."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import islice
from typing import Literal

Files = Mapping[str, bytes]
MOST_PAIRS = 2_500
"""Files that went times files that came: beyond them git looks for no renamed file that was also changed."""
ALIKE = 0.5
"""The part of its lines that a renamed file has kept, at least."""


@dataclass(frozen=True)
class Entry:
    """A file or folder in a folder; `size` is in bytes, of files only."""

    name: str
    mode: str
    kind: Literal["blob", "tree"]
    sha: str
    size: int | None = None


@dataclass(frozen=True)
class Tree:
    """A folder."""

    sha: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Commit:
    """All files at a commit, by path, and the ones before it; a merge has two."""

    sha: str
    files: Files
    parents: tuple[str, ...]
    author: str
    message: str
    at: datetime

    @cached_property
    def trees(self) -> dict[str, Tree]:
        """Every folder by its path, '' for the one of all."""
        return trees_of(self.files)

    @cached_property
    def blobs(self) -> dict[str, bytes]:
        """Every content by its id."""
        return {blob_id(content): content for content in self.files.values()}


@dataclass(frozen=True)
class Change:
    """What became of a file; `sha` is the id of its content, of the one that was when it was removed."""

    path: str
    status: Literal["added", "modified", "removed", "renamed"]
    sha: str
    additions: int
    deletions: int
    previous: str = ""


def object_id(kind: str, content: bytes) -> str:
    """The id of an object."""
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


@lru_cache(maxsize=20_000)
def blob_id(content: bytes) -> str:
    """The id of a content."""
    return object_id("blob", content)


def trees_of(files: Files) -> dict[str, Tree]:
    """Every folder by its path, '' for the one of all."""
    inside: dict[str, set[str]] = {"": set()}
    for file in files:
        path = file
        while path:
            folder = path.rpartition("/")[0]
            inside.setdefault(folder, set()).add(path)
            path = folder
    trees: dict[str, Tree] = {}
    for folder in sorted(inside, key=lambda folder: -(folder.count("/") + bool(folder))):
        entries = [_entry(path, files, trees) for path in inside[folder]]
        entries.sort(key=lambda entry: entry.name + ("/" if entry.kind == "tree" else ""))
        lines = (f"{entry.mode.lstrip('0')} {entry.name}\0".encode() + bytes.fromhex(entry.sha) for entry in entries)
        trees[folder] = Tree(object_id("tree", b"".join(lines)), tuple(entries))
    return trees


def _entry(path: str, files: Files, trees: Mapping[str, Tree]) -> Entry:
    name = path.rpartition("/")[2]
    if path in trees:
        return Entry(name, "040000", "tree", trees[path].sha)
    return Entry(name, "100644", "blob", blob_id(files[path]), len(files[path]))


def walk(trees: Mapping[str, Tree], folder: str, prefix: str = "") -> Iterator[tuple[str, Entry]]:
    """Everything in and below a folder, with paths from there."""
    for entry in trees[folder].entries:
        yield prefix + entry.name, entry
        if entry.kind == "tree":
            yield from walk(trees, f"{folder}/{entry.name}".lstrip("/"), f"{prefix}{entry.name}/")


def committed(files: Files, parents: tuple[str, ...], author: str, message: str, at: datetime) -> Commit:
    """A new commit."""
    who = f"{author} <{author}@users.noreply.github.com> {int(at.timestamp())} +0000"
    lines = [f"tree {trees_of(files)[''].sha}", *(f"parent {sha}" for sha in parents)]
    told = "\n".join([*lines, f"author {who}", f"committer {who}", "", message])
    return Commit(object_id("commit", told.encode()), dict(files), parents, author, message, at)


def changes_between(before: Files, after: Files) -> list[Change]:
    """What became of the files, by path; a file that went where one like it came was renamed."""
    gone = {path: content for path, content in before.items() if path not in after}
    came = {path: content for path, content in after.items() if path not in before}
    changes = [
        _change(path, "modified", before[path], after[path])
        for path in before.keys() & after.keys()
        if before[path] != after[path]
    ]
    for old, new in [*_same(gone, came), *_alike(gone, came)]:
        if old in gone and new in came:
            changes.append(_change(new, "renamed", gone.pop(old), came.pop(new), old))
    changes += [_change(path, "removed", content, b"") for path, content in gone.items()]
    changes += [_change(path, "added", b"", content) for path, content in came.items()]
    return sorted(changes, key=lambda change: change.path)


def _same(gone: Files, came: Files) -> Iterator[tuple[str, str]]:
    """Pairs of paths with the same content."""
    places = defaultdict(list)
    for path in sorted(came):
        places[came[path]].append(path)
    for path in sorted(gone):
        if gone[path] and places[gone[path]]:
            yield path, places[gone[path]].pop(0)


def _alike(gone: Files, came: Files) -> Iterable[tuple[str, str]]:
    """Pairs of paths whose contents have most lines in common, the most alike first."""
    pairs = ((old, new) for old in sorted(gone) for new in sorted(came))
    rated = ((_likeness(gone[old], came[new]), old, new) for old, new in islice(pairs, MOST_PAIRS))
    return [(old, new) for rate, old, new in sorted(rated, key=lambda rated: -rated[0]) if rate >= ALIKE]


def _likeness(old: bytes, new: bytes) -> float:
    before, after = _lines(old), _lines(new)
    common = sum((before & after).values())
    return common / max(before.total(), after.total(), 1)


def _change(
    path: str, status: Literal["added", "modified", "removed", "renamed"], old: bytes, new: bytes, previous: str = ""
) -> Change:
    before, after = _lines(old), _lines(new)
    sha = blob_id(old if status == "removed" else new)
    return Change(path, status, sha, (after - before).total(), (before - after).total(), previous)


@lru_cache(maxsize=20_000)
def _lines(content: bytes) -> Counter[bytes]:
    return Counter(content.splitlines())
