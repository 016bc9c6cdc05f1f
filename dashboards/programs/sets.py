"""Files of each set: `sets/<id>.json`, `sets/<id>.tsv` and `sets/<id>/state.txt`."""

from collections.abc import Iterator
from functools import partial

from dashboards import links
from dashboards.batches import Batch, sets_of
from dashboards.maps_of_sets import maps_of
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.programs import addresses, coverage, state, tables
from dashboards.programs.catalogue import schema_of, written
from dashboards.programs.documents import MEDIA_TYPE, RunEntry, SetDocument
from dashboards.programs.standing import entries, problem
from dashboards.snapshot import Snapshot
from openaddr.db import programs
from openaddr.db.programs import Summary

COLUMNS = (
    "run", "source", "layer", "name", "status", "rows", "finished_at", "copy_of", "code", "message", "page_url",
)  # fmt: skip


def pages(seen: Snapshot) -> Iterator[Page]:
    """Three files for each set."""
    for batch in sets_of(seen):
        stamp = stamp_of(batch)
        drawn = stamp_of(batch, maps_of(seen, batch.id))
        yield Page(f"sets/{batch.id}.json", drawn, partial(_document, seen, batch), MEDIA_TYPE)
        yield Page(f"sets/{batch.id}.tsv", stamp, partial(_table, seen, batch), tables.MEDIA_TYPE)
        yield Page(f"sets/{batch.id}/state.txt", stamp, partial(_states, seen, batch), tables.PLAIN)


def _document(seen: Snapshot, batch: Batch) -> bytes:
    maps = coverage.drawn(seen, maps_of(seen, batch.id))
    found = SetDocument(
        schema=schema_of(seen, "set"),
        as_of=batch.changed,
        id=int(batch.id),
        repository=batch.repository,
        commit_sha=batch.commit,
        datetime_start=batch.began,
        datetime_end=batch.ended,
        page_url=addresses.of_page(seen, batch.path),
        render_world_url=maps.world,
        render_usa_url=maps.usa,
        render_europe_url=maps.europe,
        render_geojson_url=maps.geojson,
        runs=[_entry(seen, run) for run in programs.of_set(seen.conn, int(batch.id))],
    )
    return written(found)


def _entry(seen: Snapshot, run: Summary) -> RunEntry:
    return RunEntry(
        id=run.id,
        source=run.source_id,
        layer=run.layer,
        name=run.name,
        status=run.status.value,
        rows=run.rows,
        finished_at=run.finished_at,
        copy_of=run.copy_of,
        problem=problem(seen, run.code, run.message),
        page_url=addresses.of_page(seen, links.run(run.id)),
    )


def _table(seen: Snapshot, batch: Batch) -> bytes:
    return tables.tabbed(COLUMNS, (_row(seen, run) for run in programs.of_set(seen.conn, int(batch.id))))


def _row(seen: Snapshot, run: Summary) -> list[tables.Cell]:
    when = run.finished_at.isoformat() if run.finished_at else None
    told: list[tables.Cell] = [run.id, run.source_id, run.layer, run.name, run.status.value, run.rows, when]
    return [*told, run.copy_of, run.code, run.message, addresses.of_page(seen, links.run(run.id))]


def _states(seen: Snapshot, batch: Batch) -> bytes:
    runs = [run for run in programs.of_set(seen.conn, int(batch.id)) if run.status.is_final]
    known = entries(seen, ((run.source_id, run.source_sha) for run in runs))
    return state.table(seen, [(run, known.get((run.source_sha, run.layer, run.name))) for run in runs])
