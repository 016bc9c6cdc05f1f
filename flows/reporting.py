"""What operators see of a run in the Prefect UI: a name, a sentence, a table of outputs, a problem with its fix."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flows.services import Services
from openaddr.db import runs, source_files
from openaddr.db.records import Run
from openaddr.errors import ProblemError
from openaddr.source.model import LayerSource
from openaddr.source.parse import parse_source
from openaddr.storage.keys import run_prefix


@dataclass(frozen=True)
class Report:
    """A run in words. `host` is where its data comes from, '' when nobody can tell."""

    run: Run
    host: str
    outputs: tuple[dict[str, str], ...]

    @property
    def sentence(self) -> str:
        """How it stands, in one line."""
        found = self.run.problem
        told = f"{found['code']}: {found['message']}" if found else f"{self.run.rows or 0:,} rows"
        told = self.run.outgrown if self.run.outgrown and not self.run.status.is_final else told
        return f"{label(self.run)}: {self.run.status}, {told}"

    @property
    def problem(self) -> str:
        """The problem as Markdown, '' without one."""
        return markdown(self.run.problem) if self.run.problem else ""


def markdown(problem: Mapping[str, object]) -> str:
    """A problem of the record as Markdown."""
    place = f"\n\nLine {problem['line']}, `{problem['pointer']}`" if problem.get("line") else ""
    return f"## {problem['code']}\n\n{problem['message']}\n\n{problem['hint']}{place}"


def label(run: Run) -> str:
    """What a run is about."""
    return f"{run.source_id} {run.layer} {run.name}"


def report_of(services: Services, run_id: int) -> Report:
    """What is known of a run now. Raises LookupError for one that does not exist."""
    with services.pool.connection() as conn:
        run = runs.get(conn, run_id)
        if run is None:
            raise LookupError(f"there is no run {run_id}")
        content = source_files.content(conn, run.source_sha)
    prefix = run_prefix(run.files_of)
    listed = (
        (services.storage.head(found.key) for found in services.storage.list(prefix)) if run.status.is_final else ()
    )
    outputs = tuple(
        {"file": one.key.removeprefix(prefix), "bytes": f"{one.bytes:,}", "address": services.storage.url(one.key)}
        for one in listed
        if one is not None
    )
    return Report(run, _host(run, content), outputs)


def _host(run: Run, content: bytes) -> str:
    try:
        entries = parse_source(run.source_id, content).entries
    except ProblemError:
        return ""
    for entry in entries:
        if isinstance(entry, LayerSource) and (entry.layer, entry.name) == (run.layer, run.name):
            return _host_of(entry.data)
    return ""


def _host_of(address: str) -> str:
    try:
        return urlsplit(address.strip()).hostname or ""
    except ValueError:
        return ""
