"""The archive of old: a table and its OGR description for each source, summaries, README and licences in a zip."""

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from openaddr.collecting.archive import Archive, BrokenOffError
from openaddr.collecting.checking import ARCHIVE, DAMAGED, Checked, Packed, bad, blocks, packed_of
from openaddr.collecting.licences import licences, readme
from openaddr.collecting.manifest import Contents, Item, Left
from openaddr.collecting.members import Member
from openaddr.collecting.plans import ZIP, Plan
from openaddr.collecting.shelf import Shelf, incomplete
from openaddr.collecting.summaries import rows_of, summary, summary_vrt
from openaddr.errors import ProblemError
from openaddr.outputs.csv_zip import vrt
from openaddr.storage.objects import MissingError, Storage, Writer
from openaddr.storage.ranged import seekable

MEDIA_TYPE = "application/zip"
NO_ROWS = "none of its rows has a place on Earth"


@dataclass(frozen=True)
class Kept:
    """A source as it is in the archive that is published."""

    table: Packed
    summary: bytes
    rows: int


class Classic:
    """Makes one such archive; the published one has what cannot be read from its own run."""

    media_type = MEDIA_TYPE

    def __init__(self, shelf: Shelf, plan: Plan) -> None:
        self._shelf, self._plan = shelf, plan
        self._kept: dict[str, Kept] = {}
        self._texts = readme(plan), licences(plan.members)

    def contents(self) -> Contents:
        """What goes in. Raises ProblemError when a source cannot be read and is in no archive before."""
        items, left_out = [], []
        broken = [member for member in self._plan.members if (member.run, ZIP) in self._shelf.broken]
        with previous(self._shelf.storage, self._plan.key) if broken else nothing() as before:
            for member in self._plan.members:
                if problem := self._shelf.broken.get((member.run, ZIP)):
                    kept = _find(before, member)
                    if kept is None:
                        raise incomplete(self._plan, problem)
                    self._kept[member.path] = kept
                    items.append(Item(member, kept.rows, f"kept {kept.table.crc} {kept.rows}", problem.message))
                elif checked := self._checked(member):
                    items.append(Item(member, checked.rows, f"{member.run} {checked.sha256}"))
                else:
                    left_out.append(Left(member.path, NO_ROWS))
        return Contents(items, left_out)

    def texts(self) -> tuple[str, str]:
        """README and licences."""
        return self._texts

    def write(self, contents: Contents, out: Writer) -> None:
        """Write all of it. Raises ProblemError; a member that is not as it was is on the shelf as broken then."""
        archive = Archive(out)
        for name, text in zip(("README.txt", "LICENSE.txt"), self.texts(), strict=True):
            archive.add(name, text.encode())
        for item in contents.items:
            self._shelf.breathe()
            self._add(archive, item.member)
        archive.finish()

    def _add(self, archive: Archive, member: Member) -> None:
        name = member.path.rpartition("/")[2]
        kept, checked = self._kept.get(member.path), self._shelf.checked.get(member.run)
        if kept:
            self._copy(archive, member, self._plan.key, kept.table)
            counted = kept.summary
        else:
            assert checked is not None, "what goes in was looked at"
            self._copy(archive, member, member.key(ARCHIVE), checked.table)
            counted = summary(checked.squares)
        archive.add(f"{member.path}.vrt", vrt(name).encode())
        archive.add(f"summary/{member.path}-summary.csv", counted)
        archive.add(f"summary/{member.path}-summary.vrt", summary_vrt(f"{name}-summary"))

    def _copy(self, archive: Archive, member: Member, key: str, table: Packed) -> None:
        try:
            with self._shelf.storage.open(key, table.offset) as stream:
                archive.copy(f"{member.path}.csv", table, blocks(stream, table.packed))
        except MissingError:
            raise self._shelf.broke(member, ZIP, bad(member, f"{key} is not in storage")) from None
        except BrokenOffError as error:
            raise self._shelf.broke(member, ZIP, bad(member, f"{key} has changed: {error}")) from None

    def _checked(self, member: Member) -> Checked | None:
        found = self._shelf.checked[member.run]
        return found if found.rows else None


@contextmanager
def previous(storage: Storage, key: str) -> Iterator[zipfile.ZipFile | None]:
    """The archive that is published, None where there is none that can be read."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(closing(seekable(storage, key)))
            archive: zipfile.ZipFile | None = stack.enter_context(zipfile.ZipFile(file))
        except (MissingError, *DAMAGED):
            archive = None
        yield archive


@contextmanager
def nothing() -> Iterator[None]:
    """No archive, where none is needed."""
    yield None


def _find(archive: zipfile.ZipFile | None, member: Member) -> Kept | None:
    """A source in an archive, if it is there and whole."""
    if archive is None or archive.fp is None:
        return None
    try:
        info = archive.getinfo(f"{member.path}.csv")
        with archive.open(info) as table:
            # Reads to the end, where its checksum is compared.
            for _ in blocks(table, info.file_size):
                pass
        counted = archive.read(f"summary/{member.path}-summary.csv")
        return Kept(packed_of(info, archive.fp), counted, rows_of(counted))  # type: ignore[arg-type]
    except (ProblemError, ValueError, *DAMAGED):
        return None
