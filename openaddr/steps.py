"""What happens in the box: one function for each stage of a run, called by `process` in a child of its own.

Arguments come from the parent; what is returned goes through the wall of the box as text and is checked there
(`box.messages`), so it is made of the records of `stages`.
"""

from datetime import datetime
from pathlib import Path

from openaddr.conform.acceptance import check_tests
from openaddr.conform.pipeline import conform
from openaddr.conform.plan import check_rules
from openaddr.download import archive, download
from openaddr.errors import ProblemError
from openaddr.outputs.write import write_outputs
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Conformed, Downloaded, Edition, Extract, Options, Output, Progress, RowAccount


def test(entry: LayerSource, *, progress: Progress) -> bool | None:
    """Compile the rules, and whether the source's own tests pass; None without any. Raises ProblemError."""
    check_rules(entry)
    return check_tests(entry)


def fetch(entry: LayerSource, folder: Path, settings: Settings, known: Edition, *, progress: Progress) -> Downloaded:
    """Download into `folder`. Raises ProblemError."""
    return download(entry, folder, settings, progress, known)


def unpack(
    path: Path, compression: str | None, wanted: str | None, folder: Path, *, progress: Progress
) -> tuple[Path, ...]:
    """Unpack a download into `folder`; what is no archive is given back as it is. Raises ProblemError."""
    return archive.unpack(path, compression, wanted, folder)


def read(
    entry: LayerSource,
    source_id: str,
    files: tuple[Path, ...],
    columns: tuple[str, ...],
    folder: Path,
    settings: Settings,
    *,
    progress: Progress,
) -> Conformed:
    """Conform all rows into `folder`; a problem comes with the account of the rows so far."""
    account = RowAccount()
    try:
        extract = conform(
            entry, source_id, files, folder, columns=columns, settings=settings, progress=progress, account=account
        )
    except ProblemError as error:
        return Conformed(account, problem=error.problem)
    return Conformed(account, extract)


def package(
    extract: Extract,
    entry: LayerSource,
    source_id: str,
    folder: Path,
    options: Options,
    now: datetime,
    *,
    progress: Progress,
) -> tuple[Output, ...]:
    """Write all outputs into `folder`. Raises ProblemError."""
    return write_outputs(extract, entry, source_id, folder, options, now, progress)
