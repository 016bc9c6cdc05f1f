"""Opens what was downloaded: zip archives (also zips in zips) and gzip files, within limits."""

from collections.abc import Iterator
from gzip import BadGzipFile
from pathlib import Path

from isal import igzip, isal_zlib

from openaddr.download.kinds import Kind, kind_of
from openaddr.download.limits import Budget
from openaddr.download.store import BLOCK, HEAD, write
from openaddr.download.zips import unpack_zip
from openaddr.errors import Code, ProblemError

DOCUMENTS = (".xlsx", ".xlsm", ".ods", ".docx")
"""Files that are zips inside and yet one document."""


def unpack(
    path: Path, compression: str | None, wanted: str | None, folder: Path, *, is_cut: bool = False
) -> tuple[Path, ...]:
    """All files of a download, sorted, unpacked into `folder`, which should be a folder of its own.

    `compression` is zip, gzip or None, which goes by the first bytes; what is neither is returned as it is. `wanted`
    is the `file` of the conform: of a zip only what belongs to it is extracted. Zips inside a zip are unpacked into a
    folder of their name. Of a gzip file that `is_cut` comes what is there. Raises ProblemError: ARCHIVE_BAD,
    ARCHIVE_UNSUPPORTED, FILE_NOT_IN_ARCHIVE, FILE_AMBIGUOUS, DISK_FULL.
    """
    with path.open("rb") as file:
        found = kind_of(file.read(HEAD))
    how = compression or _guessed(path, found)
    if how is None:
        return (path,)
    folder.mkdir(parents=True, exist_ok=True)
    budget = Budget(path.stat().st_size)
    if how == "gzip":
        if found != Kind.GZIP:
            raise _not(path, "gzip", found)
        return (_gunzip(path, folder, budget, is_cut),)
    files = unpack_zip(path, wanted, folder, budget)
    if files is None:
        raise _not(path, "zip", found)
    return tuple(sorted(files))


def _guessed(path: Path, found: Kind) -> str | None:
    if found == Kind.GZIP:
        return "gzip"
    return "zip" if found == Kind.ZIP and path.suffix.lower() not in DOCUMENTS else None


def _not(path: Path, declared: str, found: Kind) -> ProblemError:
    size = path.stat().st_size
    looks = "it ends before its directory" if declared == "zip" and found == Kind.ZIP else f"it looks like {found}"
    return ProblemError(Code.ARCHIVE_BAD, f"The download is no complete {declared} of {size:,} bytes: {looks}.")


def _gunzip(path: Path, folder: Path, budget: Budget, is_cut: bool) -> Path:
    target = folder / (path.stem if path.suffix.lower() == ".gz" else "data")
    write(_gzip_blocks(path, budget, is_cut), target)
    return target


def _gzip_blocks(path: Path, budget: Budget, is_cut: bool) -> Iterator[bytes]:
    done = 0
    try:
        with igzip.IGzipFile(path, "rb") as file:  # type: ignore[no-untyped-call]
            # One read at a time does not wait for a whole block, which the end of what is cut would take with it.
            read = file.read1 if is_cut else file.read
            while block := read(BLOCK):
                done += len(block)
                budget.spend(len(block), path.name)
                yield block
    except EOFError as error:
        if not (is_cut and done):
            raise _damaged(done, error) from None
    except (BadGzipFile, OverflowError, isal_zlib.error) as error:  # type: ignore[misc]  # a value in its stub
        raise _damaged(done, error) from None


def _damaged(done: int, error: Exception) -> ProblemError:
    return ProblemError(Code.ARCHIVE_BAD, f"The gzip file is damaged after {done:,} unpacked bytes: {error}.")
