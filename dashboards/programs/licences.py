"""`latest/licenses.json`: sources by what they want said when their data is used."""

from collections.abc import Iterator, Sequence
from functools import partial

from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.programs.catalogue import written
from dashboards.programs.documents import MEDIA_TYPE, LicenceGroup, Licences
from dashboards.programs.standing import Load
from dashboards.snapshot import Snapshot
from openaddr.db.pages import State
from openaddr.source.model import License
from openaddr.words import web

PATH = "latest/licenses.json"


def pages(seen: Snapshot, load: Load) -> Iterator[Page]:
    """One file, made again only when a source file changes or gets its first data."""
    with_data = [state for state in seen.current if state.good_id is not None]
    stamp = stamp_of(*((state.source_id, state.layer, state.name, state.source_sha) for state in with_data))
    yield Page(PATH, stamp, partial(_licences, with_data, load), MEDIA_TYPE)


def _licences(states: Sequence[State], load: Load) -> bytes:
    known = load()
    groups: dict[tuple[str | None, str | None], dict[tuple[str, str | None], None]] = {}
    for state in states:
        entry = known.get((state.source_sha, state.layer, state.name))
        found = entry.license if entry else License()
        website = web(entry.website) or None if entry else None
        groups.setdefault((found.text or found.url, _attribution(found)), {})[state.source_id, website] = None
    listed = [
        LicenceGroup(license=text, attribution=attribution, sources=list(sources))
        for (text, attribution), sources in sorted(groups.items(), key=lambda item: [word or "" for word in item[0]])
    ]
    return written(Licences(licenses=listed))


def _attribution(licence: License) -> str | None:
    """The name, unless the source says that none is wanted."""
    return None if licence.attribution_required is False else licence.attribution_name
