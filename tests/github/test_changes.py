"""Which source files a commit changes, as we find out from GitHub."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from demo.servers.github import GitHubServer, Hosted
from openaddr.errors import Code, ProblemError
from openaddr.github.changes import FileChange, changed_sources, compare
from openaddr.source.parse import MAX_BYTES
from tests.github.conftest import NAME, client

A, B, LONG, HUGE = b'{"a": 1}\n' * 9, b'{"b": 2}\n', b"x" * 1_200_000, b"y" * (MAX_BYTES + 100)


def changes(server: GitHubServer, head: str, folder: Path) -> list[FileChange]:
    """What a commit changes against the default branch."""
    with client(server) as github:
        found = compare(github, NAME, "master", head)
        return list(changed_sources(github, NAME, found, head, folder))


CASES: dict[str, tuple[dict[str, bytes], Mapping[str, bytes | None], list[FileChange]]] = {
    "one came": ({}, {"sources/xx/a.json": A}, [FileChange("xx/a", None, A)]),
    "one changed": ({"sources/a.json": A}, {"sources/a.json": B}, [FileChange("a", A, B)]),
    "one went": ({"sources/a.json": A}, {"sources/a.json": None}, [FileChange("a", A, None)]),
    "one moved": (
        {"sources/a.json": A},
        {"sources/a.json": None, "sources/b.json": A},
        [FileChange("b", A, A, "a")],
    ),
    "one moved and changed": (
        {"sources/a.json": A},
        {"sources/a.json": None, "sources/b.json": A + B},
        [FileChange("b", A, A + B, "a")],
    ),
    "one moved out": ({"sources/a.json": A}, {"sources/a.json": None, "old/a.json": A}, [FileChange("a", A, None)]),
    "one moved in": ({"new/a.json": A}, {"new/a.json": None, "sources/a.json": A}, [FileChange("a", None, A)]),
    "one of another kind": ({}, {"sources/a.txt": A, "README.md": A, "sourcesa.json": A}, []),
    "two of one content": (
        {},
        {"sources/a.json": A, "sources/b.json": A},
        [FileChange("a", None, A), FileChange("b", None, A)],
    ),
    "a name that has to be quoted": ({}, {"sources/ä b#%3F?.json": A}, [FileChange("ä b#%3F?", None, A)]),
    "more than a megabyte": ({}, {"sources/a.json": LONG}, [FileChange("a", None, LONG)]),
    "more than may be": ({}, {"sources/a.json": HUGE}, [FileChange("a", None, b" " * (MAX_BYTES + 1))]),
    "what is no text": ({}, {"sources/a.json": bytes(range(256))}, [FileChange("a", None, bytes(range(256)))]),
    "an empty one": ({}, {"sources/a.json": b""}, [FileChange("a", None, b"")]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_branch_changes(name: str, server: GitHubServer, hosted: Hosted, tmp_path: Path) -> None:
    before, change, expected = CASES[name]
    hosted.change(before)
    head = hosted.change(change, "mine")
    hosted.change({"sources/later.json": A})
    assert changes(server, head, tmp_path) == expected
    assert server.asked("zipball") == []


def test_commits_of_a_deleted_fork_are_asked_for_where_they_were_to_go(
    server: GitHubServer, hosted: Hosted, tmp_path: Path
) -> None:
    fork = server.fork(hosted, "stranger/openaddresses")
    head = fork.change({"sources/a.json": A}, "mine")
    pull = hosted.open_pull("mine", fork)
    hosted.push_to(pull, {"sources/b.json": B}, force=True)
    server.delete(fork)
    assert changes(server, head, tmp_path) == [FileChange("a", None, A)]
    assert changes(server, pull.head_sha, tmp_path) == [FileChange("b", None, B)]


@pytest.mark.parametrize("count", [41, 2_566])
def test_many_changes_come_in_two_archives(count: int, server: GitHubServer, hosted: Hosted, tmp_path: Path) -> None:
    hosted.change({"sources/old.json": A, "sources/moved.json": B})
    many = {f"sources/xx/{number:04}.json": b"%d" % number for number in range(count)}
    head = hosted.change({**many, "sources/old.json": None, "sources/moved.json": A}, "many")
    found = changes(server, head, tmp_path)
    assert found[:2] == [FileChange("moved", B, A), FileChange("old", A, None)]
    assert [(change.id, change.after) for change in found[2:]] == [
        (f"xx/{number:04}", b"%d" % number) for number in range(count)
    ]
    assert len(server.asked("zipball")) == 2 and server.asked("contents") == []


def test_sources_after_300_other_files_are_found(server: GitHubServer, hosted: Hosted, tmp_path: Path) -> None:
    others = {f"docs/{number}.md": b"" for number in range(300)}
    head = hosted.change({**others, "sources/a.json": A}, "many")
    assert changes(server, head, tmp_path) == [FileChange("a", None, A)]


def test_a_commit_that_is_not_there_has_no_changes(server: GitHubServer, hosted: Hosted, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="cannot compare 'master' with 000000000000") as caught:
        changes(server, "0" * 40, tmp_path)
    assert caught.value.problem.code is Code.GITHUB_COMMIT_UNKNOWN
