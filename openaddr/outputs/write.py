"""All outputs of one run: one pass over the rows, then what is made from the finished files."""

import importlib
import tempfile
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from openaddr.extract import read_batches
from openaddr.outputs.batch import Batch, RowOutput
from openaddr.outputs.csv_zip import CsvZip
from openaddr.outputs.geojsonl import GeoJsonLines
from openaddr.outputs.geoparquet import GeoParquet
from openaddr.outputs.manifest import write_manifest
from openaddr.outputs.pmtiles import write_tiles
from openaddr.outputs.sample import Sample
from openaddr.source.model import LayerSource
from openaddr.stages import Extract, Layer, Options, Output, Progress, silent


def write_outputs(
    extract: Extract,
    entry: LayerSource,
    source_id: str,
    folder: Path,
    options: Options,
    now: datetime,
    progress: Progress = silent,
) -> tuple[Output, ...]:
    """Write every output of an extract into `folder`, which exists; `now` is the date that the files say.

    Scratch files live beside it and are gone afterwards. Raises ProblemError when tiles or preview cannot
    be made.
    """
    with tempfile.TemporaryDirectory(prefix=".outputs-", dir=folder.parent) as scratch:
        work = Path(scratch)
        with ExitStack() as stack:
            writers = _writers(extract, entry, source_id, folder, work, now, stack)
            first = 0
            for frame in read_batches(extract.path):
                batch = Batch(frame, first)
                for writer in writers:
                    writer.feed(batch)
                first += frame.height
                progress("outputs", first, extract.rows, "rows")
            outputs = [writer.finish() for writer in writers]
        if options.tiles:
            outputs += _made(write_tiles(extract, entry, source_id, folder, work))
        if options.preview:
            # Only a preview needs the drawing library, which costs small runs 0.05 s to load.
            drawing = importlib.import_module("openaddr.outputs.preview")
            outputs += _made(drawing.draw_preview(extract, folder))
    return (*outputs, write_manifest(extract, entry, source_id, outputs, folder, now))


def _writers(
    extract: Extract,
    entry: LayerSource,
    source_id: str,
    folder: Path,
    work: Path,
    now: datetime,
    stack: ExitStack,
) -> list[RowOutput]:
    """The outputs of rows for this layer; the stack closes them."""
    writers: list[RowOutput] = [stack.enter_context(closing(GeoParquet(extract, folder, work)))]
    writers.append(stack.enter_context(closing(GeoJsonLines(extract, folder))))
    if extract.layer is Layer.ADDRESSES:
        writers.append(stack.enter_context(closing(CsvZip(entry, source_id, folder, now))))
    return [*writers, stack.enter_context(closing(Sample(extract, folder)))]


def _made(output: Output | None) -> list[Output]:
    return [output] if output else []
