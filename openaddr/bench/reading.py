"""What the bench reads, in a child without network: the first rows of a source, before and after its conform."""

import json
from pathlib import Path

from openaddr.bench.records import Fetched
from openaddr.conform.first_rows import first_rows
from openaddr.conform.readers.feature_stream import FeatureStream, Limits
from openaddr.conform.readers.text import open_utf8
from openaddr.download import archive
from openaddr.download.kinds import Kind, kind_of
from openaddr.download.store import HEAD
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import FirstRows, Progress


def rows_of(
    entry: LayerSource,
    source_id: str,
    fetched: Fetched,
    folder: Path,
    settings: Settings,
    count: int,
    *,
    progress: Progress,
) -> FirstRows:
    """The first rows of what was fetched of a source. Raises ProblemError."""
    wanted = entry.conform.file if entry.conform else None
    files = unpacked(entry, fetched, wanted, folder)
    return first_rows(entry, source_id, files, fetched.columns, settings, count, is_cut=fetched.is_cut)


def unpacked(entry: LayerSource, fetched: Fetched, wanted: str | None, folder: Path) -> tuple[Path, ...]:
    """The files of what was fetched; pages of an ESRI layer are what they are."""
    if entry.protocol == "ESRI":
        return fetched.files
    compression = entry.compression if not fetched.is_cut or entry.compression == "gzip" else None
    files = archive.unpack(fetched.files[0], compression, wanted, folder / "unpacked", is_cut=fetched.is_cut)
    return tuple(_mended(file, folder) for file in files) if fetched.is_cut else files


def _mended(path: Path, folder: Path) -> Path:
    """The whole features of GeoJSON that was cut, as a file that can be read to its end; other files as they are."""
    with path.open("rb") as file:
        if kind_of(file.read(HEAD)) != Kind.JSON:
            return path
    features: list[object] = []
    with open_utf8(path, None) as text:
        stream = FeatureStream(text, Limits())
        try:
            stream.enter()
            for items in stream.lists(lambda data: None):
                features += items
        except ProblemError as error:
            if error.problem.code is not Code.TRUNCATED or not features:
                raise
    whole = folder / "whole" / path.name
    whole.parent.mkdir(exist_ok=True)
    members = {name: stream.members[name] for name in ("type", "crs") if name in stream.members}
    whole.write_text(json.dumps({"type": "FeatureCollection"} | members | {"features": features}), encoding="ascii")
    return whole
