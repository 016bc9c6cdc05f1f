"""The page of the build, and the lines that it gives to copy."""

import html
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboards.site import publish
from openaddr.db import collections
from openaddr.db.collections import DEDUPLICATED
from openaddr.db.records import NewCollection
from openaddr.deduping import overture
from openaddr.errors import Code, Problem
from tests.collecting.world import World
from tests.deduping.test_deduplicate import made, of_two

SITE = "https://results.example.org"
PATH = "collections/deduplicated/index.html"
COMMAND = re.compile(r'duckdb -c "(?P<first>\$\(.*?\))?(?P<query>.*)"')


def pages(world: World) -> dict[str, str]:
    """The pages about collections."""
    publish(world.pool, world.storage, SITE)
    found = {}
    for path in (PATH, "collections/index.html"):
        key = f"site/{path}"
        if world.storage.head(key):
            found[path] = world.fetch(key).read_text()
    return found


def test_the_page_says_what_became_of_the_rows_and_its_lines_work(world: World) -> None:
    of_two(world)
    assert made(world)
    found = pages(world)
    assert 'collections/deduplicated/index.html"' in found["collections/index.html"]
    words = found[PATH]
    for expected in ("6 of 2 layer sources", "another source is more local", "n50e010-10.parquet"):
        assert expected in words
    commands = [COMMAND.search(html.unescape(code)) for code in re.findall(r"<code>(duckdb .*?)</code>", words, re.S)]
    assert len(commands) == 2 and all(commands)
    file = world.fetch(next(each.key for each in world.storage.list("collections/deduplicated/")))
    for command in commands:
        assert command
        connection = duckdb.connect()
        if command["first"]:
            connection.execute(overture.SQL)
        query = re.sub(r"'https?://[^']*\.parquet'", f"'{file}'", command["query"])
        assert str(file) in query
        assert len(connection.execute(query).fetchall()) == 4


def test_the_page_names_what_is_in_the_way_of_a_newer_build(world: World) -> None:
    with world.pool.connection() as conn:
        collections.note_try(conn, DEDUPLICATED, Problem(Code.COLLECTION_EMPTY, "There is nothing <b>to read</b>."))
    found = pages(world)[PATH]
    assert "There is nothing &lt;b&gt;to read&lt;/b&gt;." in found and "No build has been published yet" in found


@pytest.mark.parametrize("manifest", [{}, {"rows": "many"}])
def test_a_manifest_that_cannot_be_read_breaks_no_page(manifest: dict[str, Any], world: World) -> None:
    with world.pool.connection() as conn:
        collections.publish(conn, NewCollection(DEDUPLICATED, "collections/deduplicated.json", "00", 1, 1, manifest))
    assert "cannot be read" in pages(world)[PATH]


def test_without_a_build_there_is_no_page(world: World) -> None:
    assert PATH not in pages(world)


def test_the_queries_of_the_documentation_work(world: World) -> None:
    of_two(world)
    assert made(world)
    text = (Path(__file__).parents[2] / "docs/deduplicated.md").read_text(encoding="utf-8")
    root = world.folder / "storage"
    file = next(root.glob("collections/deduplicated/*/*.parquet"))
    counts = []
    for block in re.findall(r"```sql\n(.*?)```", text, re.S):
        local = re.sub(r"'[^']*\.parquet'", f"'{file}'", block).replace("https://…/", f"{root}/")
        counts.append(duckdb.connect().execute(local).fetchall())
    assert [len(rows) for rows in counts] == [4, 1, 4]
    assert counts[1] == [(4,)]
