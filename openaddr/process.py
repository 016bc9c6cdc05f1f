"""The whole journey of the layer sources of one file, on a local disk.

Each layer source gets a folder `<output>/<source>/<layer>/<name>/` that appears whole or not at all. A run that fails
leaves the last good folder as it is: its record goes to `<name>.failed/` beside it, or to `<name>/` when there was
nothing yet.
"""

import json
import logging
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from openaddr import __version__
from openaddr.conform.acceptance import check_tests
from openaddr.conform.pipeline import conform, rejected_warning
from openaddr.conform.plan import check_rules
from openaddr.download import download
from openaddr.download.archive import unpack
from openaddr.errors import Code, ExitCode, Problem, ProblemError
from openaddr.outputs import Options, write_outputs
from openaddr.outputs.folder import atomic_folder, disk_problem
from openaddr.settings import Settings
from openaddr.source.model import BrokenEntry, LayerSource, Source
from openaddr.source.parse import read_source
from openaddr.stages import Downloaded, Extract, Progress, RowAccount, silent

log = logging.getLogger("openaddr.run")


class Status(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass
class Run:
    """One processing of one layer source: filled in stage by stage, then written as `run.json`."""

    source: str
    layer: str
    name: str
    status: Status = Status.FAILED
    problem: Problem | None = None
    account: RowAccount = field(default_factory=RowAccount)
    warnings: list[Problem] = field(default_factory=list)
    fingerprint: str | None = None
    tests_passed: bool | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    outputs: dict[str, Path] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What the command line answers for this run."""
        if self.problem is None or self.status is Status.SKIPPED:
            return ExitCode.DONE
        return self.problem.explanation.exit_code

    def as_json(self) -> dict[str, object]:
        """The object of the command line contract."""
        return {
            "source": self.source,
            "layer": self.layer,
            "name": self.name,
            "status": self.status.value,
            "problem": self.problem.as_json() if self.problem else None,
            "rows": self.account.kept,
            "received": self.account.received,
            "rejected": {
                "count": self.account.rejected_total,
                "reasons": {reason.value: count for reason, count in sorted(self.account.rejected.items())},
                "examples": [example.as_json() for example in self.account.examples],
            },
            "warnings": [warning.as_json() for warning in self.warnings],
            "fingerprint": self.fingerprint,
            "tests_passed": self.tests_passed,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "outputs": {kind: str(path) for kind, path in self.outputs.items()},
            "code_version": __version__,
        }

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times one stage and notes its start in the log."""
        log.info("%s", name)
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started


@dataclass(frozen=True)
class Request:
    """What to process, where to put it, and how."""

    path: Path
    output: Path
    layer: str | None = None
    name: str | None = None
    options: Options = field(default_factory=Options)
    settings: Settings = field(default_factory=Settings)


def process_source(request: Request, progress: Progress = silent) -> Iterator[Run]:
    """Process the layer sources of a file that were asked for, one run each, in the order of the file."""
    try:
        source = read_source(request.path)
        entries = select(source, request.layer, request.name)
    except ProblemError as error:
        yield Run(str(request.path), request.layer or "", request.name or "", problem=error.problem)
        return
    for entry in entries:
        yield process_entry(source, entry, request, progress)


def select(source: Source, layer: str | None, name: str | None) -> list[LayerSource | BrokenEntry]:
    """The entries of a source that a layer and a name single out. Raises ProblemError when there are none."""
    layers = list(dict.fromkeys(entry.layer for entry in source.entries))
    of_layer = [entry for entry in source.entries if layer in (None, entry.layer)]
    if not of_layer:
        listed = ", ".join(layers) or "none"
        raise ProblemError(
            Code.LAYER_UNKNOWN, f"{source.id} has no layer {layer or ''!r}; it has: {listed}.", pointer="/layers"
        )
    found = [entry for entry in of_layer if name in (None, entry.name)]
    if not found:
        listed = ", ".join(f"{entry.layer}/{entry.name}" for entry in of_layer)
        raise ProblemError(Code.NAME_UNKNOWN, f"{source.id} has no source named {name!r}; it has: {listed}.")
    return found


def process_entry(
    source: Source, entry: LayerSource | BrokenEntry, request: Request, progress: Progress = silent
) -> Run:
    """Process one layer source. What is expected to fail ends up in the run, and its folder says the same."""
    run = Run(source.id, str(entry.layer), entry.name)
    target = run_folder(request.output, source.id, entry)
    try:
        with _workshop(target) as work:
            try:
                _journey(source, entry, request, run, work, progress)
            except BaseException as error:
                _note_failure(run, source, error, request.output)
                if not isinstance(error, Exception):
                    raise
            finally:
                _publish(run, work, target)
    except (ProblemError, OSError) as error:
        # Even the folder of the run cannot be written: there is only the answer on the terminal.
        _note_failure(run, source, error, request.output)
    return run


@contextmanager
def _workshop(target: Path) -> Iterator[Path]:
    """A hidden folder beside the target, on the same disk, gone afterwards; the log of the run goes there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = tempfile.TemporaryDirectory(prefix=".work-", dir=target.parent, ignore_cleanup_errors=True)
    with scratch as name, _log_file(Path(name) / "log.txt"):
        yield Path(name)


def _note_failure(run: Run, source: Source, error: BaseException, output: Path) -> None:
    """Turn what was raised into the problem of the run."""
    run.status, run.outputs = Status.FAILED, {}
    if isinstance(error, ProblemError):
        run.problem = source.located(error.problem)
    elif isinstance(error, OSError) and (problem := disk_problem(error, output)):
        run.problem = problem
    elif isinstance(error, KeyboardInterrupt):
        run.problem = Problem(Code.INTERRUPTED, "The run was interrupted.")
    else:
        # The last border: one source may not take the others down, and the log has the whole story.
        log.error("unexpected", exc_info=error)
        run.problem = Problem(Code.INTERNAL, f"{type(error).__name__}: {error}"[:500])
    if run.problem.code is Code.SOURCE_SKIP:
        run.status = Status.SKIPPED
    log.error("%s: %s", run.problem.code, run.problem.message)


def _publish(run: Run, work: Path, target: Path) -> None:
    """Put the finished folder of the run in its place; one that did not succeed replaces no good output."""
    succeeded = run.status is Status.SUCCEEDED
    failed = target.with_name(f"{target.name}.failed")
    run.folder = failed if not succeeded and _is_good(target) else target
    with atomic_folder(run.folder) as fresh:
        for path in run.outputs.values():
            path.rename(fresh / path.name)
        # In the record the files are named from where it stands, so that the folder may be moved.
        run.outputs = {kind: Path(path.name) for kind, path in run.outputs.items()}
        shutil.copy(work / "log.txt", fresh)
        text = json.dumps(run.as_json(), indent=2, ensure_ascii=False)
        (fresh / "run.json").write_text(text + "\n", encoding="utf-8")
    run.outputs = {kind: run.folder / path.name for kind, path in run.outputs.items()}
    if succeeded:
        shutil.rmtree(failed, ignore_errors=True)


def _is_good(target: Path) -> bool:
    try:
        record = json.loads((target / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("status") == Status.SUCCEEDED


def _journey(
    source: Source, entry: LayerSource | BrokenEntry, request: Request, run: Run, work: Path, progress: Progress
) -> None:
    """All stages of one run, each result noted in `run` as soon as it is known."""
    if isinstance(entry, BrokenEntry):
        raise _raised(entry.problem)
    run.warnings += [source.located(warning) for warning in entry.warnings]
    if entry.skip:
        raise ProblemError(Code.SOURCE_SKIP, "The source says to skip.", pointer=f"{entry.pointer}/skip")
    with run.stage("test"):
        check_rules(entry)
        run.tests_passed = check_tests(entry)
    extract = _extract(source, entry, work, request.settings, run, progress)
    with run.stage("outputs"):
        folder = _made(work / "outputs")
        outputs = write_outputs(extract, entry, source.id, folder, request.options, datetime.now(UTC))
    run.outputs = {output.kind: output.path for output in outputs}
    run.status = Status.SUCCEEDED


def _extract(
    source: Source, entry: LayerSource, work: Path, settings: Settings, run: Run, progress: Progress
) -> Extract:
    """Download, unpack and conform."""
    with run.stage("download"):
        received = download(entry, _made(work / "download"), settings, progress)
    run.fingerprint = received.fingerprint
    run.warnings += received.warnings
    with run.stage("unpack"):
        files = _unpacked(entry, received, _made(work / "unpacked"))
    with run.stage("conform"):
        extract = conform(
            entry,
            source.id,
            files,
            work,
            columns=received.columns,
            settings=settings,
            progress=progress,
            account=run.account,
        )
    run.warnings += [source.located(warning) for warning in extract.warnings]
    if warning := rejected_warning(run.account):
        run.warnings.append(warning)
    return extract


def _unpacked(entry: LayerSource, received: Downloaded, folder: Path) -> tuple[Path, ...]:
    if entry.protocol == "ESRI":
        return received.files
    wanted = entry.conform.file if entry.conform else None
    return unpack(received.files[0], entry.compression, wanted, folder)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _raised(problem: Problem) -> ProblemError:
    return ProblemError(problem.code, problem.message, hint=problem.hint, pointer=problem.pointer)


def run_folder(output: Path, source_id: str, entry: LayerSource | BrokenEntry) -> Path:
    """Where the files of a layer source go. Layer and name come from strangers, so they become plain names."""
    return output.joinpath(*map(plain_name, source_id.split("/")), plain_name(entry.layer), plain_name(entry.name))


def plain_name(text: str) -> str:
    """Text as the name of one folder: letters, digits and `._-` in any script, no dot in front, at most 80."""
    return re.sub(r"[^\w.-]", "_", text).lstrip(".")[:80] or "unnamed"


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()
