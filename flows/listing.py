"""From source files to queued runs: every layer source once, or a copy of a run that did the same work lately."""

from collections.abc import Iterable, Iterator
from itertools import islice

from flows.origins import Origin
from flows.services import Services
from openaddr import __version__
from openaddr.db import last_good, runs, sets, source_files
from openaddr.db.records import NewRun, Set
from openaddr.db.values import word
from openaddr.errors import ProblemError
from openaddr.proposal import WHOLE_FILE
from openaddr.sizes import UNKNOWN
from openaddr.source.catalog import SourceFile
from openaddr.source.parse import parse_source

TOGETHER = 50
"""Files whose text is kept at once."""
Entry = tuple[str, str, str, str]
"""A layer source: source, layer, name, and what the text of its file is known by."""


def list_set(services: Services, found: Set, origin: Origin) -> int:
    """Queue the runs of a set and give their number; doing it again adds nothing. Raises ProblemError.

    All of them or none: whoever dies here leaves a set that is begun again.
    """
    with origin.snapshot(found.commit_sha) as snapshot:
        entries = list(_kept(services, snapshot.files))
    with services.pool.connection() as conn:
        sizes = last_good.size_classes(conn)
        for source_id, layer, name, sha in entries:
            new = NewRun(
                source_id,
                layer,
                name,
                sha,
                snapshot.trust,
                sizes.get((word(source_id), word(layer), word(name)), UNKNOWN),
                found.id,
                commit_sha=found.commit_sha,
                fresh=found.fresh,
            )
            earlier = runs.reusable(conn, new, __version__)
            _ = runs.queue(conn, new) if earlier is None else runs.copy(conn, earlier.id, new)
        sets.mark_listed(conn, found.id)
    return len(entries)


def _kept(services: Services, files: Iterable[SourceFile]) -> Iterator[Entry]:
    """The layer sources of files whose text is kept.

    Some files at a time: whoever has the same text to keep has to wait for the end of the transaction.
    """
    left = iter(files)
    while some := list(islice(left, TOGETHER)):
        with services.pool.connection() as conn:
            known = source_files.save_all(conn, (file.content for file in some))
        for file, sha in zip(some, known, strict=True):
            for layer, name in layer_sources(file):
                yield file.id, layer, name, sha


def layer_sources(file: SourceFile) -> list[tuple[str, str]]:
    """Layer and name of each entry of a source file."""
    try:
        entries = parse_source(file.id, file.content).entries
    except ProblemError:
        return [WHOLE_FILE]
    return [(str(entry.layer), entry.name) for entry in entries] or [WHOLE_FILE]
