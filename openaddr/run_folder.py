"""The folder of a run: made in hiding, then put in its place, where it never replaces a better one."""

import json
import logging
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from openaddr.errors import Code, ProblemError
from openaddr.outputs.folder import atomic_folder, recover
from openaddr.run import Run, Status, log, printable
from openaddr.source.model import BrokenEntry, LayerSource

FAILED = ".failed"
LONGEST_RUN = 24 * 3600
"""Seconds after which a hidden folder belongs to nobody any more."""
MAX_NAME_BYTES = 200
"""File systems take 255 bytes; the digits and FAILED come on top."""


def run_folder(output: Path, source_id: str, entry: LayerSource | BrokenEntry) -> Path:
    """Where the files of a layer source go. Layer and name come from strangers, so they become plain names."""
    return output.joinpath(*map(plain_name, source_id.split("/")), plain_name(entry.layer), plain_name(entry.name))


def plain_name(text: str) -> str:
    """Text as the name of one folder: letters, digits and `._-` in any script, no dot in front, at most 80.

    A name that had to change gets a few digits of its own, so that no two names become one. So does one that ends
    like the records of failed runs. An empty name gets words: without a name of its own, a run would take the folder
    of its whole layer.
    """
    plain = re.sub(r"[^\w.-]", "_", text).lstrip(".")[:80].encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    if plain == text and text and not text.endswith(FAILED):
        return text
    return f"{plain or 'unnamed'}-{sha256(text.encode()).hexdigest()[:8]}"


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """A hidden folder beside the target, on the same disk, gone afterwards; the log of the run goes there."""
    _require_text(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    recover(target)
    _sweep(target.parent)
    scratch = tempfile.TemporaryDirectory(prefix=".work-", dir=target.parent, ignore_cleanup_errors=True)
    with scratch as name, _log_file(Path(name) / "log.txt"):
        yield Path(name)


def _require_text(folder: Path) -> None:
    """Raise ProblemError where the name has bytes that are no text: not every library can write there."""
    shown = str(folder).encode("utf-8", "backslashreplace").decode()
    if shown != str(folder):
        raise ProblemError(Code.OUTPUT_NOT_WRITABLE, f"{shown} cannot be used: its name is not UTF-8.")


def _sweep(folder: Path) -> None:
    """Remove what killed runs have left, once it is older than any run can be."""
    for path in folder.iterdir():
        if path.name.startswith((".work-", ".new-")):
            with suppress(FileNotFoundError):  # another run may be sweeping too
                if time.time() - path.stat().st_mtime > LONGEST_RUN:
                    shutil.rmtree(path, ignore_errors=True)


class _OneLine(logging.Formatter):
    """Keeps each message on its line, whatever strangers wrote into it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


def publish(run: Run, work: Path, target: Path) -> None:
    """Put the finished folder of the run in its place; one that did not succeed replaces no good output."""
    succeeded = run.status is Status.SUCCEEDED
    failed = target.with_name(target.name + FAILED)
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
