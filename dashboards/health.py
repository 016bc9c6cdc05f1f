"""How the whole collection is: what needs attention, why, where, and what was lost."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from dashboards import links
from dashboards.facts import facts_of
from dashboards.listing import WORDS
from dashboards.pages import Page
from dashboards.paging import Part, parts, stamp_of
from dashboards.printing import printed
from dashboards.snapshot import Snapshot
from openaddr.db import pages as record
from openaddr.db.pages import State
from openaddr.recorded import Told, explained
from openaddr.stages import Layer
from openaddr.words import plural

PATH = "health/index.html"
MOST = 15
"""Rows of each of the short lists."""
LAYERS = tuple(layer.value for layer in Layer)


@dataclass(frozen=True)
class SourceRow:
    """One source file: how each of its layers stands, the worst where a layer has several sources."""

    source_id: str
    cells: Sequence[State | None]
    more: int
    digest: str


@dataclass(frozen=True)
class Cause:
    """A code or a host with how many layer sources have it."""

    word: str
    title: str
    path: str
    count: int
    share: float


@dataclass(frozen=True)
class Loss:
    """A layer source whose newest result has fewer rows than the one before."""

    state: State
    before: int
    now: int

    @property
    def lost(self) -> int:
        """How many rows are gone."""
        return self.before - self.now


def pages(seen: Snapshot) -> Iterator[Page]:
    """The matrix of all sources, worst first; its first page has the summary."""
    rows = matrix(seen.current)
    for part in parts(PATH, rows):
        summary = [state.digest for state in seen.current if part.number == 1]
        stamp = stamp_of(part.total, *(row.digest for row in part.rows), *summary)
        yield Page(part.path, stamp, partial(_page, seen, part))


def matrix(states: Sequence[State]) -> list[SourceRow]:
    """Sources by layers, worst first."""
    rows = []
    for source_id, found in groupby(states, lambda state: state.source_id):
        inside = sorted(found, key=badness)
        cells = [next((state for state in inside if state.layer == layer), None) for layer in LAYERS]
        shown = sum(cell is not None for cell in cells)
        digest = stamp_of(*(state.digest for state in inside))
        rows.append((badness(inside[0]), source_id, SourceRow(source_id, cells, len(inside) - shown, digest)))
    return [row for _, _, row in sorted(rows, key=lambda row: row[:2])]


def badness(state: State) -> int:
    """Place in the order of words, worst first."""
    return WORDS.index(state.word)


def losses(states: Sequence[State]) -> list[Loss]:
    """The largest losses of rows from one result to the next, published or held."""
    found = [
        Loss(state, state.rows_before, state.rows)
        for state in states
        if state.rows is not None and state.rows_before is not None and state.word in ("held", "succeeded")
    ]
    return sorted((loss for loss in found if loss.lost > 0), key=lambda loss: -loss.lost)[:MOST]


def causes(states: Sequence[State]) -> list[Cause]:
    """What keeps layer sources from a good result, the most frequent first."""
    counts = Counter(state.code for state in states if state.needs_attention and state.code)
    most = max(counts.values(), default=1)
    return [
        Cause(code, Told(code).title, links.problem(code) if explained(code) else "", count, count / most)
        for code, count in counts.most_common(MOST)
    ]


def hosts(seen: Snapshot) -> list[Cause]:
    """The servers with most layer sources that need attention."""
    bad = [state for state in seen.current if state.needs_attention]
    contents = record.contents(seen.conn, (state.source_sha for state in bad))
    counts: Counter[str] = Counter()
    for (source_id, sha), found in groupby(bad, lambda state: (state.source_id, state.source_sha)):
        facts = facts_of(source_id, contents.get(sha, b""))
        counts.update(facts.entry(state.layer, state.name).host for state in found)
    counts.pop("", None)
    most = max(counts.values(), default=1)
    return [Cause(host, host, "", count, count / most) for host, count in counts.most_common(MOST)]


def _page(seen: Snapshot, part: Part[SourceRow]) -> bytes:
    words = Counter(state.word for state in seen.current)
    attention = sum(state.needs_attention for state in seen.current)
    is_first = part.number == 1
    return printed(
        "health.html",
        seen,
        part.path,
        title=f"Health of the collection{part.suffix}",
        description=f"{plural(attention, 'layer source needs', 'layer sources need')} attention. Failures by code and "
        f"by server, the largest losses, and every source by layer{part.suffix}.",
        crumbs=(("Health", ""),),
        part=part,
        layers=LAYERS,
        attention=attention,
        total=len(seen.current),
        words=[(word, words[word]) for word in WORDS if words[word]],
        causes=causes(seen.current) if is_first else (),
        hosts=hosts(seen) if is_first else (),
        losses=losses(seen.current) if is_first else (),
    )
