"""Names are checked before they become a part of an address."""

import pytest

from openaddr.errors import Code, ProblemError
from openaddr.github.names import Repository, allowed, checked_ref


@pytest.mark.parametrize("text", ["openaddresses/openaddresses", "a/b", "me_corp/x.y-z_1", "a1-b/.github"])
def test_the_name_of_a_repository_is_taken(text: str) -> None:
    assert str(Repository.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "a/", "/b", "a/b/c", "a/..", "a/.", "-a/b", "a/b?x=1", "a/b#", "a/b%2F", "ä/b", "a/b\n", "a b/c",
        "a/" + "b" * 101,
    ],
)  # fmt: skip
def test_what_is_no_name_of_a_repository_is_refused(text: str) -> None:
    with pytest.raises(ProblemError, match="has to be like owner/name") as caught:
        Repository.parse(text)
    assert caught.value.problem.code is Code.GITHUB_REPOSITORY_REFUSED


def test_only_repositories_on_the_list_are_taken_and_spelt_as_there() -> None:
    known = ["openaddresses/openaddresses", "Me/Fork"]
    assert str(allowed("me/fork", known)) == "Me/Fork"
    with pytest.raises(ProblemError, match="you/fork is not on the list, which has openaddresses/openaddresses, Me"):
        allowed("you/fork", known)
    with pytest.raises(ProblemError, match="which has no repository"):
        allowed("you/fork", [])


@pytest.mark.parametrize("text", ["a" * 40, "master", "feature/new", "v1.0", "heads/ünïcode", "0123abc"])
def test_a_commit_a_branch_or_a_tag_is_taken(text: str) -> None:
    assert checked_ref(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "-x", "/x", ".x", "x/", "x.", "x.lock", "a..b", "a//b", "a/.b", "a b", "a~1", "a^", "a:b", "a?b", "a*",
        "a[", "a\\b", "a@{1}", "a\n", "a\x00", "x" * 251,
    ],
)  # fmt: skip
def test_what_git_takes_for_no_name_is_refused(text: str) -> None:
    with pytest.raises(ProblemError, match="can be no commit"):
        checked_ref(text)
