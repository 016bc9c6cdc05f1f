"""Our client against a GitHub that answers well, badly, or not at all."""

import json
import logging
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from demo.servers import github as ways
from demo.servers.files import FileServer
from demo.servers.github import GitHubServer, Hosted, moved, rate_limited, refused, too_fast
from demo.servers.serving import Response
from openaddr.errors import Code, Problem, ProblemError
from openaddr.github.names import Repository
from openaddr.settings import Settings
from tests.github.asking import TOKEN
from tests.github.conftest import NAME, QUICK, client

Action = Callable[[GitHubServer, Path], object]


def head(server: GitHubServer, folder: Path) -> str:
    with client(server) as github:
        return github.commit_of(NAME)


def merged(server: GitHubServer, folder: Path) -> bool:
    with client(server) as github:
        return github.is_merged(NAME, "a" * 40)


def archive(server: GitHubServer, folder: Path) -> Path:
    target = folder / "commit.zip"
    with client(server) as github:
        github.fetch_archive(NAME, server.repositories[str(NAME)].branches["master"], target)
    return target


def problem_of(action: Callable[[], object]) -> Problem:
    with pytest.raises(ProblemError) as caught:
        action()
    assert TOKEN not in str(caught.value)
    return caught.value.problem


def test_the_newest_commit_of_the_default_branch(server: GitHubServer, hosted: Hosted) -> None:
    hosted.default_branch = "trunk/1"
    sha = hosted.commit({}, parent="")
    with client(server) as github:
        assert github.commit_of(NAME) == sha
    assert {request.headers["authorization"] for request in server.requests} == {f"token {TOKEN}"}
    assert len(server.requests) == 2


def test_commits_branches_and_beginnings_of_ids_name_a_commit(server: GitHubServer, hosted: Hosted) -> None:
    sha = hosted.commit({}, "feature/new")
    with client(server) as github:
        assert {github.commit_of(NAME, ref) for ref in (sha, sha[:9], "feature/new", "heads/feature/new")} == {sha}


def test_a_commit_is_merged_when_the_default_branch_has_it(server: GitHubServer, hosted: Hosted) -> None:
    first = hosted.branches["master"]
    second = hosted.commit({})
    on_a_branch = hosted.commit({}, "feature", parent=first)
    of_a_stranger = hosted.commit({}, "fork", parent="")
    expected = {first: True, second: True, on_a_branch: False, of_a_stranger: False, "0" * 40: False}
    with client(server) as github:
        assert {sha: github.is_merged(NAME, sha) for sha in expected} == expected


def test_an_archive_comes_whole_from_another_host_that_never_sees_the_token(
    server: GitHubServer, hosted: Hosted, tmp_path: Path
) -> None:
    with zipfile.ZipFile(archive(server, tmp_path)) as found:
        assert found.comment.decode() == hosted.branches["master"]
        assert [name.partition("/")[2] for name in found.namelist()] == ["", "sources/us/ca/alameda.json", "README.md"]
    (asked,), (sent,) = server.asked("zipball"), server.asked("codeload")
    assert asked.headers["authorization"] == f"token {TOKEN}"
    assert sent.headers["host"].startswith("localhost") and "authorization" not in sent.headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_wherever_a_redirect_leads_the_token_stays_at_home(
    server: GitHubServer, hosted: Hosted, tmp_path: Path, status: int
) -> None:
    body = hosted.archive(hosted.commits[hosted.branches["master"]])
    with FileServer(responses={"/elsewhere": Response(body)}) as elsewhere:
        server.trouble["zipball"] = moved(f"{elsewhere.url}/elsewhere", status)
        assert zipfile.is_zipfile(archive(server, tmp_path))
        (request,) = elsewhere.requests
        assert TOKEN not in json.dumps([request.target, dict(request.headers)])


