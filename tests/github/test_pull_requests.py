"""Pull requests of the stand-in: where they come from, what becomes of them, and what is said on them."""

import re

import pytest

from demo.servers.github import GitHubServer, Hosted, PullRequest
from tests.github.asking import ask


@pytest.fixture
def fork(server: GitHubServer, hosted: Hosted) -> Hosted:
    """A fork with one commit more on a branch."""
    fork = server.fork(hosted, "stranger/openaddresses")
    fork.change({"sources/us/ca/alameda.json": b'{"a": 1}'}, "fix", author="stranger")
    return fork


@pytest.fixture
def pull(hosted: Hosted, fork: Hosted) -> PullRequest:
    """A pull request of the fork."""
    return hosted.open_pull("fix", fork, author="stranger")


def told(server: GitHubServer, pull: PullRequest) -> list[object]:
    """What is told of a pull request: its state, whether it was merged, and how its files changed."""
    found = ask(server, f"/pulls/{pull.number}").found
    files = ask(server, f"/pulls/{pull.number}/files").found
    assert len(files) == found["changed_files"]
    return [found["state"], found["merged"], [f"{file['status']} {file['filename']}" for file in files]]


def test_commits_of_a_fork_are_read_where_they_are_to_go(
    server: GitHubServer, hosted: Hosted, pull: PullRequest
) -> None:
    sha = pull.head_sha
    assert "fix" not in hosted.branches
    assert ask(server, f"/compare/master...{sha}").found["files"][0]["status"] == "modified"
    assert ask(server, f"/contents/sources/us/ca/alameda.json?ref={sha}").body
    assert ask(server, f"/compare/{hosted.branches['master']}...stranger:fix").found["ahead_by"] == 1
    assert ask(server, f"/commits/pull%2F{pull.number}%2Fhead").found["sha"] == sha


def test_a_pull_request_grows_and_starts_again(server: GitHubServer, hosted: Hosted, pull: PullRequest) -> None:
    first = pull.head_sha
    second = hosted.push_to(pull, {"new.json": b"{}"})
    assert told(server, pull) == ["open", False, ["added new.json", "modified sources/us/ca/alameda.json"]]
    third = hosted.push_to(pull, {"other.json": b"{}"}, force=True)
    assert told(server, pull) == ["open", False, ["added other.json"]]
    numbers = {sha: len(ask(server, f"/commits/{sha}/pulls").found) for sha in (first, second, third)}
    assert numbers == {first: 0, second: 0, third: 1}


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1)])
def test_a_merge_keeps_what_the_base_branch_got_meanwhile(
    method: str, parents: int, server: GitHubServer, hosted: Hosted, pull: PullRequest
) -> None:
    hosted.change({"README.md": None, "LICENSE": b"free"})
    sha = hosted.merge(pull, "squash" if method == "squash" else "merge")
    assert hosted.branches["master"] == sha and len(hosted.commits[sha].parents) == parents
    assert hosted.commits[sha].files == {"sources/us/ca/alameda.json": b'{"a": 1}', "LICENSE": b"free"}
    assert told(server, pull) == ["closed", True, ["modified sources/us/ca/alameda.json"]]
    for commit in (sha, pull.head_sha):
        (found,) = ask(server, f"/commits/{commit}/pulls").found
        assert (found["merge_commit_sha"], bool(found["merged_at"])) == (sha, True)


def test_a_pull_request_is_closed_by_people_and_with_its_branch(
    server: GitHubServer, hosted: Hosted, fork: Hosted, pull: PullRequest
) -> None:
    hosted.close(pull)
    assert told(server, pull)[:2] == ["closed", False]
    assert ask(server, f"/commits/{pull.head_sha}/pulls").found == []
    hosted.reopen(pull)
    assert told(server, pull)[:2] == ["open", False]
    fork.delete_branch("fix")
    assert told(server, pull) == ["closed", False, ["modified sources/us/ca/alameda.json"]]


def test_a_pull_request_outlives_its_fork(server: GitHubServer, fork: Hosted, pull: PullRequest) -> None:
    server.delete(fork)
    found = ask(server, f"/pulls/{pull.number}").found
    assert found["head"]["repo"] is None and found["head"]["sha"] == pull.head_sha
    assert told(server, pull)[0] == "open"
    assert ask(server, f"/commits/{pull.head_sha}").status == 200


def test_files_come_in_pages_of_a_hundred_at_most_and_end_with_3000(server: GitHubServer, hosted: Hosted) -> None:
    hosted.change({f"sources/{number:04}.json": b"" for number in range(3_050)}, "many")
    names: list[str] = []
    target = f"/pulls/{hosted.open_pull('many').number}/files?per_page=500"
    while target:
        answer = ask(server, target)
        names += [file["filename"] for file in answer.found]
        following = re.search(r'<[^>]*(/pulls/[^>]+)>; rel="next"', answer.headers.get("Link", ""))
        target = following[1] if following else ""
    assert names == [f"sources/{number:04}.json" for number in range(3_000)]
    assert len(server.asked("pull_files")) == 30


def test_comments_are_written_edited_and_deleted(server: GitHubServer, hosted: Hosted, pull: PullRequest) -> None:
    hosted.comment(pull.number, "Nice")
    for number in range(31):
        assert ask(server, f"/issues/{pull.number}/comments", {"body": f"{number}"}).status == 201
    last = ask(server, f"/issues/{pull.number}/comments?page=2").found
    assert [comment["body"] for comment in last] == ["29", "30"]
    edited = ask(server, f"/issues/comments/{last[1]['id']}", {"body": "new"}, "PATCH")
    assert edited.found["body"] == "new" and edited.found["updated_at"] > edited.found["created_at"]
    assert (hosted.comments[-1].body, hosted.comments[-1].by, len(hosted.written)) == ("new", "maintainer", 33)
    hosted.delete_comment(last[1]["id"])
    assert ask(server, f"/issues/comments/{last[1]['id']}", {"body": "newer"}, "PATCH").status == 404
    assert len(hosted.comments) == 31


@pytest.mark.parametrize(
    ("body", "status"),
    [("x" * 65_536, 201), ("x" * 65_537, 422), (" ", 422)],
    ids=["the longest", "too long", "nothing"],
)
def test_a_comment_has_to_say_something_but_not_too_much(
    body: str, status: int, server: GitHubServer, hosted: Hosted, pull: PullRequest
) -> None:
    assert ask(server, f"/issues/{pull.number}/comments", {"body": body}).status == status
    assert len(hosted.comments) == (status == 201)


@pytest.mark.parametrize(("login", "permission"), [("maintainer", "admin"), ("contributor", "read")])
def test_what_somebody_may(login: str, permission: str, server: GitHubServer, hosted: Hosted) -> None:
    assert ask(server, f"/collaborators/{login}/permission").found["permission"] == permission
