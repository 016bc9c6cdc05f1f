"""The pages on disk, and a journal beside them, so that a download that was killed goes on where it was.

Each answered request is one line of JSON in `journal.jsonl`, after a first line that says of what the pages are.
A page waits in a file of its own until all are there; then the files get their names in the order of the layer. A page
without a line, as of a download killed right between the two, does not count.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from openaddr.download.store import BLOCK, room_for, write

JOURNAL = "journal.jsonl"
MAX_AGE = 86_400.0
"""Seconds after which pages are not used again: not every server says when its rows were edited."""

Place = tuple[int, ...]
"""Where a page belongs: its number in the plan, then its number among the pages that it led to, and so on."""


class _Fields(msgspec.Struct, tag="fields"):
    """With which fields the pages after this line were asked for."""

    fields: str


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True, tag="page"):
    """How a request ended: `rows` came, or it `failed` and is asked for in parts.

    `is_whole` says that nothing else is needed, whatever the server says. `part` is the number of the file with the
    page and `size` its bytes; 0 where the page is not used.
    """

    at: Place
    rows: int = 0
    exceeded: bool = False
    is_whole: bool = False
    failed: bool = False
    part: int = 0
    size: int = 0


@dataclass(frozen=True)
class Stored:
    """All pages in order: their files, the md5 of them together, and their bytes."""

    files: tuple[Path, ...]
    md5: str
    size: int


class Checkpoint:
    """What has been fetched of one layer into one folder; an earlier attempt counts if it was after the same.

    `layer` is what has to be the same, as JSON: the layer, the rows it announced, the fields and pages asked for.
    """

    def __init__(self, folder: Path, layer: Mapping[str, Any]) -> None:
        self._folder = folder
        self._journal = folder / JOURNAL
        self._head = json.dumps(layer, sort_keys=True).encode()
        self._outcomes: dict[Place, Outcome] = {}
        self.out_fields: str | None = None
        """The fields that the pages so far were asked for with, None before there are any."""
        for old in folder.glob("page-*.json"):
            old.unlink()
        self._read_journal()
        self._next = max((outcome.part for outcome in self._outcomes.values()), default=0) + 1
        used = {self._part(outcome.part) for outcome in self._outcomes.values() if outcome.part}
        for old in set(folder.glob("part-*.json")) - used:
            old.unlink()

    def _read_journal(self) -> None:
        lines = self._lines()
        if not lines or lines[0] != self._head:
            self.begin_again()
            return
        try:
            entries = [msgspec.json.decode(line, type=_Fields | Outcome) for line in lines[1:]]
        except msgspec.MsgspecError:
            self.begin_again()
            return
        for entry in entries:
            if isinstance(entry, _Fields):
                self.out_fields = entry.fields
            elif not entry.part or self._is_there(entry):
                self._outcomes[entry.at] = entry

    def _lines(self) -> list[bytes]:
        """The lines of a journal that is young enough; one that was torn while it was written is cut off."""
        try:
            data = self._journal.read_bytes()
            age = time.time() - self._journal.stat().st_mtime
        except FileNotFoundError:
            return []
        if age > MAX_AGE:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            write([whole], self._journal)
        return whole.splitlines()

    def begin_again(self) -> None:
        """Forget what there is."""
        self._outcomes.clear()
        self.out_fields = None
        write([self._head, b"\n"], self._journal)

    def ask_for(self, out_fields: str) -> None:
        """Note with which fields the pages from now on are asked for."""
        self.out_fields = out_fields
        self._append(msgspec.json.encode(_Fields(out_fields)))

    def recall(self, at: Place) -> Outcome | None:
        """How the request of this place ended, if it has."""
        return self._outcomes.get(at)

    def page(self, outcome: Outcome) -> bytes | None:
        """The bytes of a page that is used, else None."""
        return self._part(outcome.part).read_bytes() if outcome.part else None

    def keep(self, outcome: Outcome, body: bytes) -> None:
        """Keep a page. Raises ProblemError(DISK_FULL)."""
        kept = msgspec.structs.replace(outcome, part=self._next, size=len(body))
        write([body], self._part(kept.part))
        self._next += 1
        self.note(kept)

    def note(self, outcome: Outcome) -> None:
        """Keep how a request ended whose page is not used."""
        self._outcomes[outcome.at] = outcome
        self._append(msgspec.json.encode(outcome))

    def finish(self) -> Stored:
        """Name the pages in their order, and forget how they came."""
        digest, size = hashlib.md5(usedforsecurity=False), 0
        used = [outcome for _, outcome in sorted(self._outcomes.items()) if outcome.part]
        files = []
        for number, outcome in enumerate(used, start=1):
            path = self._part(outcome.part).replace(self._folder / f"page-{number:06}.json")
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    digest.update(block)
                    size += len(block)
            files.append(path)
        self._journal.unlink()
        return Stored(tuple(files), digest.hexdigest(), size)

    def discard(self) -> None:
        """Leave nothing that a later attempt could use."""
        self._journal.unlink()
        for part in self._folder.glob("part-*.json"):
            part.unlink()

    def _append(self, line: bytes) -> None:
        with room_for(self._journal), self._journal.open("ab", buffering=0) as file:
            file.write(line + b"\n")

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number:06}.json"

    def _is_there(self, outcome: Outcome) -> bool:
        path = self._part(outcome.part)
        return path.is_file() and path.stat().st_size == outcome.size
