"""The whole journey of the layer sources of one file, on a local disk.

Each layer source gets a folder `<output>/<source>/<layer>/<name>/` that appears whole or not at all. A run that fails
leaves the last good folder as it is: its record goes to `<name>.failed/` beside it, or to `<name>/` when there was
nothing yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from openaddr.conform.acceptance import check_tests
from openaddr.conform.pipeline import conform, rejected_warning
from openaddr.conform.plan import check_rules
from openaddr.download import download
from openaddr.download.archive import unpack
from openaddr.errors import Code, Problem, ProblemError
from openaddr.outputs import Options, write_outputs
from openaddr.outputs.folder import disk_problem
from openaddr.run import Run, Status, log
from openaddr.run_folder import publish, run_folder, workshop
from openaddr.settings import Settings
from openaddr.source.model import BrokenEntry, LayerSource, Source
from openaddr.source.parse import read_source
from openaddr.stages import Downloaded, Extract, Output, Progress, silent

FILES_LOGGED = 10


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
        with workshop(target) as work:
            try:
                _journey(source, entry, request, run, work, progress)
            except BaseException as error:
                _note_failure(run, source, error, request.output)
                if not isinstance(error, Exception):
                    raise
            finally:
                publish(run, work, target)
    except (ProblemError, OSError) as error:
        # Even the folder of the run cannot be written: there is only the answer on the terminal.
        _note_failure(run, source, error, request.output)
    return run


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
        outputs = write_outputs(extract, entry, source.id, folder, request.options, datetime.now(UTC), progress)
    for output in outputs:
        _log_output(output)
    run.outputs = {output.kind: output.path for output in outputs}
    run.status = Status.SUCCEEDED


def _log_output(output: Output) -> None:
    rows = "" if output.rows is None else f", {output.rows:,} rows"
    log.info("  %s: %s bytes%s", output.path.name, f"{output.path.stat().st_size:,}", rows)


def _extract(
    source: Source, entry: LayerSource, work: Path, settings: Settings, run: Run, progress: Progress
) -> Extract:
    """Download, unpack and conform."""
    with run.stage("download"):
        log.info("  %s by %s", _without_password(entry.data), entry.protocol)
        received = download(entry, _made(work / "download"), settings, progress)
        log.info("  %s bytes, md5 %s", f"{received.size:,}", received.fingerprint)
    run.fingerprint = received.fingerprint
    run.warnings += received.warnings
    with run.stage("unpack"):
        files = _unpacked(entry, received, _made(work / "unpacked"))
        log.info("  %d files: %s", len(files), ", ".join(path.name for path in files[:FILES_LOGGED]))
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
    log.info("  %s of %s rows", f"{run.account.kept:,}", f"{run.account.received:,}")
    for warning in run.warnings:
        log.warning("  %s: %s", warning.code, warning.message)
    return extract


def _without_password(address: str) -> str:
    """An address as it may be shown: without user, password and query."""
    try:
        parts = urlsplit(address.strip())
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
    except ValueError:
        return "an address that cannot be read"


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
