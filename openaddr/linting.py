"""What `openaddr lint` does once its options are known."""

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from openaddr.errors import Code, ExitCode, Problem, ProblemError
from openaddr.lint.check import check_bytes, unreadable
from openaddr.lint.findings import Finding, Severity
from openaddr.lint.fix import mended, replace_file
from openaddr.lint.formats import FORMATS, Report
from openaddr.lint.formats.terminal import show
from openaddr.lint.git import GitError, changed_files, staged_files
from openaddr.source.catalog import paths_in
from openaddr.source.parse import read_bytes, source_id
from openaddr.terminal import allow_any_text, counted

Chosen = dict[Path, bytes | None]
"""Files in order, with their content where it is not that of the disk."""


@dataclass
class _Tally:
    """What came out so far."""

    files: int = 0
    mended: int = 0
    mendable: int = 0
    severities: Counter[Severity] = field(default_factory=Counter)
    ours: int = 0
    """Files in which it was us who failed."""

    def count(self, findings: Sequence[Finding]) -> None:
        self.files += 1
        self.mendable += sum(finding.fix is not None for finding in findings)
        self.ours += any(finding.rule == Code.INTERNAL for finding in findings)
        self.severities.update(finding.severity for finding in findings)

    def __str__(self) -> str:
        found = ", ".join(counted(self.severities[severity], severity.value) for severity in Severity)
        told = f"{counted(self.files, 'file')}: {found}"
        if self.mended:
            told += f"; {counted(self.mended, 'place')} mended"
        return told + (f"; --fix mends {self.mendable:,} of them" if self.mendable else "")


def run_lint(paths: Sequence[Path], *, changed: bool, staged: bool, written: str, fix: bool) -> int:
    """Lint source files in the form `written`, a key of FORMATS; gives the exit code, 1 when there is a bug."""
    if (changed and staged) or (staged and fix):
        other = "--changed" if changed else "--fix"
        return _refused(f"--staged looks at what the next commit has, so it does not go with {other}")
    if not paths and not (changed or staged):
        return _refused("nothing to look at: name files or folders, or say --changed or --staged")
    try:
        files = _chosen(paths, changed=changed, staged=staged)
    except GitError as error:
        return _refused(f"{'--changed' if changed else '--staged'} needs a git repository: {error}")
    if not files and not (changed or staged):
        return _refused(f"there are no source files in {', '.join(map(str, paths))}")
    tally = _Tally()
    try:
        _write(_reports(files, fix, tally), written)
    except ProblemError as error:
        print(f"openaddr: {error.problem.message}", file=sys.stderr)
        return error.problem.explanation.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    print(tally, file=sys.stderr)
    if tally.ours:
        return ExitCode.OURS
    return ExitCode.FINDINGS if tally.severities[Severity.BUG] else ExitCode.DONE


def _refused(reason: str) -> int:
    print(f"openaddr: {reason}", file=sys.stderr)
    return ExitCode.USAGE


def _chosen(paths: Sequence[Path], *, changed: bool, staged: bool) -> Chosen:
    """The files to look at. Raises GitError."""
    if staged:
        return dict(staged_files(paths))
    if changed:
        return dict.fromkeys(changed_files(paths))
    return dict.fromkeys(file for path in paths for file in (paths_in(path) if path.is_dir() else (path,)))


def _reports(files: Chosen, fix: bool, tally: _Tally) -> Iterator[Report]:
    """What there is to say of each file, mended before where that is wanted. Raises ProblemError."""
    for path, content in files.items():
        identity = source_id(path)
        try:
            raw = read_bytes(path) if content is None else content
        except ProblemError as error:
            findings = [unreadable(error.problem)]
            raw = b""
        else:
            raw = _mended(path, identity, raw, tally) if fix else raw
            findings = _checked(identity, raw)
        tally.count(findings)
        lines = raw.decode("utf-8-sig", "replace").split("\n") if findings else []
        yield Report(str(path), tuple(lines), tuple(findings))


def _checked(identity: str, raw: bytes) -> list[Finding]:
    try:
        return check_bytes(identity, raw)
    except Exception as error:
        # The last border: a mistake of ours in one file does not keep the others from being looked at.
        logging.getLogger(__name__).error("%s", identity, exc_info=error)
        return [unreadable(Problem(Code.INTERNAL, f"{type(error).__name__}: {error}"[:500]))]


def _mended(path: Path, identity: str, raw: bytes, tally: _Tally) -> bytes:
    """The content of a file, mended on the disk. Raises ProblemError where it cannot be written."""
    better, places = mended(identity, raw)
    if places:
        replace_file(path, better)
        tally.mended += places
    return better


def _write(reports: Iterator[Report], written: str) -> None:
    """To standard output: in colours where that is a terminal and people are to read it."""
    allow_any_text()
    if written == "text" and sys.stdout.isatty():
        return show(reports, Console(highlight=False))
    for line in FORMATS[written](reports):
        print(line, flush=True)
