"""From source files to queued runs: every layer source once, or a copy of a run that did the same work lately."""

from collections.abc import Iterable

from flows.services import Services
from openaddr import __version__
from openaddr.db import runs, sets, source_files
from openaddr.db.records import NewRun, Set, Trust
from openaddr.errors import ProblemError
from openaddr.source.catalog import SourceFile
from openaddr.source.parse import parse_source

WHOLE_FILE = ("", "")
"""Layer and name of a run that stands for a file of which nothing can be used: it will say why."""


def list_set(services: Services, found: Set, files: Iterable[SourceFile], *, fresh: bool) -> int:
    """Queue the runs of a set, file by file, and give their number. Doing it again adds nothing.

    Each file is a transaction of its own: 3,000 of them are there in seconds, and a crash in between loses none.
    """
    count = 0
    for file in files:
        with services.pool.connection() as conn:
            sha = source_files.save(conn, file.content)
            for layer, name in layer_sources(file):
                new = NewRun(
                    file.id, layer, name, sha, Trust.MERGED, "large", found.id, commit_sha=found.commit_sha, fresh=fresh
                )
                earlier = runs.reusable(conn, new, __version__)
                _ = runs.queue(conn, new) if earlier is None else runs.copy(conn, earlier.id, new)
                count += 1
    with services.pool.connection() as conn:
        sets.mark_listed(conn, found.id)
    return count


def layer_sources(file: SourceFile) -> list[tuple[str, str]]:
    """Layer and name of each entry of a source file."""
    try:
        entries = parse_source(file.id, file.content).entries
    except ProblemError:
        return [WHOLE_FILE]
    return [(str(entry.layer), entry.name) for entry in entries] or [WHOLE_FILE]
