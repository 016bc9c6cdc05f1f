"""`schemas/<name>.json`: what the JSON files of the site have in them (JSON Schema 2020-12)."""

from collections.abc import Iterator
from functools import partial

import msgspec

from dashboards.pages import Page
from dashboards.programs.documents import DOCUMENTS, MEDIA_TYPE
from dashboards.snapshot import Snapshot

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def path(name: str) -> str:
    """Where the schema of a kind of file is."""
    return f"schemas/{name}.json"


def pages(seen: Snapshot) -> Iterator[Page]:
    """One file for each kind."""
    for name in DOCUMENTS:
        yield Page(path(name), "", partial(schema, name), MEDIA_TYPE)


def schema(name: str) -> bytes:
    """The schema of a kind of file, the same on every site."""
    found = {"$schema": DIALECT, "title": f"OpenAddresses {name}", **msgspec.json.schema(DOCUMENTS[name])}
    return msgspec.json.format(msgspec.json.encode(found, order="sorted")) + b"\n"
