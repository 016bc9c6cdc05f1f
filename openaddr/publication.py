"""From a finished run to what people fetch: its files into storage, and the switch of `latest/` to it."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePath

from openaddr.db.records import Run
from openaddr.recorded import read_record
from openaddr.storage.keys import run_prefix
from openaddr.storage.latest import latest_of, publish_latest
from openaddr.storage.objects import NEVER_CHANGES, About, MissingError, Storage, Stored
from openaddr.storage.publishing import File

MEDIA_TYPES = {".json": "application/json", ".txt": "text/plain; charset=utf-8"}


def files_of(folder: Path) -> Iterator[File]:
    """The files of a run's folder, with media types and checksums as its manifest says."""
    manifest = folder / "manifest.json"
    listed = json.loads(manifest.read_text(encoding="utf-8"))["resources"] if manifest.exists() else []
    known = {item["name"]: item for item in listed}
    for path in sorted(folder.iterdir()):
        item = known.get(path.name, {})
        media_type = item.get("media_type") or MEDIA_TYPES.get(path.suffix, "application/octet-stream")
        yield File(path.name, path, About(media_type, NEVER_CHANGES), item.get("sha256", ""))


def stored_files(storage: Storage, run: Run) -> list[Stored]:
    """What is stored of a run; a copy has the files of its original."""
    found = (storage.head(listed.key) for listed in storage.list(run_prefix(run.files_of)))
    return [stored for stored in found if stored is not None]


def make_latest(storage: Storage, run: Run) -> bool:
    """Switch `latest/` to a run; False when a newer one is there. Doing it again changes nothing.

    Raises MissingError, with nothing changed, when the storage does not tell of every file that the run has made.
    """
    found = stored_files(storage, run)
    made = {PurePath(name).name for name in read_record(run.record).outputs.values()}
    if missing := sorted(made - {PurePath(file.key).name for file in found}):
        raise MissingError(f"{run_prefix(run.files_of)}{missing[0]}")
    return publish_latest(storage, latest_of(run.source_id, run.layer, run.name, run.id, found))
