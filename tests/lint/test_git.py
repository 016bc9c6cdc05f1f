"""Which files a change touches, asked of real repositories."""

import subprocess
from pathlib import Path

import pytest

from openaddr.lint.git import GitError, changed_files, staged_files

ODD = 'sources/us/a "b"\nč.json'


def git(*arguments: str) -> None:
    """A command of git in this folder, by somebody with a name."""
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose branch `work` left `master` behind: one file changed, one added, one gone, one beside."""
    monkeypatch.chdir(tmp_path)
    git("init", "-b", "master")
    for name in ("kept", "changed", "gone"):
        write(f"sources/us/{name}.json", "{}")
    write("schema.json", "{}")
    git("add", ".")
    git("commit", "-m", "first")
    git("checkout", "-b", "work")
    write("sources/us/changed.json", '{"a": 1}')
    write(ODD, "{}")
    write("schema.json", '{"a": 1}')
    write("sources/readme.md", "no source")
    Path("sources/us/gone.json").unlink()
    git("add", "-A")
    git("commit", "-m", "second")
    git("checkout", "master")
    write("sources/us/later.json", "{}")
    git("add", "-A")
    git("commit", "-m", "what others did meanwhile")
    git("checkout", "work")
    return tmp_path


def test_changed_files_are_those_since_the_branch_began(repository: Path) -> None:
    assert [str(path) for path in changed_files([])] == [ODD, "sources/us/changed.json"]


def test_what_is_not_committed_or_not_even_added_counts_too(repository: Path) -> None:
    write("sources/us/kept.json", '{"b": 1}')
    write("sources/us/new.json", "{}")
    assert {path.name for path in changed_files([])} >= {"kept.json", "new.json", "changed.json"}


def test_paths_narrow_the_changed_files(repository: Path) -> None:
    write("sources/ca/new.json", "{}")
    assert [str(path) for path in changed_files([Path("sources/ca")])] == ["sources/ca/new.json"]
    assert [str(path) for path in changed_files([Path("sources/us/changed.json")])] == ["sources/us/changed.json"]


def test_files_are_named_as_seen_from_where_one_is(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "sources" / "us")
    assert "changed.json" in map(str, changed_files([]))


def test_the_branch_of_the_origin_comes_before_one_of_our_own(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path_factory.mktemp("clone")
    git("clone", str(repository), str(clone))
    monkeypatch.chdir(clone)
    git("branch", "master")
    write("sources/us/mine.json", "{}")
    git("add", "-A")
    git("commit", "-m", "third")
    assert [str(path) for path in changed_files([])] == ["sources/us/mine.json"]


def test_staged_files_are_as_the_next_commit_has_them(repository: Path) -> None:
    write("sources/us/kept.json", '{"staged": 1}')
    write("sources/us/other.json", "{}")
    git("add", "sources/us/kept.json")
    write("sources/us/kept.json", '{"later": 1}')
    assert staged_files([]) == {Path("sources/us/kept.json"): b'{"staged": 1}'}


def test_outside_of_a_repository_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(GitError, match="not a git repository"):
        changed_files([])


def test_without_a_default_branch_it_says_which_were_looked_for(repository: Path) -> None:
    git("branch", "-D", "master")
    with pytest.raises(GitError, match=r"no default branch .*origin/HEAD.*master"):
        changed_files([])


def test_without_git_it_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(GitError, match="git is not installed"):
        staged_files([])
