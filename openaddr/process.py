"""The whole journey of the layer sources of one file, on a local disk.

Each layer source gets a folder `<output>/<source>/<layer>/<name>/` that appears whole or not at all. A run that fails
leaves the last good folder as it is: its record goes to `<name>.failed/` beside it, or to `<name>/` when there was
nothing yet.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from openaddr.box import BoxedError
from openaddr.errors import Code, Problem, ProblemError
from openaddr.journey import Journey
from openaddr.outputs.folder import disk_problem
from openaddr.run import Record, Run, Status, log
from openaddr.run_folder import last_good, log_file, publish, run_folder
from openaddr.settings import Settings
from openaddr.source.model import BrokenEntry, LayerSource, Source
from openaddr.source.parse import read_source
from openaddr.stages import Options, Progress, silent
from openaddr.workshop import workshop


@dataclass(frozen=True)
class Request:
    """What to process, where to put it, and how.

    `fresh` fetches data that has not changed since the last run, too. `last` is the last good run where its files are
    kept elsewhere and not in `output`; `stop`, set by another thread, ends the run.
    """

    path: Path
    output: Path
    layer: str | None = None
    name: str | None = None
    options: Options = field(default_factory=Options)
    settings: Settings = field(default_factory=Settings)
    fresh: bool = False
    last: Record | None = None
    stop: threading.Event = field(default_factory=threading.Event)


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
        with workshop(target) as work, log_file(work / "log.txt"):
            try:
                _travel(source, entry, request, run, target, work, progress)
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
        words = str(error) if isinstance(error, BoxedError) else f"{type(error).__name__}: {error}"
        run.problem = Problem(Code.INTERNAL, words[:500])
    if run.problem.code is Code.SOURCE_SKIP:
        run.status = Status.SKIPPED
    log.error("%s: %s", run.problem.code, run.problem.message)


def _travel(
    source: Source,
    entry: LayerSource | BrokenEntry,
    request: Request,
    run: Run,
    target: Path,
    work: Path,
    progress: Progress,
) -> None:
    if isinstance(entry, BrokenEntry):
        found = entry.problem
        raise ProblemError(found.code, found.message, hint=found.hint, pointer=found.pointer)
    here = request.last is None
    last = None if request.fresh else last_good(target) if here else request.last
    Journey(
        source,
        entry,
        run,
        target,
        work,
        request.options,
        request.settings,
        last=last,
        last_is_here=here,
        progress=progress,
        stop=request.stop,
    ).go()
