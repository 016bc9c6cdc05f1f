"""What every layer source is and has, for all files that list them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from dashboards import links
from dashboards.programs import addresses
from dashboards.programs.documents import LatestData, Licence, Problem, SourceEntry, Totals
from dashboards.snapshot import Snapshot
from openaddr.db import pages as record
from openaddr.db.pages import State
from openaddr.errors import ProblemError
from openaddr.source.model import LayerSource, License
from openaddr.source.parse import parse_source
from openaddr.words import web

Entries = Mapping[tuple[str, str, str], LayerSource]
"""What source files say, by the sha of the file, layer and name. Entries that cannot be read are not there."""
Load = Callable[[], Entries]
"""Gives those of the collection; asked only when a file has to be made again, and loads once."""
SAYS_NOTHING = Licence(text=None, url=None, attribution_required=None, attribution_name=None, share_alike=None)


def entries(seen: Snapshot, files: Iterable[tuple[str, str]]) -> Entries:
    """What source files say, of each its path and sha."""
    wanted = sorted(set(files))
    contents = record.contents(seen.conn, (sha for _, sha in wanted))
    return {
        (sha, entry.layer.value, entry.name): entry
        for source_id, sha in wanted
        for entry in _parsed(source_id, contents.get(sha, b""))
    }


def _parsed(source_id: str, content: bytes) -> list[LayerSource]:
    try:
        return [entry for entry in parse_source(source_id, content).entries if isinstance(entry, LayerSource)]
    except ProblemError:
        return []


def as_of(states: Sequence[State]) -> datetime | None:
    """The newest change of all."""
    times = (time for state in states for time in (state.finished_at, state.good_at) if time)
    return max(times, default=None)


def totals(states: Sequence[State]) -> Totals:
    """Figures of the layer sources that are in the collection."""
    rows: Counter[str] = Counter()
    for state in states:
        rows[state.layer] += state.good_rows or 0
    return Totals(
        sources=len({state.source_id for state in states}),
        layer_sources=len(states),
        with_data=sum(state.good_id is not None for state in states),
        needs_attention=sum(state.needs_attention for state in states),
        rows=dict(sorted(rows.items())),
    )


def source_entry(seen: Snapshot, state: State, entry: LayerSource | None) -> SourceEntry:
    """One layer source; `entry` is what its file says, None when that cannot be read."""
    return SourceEntry(
        source=state.source_id,
        layer=state.layer,
        name=state.name,
        status=state.word,
        run=state.run_id,
        problem=problem(seen, state.code, state.message),
        failing_since=state.bad_since,
        last_success=state.checked_at,
        page_url=addresses.of_page(seen, links.source(state.source_id)),
        website=web(entry.website) or None if entry else None,
        licence=licence(entry.license) if entry else SAYS_NOTHING,
        latest=_latest(seen, state),
    )


def _latest(seen: Snapshot, state: State) -> LatestData | None:
    if state.good_id is None:
        return None
    base = addresses.of_file(seen, links.latest(state.source_id, state.layer, state.name))
    return LatestData(
        run=state.good_id,
        rows=state.good_rows,
        published_at=state.good_at,
        base_url=base,
        manifest_url=f"{base}.manifest.json",
    )


def problem(seen: Snapshot, code: str | None, message: str | None) -> Problem | None:
    """A problem, None without one."""
    if not code:
        return None
    return Problem(code=code, message=message or "", page_url=addresses.of_page(seen, links.problem(code)))


def licence(found: License) -> Licence:
    """A licence as the source file has it."""
    return Licence(
        text=found.text,
        url=found.url,
        attribution_required=found.attribution_required,
        attribution_name=found.attribution_name,
        share_alike=found.share_alike,
    )
