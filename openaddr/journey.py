"""The stages of one run, each in the box, and what the record of the run learns from them."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from openaddr import __version__
from openaddr.box import Box, Confinement, layers
from openaddr.conform.readers.modules import ESRI_READER, READERS
from openaddr.errors import Code, Problem, ProblemError
from openaddr.outputs.tippecanoe import find_tippecanoe
from openaddr.run import Record, Run, Status, log
from openaddr.settings import Settings
from openaddr.source.model import LayerSource, Source
from openaddr.stages import NO_EDITION, Conformed, Downloaded, Edition, Extract, Options, Output, Progress, silent
from openaddr.workshop import done_with, download_folder

LOADED_LATE = ("numpy.ma",)
"""What libraries load at their first use: in the fork server it is loaded once, and not by every child."""
TEST_SECONDS = 60.0
FETCH_MARGIN = 60.0
"""The download knows its own limit and says more about it; this one ends what does not listen."""


@dataclass
class Journey:
    """One layer source on its way: `target` is the folder that its run will have, `work` is ours until it ends."""

    source: Source
    entry: LayerSource
    run: Run
    target: Path
    work: Path
    options: Options
    settings: Settings
    last: Record | None = None
    """The last good run, unless it is to be made afresh whatever it was."""
    last_is_here: bool = True
    """Whether the files of the last good run are those in `target`; if not, somebody else keeps them."""
    progress: Progress = silent
    stop: threading.Event = field(default_factory=threading.Event)
    box: Box = field(init=False)

    def __post_init__(self) -> None:
        self.settings = self.settings.without_secrets()
        self.box = Box(self.settings, stop=self.stop)
        # Stages work in folders of their own, where a path from here would lead somewhere else.
        self.work = self.work.resolve()

    def go(self) -> None:
        """All stages in order, each result noted in the run as soon as it is known. Raises ProblemError."""
        run, entry = self.run, self.entry
        run.warnings += [self.source.located(warning) for warning in entry.warnings]
        if entry.skip:
            raise ProblemError(Code.SOURCE_SKIP, "The source says to skip.", pointer=f"{entry.pointer}/skip")
        run.key = self.key()
        log.info("box: %s", ", ".join(layer.what if not layer.missing else f"no {layer.name}" for layer in layers()))
        try:
            with run.stage("test"):
                run.tests_passed = self._test()
            with download_folder(self.target, run.key, self.work) as folder, _kept_if_of_use(folder):
                received = self._downloaded(folder)
                if received.unchanged and self.last is not None:
                    log.info("  the server says that nothing has changed")
                    run.take_over(self.last, self.target if self.last_is_here else None)
                    return
                extract = self._conformed(received, folder)
            self._packaged(extract)
        finally:
            run.peak_memory, run.cpu_seconds = self.box.use.peak_bytes, self.box.use.cpu_seconds
        run.edition, run.status = received.edition, Status.SUCCEEDED

    def key(self) -> str:
        """A digest of all that makes the files of this run, except for the data itself."""
        made_of = (self.source.id, self.entry, self.options, __version__)
        return hashlib.sha256(repr(made_of).encode(errors="surrogateescape")).hexdigest()

    def _known(self) -> Edition:
        """The edition that need not be fetched again."""
        last = self.last
        if last is None or last.key != self.run.key or (self.last_is_here and not last.is_complete(self.target)):
            return NO_EDITION
        return last.edition

    def _test(self) -> bool | None:
        rules = Confinement(self._made("test"), seconds=TEST_SECONDS, memory_bytes=self.settings.size.memory_bytes)
        found: bool | None = self.box.call("openaddr.steps:test", self.entry, returns=bool | None, confinement=rules)
        return found

    def _downloaded(self, folder: Path) -> Downloaded:
        run, size = self.run, self.settings.size
        rules = Confinement(
            folder,
            tuple(Path(path) for path in self.settings.allow_files),
            network=True,
            seconds=size.download_seconds + FETCH_MARGIN,
            memory_bytes=size.memory_bytes,
            file_bytes=size.download_bytes,
        )
        with run.stage("download"):
            log.info("  %s by %s", _without_password(self.entry.data), self.entry.protocol)
            arguments = (self.entry, folder, self.settings, self._known())
            received: Downloaded = self.box.call(
                "openaddr.steps:fetch", *arguments, returns=Downloaded, confinement=rules, progress=self.progress
            )
            log.info("  %s bytes, md5 %s", f"{received.size:,}", received.fingerprint)
        run.fingerprint, run.downloaded = received.fingerprint, received.size
        run.warnings += received.warnings
        return received

    def _conformed(self, received: Downloaded, downloads: Path) -> Extract:
        """Unpack and conform, in one child."""
        run, folder = self.run, self._made("conformed")
        with run.stage("conform"):
            conformed: Conformed = self.box.call(
                "openaddr.steps:convert",
                *(self.entry, self.source.id, self.source.coverage, received, folder, self.settings),
                returns=Conformed,
                # Some readers write beside the data: an index that is missing, what they learned of a schema.
                confinement=self._converting(folder, downloads),
                progress=self.progress,
                preload=(self._reader(), *LOADED_LATE),
            )
        run.seconds["unpack"] = conformed.unpack_seconds
        run.seconds["conform"] -= conformed.unpack_seconds
        run.account = conformed.account
        if conformed.problem is not None or conformed.extract is None:
            raise _raised(conformed.problem)
        extract = conformed.extract
        run.fills, run.bounds, run.misplaced, run.profile = (
            extract.fills,
            extract.bounds,
            extract.misplaced,
            conformed.profile,
        )
        run.warnings += [self.source.located(warning) for warning in (*extract.warnings, *conformed.suspicions)]
        if warning := run.account.warning():
            run.warnings.append(warning)
        log.info("  %s of %s rows", f"{run.account.kept:,}", f"{run.account.received:,}")
        for warning in run.warnings:
            log.warning("  %s: %s", warning.code, warning.message)
        return extract

    def _packaged(self, extract: Extract) -> None:
        run, place = self.run, self._made("packaged")
        programs = (Path(find_tippecanoe()),) if self.options.tiles else ()
        folder = place / "outputs"
        folder.mkdir()
        with run.stage("outputs"):
            outputs: tuple[Output, ...] = self.box.call(
                "openaddr.steps:package",
                *(extract, self.entry, self.source.id, folder, self.options, datetime.now(UTC)),
                returns=tuple[Output, ...],
                confinement=self._converting(place, extract.path.parent, programs=programs),
                progress=self.progress,
            )
        for output in outputs:
            _log_output(output)
        run.outputs = {output.kind: output.path for output in outputs}
        run.bytes = sum(path.stat().st_size for path in run.outputs.values())

    def _converting(self, writable: Path, *readable: Path, programs: tuple[Path, ...] = ()) -> Confinement:
        size = self.settings.size
        return Confinement(
            writable,
            readable,
            programs=programs,
            seconds=size.convert_seconds,
            memory_bytes=size.memory_bytes,
            file_bytes=size.unpacked_bytes,
        )

    def _reader(self) -> str:
        conform = self.entry.conform
        return ESRI_READER if self.entry.protocol == "ESRI" or not conform else READERS.get(conform.format, ESRI_READER)

    def _made(self, name: str) -> Path:
        folder = self.work / name
        folder.mkdir()
        return folder


@contextmanager
def _kept_if_of_use(folder: Path) -> Iterator[None]:
    """Remove a download unless the same run may get further with it later, after a cut or an interruption."""
    try:
        yield
    except ProblemError as error:
        if not error.problem.retry:
            done_with(folder)
        raise
    except Exception:
        done_with(folder)
        raise
    else:
        done_with(folder)


def _log_output(output: Output) -> None:
    rows = "" if output.rows is None else f", {output.rows:,} rows"
    log.info("  %s: %s bytes%s", output.path.name, f"{output.path.stat().st_size:,}", rows)


def _without_password(address: str) -> str:
    """An address as it may be shown: without user, password and query."""
    try:
        parts = urlsplit(address.strip())
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
    except ValueError:
        return "an address that cannot be read"


def _raised(problem: Problem | None) -> Exception:
    if problem is None:
        return ValueError("neither an extract nor a problem came out of the conform stage")
    return ProblemError(problem.code, problem.message, hint=problem.hint, pointer=problem.pointer)
