"""What there is to say of a collection: the whole beside it in storage, and what its page shows on the record."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from openaddr.collecting.members import Member
from openaddr.collecting.plans import Plan
from openaddr.db.records import Json
from openaddr.storage.objects import MissingError, Storage

VERSION = 1
MOST_NAMED = 50
"""Sources of one kind that the record names; the manifest in storage has all."""


@dataclass(frozen=True)
class Item:
    """One member as it goes in: with so many rows, of its own run or, for the reason named, from the one before."""

    member: Member
    rows: int
    mark: str
    """What is another text for other bytes."""
    kept_because: str = ""


@dataclass(frozen=True)
class Left:
    """A source that is not in, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Contents:
    """What goes into a collection, what does not, and what was in the one before and is not any more."""

    items: Sequence[Item]
    left_out: Sequence[Left] = ()
    gone: Sequence[str] = ()

    @property
    def rows(self) -> int:
        """Rows of all members."""
        return sum(item.rows for item in self.items)

    def digest(self, *texts: str) -> str:
        """What the collection is made of, in a word, with texts that are in it."""
        marks = [f"{item.member.path} {item.mark}" for item in self.items]
        return hashlib.sha256("\0".join([f"{VERSION}", *texts, *marks]).encode()).hexdigest()


class ListedSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A source as the manifest lists it."""

    path: str
    source: str
    layer: str
    name: str
    run: int
    rows: int
    data_of: datetime
    licence: str | None
    licence_url: str | None
    attribution_required: bool | None
    attribution_name: str | None
    share_alike: bool | None
    website: str
    kept_because: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`collections/<name>.manifest.json`."""

    version: int = VERSION
    name: str
    area: str
    share_alike: bool
    layer: str
    key: str
    bytes: int
    sha256: str
    rows: int
    made_at: datetime
    origins: list[str]
    sources: list[ListedSource]
    left_out: list[Left]
    gone: list[str]


def manifest_of(plan: Plan, contents: Contents, size: int, digest: str) -> Manifest:
    """The manifest of a collection that was just stored."""
    return Manifest(
        name=plan.name,
        area=plan.area,
        share_alike=plan.share_alike,
        layer=plan.layer,
        key=plan.key,
        bytes=size,
        sha256=digest,
        rows=contents.rows,
        made_at=datetime.now(UTC).replace(microsecond=0),
        origins=plan.origins,
        sources=[_listed(item) for item in contents.items],
        left_out=list(contents.left_out),
        gone=list(contents.gone),
    )


def _listed(item: Item) -> ListedSource:
    member, licence = item.member, item.member.licence
    return ListedSource(
        path=member.path,
        source=member.source_id,
        layer=member.layer,
        name=member.name,
        run=member.run,
        rows=item.rows,
        data_of=member.finished_at,
        licence=licence.text,
        licence_url=licence.url,
        attribution_required=licence.attribution_required,
        attribution_name=licence.attribution_name,
        share_alike=licence.share_alike,
        website=member.website,
        kept_because=item.kept_because,
    )


def encoded(manifest: Manifest) -> bytes:
    """A manifest as people can read it too."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def paths_before(storage: Storage, plan: Plan) -> list[str]:
    """The sources of the collection that is published; none where nobody can say."""
    try:
        with storage.open(plan.manifest_key) as stream:
            return [found.path for found in msgspec.json.decode(stream.read(), type=Manifest).sources]
    except (MissingError, msgspec.DecodeError):
        return []


def on_record(plan: Plan, contents: Contents, digest: str) -> Json:
    """What the record keeps: enough for pages, and to see whether a collection would be made of the same again."""
    kept = [Left(item.member.path, item.kept_because) for item in contents.items if item.kept_because]
    return {
        "digest": digest,
        "area": plan.area,
        "share_alike": plan.share_alike,
        "layer": plan.layer,
        "kind": plan.kind,
        "manifest": plan.manifest_key,
        "sources": len(contents.items),
        "newest": max(item.member.finished_at for item in contents.items).isoformat(),
        **{name: _some(left) for name, left in (("kept", kept), ("left_out", contents.left_out))},
        "gone": {"count": len(contents.gone), "named": list(contents.gone[:MOST_NAMED])},
    }


def _some(left: Sequence[Left]) -> Json:
    return {"count": len(left), "named": [msgspec.to_builtins(found) for found in left[:MOST_NAMED]]}
