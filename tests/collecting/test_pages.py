"""The pages of collections."""

import html
import json

from dashboards.site import publish
from openaddr.stages import Layer
from tests.collecting.real import Good, check_commands
from tests.collecting.world import World, houses, source_text
from tests.outputs.extracts import points

SITE = "https://results.example"


def page(world: World, path: str) -> str:
    with world.storage.open(f"site/{path}") as stream:
        return html.unescape(stream.read().decode())


def test_pages_say_what_is_there_what_was_kept_left_out_and_is_gone(world: World) -> None:
    world.begin()
    world.add("de/berlin", houses(3))
    world.add("de/gone", houses(1))
    world.end()
    world.collect()
    world.begin()
    run = world.add("de/berlin", houses(8))
    world.add("de/<b>nowhere</b>", points([{"number": "1"}]))
    bad = world.add("fr/paris")
    world.end()
    world.storage.delete(f"runs/{run}/addresses.zip")
    world.storage.delete(f"runs/{bad}/addresses.zip")
    world.collect()
    publish(world.pool, world.storage, SITE)
    listed, germany = page(world, "collections/index.html"), page(world, "collections/de/index.html")
    assert "Germany" in listed and "collections/openaddr-collected-de.zip" in listed
    assert "Not all could be made anew" in listed and "COLLECTION_INCOMPLETE" in listed
    france = page(world, "collections/fr/index.html")
    assert "could not be made" in france and "openaddr-collected-fr is not made: no earlier one has what" in france
    assert "Kept from the collection before" in germany and f"runs/{run}/addresses.zip is not in storage" in germany
    assert "Left out: 1" in germany and "<b>nowhere" not in germany
    assert "not in this one: 1" in germany and "de/gone" in germany
    assert world.published()["openaddr-collected-de"].sha256 in germany
    for found in world.published().values():
        of_area = page(world, f"collections/{found.manifest['area']}/index.html")
        assert found.key in listed and found.key in of_area and found.sha256 in of_area
    index = page(world, "index.html")
    assert "openaddr-collected-global" in index and "openaddr-collected-de" not in index


def test_the_line_for_duckdb_that_a_page_prints_works(world: World) -> None:
    goods = [Good("de/berlin", "addresses", "town", 3, source_text(Layer.ADDRESSES, ("town",), None), world.folder)]
    world.begin()
    world.add("de/berlin", houses(3))
    world.end()
    world.collect()
    publish(world.pool, world.storage, "")
    assert check_commands(world, goods) == 3
    publish(world.pool, world.storage, SITE)
    assert f"FROM '{SITE}/collections/de-addresses.parquet'" in page(world, "collections/de/index.html")


def test_programs_find_archives_and_geoparquet_with_rows_sizes_and_checksums(world: World) -> None:
    world.begin()
    world.add("de/berlin", houses(3))
    world.add("de/hamburg", houses(4), share_alike=True)
    world.end()
    world.collect()
    publish(world.pool, world.storage, SITE)
    listed = {found["name"]: found for found in json.loads(page(world, "index.json"))["collection_files"]}
    assert listed.keys() == world.published().keys() and len(listed) == 12
    for name, record in world.published().items():
        found = listed[name]
        assert (found["bytes"], found["sha256"], found["rows"]) == (record.bytes, record.sha256, record.rows)
        assert found["url"] == f"{SITE}/{record.key}" and found["manifest_url"].endswith(f"{name}.manifest.json")
        assert found["page_url"] == f"{SITE}/collections/{found['area']}/"
    sa = listed["europe-sa-addresses"]
    assert (sa["area"], sa["share_alike"], sa["layer"], sa["format"], sa["sources"]) == (
        "europe", True, "addresses", "parquet", 1
    )  # fmt: skip
