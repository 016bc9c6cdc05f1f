"""Collections: one page of all areas, and one for each area with its files, checksums, commands and what is missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import msgspec

from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.printing import printed
from dashboards.snapshot import Snapshot
from openaddr.collecting.areas import TITLES
from openaddr.collecting.plans import PARQUET, ZIP
from openaddr.db import collections
from openaddr.db.collections import Trouble
from openaddr.db.records import Collection
from openaddr.names import plain_name
from openaddr.recorded import Told, read_problem
from openaddr.source.gazetteer import gazetteer

PATH = "collections/index.html"
SIDES = {False: "free to share", True: "share-alike"}
OF_OLD = "openaddr-collected-"


@dataclass(frozen=True)
class Named:
    """A source with the reason why it is kept or left out."""

    path: str
    reason: str = ""


@dataclass(frozen=True)
class Some:
    """So many sources, the first of which are named."""

    count: int = 0
    named: list[Named] = field(default_factory=list)


@dataclass(frozen=True)
class Gone:
    """Sources that were in the collection before."""

    count: int = 0
    named: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Summary:
    """What the record says of a collection besides its file."""

    area: str
    share_alike: bool
    layer: str
    kind: str
    manifest: str
    sources: int
    newest: datetime
    kept: Some = Some()
    left_out: Some = Some()
    gone: Gone = Gone()


@dataclass(frozen=True)
class Bundle:
    """One published file."""

    record: Collection
    summary: Summary

    @property
    def title(self) -> str:
        """What it is."""
        form = "CSV in a zip" if self.summary.kind == ZIP else "GeoParquet"
        return f"{self.summary.layer.capitalize()}, {form}"

    @property
    def side(self) -> str:
        """What one may do with it."""
        return SIDES[self.summary.share_alike]

    @property
    def is_parquet(self) -> bool:
        """Whether DuckDB reads it."""
        return self.summary.kind == PARQUET

    @property
    def has_notes(self) -> bool:
        """Whether something is to be said of what is in it."""
        return bool(self.summary.kept.count or self.summary.left_out.count or self.summary.gone.count)


@dataclass(frozen=True)
class Side:
    """The files of an area with the same freedom: the archive of addresses, if there is one, and GeoParquet."""

    word: str
    archive: Bundle | None
    parquets: Sequence[Bundle]

    @property
    def newest(self) -> datetime:
        """When its newest data is of."""
        return max(found.summary.newest for found in (self.archive, *self.parquets) if found)


@dataclass(frozen=True)
class Difficulty:
    """Why a collection is as it was before."""

    name: str
    since: datetime
    problem: Told | None


@dataclass(frozen=True)
class Area:
    """An area with its files, and what was in the way of them."""

    name: str
    bundles: Sequence[Bundle]
    difficulties: Sequence[Difficulty]

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES.get(self.name) or gazetteer().names.get(self.name.upper(), self.name.upper())

    @property
    def path(self) -> str:
        """Its page."""
        return page_of(self.name)

    @property
    def sides(self) -> Iterator["Side"]:
        """Its files by what one may do with them, free ones first."""
        for share_alike, word in SIDES.items():
            found = [each for each in self.bundles if each.summary.share_alike is share_alike]
            if found:
                archive = next((each for each in found if each.summary.kind == ZIP), None)
                yield Side(word, archive, [each for each in found if each is not archive])

    @property
    def notes(self) -> int:
        """How many of its files have something to be said of them."""
        return len(self.difficulties) + sum(found.has_notes for found in self.bundles)


def pages(seen: Snapshot) -> Iterator[Page]:
    """The list, and a page for each area."""
    published, troubles = collections.published(seen.conn), collections.problems(seen.conn)
    found = [(each, summary_of(each)) for each in published]
    areas = areas_in([Bundle(each, summary) for each, summary in found if summary], troubles)
    others = [each for each, summary in found if summary is None]
    everywhere = [difficulty(each) for each in troubles if each.name == collections.ALL]
    known = {each.name for area in areas for each in area.difficulties}
    unseen = [difficulty(each) for each in troubles if each.name not in known | {collections.ALL}]
    stamp = stamp_of(*published, *troubles)
    yield Page(PATH, stamp, partial(_list, seen, areas, others, [*everywhere, *unseen]))
    for area in areas:
        yield Page(area.path, stamp_of(area), partial(_area, seen, area))


def page_of(area: str) -> str:
    """The page of an area."""
    return f"collections/{plain_name(area)}/index.html"


def on_index(published: Sequence[Collection]) -> list[Collection]:
    """The collections that the index of the site names: archives of the world and its parts, and what is no area."""
    found = ((each, summary_of(each)) for each in published)
    chosen = [each for each, about in found if about is None or (about.kind == ZIP and about.area in TITLES)]
    order = list(TITLES)
    return sorted(chosen, key=lambda each: order.index(each.manifest["area"]) if "area" in each.manifest else -1)


def summary_of(found: Collection) -> Summary | None:
    """What the record says of a collection of an area, None for one of another kind."""
    try:
        return msgspec.convert(found.manifest, Summary)
    except msgspec.ValidationError:
        return None


def areas_in(bundles: Sequence[Bundle], troubles: Sequence[Trouble]) -> list[Area]:
    """Areas with files: the world, its parts, then countries by name."""
    inside: dict[str, list[Bundle]] = {}
    for bundle in bundles:
        inside.setdefault(bundle.summary.area, []).append(bundle)
    areas = []
    for name, found in inside.items():
        found.sort(key=lambda each: (each.summary.share_alike, each.summary.layer, each.summary.kind != ZIP))
        own = [difficulty(each) for each in troubles if _area_of(each.name) == name]
        areas.append(Area(name, found, own))
    order = list(TITLES)
    return sorted(areas, key=lambda area: (order.index(area.name) if area.name in order else 99, area.title))


def difficulty(trouble: Trouble) -> Difficulty:
    """What is shown of what was in the way."""
    return Difficulty(trouble.name, trouble.tried_at, read_problem(trouble.problem))


def _area_of(name: str) -> str:
    """The area of a collection by its name, such as `openaddr-collected-europe-sa` or `europe-sa-addresses`."""

    return name.removeprefix(OF_OLD).partition("-")[0]


def _list(
    seen: Snapshot, areas: Sequence[Area], others: Sequence[Collection], difficulties: Sequence[Difficulty]
) -> bytes:
    return printed(
        "collections.html",
        seen,
        PATH,
        title="Collections: many sources in one file",
        description="Bundles of many sources to download at once, by area, with rows, size and age of each.",
        crumbs=(("Collections", ""),),
        areas=areas,
        others=others,
        difficulties=difficulties,
        stuck=[area for area in areas if area.difficulties],
    )


def _area(seen: Snapshot, area: Area) -> bytes:
    return printed(
        "area.html",
        seen,
        area.path,
        title=f"Collections: {area.title}",
        description=f"All sources of {area.title} as one archive and GeoParquet, with checksums and commands.",
        crumbs=(("Collections", PATH), (area.title, "")),
        area=area,
    )
