"""One zip archive onto disk, with the zips inside it."""

import lzma
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from struct import error as StructError
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from openaddr.download.limits import (
    MAX_NESTING,
    Budget,
    bad,
    clean_name,
    require_safe,
    require_small_directory,
    require_supported,
)
from openaddr.download.selection import not_in_archive, select
from openaddr.download.store import BLOCK, require_room, write
from openaddr.errors import Code, ProblemError

NESTED = (".zip", ".kmz")
APPLE_EXTRAS = "__macosx/"
Members = Mapping[str, ZipInfo]


def unpack_zip(path: Path, wanted: str | None, folder: Path, budget: Budget) -> list[Path] | None:
    """Extract what is wanted, everything without `wanted`; None when the file is not a zip. Raises ProblemError."""
    if not is_zipfile(path):
        return None
    unpacking = _Unpacking(budget)
    files = unpacking.unpack(path, wanted, folder, depth=0)
    if not files and wanted is not None:
        raise not_in_archive(wanted, unpacking.names)
    if not files:
        raise bad("has no files")
    return files


@dataclass
class _Unpacking:
    """One archive and those inside it. `names` are all that could be chosen from so far."""

    budget: Budget
    names: list[str] = field(default_factory=list)

    def unpack(self, path: Path, wanted: str | None, folder: Path, depth: int) -> list[Path]:
        """Files extracted from this zip and the ones in it; none when nothing is wanted. Raises ProblemError."""
        require_small_directory(path)
        with _opened(path) as archive:
            members = self._members(archive)
            chosen, nested = _chosen(members, wanted)
            if nested and depth >= MAX_NESTING:
                raise bad(f"has zips in zips more than {MAX_NESTING} deep: member {nested[0]!r}")
            for name in (*sorted(chosen), *nested):
                require_supported(members[name])
                self.budget.spend(members[name].file_size, name)
            files = [_extract(archive, members[name], folder / name) for name in sorted(chosen)]
            for name in nested:
                inner = _extract(archive, members[name], folder / f".inner-{depth}")
                files += self._unpack_inner(inner, name, wanted, folder, depth + 1)
            return files

    def _members(self, archive: ZipFile) -> Members:
        """Files by clean name, once the archive has been found safe. Of two with one name the later one counts."""
        listed = archive.infolist()
        self.budget.count(len(listed))
        require_safe(listed, archive.start_dir)
        files = {clean_name(member): member for member in listed if not clean_name(member).endswith("/")}
        found = {name: member for name, member in files.items() if not name.lower().startswith(APPLE_EXTRAS)}
        self.names += found
        return found

    def _unpack_inner(self, inner: Path, name: str, wanted: str | None, folder: Path, depth: int) -> list[Path]:
        """What is wanted of a zip inside; everything, when the zip itself is what is wanted."""
        try:
            if not is_zipfile(inner):
                return [inner.replace(folder / name)] if wanted is None or select([name], wanted) else []
            below = None if wanted is not None and select([name], wanted) else wanted
            return self.unpack(inner, below, _free_folder(folder / name), depth)
        finally:
            inner.unlink(missing_ok=True)


def _opened(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except NotImplementedError as error:
        raise ProblemError(Code.ARCHIVE_UNSUPPORTED, f"The archive cannot be read: {error}.") from None
    except (BadZipFile, StructError, ValueError, OSError) as error:
        raise bad(f"cannot be read: {error}") from None


def _chosen(members: Members, wanted: str | None) -> tuple[set[str], list[str]]:
    """Names to extract as they are, and names of zips to open.

    Where nothing here is meant, it may be in one of the zips; where a zip itself is meant, so is all that is in it.
    """
    nested = sorted(name for name in members if name.lower().endswith(NESTED))
    if wanted is None:
        return set(members) - set(nested), nested
    meant = select(members, wanted)
    return meant - set(nested), [name for name in nested if name in meant] if meant else nested


def _free_folder(path: Path) -> Path:
    """A folder named like the zip without its ending, or with it where something of that name is there already."""
    plain = path.with_suffix("")
    return path if plain.exists() else plain


def _extract(archive: ZipFile, member: ZipInfo, target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        require_room(target.parent, member.file_size)
        write(_blocks(archive, member), target)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        raise bad(f"has a file and a folder of one name: member {member.filename!r}") from None
    return target


def _blocks(archive: ZipFile, member: ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(member) as file:
            while block := file.read(BLOCK):
                yield block
    except MemoryError:
        raise bad(f"asks for more memory than there is to unpack member {member.filename!r}") from None
    except (NotImplementedError, RuntimeError) as error:
        message = f"The member {member.filename!r} cannot be unpacked: {error}."
        raise ProblemError(Code.ARCHIVE_UNSUPPORTED, message) from None
    except (BadZipFile, zlib.error, lzma.LZMAError, StructError, EOFError, OSError, ValueError) as error:
        raise bad(f"is damaged at member {member.filename!r}: {error}") from None
