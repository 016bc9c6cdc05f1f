"""`openaddr site build`: the site by hand, through the command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards.building import build
from openaddr.db.connections import connect
from openaddr.settings import Settings
from openaddr.storage.folder import Folder
from tests.dashboards.making import Making, site

ROOT = Path(__file__).parents[2]


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openaddr", "site", "build", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    """A record with one good run and one that failed, and where its files are."""
    found = Settings(database_url=url, storage_folder=str(tmp_path / "storage"))
    with connect(url) as conn:
        making = Making(conn, Folder(tmp_path / "storage"))
        making.run()
        making.failed("xx/other")
    return found


def test_the_command_renders_into_the_storage_and_says_what_it_did(settings: Settings) -> None:
    given = {"DATABASE_URL": settings.database_url, "OPENADDR_STORAGE_FOLDER": settings.storage_folder}
    first, again = command(**given), command(**given)
    pages = site(Folder(Path(settings.storage_folder)))
    assert first.returncode == again.returncode == 0
    assert f"{len(pages):,} pages, {len(pages):,} written, 0 removed; file:" in first.stderr
    assert f"{len(pages):,} pages, 0 written, 0 removed" in again.stderr
    assert "index.html" in pages and "runs/1/map/index.html" in pages


def test_pages_can_go_into_a_folder_of_their_own(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(settings, tmp_path / "pages", afresh=False) == 0
    pages = site(Folder(tmp_path / "pages"))
    assert "Mill Lane" in pages["sources/xx/town/index.html"].decode()
    assert site(Folder(Path(settings.storage_folder))) == {}
    assert f"{tmp_path}/pages/site/index.html" in capsys.readouterr().err


def test_all_pages_can_be_written_afresh(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    build(settings, None, afresh=False)
    build(settings, None, afresh=True)
    first, second = capsys.readouterr().err.splitlines()
    assert first == second and " 0 written" not in second


@pytest.mark.parametrize(
    "environment, told",
    [
        ({"DATABASE_URL": "", "OPENADDR_STORAGE_FOLDER": "/tmp"}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "postgresql://a:secret@127.0.0.1:1/x", "OPENADDR_STORAGE_FOLDER": ""}, "STORAGE_UNSET"),
    ],
)
def test_what_is_not_set_is_told(environment: dict[str, str], told: str) -> None:
    answer = command(**environment, S3_BUCKET="")
    assert answer.returncode == 6
    assert told in answer.stderr and "secret" not in answer.stderr and "Traceback" not in answer.stderr
