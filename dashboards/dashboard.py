"""`/dashboard/`: sets over time, how the runs of the newest one spread, and which sources were lost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

from markupsafe import Markup

from dashboards import links, plots
from dashboards.batches import sets_of
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.printing import printed
from dashboards.programs.stats import Stats, stats_page
from dashboards.snapshot import Snapshot
from openaddr.db import dashboard as record
from openaddr.db.dashboard import Figures, Point
from openaddr.stages import Layer

PATH = "dashboard/index.html"
MOST_SETS = 104
"""Two years of one a week."""
MOST_LOST = 200
SHOWN_LOST = 60
MOST_ROWS, MOST_SECONDS = 400_000, 600
"""Where histograms end: what is larger is in their last bar."""


@dataclass(frozen=True)
class Chart:
    """A picture with its heading."""

    title: str
    picture: Markup


def pages(seen: Snapshot) -> Iterator[Page]:
    """The page and its numbers, which change when a set is complete."""
    complete = [batch for batch in sets_of(seen) if batch.status == "complete"][:MOST_SETS]
    stamp = stamp_of(*complete)
    load = cache(partial(_stats, seen))
    yield Page(PATH, stamp, lambda: _page(seen, load()))
    yield stats_page(seen, stamp, load)


def _stats(seen: Snapshot) -> Stats:
    series = record.series(seen.conn, MOST_SETS)
    if not series:
        return Stats((), (), ())
    newest = series[-1].id
    return Stats(series, record.figures(seen.conn, newest), record.lost(seen.conn, newest, MOST_LOST))


def _page(seen: Snapshot, stats: Stats) -> bytes:
    return printed(
        "dashboard.html",
        seen,
        PATH,
        title="Dashboard: sets over time, and what was lost",
        description="Addresses, sources that work and times of all sets, how the newest one spreads, lost sources.",
        crumbs=(("Dashboard", ""),),
        newest=stats.series[-1] if stats.series else None,
        set_page=links.set_of(stats.series[-1].id) if stats.series else "",
        over_time=[chart for chart in _over_time(stats.series) if chart.picture],
        spread=[chart for chart in _spread(stats.figures) if chart.picture],
        lost=stats.lost[:SHOWN_LOST],
        lost_count=len(stats.lost),
    )


def _count(value: float) -> str:
    """`8,000`, `400 k`, `150 M`, `2 bn`: there is room for eight letters beside a plot."""
    for least, size, word in ((1e9, 1e9, "bn"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if value >= least:
            return f"{value / size:.4g} {word}"
    return f"{value:,.0f}"


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value == round(value) else f"{value:,.1f} s"


def _over_time(series: Sequence[Point]) -> Iterator[Chart]:
    kinds: tuple[tuple[str, plots.Words, Callable[[Point], float | None]], ...] = (
        ("Addresses", _count, lambda point: point.addresses),
        ("Runs that succeeded", _count, lambda point: point.succeeded),
        ("Mean time of a download", _seconds, lambda point: point.download_seconds),
        ("Mean time of the rest", _seconds, lambda point: point.process_seconds),
    )
    for title, words, value in kinds:
        points = [(point.completed_at, found) for point in series if (found := value(point)) is not None]
        yield Chart(title, plots.line(points, title, words))


def _spread(figures: Sequence[Figures]) -> Iterator[Chart]:
    rows = [float(found.rows) for found in figures if found.layer == Layer.ADDRESSES and found.rows is not None]
    downloads = [found.download for found in figures if found.download is not None]
    processes = [found.process for found in figures if found.process is not None and not found.is_copy]
    yield Chart("Addresses of a source", plots.histogram(rows, MOST_ROWS, "Addresses of a source", _count))
    yield Chart("Time of a download", plots.histogram(downloads, MOST_SECONDS, "Time of a download", _seconds))
    yield Chart("Time of the rest", plots.histogram(processes, MOST_SECONDS, "Time of the rest", _seconds))
