"""`index.json`, `sources.json` and `status.json`: where everything is, what there is, and how it stands."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from dashboards import links
from dashboards.batches import Batch, sets_of
from dashboards.collected import page_of, summary_of
from dashboards.maps_of_sets import newest_maps
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.programs import addresses, coverage, schemas
from dashboards.programs.documents import (
    MEDIA_TYPE,
    Bundle,
    CollectionFile,
    Feeds,
    Index,
    ProblemCount,
    SetProgress,
    Sources,
    Status,
)
from dashboards.programs.standing import Load, as_of, source_entry, totals
from dashboards.snapshot import Snapshot
from openaddr.db import collections
from openaddr.db.records import Collection

SHARE_ALIKE = "sa"
LICENCES = {"": "Freely Shareable", SHARE_ALIKE: "Share-Alike Required"}
OF_OLD = "openaddr-collected-"


def pages(seen: Snapshot, load: Load) -> Iterator[Page]:
    """Three files."""
    states = stamp_of(*(state.digest for state in seen.current))
    bundles = collections.published(seen.conn)
    newest = next(iter(sets_of(seen)), None)
    yield Page("sources.json", states, partial(_sources, seen, load), MEDIA_TYPE)
    yield Page("status.json", stamp_of(states, newest), partial(_status, seen, newest), MEDIA_TYPE)
    yield Page("index.json", stamp_of(states, newest_maps(seen), *bundles), partial(_index, seen, bundles), MEDIA_TYPE)


def written(document: msgspec.Struct) -> bytes:
    """A document as people can read it too."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def schema_of(seen: Snapshot, name: str) -> str:
    """The address of a schema."""
    return addresses.of_page(seen, schemas.path(name))


def _sources(seen: Snapshot, load: Load) -> bytes:
    known = load()
    listed = [
        source_entry(seen, state, known.get((state.source_sha, state.layer, state.name))) for state in seen.current
    ]
    return written(Sources(schema=schema_of(seen, "sources"), as_of=as_of(seen.current), sources=listed))


def _status(seen: Snapshot, newest: Batch | None) -> bytes:
    counts = Counter(state.code for state in seen.current if state.needs_attention and state.code)
    problems = [
        ProblemCount(code=code, count=count, page_url=addresses.of_page(seen, links.problem(code)))
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    found = Status(
        schema=schema_of(seen, "status"),
        as_of=as_of(seen.current),
        totals=totals(seen.current),
        statuses=dict(sorted(Counter(state.word for state in seen.current).items())),
        problems=problems,
        last_success=max((state.checked_at for state in seen.current if state.checked_at), default=None),
        newest_set=_progress(seen, newest) if newest else None,
    )
    return written(found)


def _progress(seen: Snapshot, batch: Batch) -> SetProgress:
    return SetProgress(
        id=int(batch.id),
        repository=batch.repository,
        commit_sha=batch.commit,
        datetime_start=batch.began,
        datetime_end=batch.ended,
        runs={status.value: count for status, count in batch.counts},
        page_url=addresses.of_page(seen, batch.path),
    )


def _index(seen: Snapshot, bundles: Sequence[Collection]) -> bytes:
    def place(path: str) -> str:
        return addresses.of_page(seen, path)

    def template(path: str) -> str:
        return f"{seen.site_url}/{path}"

    maps = coverage.drawn(seen, newest_maps(seen))
    found = Index(
        schema=schema_of(seen, "index"),
        as_of=as_of(seen.current),
        totals=totals(seen.current),
        sources_url=place("sources.json"),
        status_url=place("status.json"),
        run_states_url=place("state.txt"),
        latest_run_processed_url=template("latest/run/{source}.zip"),
        tileindex_url=template("tiles/{lon}/{lat}.zip"),
        licenses_url=place("latest/licenses.json"),
        latest_set_url=place("latest/set"),
        coverage_url=place("coverage.json"),
        render_world_url=maps.world,
        render_usa_url=maps.usa,
        render_europe_url=maps.europe,
        render_geojson_url=maps.geojson,
        feeds=Feeds(
            all=place("feeds/all.atom"),
            failures=place("feeds/failures.atom"),
            country=template("feeds/countries/{country}.atom"),
        ),
        collections=_collections(seen, bundles),
        collection_files=list(_collection_files(seen, bundles)),
    )
    return written(found)


def _collections(seen: Snapshot, bundles: Sequence[Collection]) -> dict[str, dict[str, Bundle]]:
    """Archives by area, and then by whether they are share-alike, as ever."""
    found: dict[str, dict[str, Bundle]] = {}
    for bundle in bundles:
        if not bundle.name.startswith(OF_OLD):
            continue
        name = bundle.name.removeprefix(OF_OLD)
        kind = SHARE_ALIKE if name.endswith(f"-{SHARE_ALIKE}") else ""
        found.setdefault(name.removesuffix(f"-{SHARE_ALIKE}"), {})[kind] = Bundle(
            url=addresses.of_file(seen, bundle.key),
            content_length=bundle.bytes,
            license=LICENCES[kind],
            rows=bundle.rows,
            sha256=bundle.sha256,
            created_at=bundle.created_at,
        )
    return found


def _collection_files(seen: Snapshot, bundles: Sequence[Collection]) -> Iterator[CollectionFile]:
    """Every file of a collection of an area."""
    for bundle in bundles:
        about = summary_of(bundle)
        if about is None:
            continue
        yield CollectionFile(
            name=bundle.name,
            area=about.area,
            share_alike=about.share_alike,
            layer=about.layer,
            format=about.kind,
            url=addresses.of_file(seen, bundle.key),
            bytes=bundle.bytes,
            sha256=bundle.sha256,
            rows=bundle.rows,
            sources=about.sources,
            data_until=about.newest,
            created_at=bundle.created_at,
            manifest_url=addresses.of_file(seen, about.manifest),
            page_url=addresses.of_page(seen, page_of(about.area)),
        )
