"""What is wrong with requests and answers is found, so that a test without faults means something."""

import json
import re

import pytest

from demo.servers.serving import Request, Response
from tests.github.asking import NAME, TOKEN, ask
from tests.github.checking import checked_github
from tests.github.openapi import DESCRIPTION, faults_of_answer, faults_of_request, operation_of

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="node_modules is not there: GitHub describes nothing")
ROOT = f"/repos/{NAME}"
SHA = "a" * 40
JSON = {"content-type": "application/json; charset=utf-8"}

GOOD: list[tuple[str, str, object]] = [
    ("GET", ROOT, None),
    ("GET", f"{ROOT}/commits/heads%2Fmaster?per_page=1", None),
    ("GET", f"{ROOT}/compare/master...{SHA}?page=2&per_page=100", None),
    ("GET", f"{ROOT}/contents/sources/us/%C3%A4.json?ref=x", None),
    ("GET", f"{ROOT}/commits/{SHA}/check-runs?filter=all", None),
    ("POST", f"{ROOT}/statuses/{SHA}", {"state": "pending", "target_url": None}),
    ("PATCH", f"{ROOT}/check-runs/7", {"conclusion": "success", "output": {"summary": ""}}),
]


@pytest.mark.parametrize(("method", "target", "body"), GOOD)
def test_a_request_that_github_takes(method: str, target: str, body: object) -> None:
    assert faults_of_request(request(method, target, body)) == []


def request(method: str, target: str, body: object) -> Request:
    """A request with or without a body."""
    return Request(method, target, JSON, b"" if body is None else json.dumps(body).encode())


BAD: dict[str, tuple[str, str, object, str]] = {
    "no operation": ("GET", f"{ROOT}/nothing", None, "no such operation"),
    "another method": ("PUT", f"{ROOT}/statuses/{SHA}", {}, "no such operation"),
    "a slash that is none": ("GET", f"{ROOT}/pulls/7/files/8", None, "no such operation"),
    "a number that is none": ("GET", f"{ROOT}/pulls/seven", None, 'pull_number: "seven" is not of type "integer"'),
    "an unknown parameter": ("GET", f"{ROOT}/pulls/7?per_page=1", None, "no parameter 'per_page'"),
    "a page that is none": ("GET", f"{ROOT}/pulls/7/files?page=x", None, 'page: "x" is not of type "integer"'),
    "a word of another list": ("GET", f"{ROOT}/commits/x/check-runs?filter=new", None, 'filter: "new" is not one of'),
    "no body": ("POST", f"{ROOT}/statuses/{SHA}", None, "body is missing"),
    "a body for nothing": ("GET", ROOT, {}, "takes no body"),
    "no state": ("POST", f"{ROOT}/statuses/{SHA}", {}, '"state" is a required property'),
    "a state that is none": ("POST", f"{ROOT}/statuses/{SHA}", {"state": "fine"}, 'state: "fine" is not one of'),
    "a key that is misspelt": ("POST", f"{ROOT}/statuses/{SHA}", {"state": "error", "descripton": ""}, "'descripton'"),
    "a key within that is misspelt": (
        "PATCH", f"{ROOT}/check-runs/7", {"output": {"summary": "", "sumary": ""}}, "output: .*'sumary'",
    ),
    "51 annotations": (
        "PATCH", f"{ROOT}/check-runs/7", {"output": {"summary": "", "annotations": [{}] * 51}}, "more than 50",
    ),
    "an end without a conclusion": ("PATCH", f"{ROOT}/check-runs/7", {"status": "completed"}, "anyOf"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_request_that_github_does_not_take(name: str) -> None:
    method, target, body, message = BAD[name]
    faults = "\n".join(faults_of_request(request(method, target, body)))
    assert faults.startswith(f"{method} {target}: ")
    assert re.search(message, faults)


def test_a_body_has_to_be_json_and_say_so() -> None:
    target = f"{ROOT}/statuses/{SHA}"
    assert "form" in faults_of_request(Request("POST", target, {"content-type": "form"}, b'{"state": "error"}'))[0]
    assert "no JSON" in faults_of_request(Request("POST", target, JSON, b"{"))[0]


def test_the_operation_with_the_most_words_is_meant() -> None:
    found = operation_of(request("GET", f"{ROOT}/commits/{SHA}/status", None))
    assert found is not None and found[0].path == "/repos/{owner}/{repo}/commits/{ref}/status"
    assert found[1] == {"owner": "openaddresses", "repo": "openaddresses", "ref": SHA}


def test_an_answer_that_github_does_not_give_is_found() -> None:
    asked = request("GET", f"{ROOT}/issues/7/comments", None)
    answer = Response(b'[{"id": "7"}]', headers={"Content-Type": "application/json; charset=utf-8"})
    faults = "\n".join(faults_of_answer(asked, answer))
    assert '0/id: "7" is not of type "integer"' in faults and '"created_at" is a required property' in faults


def test_a_server_that_was_asked_what_github_does_not_know_fails_its_test() -> None:
    with pytest.raises(AssertionError, match="there is no parameter 'odd'"), checked_github(TOKEN) as server:
        server.host(NAME)
        assert ask(server, "?odd=1").status == 200
