"""`machine-stats.json`: the numbers of the dashboard, with the members of old."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from dashboards.pages import Page
from dashboards.programs import addresses, schemas
from dashboards.programs.documents import MEDIA_TYPE, LostSources, MachineStats, SetPoint
from dashboards.snapshot import Snapshot
from openaddr.db.dashboard import Figures, Lost, Point
from openaddr.stages import Layer

PATH = "machine-stats.json"


@dataclass(frozen=True)
class Stats:
    """Sets, oldest first; the runs of the newest one, and what it lost."""

    series: Sequence[Point]
    figures: Sequence[Figures]
    lost: Sequence[Lost]


def stats_page(seen: Snapshot, stamp: str, load: Callable[[], Stats]) -> Page:
    """The file."""
    return Page(PATH, stamp, lambda: _document(seen, load()), MEDIA_TYPE)


def _document(seen: Snapshot, stats: Stats) -> bytes:
    figures = stats.figures
    found = MachineStats(
        schema=addresses.of_page(seen, schemas.path("machine-stats")),
        as_of=stats.series[-1].completed_at if stats.series else None,
        timeseries=[_point(point) for point in stats.series],
        last_address_counts=sorted(f.rows for f in figures if f.layer == Layer.ADDRESSES and f.rows is not None),
        last_cache_times=sorted(f.download for f in figures if f.download is not None),
        last_process_times=sorted(f.process for f in figures if f.process is not None and not f.is_copy),
        lost_sources=LostSources(
            headers=("Source", "Max Addresses", "Last Good"),
            rows=[(lost.source_id, lost.most, lost.last_good) for lost in stats.lost],
        ),
    )
    return msgspec.json.encode(found) + b"\n"


def _point(point: Point) -> SetPoint:
    return SetPoint(
        set=point.id,
        ts=round(point.completed_at.timestamp() * 1000),
        addresses=point.addresses,
        runs=point.runs,
        successful_sources=point.succeeded,
        average_cache_time=point.download_seconds,
        average_process_time=point.process_seconds,
    )
