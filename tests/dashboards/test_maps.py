"""The page of a map: what it may load, and what it says where there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import libraries, maps
from dashboards.gather import gather
from dashboards.libraries import FOR_MAPS, files
from dashboards.site import publish
from openaddr.db.connections import connect, open_pool
from openaddr.storage.objects import Storage
from openaddr.storage.s3 import S3
from tests.dashboards.html import Read, read
from tests.dashboards.making import Making, site
from tests.storage.conftest import bucket, credentials, folder, s3_port, storage

__all__ = ["bucket", "credentials", "folder", "s3_port", "storage"]
ROOT = Path(__file__).parents[2]
PAGE = "runs/1/map/index.html"


def page(storage: Storage, url: str, **stored: bytes) -> Read:
    """The map of a run whose files are in a storage."""
    with connect(url) as conn:
        making = Making(conn, storage)
        making.store(making.run(), **stored)
    with open_pool(url) as pool:
        publish(pool, storage, makers=[maps.pages])
    return read(PAGE, site(storage)[PAGE])


def test_tiles_are_read_from_where_they_are(storage: Storage, url: str) -> None:
    found = page(storage, url)
    ((shown,),) = ([value for name, value in found.elements if "data-map" in value],)
    (policy,) = (meta["content"] for meta in found.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    if isinstance(storage, S3):
        origin = storage.url("runs").split("/bucket-")[0]
        assert shown["data-tiles"] == storage.url("runs/1/addresses.pmtiles")
        assert f"connect-src 'self' {origin};" in policy
    else:
        assert shown["data-tiles"] == "../../../../runs/1/addresses.pmtiles"
        assert "connect-src 'self';" in policy
    assert "script-src 'self';" in policy and "worker-src 'self';" in policy and "blob:" not in policy
    assert f"../../../{libraries.paths()['land.pmtiles']}" == shown["data-land"]


@pytest.fixture
def nothing_brought(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """As if set-up had brought nothing for browsers."""
    monkeypatch.setattr(libraries, "BROWSER", tmp_path / "browser")
    libraries.paths.cache_clear()
    yield
    libraries.paths.cache_clear()


@pytest.mark.usefixtures("nothing_brought")
def test_without_the_library_the_page_says_so_and_has_the_picture(folder: Storage, url: str) -> None:
    found = page(folder, url)
    assert "What maps are drawn with is not installed here (maplibre-gl.mjs, " in found.text
    assert "make setup" in found.text
    assert [script for script in found.all("script") if script.get("type") == "module"] == []
    assert [image["src"] for image in found.all("img")] == ["../../../../runs/1/preview.png"]


def test_a_run_without_tiles_says_so(folder: Storage, url: str) -> None:
    found = page(folder, url, **{"manifest.json": b'{"resources": []}'})
    assert "This run has no tiles: no row has a place, or tiles were not asked for" in found.text


def test_a_lost_manifest_is_named(folder: Storage, url: str) -> None:
    found = page(folder, url, **{"manifest.json": b"broken"})
    assert "runs/1/manifest.json cannot be read" in found.text


def test_what_set_up_brings_is_all_that_maps_load_and_says_its_version(tmp_path: Path) -> None:
    gather(ROOT / "node_modules", tmp_path / "browser")
    made = files(tmp_path / "browser")
    assert {found.file.name for found in made} == {*FOR_MAPS, "LICENSE.txt"}
    assert {found.path.split("/")[1].rpartition("-")[0] for found in made} == {"land", "maplibre-gl", "pmtiles"}
    here = {found.path for found in files()}
    assert {found.path for found in made} == here, "set-up makes the same files each time"
    assert [left.name for left in tmp_path.iterdir()] == ["browser"]
