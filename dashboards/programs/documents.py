"""The JSON files of the site as types: what is written is checked against them, and their schemas are made of them.

A new version may add members; a member that is here keeps its name and meaning as long as `version` is the same.
Times are of UTC, as RFC 3339 writes them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from openaddr.maps.numbers import NotDrawn, PlaceNumbers

VERSION = 1
MEDIA_TYPE = "application/json"

Time = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0)]
Address = Annotated[str, Meta(description="Where it is: a whole address, or a path from the root of this site.")]

Drawn = Annotated[str | None, Meta(description="A map of coverage, of the newest set that has one; null: none yet.")]


class Document(Struct, frozen=True, kw_only=True):
    """What every file begins with."""

    schema: Annotated[str, Meta(description="Where the schema of this file is.")] = field(name="$schema")
    version: Annotated[int, Meta(description="Of the contract; it changes when something is taken away.")] = VERSION
    as_of: Annotated[Time | None, Meta(description="The newest change that this file knows; null: none yet.")]


class Problem(Struct, frozen=True, kw_only=True):
    """Why a run has no result that could be published."""

    code: Annotated[str, Meta(description="Stable; explained at page_url.")]
    message: Annotated[str, Meta(description="One sentence with the numbers, at most 400 characters.")]
    page_url: Address


class Licence(Struct, frozen=True, kw_only=True):
    """What the source file says. null: it says nothing, which is not the same as no."""

    text: str | None
    url: str | None
    attribution_required: bool | None
    attribution_name: str | None
    share_alike: bool | None


class LatestData(Struct, frozen=True, kw_only=True):
    """The last good run of a layer source, which stays when newer runs fail."""

    run: int
    rows: Count | None
    published_at: Time | None
    base_url: Annotated[str, Meta(description="Add .parquet, .geojsonl.gz, .pmtiles, .png, or .zip for addresses.")]
    manifest_url: Annotated[str, Meta(description="Its files with sizes, media types and SHA-256.")]


class SourceEntry(Struct, frozen=True, kw_only=True):
    """One layer source: an entry of a source file."""

    source: Annotated[str, Meta(description="Path of the source file without sources/ and .json.")]
    layer: str
    name: str
    status: Annotated[str, Meta(description="Of the newest run that ended, or waiting before the first one ends.")]
    run: Annotated[int | None, Meta(description="That run.")]
    problem: Problem | None
    failing_since: Time | None
    last_success: Annotated[Time | None, Meta(description="When a run succeeded last, changed data or not.")]
    page_url: Address
    website: str | None
    licence: Licence
    latest: LatestData | None


class Sources(Document, frozen=True, kw_only=True):
    """`sources.json`: every layer source of the collection."""

    sources: Sequence[SourceEntry]


class Totals(Struct, frozen=True, kw_only=True):
    """Figures of the whole collection."""

    sources: Annotated[Count, Meta(description="Source files.")]
    layer_sources: Annotated[Count, Meta(description="Their entries.")]
    with_data: Annotated[Count, Meta(description="Entries with a good run.")]
    needs_attention: Annotated[Count, Meta(description="Entries whose newest run failed, was lost or is held.")]
    rows: Annotated[Mapping[str, int], Meta(description="Rows of the last good runs, by layer.")]


class Bundle(Struct, frozen=True, kw_only=True):
    """A published collection."""

    url: Address
    content_length: Count
    license: str
    rows: Count
    sha256: str
    created_at: Time


class CollectionFile(Struct, frozen=True, kw_only=True):
    """A published file of many sources: an archive of CSV, or a layer as GeoParquet."""

    name: str
    area: Annotated[str, Meta(description="The world, a part of it, or the two letters of a country.")]
    share_alike: Annotated[bool, Meta(description="Whether what is made of it has to be under the same licence.")]
    layer: str
    format: Annotated[str, Meta(description="zip (CSV and VRT) or parquet (GeoParquet).")]
    url: Address
    bytes: Count
    sha256: str
    rows: Count
    sources: Count
    data_until: Time
    created_at: Time
    manifest_url: Annotated[str, Meta(description="Every source in it, with run, rows, licence and attribution.")]
    page_url: Address


class Feeds(Struct, frozen=True, kw_only=True):
    """News, as Atom."""

    all: Address
    failures: Address
    country: Annotated[str, Meta(description="A template: {country} is the first part of a source's path.")]


class Index(Document, frozen=True, kw_only=True):
    """`index.json`: where everything is."""

    totals: Totals
    sources_url: Annotated[str, Meta(description="Every layer source, with licence and latest data.")]
    status_url: Annotated[str, Meta(description="How the collection stands, in a few numbers.")]
    run_states_url: Annotated[str, Meta(description="The table of old: address sources with data.")]
    latest_run_processed_url: Annotated[str, Meta(description="A template: {source} is a source's path.")]
    tileindex_url: Annotated[str, Meta(description="A template: {lon}, {lat} are whole degrees, such as -123.0.")]
    licenses_url: Address
    latest_set_url: Address
    coverage_url: Annotated[str, Meta(description="How much of each country and state is covered.")]
    render_world_url: Drawn
    render_usa_url: Drawn
    render_europe_url: Drawn
    render_geojson_url: Drawn
    feeds: Feeds
    collections: Annotated[
        Mapping[str, Mapping[str, Bundle]], Meta(description="By area; '' may be shared freely, 'sa' share-alike.")
    ]
    collection_files: Annotated[Sequence[CollectionFile], Meta(description="All of them, GeoParquet too, by name.")]


class ProblemCount(Struct, frozen=True, kw_only=True):
    """How many layer sources have a problem now."""

    code: str
    count: Count
    page_url: Address


class SetProgress(Struct, frozen=True, kw_only=True):
    """A set and how far it is."""

    id: int
    repository: str
    commit_sha: str
    datetime_start: Time
    datetime_end: Annotated[Time | None, Meta(description="null while it goes on.")]
    runs: Annotated[Mapping[str, int], Meta(description="How many, by status.")]
    page_url: Address


class Status(Document, frozen=True, kw_only=True):
    """`status.json`: how the collection stands."""

    totals: Totals
    statuses: Annotated[Mapping[str, int], Meta(description="Layer sources by the status of their newest run.")]
    problems: Annotated[Sequence[ProblemCount], Meta(description="The most frequent first.")]
    last_success: Time | None
    newest_set: SetProgress | None


class RunEntry(Struct, frozen=True, kw_only=True):
    """One run of a set."""

    id: int
    source: str
    layer: str
    name: str
    status: str
    rows: Count | None
    finished_at: Time | None
    copy_of: Annotated[int | None, Meta(description="The run whose files it has, because nothing had changed.")]
    problem: Problem | None
    page_url: Address


class SetDocument(Document, frozen=True, kw_only=True):
    """`sets/<id>.json`: one set with its runs."""

    id: int
    repository: str
    commit_sha: str
    datetime_start: Time
    datetime_end: Annotated[Time | None, Meta(description="null while it goes on.")]
    page_url: Address
    render_world_url: Drawn
    render_usa_url: Drawn
    render_europe_url: Drawn
    render_geojson_url: Drawn
    runs: Sequence[RunEntry]


class LicenceGroup(Struct, frozen=True, kw_only=True):
    """Sources under one licence that want the same attribution."""

    license: str | None
    attribution: str | None
    sources: Annotated[Sequence[tuple[str, str | None]], Meta(description="Path and website of each.")]


class Licences(Struct, frozen=True, kw_only=True):
    """`latest/licenses.json`: what has to be said when the data is used."""

    licenses: Sequence[LicenceGroup]


class Coverage(Document, frozen=True, kw_only=True):
    """`coverage.json`: how much of each country and state the newest set with maps covers; null: none has any yet."""

    set: int | None
    countries: Sequence[PlaceNumbers]
    states: Annotated[Sequence[PlaceNumbers], Meta(description="Of the USA, by their two digits.")]
    undrawn: Annotated[Sequence[NotDrawn], Meta(description="Sources that are on no map.")]


class SetPoint(Struct, frozen=True, kw_only=True):
    """One complete set. Times are means in seconds, null where nothing was measured."""

    set: int
    ts: Annotated[int, Meta(description="When it was complete, in milliseconds since 1970.")]
    addresses: Count
    runs: Count
    successful_sources: Annotated[Count, Meta(description="Runs that succeeded.")]
    average_cache_time: Annotated[float | None, Meta(description="Of downloads.")]
    average_process_time: Annotated[float | None, Meta(description="Of everything else.")]


class LostSources(Struct, frozen=True, kw_only=True):
    """Sources that had addresses in an earlier set and none in the newest: path, most addresses, when last."""

    headers: tuple[str, str, str]
    rows: Sequence[tuple[str, int, datetime]]


class MachineStats(Document, frozen=True, kw_only=True):
    """`machine-stats.json`: complete sets, oldest first, and sorted figures of the newest one."""

    timeseries: Sequence[SetPoint]
    last_address_counts: Sequence[int]
    last_cache_times: Annotated[Sequence[float], Meta(description="Seconds of downloads.")]
    last_process_times: Annotated[Sequence[float], Meta(description="Seconds of everything else.")]
    lost_sources: LostSources


DOCUMENTS: Mapping[str, type[Struct]] = {
    "coverage": Coverage,
    "index": Index,
    "licenses": Licences,
    "machine-stats": MachineStats,
    "set": SetDocument,
    "sources": Sources,
    "status": Status,
}
"""Each kind of file by the name of its schema."""
