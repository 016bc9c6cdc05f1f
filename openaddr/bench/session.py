"""One sitting at the bench: a work folder, and calls into the box with the rights and limits of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openaddr.bench.records import Examined, Fetched, Wish
from openaddr.box import Box, Confinement
from openaddr.settings import Settings
from openaddr.source.model import LayerSource, Source
from openaddr.stages import FirstRows, Progress
from openaddr.workshop import scratch

CONNECT_SECONDS, READ_SECONDS = 15.0, 60.0
"""Somebody sits and waits."""
FETCH_MARGIN = 60.0
TEST_SECONDS = 60.0
PREFIX = "openaddr-bench-"


@dataclass(frozen=True)
class Session:
    """A folder of its own for what is fetched and unpacked, gone afterwards."""

    folder: Path
    settings: Settings
    box: Box
    progress: Progress

    def look(self, entry: LayerSource, rows: int) -> Fetched:
        """Fetch what an address has to say of itself. Raises ProblemError."""
        return self._fetched("openaddr.bench.fetching:look", entry, rows)

    def fetch_rows(self, entry: LayerSource, rows: int) -> Fetched:
        """Fetch enough of a source to see its first rows. Raises ProblemError."""
        return self._fetched("openaddr.bench.fetching:fetch_rows", entry, rows)

    def examine(self, entry: LayerSource, fetched: Fetched, wish: Wish) -> Examined:
        """Look into what was fetched. Raises ProblemError."""
        folder = self._made()
        arguments = (entry, fetched, folder, self.settings, wish)
        found: Examined = self._read("openaddr.bench.examining:examine", arguments, Examined, folder)
        return found

    def rows_of(self, source: Source, entry: LayerSource, fetched: Fetched, count: int) -> FirstRows:
        """The first rows before and after. Raises ProblemError."""
        folder = self._made()
        arguments = (entry, source.id, fetched, folder, self.settings, count)
        found: FirstRows = self._read("openaddr.bench.reading:rows_of", arguments, FirstRows, folder)
        return found

    def test(self, entry: LayerSource) -> None:
        """Compile the rules and run the tests of a source, as a run does first. Raises ProblemError."""
        rules = Confinement(self._made(), seconds=TEST_SECONDS, memory_bytes=self.settings.size.memory_bytes)
        self.box.call("openaddr.steps:test", entry, returns=bool | None, confinement=rules)

    def _fetched(self, function: str, entry: LayerSource, rows: int) -> Fetched:
        size, folder = self.settings.size, self._made()
        rules = Confinement(
            folder,
            tuple(Path(path) for path in self.settings.allow_files),
            network=True,
            seconds=size.download_seconds + FETCH_MARGIN,
            memory_bytes=size.memory_bytes,
            file_bytes=size.download_bytes,
        )
        arguments = (entry, folder, self.settings, rows)
        found: Fetched = self.box.call(function, *arguments, returns=Fetched, confinement=rules, progress=self.progress)
        return found

    def _read(self, function: str, arguments: tuple[Any, ...], returns: Any, folder: Path) -> Any:
        size = self.settings.size
        rules = Confinement(
            folder,
            (self.folder,),
            seconds=size.convert_seconds,
            memory_bytes=size.memory_bytes,
            file_bytes=size.unpacked_bytes,
        )
        return self.box.call(function, *arguments, returns=returns, confinement=rules, progress=self.progress)

    def _made(self) -> Path:
        """A new folder for one call."""
        folder = self.folder / f"step-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        return folder


@contextmanager
def session(settings: Settings, progress: Progress, max_bytes: int) -> Iterator[Session]:
    """A sitting in which no download has more than `max_bytes`, where it has to be fetched as a whole."""
    quick = replace(
        settings.without_secrets(),
        download_bytes=max_bytes,
        connect_seconds=min(settings.connect_seconds, CONNECT_SECONDS),
        read_seconds=min(settings.read_seconds, READ_SECONDS),
    )
    with scratch(Path(settings.work_folder) if settings.work_folder else None, PREFIX) as folder:
        yield Session(folder.resolve(), quick, Box(quick), progress)
