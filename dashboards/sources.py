"""The page of each source file: what it covers, its data to download, what failed and since when, its runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from markupsafe import Markup

from dashboards import charts, links
from dashboards.facts import EntryFacts, Facts, facts_of
from dashboards.files import Files, StoredFile, files_of, sample_of
from dashboards.origin import Origin, origin_of
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.printing import printed
from dashboards.run_files import Sample
from dashboards.runs import crumbs_of_source
from dashboards.schema_org import dataset
from dashboards.snapshot import Snapshot
from openaddr.db import pages as record
from openaddr.db.pages import Line, State
from openaddr.db.records import Trust
from openaddr.storage.keys import latest_key, run_prefix
from openaddr.words import plural, shown

RUNS = 60
"""Runs of one layer source that its chart has."""
TIMELINE = 15
"""Of those, how many the table has."""
IN_FULL = 6
"""Layer sources of one file that are shown with everything; no known file has more."""


@dataclass(frozen=True)
class Download:
    """A file of the last good run, under the address that always is the latest."""

    file: StoredFile
    key: str


@dataclass(frozen=True)
class LayerView:
    """One layer source: how it stands, what there is to download, its newest runs."""

    layer: str
    name: str
    state: State | None
    facts: EntryFacts
    lines: Sequence[Line]
    downloads: Sequence[Download]
    files: Files
    sample: Sample
    spark: Markup

    @property
    def id(self) -> str:
        """What a link within the page names."""
        return f"{links.place(self.layer)}-{links.place(self.name)}"

    def of_kind(self, kind: str) -> Download | None:
        """The download of a kind."""
        return next((found for found in self.downloads if found.file.kind == kind), None)


@dataclass(frozen=True)
class SourceView:
    """What the page of a source file shows."""

    source_id: str
    facts: Facts
    origin: Origin
    layers: Sequence[LayerView]
    others: Sequence[LayerView]
    has_below: bool


def pages(seen: Snapshot) -> Iterator[Page]:
    """A page for every source that ever had a run, also of those that are only proposed."""
    standing = {source_id: list(found) for source_id, found in groupby(seen.states, lambda state: state.source_id)}
    stamps: dict[str, list[str]] = {}
    for run in seen.stamps:
        stamps.setdefault(run.source_id, []).append(run.stamp)
    folders = {folder for source_id in stamps for folder in links.above(source_id)}
    for source_id, of_runs in stamps.items():
        states = standing.get(source_id, [])
        has_below = source_id in folders
        stamp = stamp_of(has_below, *(state.digest for state in states), *of_runs)
        render = partial(_rendered, seen, source_id, states, has_below)
        yield Page(links.source(source_id), stamp, render)


def source_view(seen: Snapshot, source_id: str, states: Sequence[State], has_below: bool) -> SourceView:
    """Everything about one source file."""
    lines = record.lines_of_source(seen.conn, source_id, RUNS)
    newest = max(lines, key=_preferred)
    run = record.runs(seen.conn, [newest.id])[newest.id]
    facts = facts_of(source_id, run.content)
    known = {(state.layer, state.name): state for state in states}
    layers: list[LayerView] = []
    for (layer, name), found in groupby(lines, lambda line: (line.layer, line.name)):
        in_full = len(layers) < IN_FULL
        layers.append(_layer(seen, facts.entry(layer, name), known.get((layer, name)), list(found), in_full))
    origin = origin_of(run.repository, run.commit_sha, source_id)
    return SourceView(source_id, facts, origin, layers[:IN_FULL], layers[IN_FULL:], has_below)


def _preferred(line: Line) -> tuple[bool, bool, int]:
    """The newest run of the default branch says what the source is, if it can say where it is from."""
    return line.trust is Trust.MERGED, line.set_id is not None or line.job_id is not None, line.id


def _layer(seen: Snapshot, facts: EntryFacts, state: State | None, lines: list[Line], in_full: bool) -> LayerView:
    layer, name = lines[0].layer, lines[0].name
    files = Files(0)
    sample = Sample()
    if in_full and state is not None and state.good_files_of is not None:
        files = files_of(seen.storage, state.good_files_of)
        sample = sample_of(seen.storage, state.good_files_of)
    stem = links.latest(lines[0].source_id, layer, name)
    downloads = [Download(file, latest_key(stem, layer, file.name)) for file in files.listed]
    return LayerView(layer, name, state, facts, lines[:TIMELINE], downloads, files, sample, _spark(lines))


def _spark(lines: Sequence[Line]) -> Markup:
    """Rows over the runs of the default branch."""
    merged = [line for line in reversed(lines) if line.trust is Trust.MERGED and line.finished_at]
    bars = [charts.Bar(line.rows, line.status) for line in merged]
    return charts.sparkline(bars, f"Rows in the last {plural(len(bars), 'run')}, oldest first")


def _rendered(seen: Snapshot, source_id: str, states: Sequence[State], has_below: bool) -> bytes:
    view = source_view(seen, source_id, states, has_below)
    path = links.source(source_id)
    good = next((layer for layer in view.layers if layer.files.of_kind("preview")), None)
    rows = sum(state.good_rows or 0 for state in states)
    kinds = ", ".join(sorted({shown(layer.layer, 40) for layer in view.layers}))
    return printed(
        "source.html",
        seen,
        path,
        title=f"{source_id}: {kinds}",
        description=f"{rows:,} rows of {kinds} from {source_id}: downloads, licence, history and problems.",
        crumbs=(*crumbs_of_source(source_id)[:-1], (shown(source_id.rpartition("/")[2], 60), "")),
        picture=f"{run_prefix(good.files.run)}preview.png" if good else "",
        about=dataset(seen, view) if any(layer.downloads for layer in view.layers) else None,
        view=view,
    )
