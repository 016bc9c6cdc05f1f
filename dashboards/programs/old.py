"""Addresses of old that would be lost: each leads to where its content is now."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

from dashboards import links
from dashboards.batches import sets_of
from dashboards.pages import Page
from dashboards.printing import printed
from dashboards.snapshot import Snapshot
from openaddr.db.pages import State
from openaddr.stages import Layer
from openaddr.storage.keys import run_prefix

PRIMARY = "primary"
"""The name of the only layer source that a file had."""
MOVED = {
    "coverage/world/index.html": "coverage/index.html",
}


def pages(seen: Snapshot) -> Iterator[Page]:
    """Pages that moved, the latest complete set, and the latest addresses of each source."""
    for path, target in MOVED.items():
        yield _moved(seen, path, target)
    complete = next((batch for batch in sets_of(seen) if batch.ended), None)
    if complete:
        yield _moved(seen, "latest/set", complete.path)
    addresses = [state for state in seen.current if state.layer == Layer.ADDRESSES and state.good_files_of]
    for source_id, states in groupby(addresses, lambda state: state.source_id):
        target = _zip_of(list(states))
        yield Page(latest_run(source_id), target, bytes, "application/zip", target)


def latest_run(source_id: str) -> str:
    """Where the zipped CSV of a source always was."""
    return f"latest/run/{links.folder(source_id).removeprefix('sources/')}.zip"


def _zip_of(states: Sequence[State]) -> str:
    chosen = next((state for state in states if state.name == PRIMARY), states[0])
    assert chosen.good_files_of is not None, "only those with data are asked for"
    return f"{run_prefix(chosen.good_files_of)}{Layer.ADDRESSES}.zip"


def _moved(seen: Snapshot, path: str, target: str) -> Page:
    return Page(path, target, partial(_stub, seen, path, target), leads_to=f"site/{target}")


def _stub(seen: Snapshot, path: str, target: str) -> bytes:
    """For those who are not led: a page that goes on by itself, and says where to."""
    return printed(
        "moved.html",
        seen,
        path,
        title=f"Moved: {path.removesuffix(links.INDEX)}",
        description=f"What was at {path.removesuffix(links.INDEX)} is at another address now.",
        target=target,
    )
