"""Statuses and check runs of the stand-in, who may write them, and how all this goes wrong."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import jwt
import pytest

from demo.servers import github as ways
from demo.servers.github import GitHubServer, Hosted, Status, refused
from demo.servers.serving import Request, Response
from tests.github.apps import known_app, signed
from tests.github.asking import NAME, ROOT, TOKEN, Answered, ask
from tests.github.checking import checked_github

TOKENS = "/app/installations/5678/access_tokens"


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """GitHub, where TOKEN and the app are known."""
    with checked_github(TOKEN, known_app()) as server:
        yield server


@pytest.fixture
def careless() -> Iterator[GitHubServer]:
    """The same, and nobody minds what it is asked."""
    with GitHubServer(TOKEN, known_app()) as server:
        server.host(NAME).commit({"a.json": b"{}"})
        yield server


def installation(server: GitHubServer) -> str:
    """A token of the installation."""
    answer = ask(server, TOKENS, {}, auth=signed(), root="")
    return str(answer.found["token"])


def head(server: GitHubServer) -> str:
    """The newest commit."""
    return server.repositories[NAME].branches["master"]


def test_a_status_is_kept_as_it_was_given(server: GitHubServer, hosted: Hosted) -> None:
    sha = head(server)
    told = {
        "state": "pending",
        "context": "openaddresses/hooked",
        "description": "é" * 140,
        "target_url": "https://x.test/1",
    }
    answer = ask(server, f"/statuses/{sha}", told)
    assert answer.status == 201 and answer.found.items() >= told.items()
    (status,) = hosted.statuses
    assert hosted.written == [status]
    assert (status.sha, status.state, status.context, status.by) == (sha, "pending", told["context"], "maintainer")


STATES = {
    "pending": "pending",
    "success": "success",
    "success failure": "failure",
    "error pending": "failure",
    "": "pending",
}


@pytest.mark.parametrize("states", STATES)
def test_what_statuses_come_to(states: str, server: GitHubServer, hosted: Hosted) -> None:
    sha = head(server)
    for number, state in enumerate(["failure", *states.split()]):
        context = "0" if number < 2 else str(number)
        ask(server, f"/statuses/{sha}", {"state": state, "context": context})
    if not states:
        hosted.statuses.clear()
    assert ask(server, "/commits/master/status").found["state"] == STATES[states]
    newest = [status["state"] for status in ask(server, f"/commits/{sha}/statuses").found]
    assert newest == ([*states.split()[::-1], "failure"] if states else [])


def test_a_commit_takes_a_thousand_statuses_of_one_context(server: GitHubServer, hosted: Hosted) -> None:
    sha, at = head(server), datetime.now(UTC)
    hosted.statuses += [Status(number, sha, "pending", "full", None, None, "me", at) for number in range(999)]
    answers = [ask(server, f"/statuses/{sha}", {"state": "success", "context": "full"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 422]
    assert "reached the maximum number of statuses" in answers[1].body.decode()
    assert ask(server, f"/statuses/{sha}", {"state": "success"}).status == 201


REFUSED_STATUSES: dict[str, tuple[object, str]] = {
    "no state": ({}, "missing required field `state`"),
    "a state that is none": ({"state": "fine"}, "Invalid enum value 'fine'"),
    "a long description": ({"state": "error", "description": "x" * 141}, "maximum is 140"),
    "an address that is none": ({"state": "error", "target_url": "ftp://x.test/"}, "http(s)"),
    "a list": ([], "Expected `object`"),
}


@pytest.mark.parametrize("name", REFUSED_STATUSES)
def test_a_status_that_is_refused(name: str, careless: GitHubServer) -> None:
    body, message = REFUSED_STATUSES[name]
    answer = ask(careless, f"/statuses/{head(careless)}", body)
    assert answer.status == 422 and message in answer.body.decode()
    assert careless.repositories[NAME].written == []


def test_an_unknown_commit_takes_no_status(server: GitHubServer, hosted: Hosted) -> None:
    answer = ask(server, f"/statuses/{'0' * 40}", {"state": "error"})
    assert (answer.status, answer.found["message"]) == (422, f"No commit found for SHA: {'0' * 40}")


def remark(line: int, **more: object) -> dict[str, object]:
    """An annotation."""
    return {"path": "a", "start_line": line, "end_line": line, "annotation_level": "failure", "message": "m", **more}


def check(server: GitHubServer, token: str, **more: object) -> Answered:
    """A new check run."""
    return ask(server, "/check-runs", {"name": "machine", "head_sha": head(server), **more}, auth=token)


def test_a_check_run_grows_until_it_is_done(server: GitHubServer, hosted: Hosted) -> None:
    token = installation(server)
    output = {"title": "Reading", "summary": "s", "annotations": [remark(line) for line in range(1, 51)]}
    begun = check(server, token, status="in_progress", output=output, external_id="job 1")
    assert (begun.status, begun.found["output"]["annotations_count"]) == (201, 50)
    actions = [{"label": "Run again", "description": "Once more", "identifier": "again"}]
    done = {"summary": "Bad", "title": "Done", "annotations": [remark(51, title="t", start_column=1, end_column=2)]}
    path = f"/check-runs/{begun.found['id']}"
    ask(server, path, {"conclusion": "failure", "output": done, "actions": actions}, "PATCH", auth=token)
    (found,) = hosted.checks
    assert (found.status, found.conclusion, found.title, found.external_id) == ("completed", "failure", "Done", "job 1")
    assert [annotation.start_line for annotation in found.annotations] == [*range(1, 52)]
    assert found.actions[0].identifier == "again" and found.completed_at and len(hosted.written) == 2
    assert len(ask(server, f"{path}/annotations?per_page=100", auth=token).found) == 51


def test_the_newest_check_of_a_name_is_told(server: GitHubServer, hosted: Hosted) -> None:
    token = installation(server)
    first, second = (check(server, token).found["id"] for _ in range(2))
    path = f"/commits/{head(server)}/check-runs"
    listed = {query: [run["id"] for run in ask(server, path + query).found["check_runs"]] for query in
              ("", "?filter=all", "?check_name=other", "?status=completed")}  # fmt: skip
    assert listed == {"": [second], "?filter=all": [second, first], "?check_name=other": [], "?status=completed": []}


REFUSED_CHECKS: dict[str, tuple[dict[str, object], str]] = {
    "no name": ({"name": None}, "Expected `str`"),
    "an unknown commit": ({"head_sha": "0" * 40}, "No commit found"),
    "51 annotations": ({"output": {"title": "t", "summary": "s", "annotations": [remark(1)] * 51}}, "length <= 50"),
    "a long summary": ({"output": {"title": "t", "summary": "x" * 65_536}}, "length <= 65535"),
    "a long text": ({"output": {"title": "t", "summary": "s", "text": "x" * 65_536}}, "length <= 65535"),
    "no title": ({"output": {"summary": "s"}}, "title"),
    "an end without a conclusion": ({"status": "completed"}, "conclusion"),
    "a conclusion that is none": ({"conclusion": "fine"}, "Invalid enum value"),
    "lines in a wrong order": (
        {"output": {"title": "t", "summary": "s", "annotations": [remark(2, end_line=1)]}},
        "range",
    ),
    "columns over lines": (
        {"output": {"title": "t", "summary": "s", "annotations": [remark(2, end_line=3, start_column=1)]}},
        "range",
    ),
    "four actions": ({"actions": [{"label": "l", "description": "d", "identifier": "i"}] * 4}, "length <= 3"),
    "a long label": ({"actions": [{"label": "l" * 21, "description": "d", "identifier": "i"}]}, "length <= 20"),
}


@pytest.mark.parametrize("name", REFUSED_CHECKS)
def test_a_check_run_that_is_refused(name: str, careless: GitHubServer) -> None:
    more, message = REFUSED_CHECKS[name]
    answer = check(careless, installation(careless), **more)
    assert answer.status == 422 and message in answer.body.decode()
    assert careless.repositories[NAME].checks == []


def test_only_an_app_writes_checks_and_only_what_it_may(careless: GitHubServer) -> None:
    assert check(careless, TOKEN).found["message"] == "You must authenticate via a GitHub App."
    assert check(careless, "").status == 401 and check(careless, signed()).status == 403
    token = installation(careless)
    careless.access.app = replace(known_app(), permissions={"checks": "read"})
    refusal = check(careless, token)
    assert (refusal.status, refusal.found["message"]) == (403, ways.NOT_OF_THE_APP)


def test_an_app_has_its_installation_and_tokens_that_end(server: GitHubServer, hosted: Hosted) -> None:
    assert ask(server, "/installation", auth=signed()).found["id"] == 5678
    token = installation(server)
    sha = head(server)
    assert ask(server, f"/statuses/{sha}", {"state": "success"}, auth=token).status == 201
    assert hosted.statuses[0].by == "openaddr-machine[bot]"
    server.access.expire()
    assert ask(server, f"/statuses/{sha}", {"state": "success"}, auth=token).status == 401


BAD_APPS: dict[str, tuple[Callable[[], str], int]] = {
    "another key": (lambda: signed("wrong"), 401),
    "another app": (lambda: signed(issuer="99"), 404),
    "too late": (lambda: signed(seconds=-30), 401),
    "too long": (lambda: signed(seconds=3_600), 401),
    "a secret in the place of a key": (lambda: jwt.encode({"iss": "1234"}, "x" * 32, "HS256"), 401),
    "a token": (lambda: TOKEN, 401),
    "nobody": (lambda: "", 401),
}


@pytest.mark.parametrize("name", BAD_APPS)
def test_an_app_that_is_not_believed(name: str, server: GitHubServer) -> None:
    auth, status = BAD_APPS[name]
    assert ask(server, TOKENS, {}, auth=auth(), root="").status == status
    assert server.access.given == {}


def test_an_operation_fails_always_or_in_turn_or_by_what_is_asked(server: GitHubServer, hosted: Hosted) -> None:
    sha = head(server)
    server.trouble = {
        "repository": refused(500, "Server Error"),
        "commit": [ways.UNICORN, refused(403, ways.FORBIDDEN)],
        "create_status": lambda request: refused(422, "No") if b"bad" in request.body else None,
    }
    assert [ask(server, "").status for _ in range(2)] == [500, 500]
    assert [ask(server, "/commits/master").status for _ in range(3)] == [502, 403, 200]
    told = [
        ask(server, f"/statuses/{sha}", {"state": "error", "context": context}).status for context in ("bad", "good")
    ]
    assert told == [422, 201] and [status.context for status in hosted.statuses] == ["good"]


def test_what_was_done_may_go_unheard(server: GitHubServer, hosted: Hosted) -> None:
    server.unheard["create_status"] = [Response(status=504)]
    answers = [ask(server, f"/statuses/{head(server)}", {"state": "error"}).status for _ in range(2)]
    assert answers == [504, 201] and len(hosted.statuses) == 2


@pytest.mark.parametrize(
    ("auth", "status"), [(lambda: TOKEN, 200), (signed, 403), (lambda: "", 401)], ids=["a user", "an app", "nobody"]
)
def test_who_asks_is_told(auth: Callable[[], str], status: int, server: GitHubServer) -> None:
    answer = ask(server, "/user", auth=auth(), root="")
    assert answer.status == status and (status != 200 or answer.found["login"] == "maintainer")


def test_the_rate_limit_is_told(server: GitHubServer) -> None:
    assert ask(server, "/rate_limit", root="").found["rate"]["limit"] == 5_000


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"\xff", 400)])
def test_a_body_that_is_no_json(body: bytes, status: int, careless: GitHubServer) -> None:
    request = Request("POST", f"{ROOT}/statuses/x", {"authorization": f"token {TOKEN}"}, body)
    assert careless.answer(request).status == status
