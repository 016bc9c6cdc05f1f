"""The map of each run that has data, and the files that maps load."""

from collections.abc import Iterator
from functools import partial

from dashboards import libraries, links
from dashboards.facts import facts_of
from dashboards.files import Files, files_of
from dashboards.pages import Page
from dashboards.printing import printed
from dashboards.runs import Ahead, crumbs_of_source
from dashboards.snapshot import Snapshot
from dashboards.static_files import asset
from openaddr.storage.keys import run_prefix


def pages(seen: Snapshot) -> Iterator[Page]:
    """What was brought for browsers, then a map for each run with files of its own."""
    for found in libraries.files():
        yield Page(found.path, "", partial(found.file.read_bytes), found.media_type)
    runs = Ahead(seen)
    for run in seen.stamps:
        if run.has_files:
            yield Page(links.map_of(run.id), run.stamp, partial(_map_page, seen, runs, run.id))


def _map_page(seen: Snapshot, runs: Ahead, run_id: int) -> bytes:
    run = runs.get(run_id)
    files = files_of(seen.storage, run_id)
    label = f"{run.source_id} {run.layer} {run.name}"
    return printed(
        "map.html",
        seen,
        links.map_of(run_id),
        title=f"Map of run {run_id}: {label}",
        description=f"Every row that run {run_id} of {label} made, on a map, with what the file says of it.",
        crumbs=(*crumbs_of_source(run.source_id), (f"Run {run_id}", links.run(run_id)), ("Map", "")),
        picture=f"{run_prefix(run_id)}preview.png" if files.of_kind("preview") else "",
        has_map=True,
        run=run,
        files=files,
        fault=_fault(files),
        licence=facts_of(run.source_id, run.content).entry(run.layer, run.name).licence,
        brought=libraries.paths(),
        style=asset("map.css"),
        map_script=asset("map.js"),
    )


def _fault(files: Files) -> str:
    """Why there is no map to look at, '' when there is one."""
    if files.fault:
        return files.fault
    if not files.of_kind("pmtiles"):
        return "This run has no tiles: no row has a place, or tiles were not asked for"
    if lacking := libraries.missing():
        return f"What maps are drawn with is not installed here ({', '.join(lacking)}); {libraries.HOW_TO_GET}"
    return ""
