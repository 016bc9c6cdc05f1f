"""A page for every code of a problem: what it means, whose move it is, which sources have it now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from dashboards import links
from dashboards.pages import Page
from dashboards.paging import Part, parts, stamp_of
from dashboards.printing import printed
from dashboards.snapshot import Snapshot
from openaddr.db.pages import State
from openaddr.errors import EXPLANATIONS, ROW_REASONS, Code, Explanation
from openaddr.recorded import WHOSE
from openaddr.words import plural

PER_PAGE = 150
"""Their messages make rows long."""


@dataclass(frozen=True)
class Kind:
    """One code, and the layer sources that have it now: as their problem, or as a warning beside a result."""

    code: Code
    explanation: Explanation
    states: Sequence[State]
    warned: Sequence[State]

    @property
    def path(self) -> str:
        """Its page."""
        return links.problem(self.code)

    @property
    def whose(self) -> str:
        """Who has to move."""
        return WHOSE[self.explanation.exit_code]


def pages(seen: Snapshot) -> Iterator[Page]:
    """A page or more for each code, and the list of all."""
    kinds = kinds_of(seen)
    for kind in kinds:
        has = [*kind.states, *kind.warned]
        for part in parts(kind.path, has, PER_PAGE):
            stamp = stamp_of(part.total, len(kind.states), *(state.digest for state in part.rows))
            yield Page(part.path, stamp, partial(_page, seen, kind, part))
    counts = [(len(kind.states), len(kind.warned)) for kind in kinds]
    yield Page("problems/index.html", stamp_of(*counts), partial(_list, seen, kinds))


def kinds_of(seen: Snapshot) -> list[Kind]:
    """Every code in the order of `openaddr/errors.py`."""
    failing: dict[str, list[State]] = {}
    warned: dict[str, list[State]] = {}
    for state in seen.current:
        if state.code:
            failing.setdefault(state.code, []).append(state)
        for code in state.warning_codes - {state.code}:
            warned.setdefault(code, []).append(state)
    return [
        Kind(code, explanation, failing.get(code, []), warned.get(code, []))
        for code, explanation in EXPLANATIONS.items()
    ]


def _page(seen: Snapshot, kind: Kind, part: Part[State]) -> bytes:
    title = f"{kind.explanation.title} ({kind.code}){part.suffix}"
    have = plural(len(kind.states), "layer source has", "layer sources have")
    return printed(
        "problem.html",
        seen,
        part.path,
        title=title,
        description=f"{title}. {kind.explanation.hint} {have} it now.",
        crumbs=(("Problems", "problems/index.html"), (kind.code, "")),
        kind=kind,
        part=part,
    )


def _list(seen: Snapshot, kinds: Sequence[Kind]) -> bytes:
    groups = {whose: [kind for kind in kinds if kind.whose == whose] for whose in WHOSE.values()}
    return printed(
        "problems.html",
        seen,
        "problems/index.html",
        title="Problems: every code explained",
        description="Every expected failure has a stable code: what it means, whose move it is, what to do about it.",
        crumbs=(("Problems", ""),),
        groups=groups,
        reasons=ROW_REASONS,
    )
