"""`latest/`: the last good run of each layer source.

The pointer `latest/<source>/<layer>-<name>.json` is the switch: one conditional write, which an older run loses. It
names the files of the run, so whoever needs them to belong together reads it first and follows it. The copies beside it
have addresses that never change. Each is whole, and all become those of the pointer: whoever writes looks at the
pointer again when done, and goes on with what it says then. So a writer that was slow, overtaken or killed between two
copies leaves nothing that the next one does not put right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from openaddr.storage.keys import latest_key, latest_stem
from openaddr.storage.objects import ABSENT, ALWAYS_ASK, About, ConflictError, MissingError, Storage, Stored

RUN = "run"
_POINTER = About("application/json", ALWAYS_ASK)


@dataclass(frozen=True)
class LatestFile:
    """One file of the last good run: where it stays, and where its copy is."""

    key: str
    copy: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Latest:
    """What a pointer says: the last good run of a layer source."""

    source: str
    layer: str
    name: str
    run: int
    files: tuple[LatestFile, ...]

    @property
    def stem(self) -> str:
        """What all keys of this layer source below `latest/` begin with."""
        return latest_stem(self.source, self.layer, self.name)


def latest_of(source: str, layer: str, name: str, run: int, files: Sequence[Stored]) -> Latest:
    """The pointer to a finished run whose files are stored."""
    stem = latest_stem(source, layer, name)
    listed = (
        LatestFile(file.key, latest_key(stem, layer, file.key.rsplit("/", 1)[-1]), file.bytes, file.sha256)
        for file in files
    )
    return Latest(source, layer, name, run, tuple(listed))


def publish_latest(storage: Storage, latest: Latest) -> bool:
    """Make a run the last good one; False when a newer one is already. Doing it again changes nothing.

    Raises MissingError, with nothing changed, when a file of the run is not stored as the pointer would say.
    """
    _check_files(storage, latest)
    while True:
        found, etag = read_latest(storage, latest.stem)
        if found is not None and found.run > latest.run:
            return False
        try:
            if found != latest:
                storage.put(f"{latest.stem}.json", msgspec.json.encode(latest), _POINTER, match=etag)
            settle(storage, latest.stem)
            return True
        except ConflictError:
            continue


def read_latest(storage: Storage, stem: str) -> tuple[Latest | None, str]:
    """What the pointer says, and its etag; None and ABSENT without one."""
    key = f"{stem}.json"
    while True:
        before = storage.head(key)
        if before is None:
            return None, ABSENT
        try:
            with storage.open(key) as stream:
                content = stream.read()
        except MissingError:
            continue
        if storage.head(key) == before:
            return msgspec.json.decode(content, type=Latest), before.etag


def settle(storage: Storage, stem: str) -> None:
    """Make the copies those of the run that the pointer names, also when it changes meanwhile."""
    while True:
        latest, etag = read_latest(storage, stem)
        if latest is None:
            return
        for file in latest.files:
            _copy(storage, file, latest.run)
        _remove_others(storage, latest)
        if read_latest(storage, stem)[1] == etag:
            return


def _check_files(storage: Storage, latest: Latest) -> None:
    for file in latest.files:
        stored = storage.head(file.key)
        if stored is None or (stored.bytes, stored.sha256) != (file.bytes, file.sha256):
            raise MissingError(file.key)


def _copy(storage: Storage, file: LatestFile, run: int) -> None:
    there = storage.head(file.copy)
    if there is not None and there.sha256 == file.sha256 and there.about.marks.get(RUN) == str(run):
        return
    original = storage.head(file.key)
    if original is None:
        raise MissingError(file.key)
    about = replace(original.about, cache_control=ALWAYS_ASK, marks={RUN: str(run)})
    storage.copy(file.key, file.copy, about)


def _remove_others(storage: Storage, latest: Latest) -> None:
    """Copies of files that earlier runs had and this one has not."""
    kept = {file.copy for file in latest.files} | {f"{latest.stem}.json"}
    folder = latest.stem.rsplit("/", 1)[0] + "/"
    for found in list(storage.list(folder)):
        if found.key.startswith(f"{latest.stem}.") and found.key not in kept:
            storage.delete(found.key)
