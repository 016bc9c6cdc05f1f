"""All collections: what belongs into them, a look at what is new, then one after the other."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from psycopg import Connection
from psycopg_pool import ConnectionPool

from openaddr.collecting import tiles
from openaddr.collecting.checking import Checked, check
from openaddr.collecting.making import make
from openaddr.collecting.members import Member, members_of
from openaddr.collecting.plans import ZIP, Plan, plans_of
from openaddr.collecting.shelf import Shelf
from openaddr.collecting.tiles import Counts
from openaddr.db import collections, pages
from openaddr.db.records import Collection
from openaddr.errors import Code, Problem, ProblemError
from openaddr.proposal import WHOLE_FILE
from openaddr.stages import Layer
from openaddr.storage.objects import Storage

log = logging.getLogger("openaddr.collecting")

STAYS = {Code.COLLECTION_EMPTY, Code.COLLECTION_INCOMPLETE}
"""Problems of one collection that say nothing of the others."""


@dataclass
class Report:
    """What came of it, by names of collections."""

    made: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    tiles: Counts = field(default_factory=lambda: Counts(0, 0, 0))
    problems: dict[str, Problem] = field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"{len(self.made)} collections made, {len(self.same)} as before, {len(self.removed)} removed, "
            f"{len(self.problems)} not made; {self.tiles.tiles} tiles, {self.tiles.made} of them made now"
        )


@dataclass(frozen=True)
class Desk:
    """The record and the storage; `breathe` raises when there is no more time."""

    pool: ConnectionPool[Connection[Any]]
    storage: Storage
    work: Path
    breathe: Callable[[], None] = lambda: None


def collect(desk: Desk) -> Report:
    """Bring all collections to what the record says now. Raises ProblemError when nothing more can be done.

    What is done by then stays, each collection whole. Whoever calls this is the only one who does.
    """
    report = Report()
    try:
        members = _members(desk)
        shelf = Shelf(desk.storage, desk.work, *_checked(desk, members), desk.breathe)
        plans = plans_of(members)
        for plan in plans:
            _try(desk, shelf, plan, report)
        _retire(desk, plans, report)
        _try_tiles(desk, shelf, members, report)
        _forget_broken(desk, shelf)
    except ProblemError as error:
        _note(desk, collections.ALL, error.problem)
        raise
    _note(desk, collections.ALL, None)
    return report


def _members(desk: Desk) -> list[Member]:
    with desk.pool.connection() as conn:
        found = collections.candidates(conn, WHOLE_FILE)
        contents = pages.contents(conn, {sha for each in found for sha in (each.source_sha, each.good_sha)})
    if not found:
        raise ProblemError(Code.COLLECTION_EMPTY, "No complete set of the default branch has a source with a good run.")
    return members_of(found, contents)


def _checked(desk: Desk, members: list[Member]) -> tuple[dict[int, Checked], dict[tuple[int, str], Problem]]:
    """What is known of the archives of all runs, and of those that cannot be used what is wrong."""
    wanted = {member.run: member for member in members if member.layer == Layer.ADDRESSES}
    with desk.pool.connection() as conn:
        facts = collections.checked(conn, list(wanted))
    known = {run: msgspec.convert(found, Checked) for run, found in facts.items()}
    broken: dict[tuple[int, str], Problem] = {}
    for run in wanted.keys() - known.keys():
        desk.breathe()
        try:
            known[run] = check(desk.storage, wanted[run], desk.work)
        except ProblemError as error:
            if error.problem.code is not Code.COLLECTION_MEMBER_BAD:
                raise
            log.warning("%s", error)
            broken[run, ZIP] = error.problem
            continue
        with desk.pool.connection() as conn:
            collections.note_checked(conn, run, asdict(known[run]))
    return known, broken


def _try(desk: Desk, shelf: Shelf, plan: Plan, report: Report) -> None:
    """Make one collection, and put on the record what came of it."""
    with desk.pool.connection() as conn:
        published = collections.get(conn, plan.name)
    try:
        new = make(shelf, plan, published)
    except ProblemError as error:
        if error.problem.code not in STAYS:
            raise
        log.warning("%s", error)
        report.problems[plan.name] = error.problem
        _note(desk, plan.name, error.problem)
        return
    with desk.pool.connection() as conn:
        if new is not None:
            collections.publish(conn, new)
        collections.note_try(conn, plan.name, None)
    (report.same if new is None else report.made).append(plan.name)


def _try_tiles(desk: Desk, shelf: Shelf, members: list[Member], report: Report) -> None:
    """Make the tiles, and put on the record what came of it."""
    problem = None
    try:
        report.tiles = tiles.make_tiles(shelf, members)
    except ProblemError as error:
        if error.problem.code not in STAYS:
            raise
        report.problems[tiles.NAME] = problem = error.problem
    _note(desk, tiles.NAME, problem)


def _forget_broken(desk: Desk, shelf: Shelf) -> None:
    """Have archives looked at again that are not what they were: somebody may put them right."""
    with desk.pool.connection() as conn:
        collections.forget_checked(conn, [run for run, kind in shelf.broken if kind == ZIP])


def _retire(desk: Desk, plans: list[Plan], report: Report) -> None:
    """Take away what has no member any more: all of its sources are gone, or under another licence."""
    wanted = [plan.name for plan in plans]
    with desk.pool.connection() as conn:
        published = collections.published(conn)
    for found in published:
        if found.name not in wanted and _is_ours(found):
            with desk.pool.connection() as conn:
                collections.remove(conn, found.name)
            for key in (found.key, found.manifest["manifest"]):
                desk.storage.delete(key)
            report.removed.append(found.name)
    with desk.pool.connection() as conn:
        collections.forget_tries(conn, [*wanted, tiles.NAME])


def _is_ours(found: Collection) -> bool:
    """Whether a collection is one of these: others are made elsewhere."""
    return {"area", "kind", "manifest"} <= found.manifest.keys()


def _note(desk: Desk, name: str, problem: Problem | None) -> None:
    with desk.pool.connection() as conn:
        collections.note_try(conn, name, problem)
