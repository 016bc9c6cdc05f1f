"""Sets as Prefect runs them: of a folder, of a repository on GitHub, broken off, and such that cannot be."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from demo.servers import github as ways
from demo.servers.github import GitHubServer, Hosted, rate_limited, refused
from demo.servers.serving import Response
from flows import policies
from flows.batch_set import batch_set, start
from flows.listing import list_set
from flows.origins import FolderOrigin
from flows.sweep import broken_off
from openaddr.db import runs, sets
from openaddr.db.records import Set, Trust
from tests.flows.conftest import EXPECTED, Town, state_of
from tests.github.checking import checked_github

pytestmark = [
    pytest.mark.usefixtures("prefect", "connections_of_prefect"),
    # Clients of Prefect leave their connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
NAME = "openaddresses/openaddresses"
QUICK = {"sources/xx/broken.json": b"{"}
"""Source files of a set that is done in no time."""


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    """GitHub, which the settings name."""
    with checked_github() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("OPENADDR_REPOSITORIES", NAME)
        monkeypatch.setattr(policies, "LISTING_PAUSES", (0.01,))
        yield server


@pytest.fixture
def hosted(github: GitHubServer, town: Town) -> Hosted:
    """A repository with the source files of the town."""
    found = github.host(NAME)
    found.commit(town.repository())
    return found


def all_sets(town: Town) -> list[Set]:
    """The sets of the record, oldest first."""
    with town.opened.pool.connection() as conn:
        ids = [number for (number,) in conn.execute("select id from sets order by id")]
        return [found for number in ids if (found := sets.get(conn, number))]


def problems() -> list[str]:
    """What was left for operators, newest first."""
    client: Any = get_client(sync_client=True)
    assert isinstance(client, SyncPrefectClient)
    with client:
        kept = ArtifactFilter(key=ArtifactFilterKey(any_=["batch-set-problem"]))
        return [
            str(found.data) for found in client.read_artifacts(artifact_filter=kept, sort=ArtifactSort.CREATED_DESC)
        ]


def broken(town: Town, root: Path) -> Set:
    """A set of a folder whose flow died when all runs were there, and one of them was handed over long ago."""
    origin = FolderOrigin(root)
    begun = start(town.opened, origin, origin.head(), fresh=False)
    list_set(town.opened, begun, origin)
    with town.opened.pool.connection() as conn:
        first, *_ = runs.undispatched(conn, 1, begun.id)
        runs.mark_dispatched(conn, first.id)
        conn.execute("update runs set dispatched_at = dispatched_at - interval '1h' where id = %s", [first.id])
    return begun


@pytest.mark.parametrize("place", ["folder", "GitHub"])
def test_a_set_runs_every_source_and_completes(town: Town, hosted: Hosted, tmp_path: Path, place: str) -> None:
    state = state_of(batch_set, folder=str(town.checkout(tmp_path)) if place == "folder" else "")
    assert state.is_completed()
    (found,) = all_sets(town)
    assert town.statuses(found.id) == EXPECTED
    assert state.message == f"Set {found.id} of {found.repository}: 1 succeeded, 2 failed, 1 skipped."
    assert found.completed_at and town.latest is not None
    named = (found.repository, found.commit_sha) == (NAME, hosted.branches["master"])
    assert named is (place == "GitHub")


@pytest.mark.proves("I2", "I10")
def test_a_layer_source_may_be_called_like_a_template(town: Town, tmp_path: Path) -> None:
    path = town.checkout(tmp_path) / "sources/xx/town.json"
    path.write_bytes(town.source().replace(b'"town"', b'"{0.pool} {settings} } {"'))
    assert state_of(batch_set, folder=str(tmp_path / "repository")).is_completed()
    (found,) = all_sets(town)
    assert town.statuses(found.id) == EXPECTED


@pytest.mark.proves("I7")
def test_a_set_at_a_commit_that_is_not_merged_never_becomes_the_latest(town: Town, hosted: Hosted) -> None:
    sha = hosted.commit(town.repository(), "feature", parent=hosted.branches["master"])
    assert state_of(batch_set, repository=NAME.upper(), commit="feature").is_completed()
    (found,) = all_sets(town)
    assert (found.repository, found.commit_sha) == (NAME, sha)
    with town.opened.pool.connection() as conn:
        assert {run.trust for run in runs.of_set(conn, found.id)} == {Trust.UNMERGED}
    assert town.statuses(found.id) == EXPECTED and town.latest is None


Asked = dict[str, Any]
REFUSALS: dict[str, tuple[Asked, dict[str, Response], str]] = {
    "an unknown commit": (
        {"repository": NAME, "commit": "0" * 40},
        {},
        f"GITHUB_COMMIT_UNKNOWN: {NAME} at 127.0.0.1 has no commit '{'0' * 40}'.",
    ),
    "what is no commit": ({"commit": "../x"}, {}, "GITHUB_COMMIT_UNKNOWN: '../x' can be no commit, branch or tag."),
    "a repository that is not on the list": (
        {"repository": "me/fork"},
        {},
        f"GITHUB_REPOSITORY_REFUSED: me/fork is not on the list, which has {NAME}.",
    ),
    "a repository that went away": (
        {},
        {"repository": refused(404, "Not Found")},
        f"GITHUB_REPOSITORY_NOT_FOUND: 127.0.0.1 has no repository {NAME}, or does not show it to us.",
    ),
    "a token that is not known": (
        {},
        {"repository": refused(401, "Bad credentials")},
        'GITHUB_REFUSED: 127.0.0.1 answers 401 and says "Bad credentials".',
    ),
    "GitHub away": ({}, {"repository": ways.UNICORN}, "GITHUB_AWAY: 127.0.0.1 answers 502."),
    "a rate limit": (
        {},
        {"commit": rate_limited(3000)},
        "GITHUB_RATE_LIMITED: 127.0.0.1 allows no more requests u",
    ),
    "a folder that is not there": ({"folder": "/nowhere"}, {}, "SOURCES_MISSING: There are no source files below /now"),
    "a folder at a commit": (
        {"folder": "/nowhere", "commit": "master"},
        {},
        "SOURCES_MISSING: A set is made of one repository at one commit, or of one folder, but not of master, /now",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_a_set_is_said_in_a_sentence_and_leaves_none(
    town: Town, hosted: Hosted, name: str, github: GitHubServer
) -> None:
    asked, trouble, said = REFUSALS[name]
    github.trouble.update(trouble)
    state = state_of(batch_set, **asked)
    assert (state.is_failed(), all_sets(town)) == (True, [])
    assert state.message is not None and state.message.startswith(said)
    code, _, message = state.message.partition(": ")
    assert problems()[0].startswith(f"## {code}\n\n{message}\n\n")


def test_without_any_name_a_set_is_refused(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENADDR_REPOSITORIES", raising=False)
    state = state_of(batch_set)
    assert state.is_failed() and state.message is not None and state.message.endswith("but not of nothing.")


UNUSABLE: dict[str, tuple[str, Response, str]] = {
    "cut": ("codeload", ways.CUT_ARCHIVE, "GITHUB_ARCHIVE_BAD"),
    "no zip": ("codeload", Response(b"<html>"), "GITHUB_ARCHIVE_BAD"),
    "gone": ("zipball", refused(404, "Not Found"), "GITHUB_COMMIT_UNKNOWN"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_set_whose_archive_is(name: str, town: Town, github: GitHubServer) -> None:
    github.host(NAME).commit(QUICK)
    operation, response, code = UNUSABLE[name]
    github.trouble[operation] = response
    state = state_of(batch_set)
    assert state.is_failed() and state.message is not None and state.message.startswith(code)
    (found,) = all_sets(town)
    assert found.abandoned_at is not None and found.problem is not None and found.problem["code"] == code
    assert broken_off(town.opened) == [], "nobody goes on with what cannot be"
    github.trouble.clear()
    assert state_of(batch_set).is_completed(), "and it is in nobody's way"
    assert town.statuses(all_sets(town)[1].id) == {"xx/broken": "failed"}


def test_a_repository_without_source_files_is_no_set_that_completes(town: Town, github: GitHubServer) -> None:
    github.host(NAME).commit({"README.md": b"none", "other/xx/town.json": b"{}"})
    state = state_of(batch_set)
    assert state.is_failed() and state.message is not None and state.message.startswith("SOURCES_MISSING")
    assert [found.completed_at for found in all_sets(town)] == [None]


def test_what_passes_is_waited_for(town: Town, github: GitHubServer) -> None:
    github.host(NAME).commit(QUICK)
    github.trouble = {"repository": [rate_limited(3000)], "codeload": [ways.CUT_ARCHIVE]}
    assert state_of(batch_set).is_completed()
    assert len(all_sets(town)) == 1


@pytest.mark.proves("I2")
def test_a_set_whose_flow_died_is_gone_on_with_by_its_number(town: Town, tmp_path: Path) -> None:
    begun = broken(town, town.checkout(tmp_path))
    assert [found.id for found in broken_off(town.opened)] == [begun.id]
    with town.opened.pool.connection() as holding:
        assert sets.hold(holding, "repository")
        assert broken_off(town.opened) == [], "somebody works on it"
        holding.execute("select pg_advisory_unlock_all()")
    state = state_of(batch_set, set_id=begun.id)
    assert state.is_completed()
    assert town.statuses(begun.id) == EXPECTED
    assert state_of(batch_set, set_id=begun.id).name == "Left"


def test_a_set_that_was_broken_off_is_the_one_that_is_asked_for_again(town: Town, github: GitHubServer) -> None:
    sha = github.host(NAME).commit(QUICK)
    with town.opened.pool.connection() as conn:
        begun = sets.start(conn, NAME, sha)
    assert begun is not None and state_of(batch_set).is_completed()
    assert [found.id for found in all_sets(town)] == [begun.id]
    assert state_of(batch_set, fresh=True).is_completed()
    assert [found.id for found in all_sets(town)] == [begun.id, begun.id + 1], "a fresh one is another"


def test_a_set_whose_flow_died_before_it_was_listed_is_listed_by_its_number(town: Town, github: GitHubServer) -> None:
    hosted = github.host(NAME)
    with town.opened.pool.connection() as conn:
        begun = sets.start(conn, NAME, hosted.commit(QUICK))
    hosted.commit({"sources/yy/broken.json": b"{"})
    assert begun is not None and [found.id for found in broken_off(town.opened)] == [begun.id]
    assert state_of(batch_set, set_id=begun.id).is_completed()
    assert [(found.id, town.statuses(found.id)) for found in all_sets(town)] == [(begun.id, {"xx/broken": "failed"})]


def test_what_is_left_of_a_set_is_done_before_the_next_commit(town: Town, github: GitHubServer) -> None:
    hosted = github.host(NAME)
    with town.opened.pool.connection() as conn:
        first = sets.start(conn, NAME, hosted.commit(QUICK))
    hosted.commit({"sources/yy/broken.json": b"{"})
    state_of(batch_set)
    assert first is not None
    assert [found.id for found in all_sets(town) if found.completed_at] == [first.id, first.id + 1]
    assert town.statuses(first.id) == {"xx/broken": "failed"}, "listed from its own commit"
    assert town.statuses(first.id + 1) == {"yy/broken": "failed"}


def test_a_folder_that_changed_closes_the_set_that_was_broken_off_and_begins_another(
    town: Town, tmp_path: Path
) -> None:
    path = tmp_path / "repository" / "sources" / "xx" / "broken.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    origin = FolderOrigin(tmp_path / "repository")
    begun = start(town.opened, origin, origin.head(), fresh=False)
    path.write_text("[")
    assert [found.id for found in broken_off(town.opened)] == [begun.id]
    assert state_of(batch_set, folder=origin.folder).is_completed()
    old, new = all_sets(town)
    assert old.problem is not None and old.problem["code"] == "SOURCES_CHANGED"
    assert (old.listed_at, town.statuses(old.id)) == (None, {})
    assert town.statuses(new.id) == {"xx/broken": "failed"}
    assert state_of(batch_set, set_id=old.id).name == "Left"


@pytest.mark.proves("I9")
def test_of_two_sets_at_once_the_second_leaves(town: Town, hosted: Hosted) -> None:
    with town.opened.pool.connection() as conn:
        assert sets.hold(conn, NAME)
        conn.commit()
        state = state_of(batch_set)
        assert (state.name, state.is_completed()) == ("Left", True)


def test_the_next_set_reuses_what_is_the_same_unless_it_is_told_not_to(town: Town, github: GitHubServer) -> None:
    github.host(NAME).commit({"sources/xx/town.json": town.source()})
    state_of(batch_set)
    town.web.requests.clear()
    state_of(batch_set)
    assert [request.path for request in town.web.requests].count("/a.csv") == 0
    state_of(batch_set, fresh=True)
    assert [request.path for request in town.web.requests].count("/a.csv") == 1
    assert [found.fresh for found in all_sets(town)] == [False, False, True]
