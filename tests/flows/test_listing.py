"""From a repository to queued runs: how many, how fast, and what is left when whoever lists is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from demo.servers.github import GitHubServer
from demo.servers.serving import Response
from flows.batch_set import start, under_way
from flows.listing import list_set
from flows.origins import Origin, asked_for, origin_of
from flows.services import Services
from flows.sweep import broken_off
from openaddr.db import runs
from openaddr.db.records import Set, Trust
from openaddr.settings import load
from tests.github.checking import checked_github

NAME = "openaddresses/openaddresses"
LIST = """
from flows.batch_set import start
from flows.listing import list_set
from flows.origins import asked_for
from flows.services import services
with services() as opened:
    origin = asked_for(opened.settings, "", "", "")
    list_set(opened, start(opened, origin, origin.head(), fresh=True), origin)
"""


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    """GitHub, which the settings name."""
    with checked_github() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("OPENADDR_REPOSITORIES", NAME)
        yield server


def source(number: int, names: str = "a") -> bytes:
    """A source file with a layer source for each letter."""
    entries = [{"name": name, "protocol": "http", "data": f"https://x.test/{number}/{name}"} for name in names]
    return json.dumps({"schema": 2, "coverage": {"country": "xx"}, "layers": {"addresses": entries}}).encode()


def begun(opened: Services) -> tuple[Origin, Set]:
    """A set that is started and not listed yet."""
    origin = asked_for(load(), "", "", "")
    return origin, start(opened, origin, origin.head(), fresh=False)


def rows(opened: Services, found: Set) -> list[tuple[str, str]]:
    """Source and name of the runs of a set."""
    with opened.pool.connection() as conn:
        return [(run.source_id, run.name) for run in runs.of_set(conn, found.id)]


def test_a_repository_of_3000_files_is_listed_within_seconds_and_each_layer_source_once(
    opened: Services, github: GitHubServer
) -> None:
    files = {f"sources/x{number % 50}/town-{number}.json": source(number) for number in range(3_000)}
    github.host(NAME).commit(files)
    # Time of the processor: the machines of tests are shared.
    began = time.process_time()
    origin, found = begun(opened)
    assert list_set(opened, found, origin) == 3_000
    assert time.process_time() - began < 15, "1.5 s on an idle machine"
    expected = sorted((f"x{number % 50}/town-{number}", "a") for number in range(3_000))
    assert sorted(rows(opened, found)) == expected
    assert list_set(opened, found, origin) == 3_000
    assert sorted(rows(opened, found)) == expected, "twice adds nothing"
    assert len(github.asked("zipball")) == 2, "one call for all files"


def test_a_set_says_of_its_runs_what_it_was_asked_for(opened: Services, github: GitHubServer) -> None:
    sha = github.host(NAME).commit({"sources/xx/a.json": source(1, "ab"), "sources/xx/b.json": b"{"})
    origin, found = begun(opened)
    list_set(opened, found, origin)
    with opened.pool.connection() as conn:
        listed = runs.of_set(conn, found.id)
    assert {(run.trust, run.commit_sha, run.fresh) for run in listed} == {(Trust.MERGED, sha, False)}
    assert [(run.source_id, run.name) for run in listed] == [("xx/a", "a"), ("xx/a", "b"), ("xx/b", "")]


@pytest.mark.parametrize("moment", ["in the download", "among the runs"])
def test_whoever_lists_is_killed(moment: str, opened: Services, github: GitHubServer) -> None:
    hosted = github.host(NAME)
    hosted.commit({f"sources/xx/{number}.json": source(number) for number in range(20)})
    if moment == "in the download":
        github.trouble["codeload"] = [Response(b"PK", stops_after=1, silent=True)]
    with opened.pool.connection() as conn, subprocess.Popen([sys.executable, "-c", LIST], env=os.environ) as victim:
        if moment == "among the runs":
            # It can be read from and not be written to: who lists waits at the first run.
            conn.execute("lock table runs in share mode")
        waiting = "select count(*) from pg_locks where relation = 'runs'::regclass and not granted"
        while not github.asked("codeload") or (moment == "among the runs" and conn.execute(waiting).fetchone() == (0,)):
            assert victim.poll() is None
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        conn.rollback()
    left = under_way(opened, NAME)
    assert left is not None and (left.listed_at, left.fresh, rows(opened, left)) == (None, True, [])
    assert [found.id for found in broken_off(opened)] == [left.id]
    hosted.commit({"sources/yy/later.json": source(1)})
    assert list_set(opened, left, origin_of(load(), left)) == 20
    assert len(rows(opened, left)) == 20
    assert {source_id for source_id, _ in rows(opened, left)} == {f"xx/{number}" for number in range(20)}
