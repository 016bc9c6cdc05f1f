"""What happens in the box: one function for each stage of a run, called by `process` in a child of its own.

Arguments come from the parent; what is returned goes through the wall of the box as text and is checked there
(`box.messages`), so it is made of the records of `stages`.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from openaddr.conform import acceptance
from openaddr.conform.acceptance import Difference, check_tests
from openaddr.conform.pipeline import conform
from openaddr.conform.plan import check_rules
from openaddr.download import archive, download
from openaddr.errors import Problem, ProblemError
from openaddr.extract import sample
from openaddr.outputs.write import write_outputs
from openaddr.quality.profile import profile_of
from openaddr.quality.suspicions import suspicions
from openaddr.run import log
from openaddr.settings import Settings
from openaddr.source.coverage import declared_box
from openaddr.source.model import LayerSource
from openaddr.stages import Conformed, Downloaded, Edition, Extract, Options, Output, Progress, RowAccount

FILES_LOGGED = 10
ROWS_LOOKED_AT = 50_000
"""For the profile of an extract: enough for one row in a thousand to be seen fifty times."""


def test(entry: LayerSource, *, progress: Progress) -> bool | None:
    """Compile the rules, and whether the source's own tests pass; None without any. Raises ProblemError."""
    check_rules(entry)
    return check_tests(entry)


def differences(entry: LayerSource, *, progress: Progress) -> tuple[Difference, ...]:
    """Compile the rules, and everything in which the source's own tests do not come out. Raises ProblemError."""
    check_rules(entry)
    return tuple(acceptance.differences(entry))


def fetch(entry: LayerSource, folder: Path, settings: Settings, known: Edition, *, progress: Progress) -> Downloaded:
    """Download into `folder`. Raises ProblemError."""
    return download(entry, folder, settings, progress, known)


def convert(
    entry: LayerSource,
    source_id: str,
    coverage: Mapping[str, Any],
    received: Downloaded,
    folder: Path,
    settings: Settings,
    *,
    progress: Progress,
) -> Conformed:
    """Unpack a download and conform all its rows into `folder`; a problem comes with the account of the rows so far."""
    account, started = RowAccount(), time.monotonic()
    extract: Extract | None = None
    problem: Problem | None = None
    unpacked = started
    try:
        files = _unpacked(entry, received.files, folder / "unpacked")
        unpacked = time.monotonic()
        extract = conform(
            entry,
            source_id,
            files,
            folder,
            columns=received.columns,
            settings=settings,
            progress=progress,
            account=account,
            within=declared_box(coverage),
        )
    except ProblemError as error:
        problem = error.problem
    unpack_seconds = unpacked - started
    if extract is None or not extract.rows:
        return Conformed(account, extract, problem, unpack_seconds)
    rows = sample(extract.path, ROWS_LOOKED_AT)
    found = profile_of(rows, extract.layer)
    return Conformed(
        account, extract, problem, unpack_seconds, found, tuple(suspicions(extract, rows, f"{entry.pointer}/conform"))
    )


def _unpacked(entry: LayerSource, files: tuple[Path, ...], folder: Path) -> tuple[Path, ...]:
    """The files of a download; pages of an ESRI layer are what they are."""
    if entry.protocol != "ESRI":
        wanted = entry.conform.file if entry.conform else None
        files = archive.unpack(files[0], entry.compression, wanted, folder)
    log.info("  %d files: %s", len(files), ", ".join(path.name for path in files[:FILES_LOGGED]))
    return files


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
