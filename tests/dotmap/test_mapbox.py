"""The dot map at Mapbox: what comes to its bucket, and what is said when Mapbox does not take it."""

import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

from demo.servers.mapbox import BUCKET, CREDENTIALS, KEY, Mapbox
from demo.servers.serving import Request, Response
from openaddr.dotmap.mapbox import Account, Pace, upload
from openaddr.errors import Code, ProblemError
from tests.buckets import credentials, s3_port

__all__ = ["credentials", "s3_port"]

SECRET = "sk.secret-of-mapbox"
QUICK = Pace(0.01, 30)


@pytest.fixture
def s3_url(s3_port: int, credentials: None) -> Iterator[str]:
    """A server with the bucket of Mapbox."""
    url = f"http://127.0.0.1:{s3_port}"
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=url)
    client.create_bucket(Bucket=BUCKET)
    yield url
    for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=found["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """Two tiles, one of them in the south."""
    with write(tmp_path / "world.pmtiles") as writer:
        for y in (0, 1):
            writer.write_tile(zxy_to_tileid(1, 0, y), f"tile {y}".encode())
        about = {"min_zoom": 1, "max_zoom": 1, "tile_type": TileType.MVT, "tile_compression": Compression.NONE}
        writer.finalize(about, {"vector_layers": [{"id": "addresses"}]})
    return tmp_path / "world.pmtiles"


def sent(server: Mapbox, s3_url: str, tiles: Path, key: str = SECRET, pace: Pace = QUICK) -> None:
    upload(tiles, tiles.parent, Account("town", "world", key, server.url, s3_url), pace)


def test_the_tiles_come_to_the_bucket_and_become_a_tileset(tiles: Path, s3_url: str, tmp_path: Path) -> None:
    with Mapbox("town", SECRET, polls=3) as server:
        sent(server, s3_url, tiles)
    assert server.begun == [{"tileset": "town.world", "url": CREDENTIALS["url"]}]
    assert [request.method for request in server.requests] == ["GET", "POST", "GET", "GET", "GET"]
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=s3_url)
    client.download_file(BUCKET, KEY, str(tmp_path / "there.mbtiles"))
    there = sqlite3.connect(tmp_path / "there.mbtiles")
    rows = there.execute("select zoom_level, tile_column, tile_row, tile_data from tiles order by tile_row").fetchall()
    there.close()
    # Rows are counted from the south there.
    assert rows == [(1, 0, 0, b"tile 1"), (1, 0, 1, b"tile 0")]


UPLOAD: dict[str, object] = {"id": "up1", "complete": False}


def said(status: int = 200, members: Mapping[str, object] = UPLOAD) -> Response:
    return Response(json.dumps(members).encode(), status)


ECHO = f"bad {SECRET}"


@pytest.mark.parametrize(
    ("trouble", "code", "words"),
    [
        (
            {"credentials": said(401, {"message": ECHO})},
            Code.MAPBOX_REFUSED,
            "GET of uploads/credentials at Mapbox: 401",
        ),
        ({"credentials": said(404, {"message": "no such user"})}, Code.MAPBOX_REFUSED, "404 .*no such user"),
        ({"credentials": said(503)}, Code.MAPBOX_AWAY, "3 times: 503"),
        ({"credentials": said(302)}, Code.MAPBOX_REFUSED, "302"),
        ({"credentials": Response(hangs_up=True)}, Code.MAPBOX_AWAY, "no answer"),
        ({"credentials": Response(b"<html>")}, Code.MAPBOX_AWAY, "200 with what is no credentials"),
        ({"credentials": said(200, {"secretAccessKey": "x"})}, Code.MAPBOX_AWAY, "200 with what is no credentials"),
        (
            {"credentials": said(200, CREDENTIALS | {"bucket": "gone"})},
            Code.MAPBOX_AWAY,
            "bucket of Mapbox did not take",
        ),
        (
            {"credentials": said(200, CREDENTIALS | {"bucket": "a b"})},
            Code.MAPBOX_AWAY,
            "bucket of Mapbox did not take",
        ),
        ({"begin": said(422, {"message": "too large"})}, Code.MAPBOX_REFUSED, "422 .*too large"),
        ({"begin": said(429)}, Code.MAPBOX_AWAY, "POST of uploads at Mapbox, 3 times: 429"),
        ({"look": said(200, UPLOAD | {"error": f"invalid tile {SECRET}"})}, Code.MAPBOX_FAILED, "says: invalid tile …"),
        ({"look": said(200, UPLOAD | {"complete": True, "error": "invalid"})}, Code.MAPBOX_FAILED, "says: invalid"),
        ({"look": said(500)}, Code.MAPBOX_AWAY, "GET of uploads/up1 at Mapbox, 3 times: 500"),
        ({"look": said(200, UPLOAD)}, Code.MAPBOX_SLOW, "not done with upload up1 after 0 s"),
    ],
)
def test_what_mapbox_does_not_do_is_named_and_the_key_is_nowhere(
    tiles: Path,
    s3_url: str,
    caplog: pytest.LogCaptureFixture,
    trouble: dict[str, Response],
    code: Code,
    words: str,
) -> None:
    pace = Pace(0.01, 0.2) if code is Code.MAPBOX_SLOW else QUICK
    with (
        caplog.at_level(logging.DEBUG),
        Mapbox("town", SECRET, trouble=trouble) as server,
        pytest.raises(ProblemError, match=words) as caught,
    ):
        sent(server, s3_url, tiles, pace=pace)
    assert caught.value.problem.code is code
    assert SECRET not in f"{caught.value}{caught.value.problem}" and SECRET not in caplog.text


def test_a_wrong_key_is_refused_and_not_repeated_in_words(tiles: Path, s3_url: str) -> None:
    with Mapbox("town", SECRET) as server, pytest.raises(ProblemError, match="401") as caught:
        sent(server, s3_url, tiles, key="sk.wrong")
    assert caught.value.problem.code is Code.MAPBOX_REFUSED and "sk.wrong" not in str(caught.value)


def test_a_server_that_is_not_there_is_away(tiles: Path, s3_url: str) -> None:
    with Mapbox("town", SECRET) as server:
        pass
    with pytest.raises(ProblemError, match="no answer") as caught:
        sent(server, s3_url, tiles)
    assert caught.value.problem.code is Code.MAPBOX_AWAY


def test_what_passes_is_asked_for_again(tiles: Path, s3_url: str) -> None:
    class Flaky(Mapbox):
        def answer(self, request: Request) -> Response:
            return said(502) if len(self.requests) % 2 else super().answer(request)

    with Flaky("town", SECRET) as server:
        sent(server, s3_url, tiles)
    assert len(server.begun) == 1
