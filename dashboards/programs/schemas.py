"""`schemas/<name>.json`: what the JSON files of the site have in them; `schema/source.json`: what source files have.

All are JSON Schema 2020-12. That of source files is the one of the lint, at the address that is its `$id`, for editors.
"""

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from importlib.resources import files

import msgspec

from dashboards.pages import Page
from dashboards.programs.documents import DOCUMENTS, MEDIA_TYPE
from dashboards.snapshot import Snapshot

SOURCE_FILES = "schema/source.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def path(name: str) -> str:
    """Where the schema of a kind of file is."""
    return f"schemas/{name}.json"


def pages(seen: Snapshot) -> Iterator[Page]:
    """One file for each kind."""
    for name in DOCUMENTS:
        yield Page(path(name), "", partial(schema, name), MEDIA_TYPE)
    content = files("openaddr.lint").joinpath("schema.json").read_bytes()
    yield Page(SOURCE_FILES, sha256(content).hexdigest(), lambda: content, MEDIA_TYPE)


def schema(name: str) -> bytes:
    """The schema of a kind of file, the same on every site."""
    found = {"$schema": DIALECT, "title": f"OpenAddresses {name}", **msgspec.json.schema(DOCUMENTS[name])}
    return msgspec.json.format(msgspec.json.encode(found, order="sorted")) + b"\n"