def test_the_token_is_in_no_log(
    server: GitHubServer, hosted: Hosted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hosted.private = True
    head(server, tmp_path)
    archive(server, tmp_path)
    server.trouble["commit"] = refused(403, ways.FORBIDDEN)
    problem_of(lambda: head(server, tmp_path))
    assert "/commits/" in caplog.text
    assert TOKEN not in caplog.text and TOKEN not in repr(Settings(github_token=TOKEN))


Trouble = dict[str, Response | list[Response]]
AWAY, LIMITED, REFUSED = Code.GITHUB_AWAY, Code.GITHUB_RATE_LIMITED, Code.GITHUB_REFUSED
UNKNOWN, BAD, GONE = Code.GITHUB_COMMIT_UNKNOWN, Code.GITHUB_ARCHIVE_BAD, Code.GITHUB_REPOSITORY_NOT_FOUND
PROBLEMS: dict[str, tuple[Action, Trouble, Code, str]] = {
    "a token that is not known": (head, {"repository": refused(401, "Bad credentials")}, REFUSED, "Bad credentials"),
    "a token that may not": (head, {"commit": refused(403, ways.FORBIDDEN)}, REFUSED, ways.FORBIDDEN),
    "a repository that is not there": (head, {"repository": refused(404, "Not Found")}, GONE, "has no repository"),
    "a repository taken down": (head, {"repository": refused(451, "DMCA")}, GONE, "has no repository"),
    "a repository that moved": (
        head,
        {"repository": Response(b'{"full_name": "evil/twin", "default_branch": "master"}')},
        GONE,
        "has moved to 'evil/twin'",
    ),
    "an empty repository": (head, {"commit": refused(409, "Git Repository is empty.")}, UNKNOWN, "has no commit"),
    "an unknown commit": (head, {"commit": refused(422, "No commit found for SHA: x")}, UNKNOWN, "'heads/master'"),
    "a rate limit for an hour": (head, {"commit": rate_limited(3_000)}, LIMITED, "UTC (5,000 an hour)"),
    "a rate limit by 429": (head, {"commit": rate_limited(3_000, 429)}, LIMITED, "until 2"),
    "a rate limit of the archive": (archive, {"zipball": rate_limited(3_000)}, LIMITED, "until 2"),
    "a rate limit beyond all time": (head, {"commit": rate_limited(10**11)}, LIMITED, "allows no more requests (5,"),
    "too many requests for hours": (head, {"commit": too_fast(7_200)}, LIMITED, "until 2"),
    "too many requests, by 429": (head, {"commit": too_fast(7_200, 429)}, LIMITED, "until 2"),
    "too many requests of the archive": (archive, {"zipball": too_fast(7_200)}, LIMITED, "until 2"),
    "too many requests, nobody knows for how long": (head, {"commit": too_fast(None)}, LIMITED, "no more requests (5,"),
    "an outage": (head, {"repository": ways.UNICORN}, AWAY, "answers 502"),
    "an outage at the comparison": (merged, {"compare": refused(500, "Server Error")}, AWAY, "answers 500 and says"),
    "an outage at the archive": (archive, {"zipball": ways.UNICORN}, AWAY, "answers 502"),
    "an outage where archives are": (archive, {"codeload": ways.UNICORN}, AWAY, "localhost answers 502"),
    "an outage for hours": (
        head,
        {"repository": Response(status=503, headers={"Retry-After": "9000"})},
        AWAY,
        "answers 503",
    ),
    "no answer": (head, {"repository": ways.HANGS_UP}, AWAY, "no usable answer"),
    "silence": (head, {"repository": ways.SILENT}, AWAY, "timed out"),
    "an answer that is cut": (head, {"commit": ways.CUT_ANSWER}, AWAY, "no usable answer"),
    "an answer that is no JSON": (head, {"commit": Response(b"hello")}, AWAY, "cannot be used"),
    "an answer in another form": (head, {"repository": Response(b"[1]")}, AWAY, "cannot be used"),
    "an id that is none": (head, {"commit": Response(b'{"sha": "../../evil"}')}, AWAY, "cannot be used"),
    "a comparison of a new kind": (merged, {"compare": Response(b'{"status": "new"}')}, AWAY, "cannot be used"),
    "a refusal in another form": (head, {"commit": Response(b'["no"]', 403)}, REFUSED, "answers 403."),
    "a redirect to another host": (head, {"commit": moved("http://localhost/x", 301)}, AWAY, "redirected from host"),
    "a commit that went away": (archive, {"zipball": refused(404, "Not Found")}, UNKNOWN, "has no commit"),
    "an archive that is cut": (archive, {"codeload": ways.CUT_ARCHIVE}, BAD, "broke off"),
    "an archive shorter than promised": (archive, {"codeload": Response(b"PK", length=9)}, BAD, "broke off"),
    "an archive that falls silent": (
        archive,
        {"codeload": Response(bytes(9), stops_after=4, silent=True)},
        BAD,
        "timed out",
    ),
    "an archive that is forbidden": (archive, {"codeload": refused(403, "expired")}, REFUSED, "localhost answers 403"),
    "redirects without an end": (archive, {"zipball": moved(f"/repos/{NAME}/zipball/x")}, BAD, "more than 5 redirects"),
    "a redirect to a file": (archive, {"zipball": moved("file:///etc/passwd")}, BAD, "cannot be trusted"),
    "a redirect to nowhere": (archive, {"zipball": moved("http://[bad")}, BAD, "cannot be trusted"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_goes_wrong_has_a_name(name: str, server: GitHubServer, hosted: Hosted, tmp_path: Path) -> None:
    action, trouble, code, said = PROBLEMS[name]
    server.trouble.update(trouble)
    found = problem_of(lambda: action(server, tmp_path))
    assert found.code is code, found
    assert said in found.message
    assert found.retry is (code in (AWAY, LIMITED, BAD))
    assert not found.message.startswith(" ") and "0x" not in found.message


PASSING: dict[str, tuple[Action, str, Response]] = {
    "an outage": (head, "commit", ways.UNICORN),
    "an outage at the archive": (archive, "zipball", ways.UNICORN),
    "an outage where archives are": (archive, "codeload", ways.UNICORN),
    "a connection that is closed": (head, "repository", ways.HANGS_UP),
    "a rate limit that ends now": (head, "commit", rate_limited(-5)),
    "too many requests in a second": (head, "commit", too_fast(1)),
    "too many requests in a second, by 429": (archive, "zipball", too_fast(1, 429)),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_tried_again(name: str, server: GitHubServer, hosted: Hosted, tmp_path: Path) -> None:
    action, operation, response = PASSING[name]
    server.trouble[operation] = [response]
    assert action(server, tmp_path)
    assert len(server.asked(operation)) == 2


def test_tries_come_to_an_end(server: GitHubServer, hosted: Hosted, tmp_path: Path) -> None:
    server.trouble["commit"] = ways.UNICORN
    problem_of(lambda: head(server, tmp_path))
    assert len(server.asked("commit")) == QUICK.tries


def test_an_archive_larger_than_the_limit_is_not_taken(server: GitHubServer, hosted: Hosted, tmp_path: Path) -> None:
    with client(server, limits=replace(QUICK, archive_bytes=100)) as github:
        found = problem_of(lambda: github.fetch_archive(NAME, hosted.branches["master"], tmp_path / "a.zip"))
    assert (found.code, found.retry) == (Code.GITHUB_ARCHIVE_TOO_LARGE, False)


def test_an_archive_that_takes_too_long_is_given_up(server: GitHubServer, hosted: Hosted, tmp_path: Path) -> None:
    with client(server, limits=replace(QUICK, archive_seconds=0.0)) as github:
        found = problem_of(lambda: github.fetch_archive(NAME, hosted.branches["master"], tmp_path / "a.zip"))
    assert found.code is BAD and "was not there after 0 seconds" in found.message


def test_a_private_repository_takes_a_token_and_its_archive_no_secret_into_a_message(
    server: GitHubServer, hosted: Hosted, tmp_path: Path
) -> None:
    hosted.private = True
    with client(server, token="") as github:
        assert problem_of(lambda: github.commit_of(NAME)).code is GONE
    assert archive(server, tmp_path).stat().st_size > 100
    server.trouble["codeload"] = ways.UNICORN
    assert "SECRET" not in problem_of(lambda: archive(server, tmp_path)).message


def test_without_a_server_it_is_said_who_does_not_answer(tmp_path: Path) -> None:
    with GitHubServer() as gone:
        pass
    found = problem_of(lambda: head(gone, tmp_path))
    assert found.code is AWAY and found.message == "127.0.0.1 gives no usable answer: Connection refused."


def test_a_repository_is_found_whatever_its_case(server: GitHubServer, hosted: Hosted) -> None:
    with client(server) as github:
        assert github.commit_of(Repository("OpenAddresses", "OPENADDRESSES")) == hosted.branches["master"]
