"""Makes one collection: stored whole, then its manifest, then its row on the record; or leaves it as it is."""

from dataclasses import replace
from typing import Protocol

from openaddr.collecting.classic import Classic
from openaddr.collecting.manifest import Contents, encoded, manifest_of, on_record, paths_before
from openaddr.collecting.parquet import Bundle
from openaddr.collecting.plans import ZIP, Plan
from openaddr.collecting.shelf import Shelf
from openaddr.db.records import Collection, NewCollection
from openaddr.errors import Code, ProblemError
from openaddr.storage.objects import ALWAYS_ASK, About, Writer

JSON = About("application/json", ALWAYS_ASK)


class Kind(Protocol):
    """How a collection of one kind is made."""

    media_type: str

    def contents(self) -> Contents:
        """What goes in, as far as is known. Raises ProblemError when a source is missing."""

    def texts(self) -> tuple[str, ...]:
        """What else is in it."""

    def write(self, contents: Contents, out: Writer) -> None:
        """Write it. Raises ProblemError; where a member is broken the shelf knows it then."""


def make(shelf: Shelf, plan: Plan, published: Collection | None) -> NewCollection | None:
    """Make a collection as planned; None when the published one is the same. Raises ProblemError.

    A source that cannot be read stays as it is in the published one; without it there nothing is made.
    """
    while True:
        kind: Kind = Classic(shelf, plan) if plan.kind == ZIP else Bundle(shelf, plan)
        contents = kind.contents()
        if not contents.items:
            raise ProblemError(Code.COLLECTION_EMPTY, f"None of the sources of {plan.name} has a row to collect.")
        digest = contents.digest(*kind.texts())
        if published and _is_same(shelf, published, digest):
            return None
        known = len(shelf.broken)
        try:
            with shelf.storage.write(plan.key, About(kind.media_type, ALWAYS_ASK, download_as=_name(plan))) as out:
                kind.write(contents, out)
        except ProblemError:
            if len(shelf.broken) == known:
                raise
            # With what is known now; each time one member less can surprise us.
            continue
        return _recorded(shelf, plan, contents, digest)


def _is_same(shelf: Shelf, published: Collection, digest: str) -> bool:
    """Whether what is on the record is made of the same, and is what is stored; a writer may have died in between."""
    if published.manifest.get("digest") != digest:
        return False
    stored = shelf.storage.head(published.key)
    return stored is not None and stored.sha256 == published.sha256


def _recorded(shelf: Shelf, plan: Plan, contents: Contents, digest: str) -> NewCollection:
    """Store the manifest of what was just stored; what the record is to say."""
    stored = shelf.storage.head(plan.key)
    assert stored is not None, "it was just stored"
    there = {item.member.path for item in contents.items}
    gone = [path for path in paths_before(shelf.storage, plan) if path not in there]
    contents = replace(contents, gone=gone)
    manifest = encoded(manifest_of(plan, contents, stored.bytes, stored.sha256))
    shelf.storage.put(plan.manifest_key, manifest, JSON)
    on_it = on_record(plan, contents, digest)
    return NewCollection(plan.name, plan.key, stored.sha256, stored.bytes, contents.rows, on_it)


def _name(plan: Plan) -> str:
    return plan.key.rpartition("/")[2]
