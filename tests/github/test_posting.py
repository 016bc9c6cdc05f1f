"""What we write on GitHub, and that it stays the same when it is written again."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from demo.servers import github as ways
from demo.servers.github import GitHubServer, Hosted, PullRequest, refused
from demo.servers.serving import Response
from openaddr.errors import Code, ProblemError
from openaddr.github.client import GitHub
from openaddr.github.posting import checks_of, post_status, put_check, put_comment
from openaddr.github.pulls import may_decide, pull_request
from openaddr.settings import Settings
from tests.github.apps import known_app, private_key
from tests.github.asking import TOKEN
from tests.github.checking import checked_github
from tests.github.conftest import NAME, QUICK, client

MARKER = "<!-- mark -->"
BODY = f"{MARKER}\nAll is well."
BOT = "openaddr-machine[bot]"
FAST = replace(QUICK, pause_seconds=0.0, wait_seconds=0.1)


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """GitHub, where TOKEN and the app are known."""
    with checked_github(TOKEN, known_app()) as server:
        yield server


@pytest.fixture
def pull(hosted: Hosted) -> PullRequest:
    """A pull request."""
    hosted.change({"sources/a.json": b"{}"}, "mine")
    return hosted.open_pull("mine")


def as_app(server: GitHubServer, key: str = "right") -> GitHub:
    """Our client as the app."""
    settings = Settings(
        github_api_url=server.url, github_app_id="1234", github_app_key=private_key(key), retry_seconds=0.01
    )
    return GitHub(settings, FAST, NAME)


def as_user(server: GitHubServer) -> GitHub:
    """Our client as the owner of the token."""
    return client(server, limits=FAST)


@pytest.mark.parametrize(("connect", "login"), [(as_user, "maintainer"), (as_app, BOT)], ids=["a user", "an app"])
def test_one_comment_is_written_edited_and_written_again(
    connect: Callable[[GitHubServer], GitHub], login: str, server: GitHubServer, hosted: Hosted, pull: PullRequest
) -> None:
    for number in range(120):
        hosted.comment(pull.number, f"{number}")
    hosted.comment(pull.number, f"{MARKER} of a stranger", by="stranger")
    with connect(server) as github:
        for body in (BODY, BODY, f"{MARKER}\nNothing is well.", BODY):
            put_comment(github, NAME, pull.number, MARKER, body)
        (ours,) = (comment for comment in hosted.comments if comment.by == login)
        assert (ours.body, ours.number, len(hosted.written)) == (BODY, pull.number, 121 + 3)
        assert len(server.asked("update_comment")) == 2
        hosted.delete_comment(ours.id)
        put_comment(github, NAME, pull.number, MARKER, BODY)
    assert [comment.by for comment in hosted.comments[-2:]] == ["stranger", login]


def test_a_comment_that_is_deleted_while_it_is_edited_is_written_again(
    server: GitHubServer, hosted: Hosted, pull: PullRequest
) -> None:
    with as_user(server) as github:
        put_comment(github, NAME, pull.number, MARKER, f"{MARKER} old")
        server.trouble["update_comment"] = [refused(404, "Not Found")]
        put_comment(github, NAME, pull.number, MARKER, BODY)
    assert hosted.comments[-1].body == BODY and len(server.asked("create_comment")) == 2


def test_a_comment_whose_answer_was_lost_is_not_written_twice(
    server: GitHubServer, hosted: Hosted, pull: PullRequest
) -> None:
    server.unheard["create_comment"] = [ways.CUT_ANSWER]
    with as_user(server) as github:
        with pytest.raises(ProblemError):
            put_comment(github, NAME, pull.number, MARKER, BODY)
        put_comment(github, NAME, pull.number, MARKER, BODY)
    assert [comment.body for comment in hosted.comments] == [BODY]


@pytest.mark.parametrize("connect", [as_user, as_app], ids=["a user", "an app"])
def test_a_status_is_posted(connect: Callable[[GitHubServer], GitHub], server: GitHubServer, hosted: Hosted) -> None:
    sha = hosted.branches["master"]
    told = {
        "state": "pending",
        "context": "openaddresses/hooked",
        "description": "Checking",
        "target_url": "https://x.test",
    }
    with connect(server) as github:
        post_status(github, NAME, sha, told)
    (status,) = hosted.statuses
    assert (status.sha, status.state, status.context, status.description) == (sha, *list(told.values())[:3])


def check(summary: str, remarks: int = 0, job: str = "job-1", **more: str) -> list[dict[str, Any]]:
    """The bodies of a check that has so many annotations."""
    told = {"path": "sources/a.json", "annotation_level": "warning", "message": "m"}
    lines = [{**told, "start_line": line, "end_line": line} for line in range(1, remarks + 1)]
    output = {"title": "What there is to say", "summary": summary}
    outputs = [{**output, "annotations": lines[start : start + 50]} for start in range(0, remarks or 1, 50)]
    first, *others = ({"output": output} for output in outputs)
    return [{"name": "machine", "external_id": job, **more, **first}, *others]


def test_a_check_is_made_once_and_brought_up_to_date(server: GitHubServer, hosted: Hosted) -> None:
    sha = hosted.branches["master"]
    steps = [
        check("Soon.", status="in_progress"),
        check("Lint is done.", 3, status="in_progress"),
        check("No.", 107, status="completed", conclusion="failure"),
        check("No.", 107, status="completed", conclusion="failure"),
        check("Again.", job="job-2", status="queued"),
    ]
    with as_app(server) as github:
        for bodies in steps:
            put_check(github, NAME, sha, bodies, checks_of(github, NAME, sha))
    first, second = hosted.checks
    assert (first.status, first.conclusion, first.summary, second.status) == ("completed", "failure", "No.", "queued")
    assert [annotation.start_line for annotation in first.annotations] == [*range(1, 108)]


def test_a_check_of_many_is_found_again(server: GitHubServer, hosted: Hosted) -> None:
    sha = hosted.branches["master"]
    with as_app(server) as github:
        for number in range(101):
            put_check(github, NAME, sha, [{"name": f"{number}", "external_id": "job", "status": "queued"}], {})
        assert len(checks_of(github, NAME, sha)) == 101
        put_check(github, NAME, sha, [{"name": "0", "external_id": "job"}], checks_of(github, NAME, sha))
    assert len(hosted.checks) == 101


REFUSED: dict[str, tuple[Response | None, Code, bool]] = {
    "a token that may not": (refused(403, ways.FORBIDDEN), Code.GITHUB_REFUSED, False),
    "too many requests": (ways.too_fast(3_600), Code.GITHUB_RATE_LIMITED, True),
    "too many requests, nobody knows for how long": (ways.too_fast(None), Code.GITHUB_RATE_LIMITED, True),
    "an outage": (ways.UNICORN, Code.GITHUB_AWAY, True),
    "an answer that is cut": (ways.CUT_ANSWER, Code.GITHUB_AWAY, True),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_status_that_is_refused(name: str, server: GitHubServer, hosted: Hosted) -> None:
    response, code, retry = REFUSED[name]
    assert response is not None
    server.trouble["create_status"] = response
    with as_user(server) as github, pytest.raises(ProblemError) as caught:
        post_status(github, NAME, hosted.branches["master"], {"state": "success"})
    assert (caught.value.problem.code, caught.value.problem.retry) == (code, retry)
    assert hosted.statuses == []


def test_a_token_writes_no_checks(server: GitHubServer, hosted: Hosted) -> None:
    sha = hosted.branches["master"]
    with as_user(server) as github, pytest.raises(ProblemError, match="authenticate via a GitHub App"):
        put_check(github, NAME, sha, [{"name": "machine", "external_id": ""}], {})


def test_an_app_asks_for_a_new_token_when_the_old_one_ends(server: GitHubServer, hosted: Hosted) -> None:
    with as_app(server) as github:
        assert (github.credentials.is_app, github.login()) == (True, BOT)
        for _ in range(2):
            post_status(github, NAME, hosted.branches["master"], {"state": "success"})
        assert len(server.asked("access_token")) == 1


@pytest.mark.parametrize(
    ("key", "message"), [("wrong", "answers 401 and says"), ("none", "no private key in PEM form")]
)
def test_an_app_that_is_not_known(key: str, message: str, server: GitHubServer, hosted: Hosted) -> None:
    text = private_key("wrong") if key == "wrong" else "-----BEGIN NOTHING-----"
    settings = Settings(github_api_url=server.url, github_app_id="1234", github_app_key=text, retry_seconds=0.01)
    with pytest.raises(ProblemError, match=message) as caught:
        GitHub(settings, FAST, NAME)
    assert caught.value.problem.code is Code.GITHUB_REFUSED and "BEGIN" not in str(caught.value)


def test_an_app_that_a_repository_has_not_installed(server: GitHubServer, hosted: Hosted) -> None:
    server.trouble["installation"] = refused(404, "Not Found")
    with pytest.raises(ProblemError) as caught:
        as_app(server)
    assert caught.value.problem.code is Code.GITHUB_REPOSITORY_NOT_FOUND


def test_a_pull_request_is_as_it_is_now(server: GitHubServer, hosted: Hosted, pull: PullRequest) -> None:
    with as_user(server) as github:
        first = pull_request(github, NAME, pull.number)
        hosted.push_to(pull, {"sources/b.json": b"{}"})
        hosted.close(pull)
        second = pull_request(github, NAME, pull.number)
        assert (first.state, second.state, first.base.ref) == ("open", "closed", "master")
        assert first.head.sha != second.head.sha == pull.head_sha
        with pytest.raises(ProblemError, match="has no pull request 99"):
            pull_request(github, NAME, 99)


@pytest.mark.parametrize(
    ("login", "may"),
    [("maintainer", True), ("contributor", False), ("nobody", False), ("helper", True), ("a/b", False)],
)
def test_who_may_decide(login: str, may: bool, server: GitHubServer, hosted: Hosted) -> None:
    hosted.permissions["helper"] = "write"
    with as_user(server) as github:
        assert may_decide(github, NAME, login) is may
