"""Collections of recorded real sources of seven countries: whole, with exactly the good rows, open to everybody."""

import shutil
from pathlib import Path

from openaddr.collecting.areas import areas_of
from openaddr.db.connections import open_pool
from openaddr.errors import Code
from openaddr.storage.folder import Folder
from tests.collecting.real import check_archives, check_commands, collected, good_runs
from tests.collecting.world import World
from tests.conformance.recordings import Recordings, processed_all

PLACES = {
    "fr/la-réunion": "fr/la-réunion", "fr/paris": "fr-paris", "it/52/statewide": "it-52-statewide",
    "jp/fukushima": "jp-fukushima2", "pl/dolnoslaskie": "pl-dolnoslaskie", "ua/63/city_of_kharkiv":
    "ua-63-city_of_kharkiv", "us/nj/statewide": "us/nj/statewide", "us/oh/trumbull": "us/oh/trumbull",
    "us/or/portland": "us/or/portland", "us/tx/city_of_waco": "us/tx/city_of_waco", "us/va/statewide":
    "us/va/statewide", "us/ca/alameda_county": "us-ca-alameda_county", "us/ca/carson": "us-ca-carson",
    "us/ca/san_francisco": "us-ca-san_francisco", "us/ut": "us-ut", "us/wy/park": "us-wy-park",
    "gb/lake-man": "lake-man-gdb", "gb/lake-man-nested": "lake-man-gdb-nested",
}  # fmt: skip
"""Recorded sources that succeed, by the paths that such a source has today: areas are made of them."""


def test_collections_of_recorded_sources_hold_exactly_the_good_rows_and_open_as_their_pages_say(
    recordings: Recordings, url: str, tmp_path: Path
) -> None:
    placed = Recordings(tmp_path / "sources", recordings.data)
    for path, recorded in PLACES.items():
        target = placed.sources / f"{path}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(recordings.sources / f"{recorded}.json", target)
        processed_all(placed, path, tmp_path / "out")
    goods = good_runs(tmp_path / "out", placed.sources)
    assert {good.source for good in goods} == PLACES.keys()
    with open_pool(url) as pool:
        world = World(pool, Folder(tmp_path / "storage"), tmp_path)
        # The server of Kharkiv says longitude and latitude and sends a grid of its own.
        assert collected(world, goods) == {"openaddr-collected-ua": Code.COLLECTION_EMPTY}
        # In the world, in its part, and in the country; but for Kharkiv.
        assert check_archives(world, goods) == 3 * (len(PLACES) - 1)
        sides = {(area, good.is_share_alike) for good in goods for area in areas_of(good.source)}
        assert check_commands(world, goods) == len(sides) > 15
