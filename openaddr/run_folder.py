"""The folder of a run: its name, its record, and how it is put in its place, where it never replaces a better one."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path

import msgspec

from openaddr.logs import TEXT
from openaddr.names import FAILED, plain_name
from openaddr.outputs.folder import atomic_folder
from openaddr.run import Record, Run, Status, log, printable
from openaddr.source.model import BrokenEntry, LayerSource


def run_folder(output: Path, source_id: str, entry: LayerSource | BrokenEntry) -> Path:
    """Where the files of a layer source go. Layer and name come from strangers, so they become plain names."""
    return output.joinpath(*map(plain_name, source_id.split("/")), plain_name(entry.layer), plain_name(entry.name))


class _OneLine(logging.Formatter):
    """Keeps each message on its line, whatever strangers wrote into it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))


_HANDLERS: ContextVar[tuple[logging.Handler, ...]] = ContextVar("logs of the run", default=())


@contextmanager
def log_to(handler: logging.Handler) -> Iterator[None]:
    """Give a handler the lines of the run that goes on in the block, and none of another beside it."""
    token = _HANDLERS.set((*_HANDLERS.get(), handler))
    handler.setFormatter(_OneLine(TEXT))
    handler.addFilter(lambda record: handler in _HANDLERS.get())
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()
        _HANDLERS.reset(token)


def log_file(path: Path) -> AbstractContextManager[None]:
    """Write the log of the run to `path` in the block."""
    return log_to(logging.FileHandler(path, encoding="utf-8"))


def publish(run: Run, work: Path, target: Path) -> None:
    """Put the finished folder of the run in its place; one that did not succeed replaces no good output.

    The outputs of an unchanged run are those that are in place already: they stay the same files.
    """
    succeeded = run.status is Status.SUCCEEDED
    failed = target.with_name(target.name + FAILED)
    run.folder = failed if not succeeded and last_good(target) else target
    with atomic_folder(run.folder) as fresh:
        for path in run.outputs.values():
            (fresh / path.name).hardlink_to(path)
        # In the record the files are named from where it stands, so that the folder may be moved.
        run.outputs = {kind: Path(path.name) for kind, path in run.outputs.items()}
        shutil.copy(work / "log.txt", fresh)
        write_record(run, fresh)
    run.outputs = {kind: run.folder / path.name for kind, path in run.outputs.items()}
    if succeeded:
        shutil.rmtree(failed, ignore_errors=True)


def write_record(run: Run, folder: Path) -> None:
    """Write `run.json` into a folder."""
    text = json.dumps(run.as_json(), indent=2, ensure_ascii=False)
    (folder / "run.json").write_text(text + "\n", encoding="utf-8")


def last_good(target: Path) -> Record | None:
    """The record of the good run whose folder is in place, None without one that can be read."""
    try:
        record = msgspec.json.decode((target / "run.json").read_bytes(), type=Record)
    except (OSError, ValueError):
        return None
    return record if record.status is Status.SUCCEEDED else None
