"""The flow of the dot map: what it says, what it leaves to Mapbox, and that nobody sees half of it."""

import gzip
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from demo.servers.mapbox import BUCKET, KEY, Mapbox
from demo.servers.serving import Response
from flows import policies
from flows.dotmap import alone, dotmap, make_alone
from flows.services import Services
from openaddr.dotmap.making import published
from openaddr.storage.objects import About
from tests.dashboards.making import Making
from tests.dotmap.killed import LINE, killed
from tests.flows.conftest import state_of

pytestmark = [
    pytest.mark.usefixtures("connections_of_prefect"),
    # Clients of Prefect leave their connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

KILLS = int(os.environ.get("OPENADDR_KILLS", "2"))
SECRET = "sk.secret-of-mapbox"


@pytest.fixture
def three(opened: Services) -> None:
    """A source with three addresses."""
    with opened.pool.connection() as conn:
        run_id = Making(conn, opened.storage).run("xx/a")
        content = gzip.compress("".join(map(LINE.format, range(3))).encode())
        opened.storage.put(f"runs/{run_id}/addresses.geojsonl.gz", content, About())


def made(opened: Services) -> Any:
    """What one run of the flow says, without Prefect."""
    state = make_alone(opened)
    return state.name, state.message


def tasks(opened: Services) -> int:
    """How often pages are to be made."""
    with opened.pool.connection() as conn:
        row = conn.execute("select count(*) from outbox where kind = 'site'").fetchone()
    return int(row[0]) if row else 0


def test_a_flow_run_makes_the_map_and_has_pages_made(prefect: None, three: None, opened: Services) -> None:
    state = state_of(dotmap)
    assert (state.name, state.message) == ("Completed", "3 points of 1 source are on the map.")
    assert (found := published(opened.storage)) and found.points == 3
    assert tasks(opened) == 1 and list(Path(opened.settings.work_folder).iterdir()) == []


def test_of_two_at_once_the_second_leaves_and_nothing_is_no_map(opened: Services) -> None:
    with alone(opened) as is_ours:
        assert is_ours and made(opened)[0] == "Left"
    assert made(opened)[0] == "Nothing" and published(opened.storage) is None


def with_mapbox(opened: Services, server: Mapbox, s3_port: int) -> Services:
    told = replace(
        opened.settings,
        mapbox_user="town",
        mapbox_key=SECRET,
        mapbox_api_url=server.url,
        mapbox_s3_endpoint_url=f"http://127.0.0.1:{s3_port}",
    )
    return replace(opened, settings=told)


def test_with_a_key_the_tiles_come_to_mapbox(
    three: None, opened: Services, s3_port: int, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{s3_port}")
    client.create_bucket(Bucket=BUCKET)
    monkeypatch.setattr(policies, "MAPBOX_PAUSE_SECONDS", 0.01)
    with Mapbox("town", SECRET) as server:
        assert made(with_mapbox(opened, server, s3_port)) == ("Completed", "3 points of 1 source are on the map.")
    assert server.begun[0]["tileset"] == "town.world"
    assert client.get_object(Bucket=BUCKET, Key=KEY)["Body"].read(6) == b"SQLite"


def test_what_mapbox_cannot_do_never_takes_the_map_back(
    three: None, opened: Services, s3_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = Response(f"no {SECRET}".encode(), 403)
    with Mapbox("town", SECRET, trouble={"credentials": refusal}) as server:
        name, message = made(with_mapbox(opened, server, s3_port))
    assert name == "Without Mapbox" and "MAPBOX_REFUSED: GET of uploads/credentials at Mapbox: 403 no …." in message
    assert published(opened.storage) and tasks(opened) == 1
    assert SECRET not in message + caplog.text + repr(opened.settings)


@pytest.mark.slow
@pytest.mark.proves("I5", kind="maker of the dot map killed")
@pytest.mark.timeout(120 + 10 * KILLS)
@pytest.mark.parametrize("kept_in", ["folder", "bucket"])
def test_a_reader_sees_whole_maps_whoever_is_killed(
    opened: Services, record_property: Callable[[str, object], None]
) -> None:
    reader = killed(opened, "dotmap", tries=KILLS, seed=1)
    record_property("faults", KILLS)
    record_property("looks", reader.looks)
    assert reader.breaches == [] and reader.looks > 10


@pytest.mark.slow
@pytest.mark.proves("I5", kind="maker of the maps of sets killed")
@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_reader_sees_whole_maps_of_a_set_whoever_is_killed(
    opened: Services, record_property: Callable[[str, object], None]
) -> None:
    reader = killed(opened, "maps", tries=KILLS, seed=1)
    record_property("faults", KILLS)
    record_property("looks", reader.looks)
    assert reader.breaches == [] and reader.looks > 10
