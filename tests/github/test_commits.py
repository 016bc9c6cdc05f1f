"""What the stand-in says of commits and files, and what git would say."""

import base64

import pytest

from demo.servers.github import GitHubServer, Hosted
from demo.servers.github.objects import Files, blob_id, changes_between, trees_of
from tests.github.asking import ask

LINES = b"".join(b"%d\n" % number for number in range(10))


def test_contents_folders_and_commits_have_the_ids_that_git_gives() -> None:
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert trees_of({})[""].sha == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    # As `git write-tree` and `git commit-tree` say: names end in a slash where folders are sorted.
    files = {"a.json": b"{}", "a/b.json": b"{}\n", "a/c/d.json": b"x", "ä.json": b""}
    assert trees_of(files)[""].sha == "31a21846638463d1676069f3c989efc86a2c7d12"
    assert Hosted("a/b").commit(files, author="me", message="First") == "368837afbfc0095240bb83fb83994d0513700e2c"


A, B, C = {"a": LINES}, {"b": LINES}, {"c": LINES}
CHANGES: dict[str, tuple[Files, Files, list[tuple[str, str, str, int, int]]]] = {
    "nothing": (A, A, []),
    "one came": ({}, {"a": b"x\ny"}, [("a", "added", "", 2, 0)]),
    "one went": ({"a": b"x"}, {}, [("a", "removed", "", 0, 1)]),
    "one changed": ({"a": b"x\ny"}, {"a": b"x\nz"}, [("a", "modified", "", 1, 1)]),
    "one has another name": (A, B, [("b", "renamed", "a", 0, 0)]),
    "one has another name and line": (A, {"b": LINES + b"x\n"}, [("b", "renamed", "a", 1, 0)]),
    "one made room for another": (A, {"b": b"x"}, [("a", "removed", "", 0, 10), ("b", "added", "", 1, 0)]),
    "one became two": (A, B | C, [("b", "renamed", "a", 0, 0), ("c", "added", "", 10, 0)]),
    "two became one": (A | B, C, [("b", "removed", "", 0, 10), ("c", "renamed", "a", 0, 0)]),
    "an empty one is no other": ({"a": b""}, {"b": b""}, [("a", "removed", "", 0, 0), ("b", "added", "", 0, 0)]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_became_of_files(name: str) -> None:
    before, after, expected = CHANGES[name]
    found = changes_between(before, after)
    assert [(one.path, one.status, one.previous, one.additions, one.deletions) for one in found] == expected
    contents = {blob_id(content) for content in (*before.values(), *after.values())}
    assert {one.sha for one in found} <= contents


@pytest.fixture
def names(hosted: Hosted) -> dict[str, str]:
    """Commits: the first, two after it on the default branch, one beside them, their merge, one that a
    forced push took away, and one that has nothing to do with them."""
    first = hosted.branches["master"]
    lost = hosted.change({"c": b""}, "feature")
    side = hosted.commit({"b": b""}, "feature", first)
    second = hosted.commit({"a": b""})
    pull = hosted.open_pull("feature")
    merged = hosted.merge(pull)
    alone = hosted.commit({"z": b""}, "alone", "")
    return {"first": first, "second": second, "side": side, "merged": merged, "alone": alone, "lost": lost}


COMPARED = {
    "first...first": ("identical", 0, 0, "first"),
    "first...second": ("ahead", 1, 0, "first"),
    "second...first": ("behind", 0, 1, "first"),
    "second...side": ("diverged", 1, 1, "first"),
    "first...merged": ("ahead", 3, 0, "first"),
    "merged...side": ("behind", 0, 2, "side"),
    "second...merged": ("ahead", 2, 0, "second"),
    "lost...merged": ("diverged", 3, 1, "first"),
}


@pytest.mark.parametrize("pair", COMPARED)
def test_how_commits_stand_to_each_other(pair: str, server: GitHubServer, names: dict[str, str]) -> None:
    base, head = (names[name] for name in pair.split("..."))
    found = ask(server, f"/compare/{base}...{head}").found
    status, ahead, behind, common = COMPARED[pair]
    assert (found["status"], found["ahead_by"], found["behind_by"]) == (status, ahead, behind)
    assert found["merge_base_commit"]["sha"] == names[common]
    assert len(found["commits"]) == found["total_commits"] == ahead
    assert ask(server, f"/compare/{base}...{names['alone']}").status == 404


def test_a_comparison_tells_300_files_on_its_first_page_and_the_folder_tells_all(
    server: GitHubServer, hosted: Hosted
) -> None:
    for number in range(3):
        hosted.change({f"sources/{number}.json": b"", f"sources/{number}/x.json": b"{}"}, "many")
    hosted.change({f"sources/many/{number:04}.json": b"%d" % number for number in range(400)}, "many")
    first = ask(server, "/compare/master...many?per_page=3")
    second = ask(server, "/compare/master...many?per_page=3&page=2")
    assert [len(answer.found["commits"]) for answer in (first, second)] == [3, 1]
    assert [len(answer.found["files"]) for answer in (first, second)] == [300, 0]
    assert 'page=2>; rel="next"' in first.headers["Link"] and 'rel="next"' not in second.headers["Link"]
    tree = ask(server, "/git/trees/many?recursive=1").found
    assert not tree["truncated"] and sum(entry["type"] == "blob" for entry in tree["tree"]) == 408
    (folder,) = (entry for entry in ask(server, "/git/trees/many").found["tree"] if entry["path"] == "sources")
    assert len(ask(server, f"/git/trees/{folder['sha']}").found["tree"]) == 3 + 3 + 2
    hosted.tree_limit = 400
    cut = ask(server, "/git/trees/many?recursive=1").found
    assert cut["truncated"] and len(cut["tree"]) == 400


LONG = b"x" * ((1 << 20) + 1)


def test_files_come_in_lines_of_base64_or_as_they_are(server: GitHubServer, hosted: Hosted) -> None:
    sha = hosted.change({"sources/ä b.json": LINES * 9, "long.json": LONG}, "files")
    found = ask(server, f"/contents/sources/%C3%A4%20b.json?ref={sha}").found
    assert len(found["content"].splitlines()) > 1 and base64.b64decode(found["content"]) == LINES * 9
    long = ask(server, "/contents/long.json?ref=files").found
    assert (long["encoding"], long["content"], long["size"]) == ("none", "", len(LONG))
    raw = "application/vnd.github.raw+json"
    assert ask(server, "/contents/long.json?ref=files", accept=raw).body == LONG
    assert ask(server, f"/git/blobs/{long['sha']}", accept=raw).body == LONG
    assert base64.b64decode(ask(server, f"/git/blobs/{found['sha']}").found["content"]) == LINES * 9
    listed = ask(server, "/contents/sources?ref=files").found
    assert [(item["name"], item["type"]) for item in listed] == [("us", "dir"), ("ä b.json", "file")]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/contents/none.json", 404), ("/contents/README.md?ref=none", 404), ("/git/blobs/" + "0" * 40, 404),
        ("/git/trees/" + "0" * 40, 404), ("/commits/" + "0" * 40, 422), ("/compare/master...none", 404),
        ("/pulls/99", 404), ("/pulls/99/files", 404), ("/issues/99/comments", 404), ("/commits/none/pulls", 422),
        ("/commits/none/status", 422), ("/commits/none/check-runs", 422), ("/collaborators/nobody/permission", 404),
    ],
)  # fmt: skip
def test_what_is_not_there(path: str, status: int, server: GitHubServer, hosted: Hosted) -> None:
    assert ask(server, path).status == status
