"""`state.txt`, a table with the columns of old: sources of addresses with their numbers and where their data is."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from dashboards import links
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.programs import addresses, tables
from dashboards.programs.standing import Load
from dashboards.snapshot import Snapshot
from openaddr.db import programs
from openaddr.db.programs import Summary
from openaddr.source.model import LayerSource, License
from openaddr.stages import Layer
from openaddr.storage.keys import run_prefix

PATH = "state.txt"
COLUMNS = (
    "source", "cache", "sample", "geometry type", "address count", "version", "fingerprint", "cache time", "processed",
    "process time", "process hash", "output", "attribution required", "attribution name", "share-alike",
    "code version", "name",
)  # fmt: skip
"""All but the last are of old. `cache`, `version` and `process hash` stay empty: what was downloaded is not published,
and checksums are in the manifests."""
AFTER_DOWNLOAD = ("unpack", "conform", "outputs")


def pages(seen: Snapshot, load: Load) -> Iterator[Page]:
    """The last good runs of what is in the collection."""
    stamp = stamp_of(*((state.good_id, state.source_sha) for state in seen.current))
    yield Page(PATH, stamp, partial(_latest, seen, load), tables.PLAIN)


def _latest(seen: Snapshot, load: Load) -> bytes:
    shas = {(state.source_id, state.layer, state.name): state.source_sha for state in seen.current}
    known = load()
    named = ((run, (run.source_id, run.layer, run.name)) for run in programs.latest(seen.conn))
    return table(seen, [(run, known.get((shas[key], *key[1:]))) for run, key in named if key in shas])


def table(seen: Snapshot, runs: Sequence[tuple[Summary, LayerSource | None]]) -> bytes:
    """Runs of the layer of addresses, which is all that there was, each with what its source file says."""
    addresses_only = ((run, entry) for run, entry in runs if run.layer == Layer.ADDRESSES)
    rows = (_row(seen, run, entry.license if entry else License()) for run, entry in addresses_only)
    return tables.tabbed(COLUMNS, rows)


def _row(seen: Snapshot, run: Summary, licence: License) -> list[tables.Cell]:
    prefix = run_prefix(run.files_of)
    is_kept = not run.is_expired
    has_data = is_kept and bool(run.output("csv_zip"))
    return [
        f"{run.source_id}.json",
        None,
        addresses.of_page(seen, links.sample(run.files_of)) if is_kept and run.output("sample") else None,
        "Point" if has_data else None,
        run.rows,
        None,
        run.fingerprint,
        _time(run.took("download")),
        addresses.of_file(seen, prefix + run.output("csv_zip")) if has_data else None,
        _time(run.took(*AFTER_DOWNLOAD)),
        None,
        addresses.of_file(seen, f"{run_prefix(run.id)}log.txt") if is_kept and run.copy_of is None else None,
        _flag(licence.attribution_required),
        licence.attribution_name,
        _flag(licence.share_alike),
        run.code_version,
        run.name,
    ]


def _time(seconds: float | None) -> str | None:
    """`0:01:02.500000`."""
    return None if seconds is None else str(timedelta(seconds=seconds))


def _flag(value: bool | None) -> str:
    return "" if value is None else str(value).lower()
