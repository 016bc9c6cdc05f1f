"""From a push or a pull request to runs and answers, against a GitHub on this machine."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest

from demo.servers.github import CONTRIBUTOR, MAINTAINER, UNICORN, CheckRun
from openaddr import settings
from openaddr.db import deliveries, runs
from openaddr.db.records import Decision, JobStatus, RunStatus, Trust
from tests.flows.conftest import Town
from tests.flows.jobs import NAME, Contributing
from tests.github.checking import checked_github

TOWN, GONE = "sources/xx/town.json", "sources/xx/gone.json"


@pytest.fixture
def world(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[Contributing]:
    """A repository whose default branch has a README only."""
    with checked_github("ghp_token") as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", "ghp_token")
        monkeypatch.setenv("OPENADDR_REPOSITORIES", NAME)
        monkeypatch.setenv("OPENADDR_SITE_URL", "https://machine.example")
        hosted = server.host(NAME)
        hosted.commit({"README.md": b"Sources."})
        town.opened = replace(town.opened, settings=settings.load())
        yield Contributing(town, server, hosted)


def test_a_push_to_the_default_branch_runs_what_it_changed_and_publishes_it(world: Contributing) -> None:
    sha = world.hosted.change({TOWN: world.source()})
    job = world.checked(world.told.push())
    assert (job.status, job.trust, world.runs(job)) == (
        JobStatus.SUCCEEDED,
        Trust.MERGED,
        {"xx/town": RunStatus.SUCCEEDED},
    )
    assert list(world.statuses(sha)) == [("pending", f"Checking {TOWN}"), ("success", f"Succeeded on {TOWN}")]
    assert world.town.latest is not None


def test_who_waits_is_told_how_many_runs_come_first(world: Contributing) -> None:
    first = {f"sources/xx/{number}.json": world.source() for number in range(3)}
    world.hosted.change(first, "theirs")
    world.asked(world.told.push("theirs"))
    sha = world.hosted.change({TOWN: world.source()}, "mine")
    job = world.asked(world.told.push("mine")).job
    assert list(world.statuses(sha)) == [("pending", f"Checking {TOWN} (3 runs of others first)")]
    for run in world.open_runs(job):
        world.town.work(run.id)
    world.send(job)
    assert [state for state, _ in world.statuses(sha)] == ["pending", "success"]


def test_a_branch_is_checked_for_all_that_it_changed_since_it_left_the_default_one(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    sha = world.hosted.change({GONE: world.source("gone.csv")}, "mine")
    job = world.checked(world.told.push("mine"))
    assert world.runs(job) == {"xx/town": RunStatus.SUCCEEDED, "xx/gone": RunStatus.FAILED}
    assert job.status is JobStatus.FAILED
    states = [state for state, _ in world.statuses(sha)]
    assert states in (["pending", "failure"], ["pending", "failure", "failure"])
    assert world.town.latest is None, "it is not merged"


@pytest.mark.proves("I3")
def test_however_many_runs_fail_there_are_three_statuses(world: Contributing) -> None:
    gone = {f"sources/xx/{number}.json": world.source("gone.csv") for number in range(4)}
    sha = world.hosted.change(gone, "mine")
    world.checked(world.told.push("mine"))
    assert [state for state, _ in world.statuses(sha)] == ["pending", "failure", "failure"]
    assert [text for _, text in world.statuses(sha)][-1].startswith("Failed on sources/xx/0.json, sources/xx/1.json")


def test_a_pull_request_of_a_fork_is_answered_in_one_comment_that_is_edited(world: Contributing) -> None:
    fork = world.server.fork(world.hosted, "somebody/openaddresses")
    fork.change({GONE: world.source("gone.csv")}, "mine")
    pull = world.hosted.open_pull("mine", fork)
    job = world.checked(world.told.pull_request("opened", pull))
    assert (job.status, job.pull_request) == (JobStatus.FAILED, pull.number)
    (comment,) = world.hosted.comments
    assert "HTTP" in comment.body and "gone" in comment.body
    world.hosted.push_to(pull, {GONE: None, TOWN: world.source()})
    job = world.checked(world.told.pull_request("synchronize", pull))
    assert job.status is JobStatus.SUCCEEDED
    (comment,) = world.hosted.comments
    assert "xx/town" in comment.body and "gone" not in comment.body


@pytest.mark.proves("I7", "I9")
def test_a_merge_takes_the_run_of_the_pull_request(world: Contributing) -> None:
    fork = world.server.fork(world.hosted, "somebody/openaddresses")
    fork.change({TOWN: world.source()}, "mine")
    pull = world.hosted.open_pull("mine", fork)
    world.checked(world.told.pull_request("opened", pull))
    asked = len(world.town.web.requests)
    world.hosted.merge(pull)
    assert "merged" in str(world.deliver(world.told.pull_request("closed", pull)))
    done = world.asked(world.told.push())
    assert (done.runs, world.runs(done.job)) == ([], {"xx/town": RunStatus.SUCCEEDED})
    assert world.job(done.job).status is JobStatus.SUCCEEDED
    assert len(world.town.web.requests) == asked, "nothing is downloaded again"
    assert world.town.last_good is not None


def test_what_was_approved_on_a_pull_request_is_approved_when_it_is_merged(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()})
    world.checked(world.told.push())
    world.town.publish(10)
    world.hosted.change({TOWN: world.source(unit="street")}, "mine")
    pull = world.hosted.open_pull("mine")
    job = world.checked(world.told.pull_request("opened", pull))
    with world.town.opened.pool.connection() as conn:
        (held,) = runs.of_job(conn, job.id)
        assert runs.decide(conn, held.id, Decision.APPROVED, "ann", "Two towns merged.")
    world.hosted.merge(pull)
    done = world.asked(world.told.push())
    assert (done.runs, world.runs(done.job)) == ([], {"xx/town": RunStatus.SUCCEEDED})
    world.sweep()
    assert world.town.latest == world.town.last_good


@pytest.mark.proves("I3", "I9")
def test_a_newer_push_takes_the_place_of_the_one_before_and_takes_over_what_is_the_same(world: Contributing) -> None:
    fork = world.server.fork(world.hosted, "somebody/openaddresses")
    old = fork.change({TOWN: world.source(), GONE: world.source("gone.csv")}, "mine")
    pull = world.hosted.open_pull("mine", fork)
    first = world.asked(world.told.pull_request("opened", pull))
    world.hosted.push_to(pull, {GONE: None})
    second = world.asked(world.told.pull_request("synchronize", pull))
    assert (world.runs(first.job), second.runs) == ({"xx/gone": RunStatus.SKIPPED}, [])
    assert (world.runs(second.job), world.job(first.job).status) == (
        {"xx/town": RunStatus.QUEUED},
        JobStatus.SUPERSEDED,
    )
    world.send(first.job)
    assert [state for state, _ in world.statuses(old)] == ["pending", "error"]
    assert len(world.hosted.comments) == 1


@pytest.mark.proves("I3", "I7")
def test_closing_a_pull_request_stops_its_runs(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    pull = world.hosted.open_pull("mine")
    done = world.asked(world.told.pull_request("opened", pull))
    world.hosted.close(pull)
    world.deliver(world.told.pull_request("closed", pull))
    assert (world.job(done.job).status, world.runs(done.job)) == (
        JobStatus.SUPERSEDED,
        {"xx/town": RunStatus.SKIPPED},
    )


def test_a_push_and_the_pull_request_of_its_branch_are_one_job(world: Contributing) -> None:
    sha = world.hosted.change({TOWN: world.source()}, "mine")
    first = world.asked(world.told.push("mine"))
    pull = world.hosted.open_pull("mine")
    second = world.asked(world.told.pull_request("opened", pull))
    assert (second.job.id, second.runs) == (first.job.id, [])
    assert [state for state, _ in world.statuses(sha)] == ["pending"]
    assert len(world.hosted.comments) == 1


def test_every_push_to_the_default_branch_counts(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()})
    first = world.told.push()
    world.hosted.change({GONE: world.source("gone.csv")})
    second = world.told.push()
    jobs = [world.asked(first).job, world.asked(second).job]
    assert [list(world.runs(job)) for job in jobs] == [["xx/town"], ["xx/gone"]]
    assert [world.job(job).status for job in jobs] == [JobStatus.RUNNING, JobStatus.RUNNING]


@pytest.mark.parametrize("first", ["push", "pull"])
def test_a_newer_push_takes_the_place_of_the_older_whichever_is_told_first(world: Contributing, first: str) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    pull = world.hosted.open_pull("mine")
    older = [world.asked(world.told.push("mine")).job, world.asked(world.told.pull_request("opened", pull)).job]
    world.hosted.push_to(pull, {GONE: world.source("gone.csv")})
    told = [world.told.push("mine"), world.told.pull_request("synchronize", pull)]
    newer = [world.asked(delivery).job for delivery in (told if first == "push" else reversed(told))]
    assert older[0].id == older[1].id != newer[0].id == newer[1].id
    assert (world.job(older[0]).status, world.job(newer[0]).status) == (JobStatus.SUPERSEDED, JobStatus.RUNNING)


def test_only_layers_that_changed_are_run(world: Contributing) -> None:
    source = json.loads(world.source())
    source["layers"]["addresses"].append({**deepcopy(source["layers"]["addresses"][0]), "name": "other"})
    world.hosted.change({TOWN: json.dumps(source).encode()})
    source["layers"]["addresses"][1]["conform"]["unit"] = "no"
    world.hosted.change({TOWN: json.dumps(source, indent=4).encode()}, "mine")
    done = world.asked(world.told.push("mine"))
    assert [run.name for run in done.runs] == ["other"]
    assert done.job.found["unchanged"] == 1


@pytest.mark.parametrize(
    ("changes", "expected", "description"),
    [
        ({"README.md": b"More."}, {}, "Nothing to check"),
        ({TOWN: None}, {}, "Nothing to check"),
        ({"sources/xx/moved.json": b"town", TOWN: None}, {"xx/moved": RunStatus.QUEUED}, ""),
        ({"sources/xx/bad.json": b"{"}, {"xx/bad": RunStatus.QUEUED}, ""),
        ({"sources/xx/bad.json": b"\xff\xfe{}"}, {"xx/bad": RunStatus.QUEUED}, ""),
        ({"sources/xx/a.json": b"town", "sources/xx/b.json": b"town"}, dict.fromkeys(("xx/a", "xx/b"), "queued"), ""),
    ],
)
def test_what_changed_decides_what_is_run(
    world: Contributing, changes: dict[str, bytes | None], expected: dict[str, str], description: str
) -> None:
    town = world.source()
    world.hosted.change({TOWN: town})
    put = {path: town if content == b"town" else content for path, content in changes.items()}
    sha = world.hosted.change(put, "mine")
    done = world.asked(world.told.push("mine"))
    assert world.runs(done.job) == expected
    if description:
        assert list(world.statuses(sha)) == [("success", description)]


def test_added_and_removed_again_is_nothing_to_check(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    world.hosted.change({TOWN: None}, "mine")
    assert world.asked(world.told.push("mine")).job.found["layers"] == []


def test_a_first_commit_that_fails_does_not_fail_the_one_that_mends_it(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source(lat="nowhere")}, "mine")
    first = world.checked(world.told.push("mine"))
    world.hosted.change({TOWN: world.source()}, "mine")
    second = world.checked(world.told.push("mine"))
    assert (first.status, second.status) == (JobStatus.FAILED, JobStatus.SUCCEEDED)


def test_a_comment_of_the_author_runs_everything_again(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    pull = world.hosted.open_pull("mine", author=CONTRIBUTOR)
    world.checked(world.told.pull_request("opened", pull))
    asked = len(world.town.web.requests)
    again = world.checked(world.told.issue_comment(world.hosted.comment(pull.number, "Re-run this please")))
    assert again.status is JobStatus.SUCCEEDED
    assert len(world.town.web.requests) > asked


@pytest.mark.parametrize("late", ["push", "pull"])
def test_what_is_told_late_of_an_older_push_is_ignored(world: Contributing, late: str) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    pull = world.hosted.open_pull("mine")
    delivery = world.told.push("mine") if late == "push" else world.told.pull_request("opened", pull)
    world.hosted.push_to(pull, {GONE: world.source("gone.csv")}, force=True)
    assert "newer push" in str(world.deliver(delivery))


def test_a_branch_that_is_gone_is_ignored(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    delivery = world.told.push("mine")
    world.hosted.delete_branch("mine")
    assert world.deliver(delivery) == "The branch mine is gone."


def test_a_fork_that_is_deleted_is_checked_all_the_same(world: Contributing) -> None:
    fork = world.server.fork(world.hosted, "somebody/openaddresses")
    fork.change({TOWN: world.source()}, "mine")
    pull = world.hosted.open_pull("mine", fork)
    delivery = world.told.pull_request("opened", pull)
    world.server.delete(fork)
    assert world.checked(delivery).status is JobStatus.SUCCEEDED


@pytest.mark.parametrize("count", [101, 2566])
def test_many_files_are_all_seen_and_those_beyond_the_limit_wait_for_the_merge(world: Contributing, count: int) -> None:
    files: dict[str, bytes | None] = {f"sources/xx/{number:04}.json": world.source() for number in range(count)}
    world.hosted.change(files, "mine")
    done = world.asked(world.told.push("mine"))
    assert (len(done.job.found["paths"]), len(done.runs)) == (count, min(count, 200))
    assert len(done.job.found["limits"]) == (count > 200)


@pytest.mark.proves("I1", "I3", kind="GitHub away")
def test_github_that_is_away_is_waited_for_without_counting_a_try(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    delivery = world.told.push("mine")
    world.server.trouble["repository"] = UNICORN
    assert "tried again in" in str(world.deliver(delivery))
    with world.town.opened.pool.connection() as conn:
        found = deliveries.get(conn, delivery.id)
    assert found and (found.status, found.tries) == ("waiting", 0) and "GITHUB_AWAY" in found.reason


def test_a_maintainer_approves_a_held_run_of_this_repository_and_nobody_else_does(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()})
    world.checked(world.told.push())
    world.town.publish(10)
    world.hosted.change({TOWN: world.source(unit="street")}, "mine")
    job = world.checked(world.told.push("mine"))
    assert job.status is JobStatus.HELD
    with world.town.opened.pool.connection() as conn:
        (run,) = runs.of_job(conn, job.id)
    check = CheckRun(
        1, job.commit_sha, "openaddresses/town", "completed", "action_required", "", external_id=str(run.id)
    )
    stranger = world.told.check_run(check, "requested_action", "approve-drop", by=CONTRIBUTOR)
    assert "may not write" in str(world.deliver(stranger))
    world.asked(world.told.check_run(check, "requested_action", "approve-drop", by=MAINTAINER))
    assert world.town.row(run.id).decision == "approved"
