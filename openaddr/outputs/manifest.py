"""`manifest.json`: every file of a run with its size and checksum, and what one may do with it."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from openaddr.source.model import LayerSource
from openaddr.stages import Extract, Output

VERSION = 1
KIND = "manifest"
NAME = "manifest.json"
MEDIA_TYPE = "application/json"


def write_manifest(
    extract: Extract, entry: LayerSource, source_id: str, outputs: Sequence[Output], folder: Path, now: datetime
) -> Output:
    """Describe `outputs`, which are complete by now, in order of their names; `now` must know its time zone."""
    licence = entry.license
    manifest = {
        "version": VERSION,
        "generated_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "source": source_id,
        "layer": entry.layer.value,
        "name": entry.name,
        "website": entry.website,
        "licence": {"text": licence.text, "url": licence.url, "share_alike": licence.share_alike},
        "attribution": {"required": licence.attribution_required, "name": licence.attribution_name},
        "bounds": extract.bounds,
        "rows": extract.rows,
        "resources": [_resource(output) for output in sorted(outputs, key=lambda output: output.path.name)],
    }
    path = folder / NAME
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Output(KIND, path, MEDIA_TYPE)


def _resource(output: Output) -> dict[str, object]:
    with output.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "name": output.path.name,
        "kind": output.kind,
        "media_type": output.media_type,
        "bytes": output.path.stat().st_size,
        "rows": output.rows,
        "sha256": digest,
    }
