"""Brings the addresses of all last good runs together into one file, and counts those that have a place."""

import logging
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from isal import isal_zlib

from openaddr.db.pages import State
from openaddr.errors import Code, ProblemError
from openaddr.stages import Layer
from openaddr.storage.keys import run_prefix
from openaddr.storage.objects import MissingError, Storage, Stream

log = logging.getLogger("openaddr.dotmap")

CHUNK = 1 << 20
GZIP_FORMAT = 31
NOWHERE = b'"geometry":null}\n'
"""How a row without a place ends. No value can hold these bytes: quotes in it have a backslash before them."""
FURTHEST = 85.0511287798
"""Degrees of latitude where the square of the world ends: tiles have nothing beyond."""
POLAR = re.compile(rb'"coordinates":\[[^\],]{1,40},\s?(-?(?:8[5-9]|90)[.\d]{0,30})')


@dataclass(frozen=True)
class Gathered:
    """What was brought together: how many sources, and points."""

    sources: int
    points: int


def chosen(states: Iterable[State]) -> list[State]:
    """Layer sources whose last good run is on the map: addresses of what is in the collection, of merged data only."""
    return [
        state
        for state in states
        if state.layer == Layer.ADDRESSES and state.good_files_of is not None and not state.is_gone
    ]


def gather(states: Iterable[State], storage: Storage, target: Path) -> Gathered:
    """Write all features, gzipped, one after the other. Raises ProblemError when one of them cannot be had whole."""
    sources = points = 0
    with target.open("wb") as file:
        for state in states:
            assert state.good_files_of is not None, "only those with data are chosen"
            key = f"{run_prefix(state.good_files_of)}{Layer.ADDRESSES}.geojsonl.gz"
            try:
                with storage.open(key) as stream:
                    points += _append(stream, file, key)
            except MissingError:
                message = f"{key}, the last good run of {state.source_id}, is not in the storage."
                raise ProblemError(Code.STORAGE_CORRUPT, message) from None
            sources += 1
    log.info("%d sources with %d points are together", sources, points)
    return Gathered(sources, points)


def _append(stream: Stream, file: IO[bytes], key: str) -> int:
    """Add one gzip file as it is; gives its rows with a place, once it is known to be whole."""
    inflate = isal_zlib.decompressobj(GZIP_FORMAT)
    points, rest = 0, b""
    while chunk := stream.read(CHUNK):
        file.write(chunk)
        try:
            text = rest + inflate.decompress(chunk)
        except (isal_zlib.error, zlib.error) as error:  # type: ignore[misc]  # a value in its stub
            raise ProblemError(Code.STORAGE_CORRUPT, f"{key} is no whole gzip file: {error}.") from error
        end = text.rfind(b"\n") + 1
        points += _points(text[:end])
        rest = text[end:]
    if not inflate.eof or inflate.unused_data or rest:
        raise ProblemError(Code.STORAGE_CORRUPT, f"{key} is no whole gzip file: it ends early or goes on.")
    return points


def _points(lines: bytes) -> int:
    """Rows with a place that a map of the world can show."""
    beyond = sum(abs(float(found)) > FURTHEST for found in POLAR.findall(lines))
    return lines.count(b"\n") - lines.count(NOWHERE) - beyond
