"""What deliveries ask for, on GitHub's own examples, on what strangers may put into them, and on any JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.github.events import OUR_COMMENT, Action, Asked, Ignored, read
from openaddr.github.names import Repository
from tests.github.payloads import (
    REPOSITORY,
    Payload,
    changed,
    check_run,
    comment,
    example,
    examples,
    push,
)

KNOWN = (REPOSITORY.lower(), "openaddresses/openaddresses")
HERE = Repository.parse(KNOWN[0])
HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
RERUN = "Re-run this please"
READ = ("push", "pull_request", "issue_comment", "check_run", "check_suite")


def asked(event: str, payload: Payload) -> Asked:
    found = read(event, payload, KNOWN)
    assert isinstance(found, Asked), found
    assert found.repository == HERE and found.event == event
    return found


def why_not(event: str, payload: Payload) -> str:
    found = read(event, payload, KNOWN)
    assert isinstance(found, Ignored), found
    return found.reason


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened"])
def test_a_pull_request_is_checked_at_its_head(action: str) -> None:
    found = asked("pull_request", example("pull_request", "opened") | {"action": action})
    assert (found.action, found.sha, found.pull_request, found.author) == (Action.CHECK, HEAD, 2, "Codertocat")
    assert not found.fresh


@pytest.mark.parametrize("merged", [True, False, None])
def test_a_closed_pull_request_says_whether_it_was_merged(merged: bool | None) -> None:
    found = asked("pull_request", changed(example("pull_request", "closed"), "pull_request.merged", merged))
    assert (found.action, found.pull_request, found.merged) == (Action.CLOSE, 2, bool(merged))


def test_only_a_closed_pull_request_is_merged() -> None:
    assert not asked("pull_request", changed(example("pull_request", "opened"), "pull_request.merged", True)).merged


def test_a_pull_request_of_a_fork_that_is_gone_is_checked() -> None:
    assert asked("pull_request", changed(example("pull_request", "opened"), "pull_request.head.repo", None)).sha == HEAD


@pytest.mark.parametrize(
    "payload, before, ref",
    [
        (push(), "a" * 40, "master"),
        (push("refs/heads/feature/new-source"), "a" * 40, "feature/new-source"),
        (push("refs/heads/ünïcode", before="0" * 40), "", "ünïcode"),
    ],
)
def test_a_push_is_checked_from_the_commit_before(payload: Payload, before: str, ref: str) -> None:
    found = asked("push", payload)
    assert (found.action, found.sha, found.before, found.ref) == (Action.CHECK, "b" * 40, before, ref)
    assert found.author == "Codertocat" and found.pull_request is None


@pytest.mark.parametrize(
    "body", [RERUN, "rerun this, please!", "Thanks.\r\n\r\nre-run this, PLEASE\r\nBye", "rerun this please\nagain"]
)
@pytest.mark.parametrize("action", ["created", "edited"])
def test_a_comment_asks_for_a_new_run(body: str, action: str) -> None:
    found = asked("issue_comment", comment(body, action=action))
    assert (found.action, found.sha, found.pull_request, found.fresh) == (Action.CHECK, "", 7, True)


@pytest.mark.parametrize(
    "body", ["", "please rerun this please", " rerun this please", "rerun this pleased", "rerun this", None, "re run"]
)
def test_other_comments_ask_for_nothing(body: Any) -> None:
    assert why_not("issue_comment", comment(body)) == "This comment does not ask for a new run."


def test_our_own_comments_that_say_how_to_ask_do_not_ask() -> None:
    assert why_not("issue_comment", comment(f"{OUR_COMMENT}\n{RERUN}")) == "This comment does not ask for a new run."


@pytest.mark.parametrize(
    "login, association, may",
    [
        ("Codertocat", "NONE", True),
        ("stranger", "NONE", False),
        ("stranger", "CONTRIBUTOR", False),
        ("stranger", "COLLABORATOR", True),
        ("stranger", "MEMBER", True),
        ("stranger", "OWNER", True),
    ],
)
def test_who_opened_a_pull_request_and_collaborators_may_ask_for_a_new_run(
    login: str, association: str, may: bool
) -> None:
    payload = comment(RERUN, comment__user__login=login, comment__author_association=association)
    assert isinstance(read("issue_comment", payload, KNOWN), Asked) is may


def test_comments_of_nobody_ask_for_nothing() -> None:
    reason = why_not("issue_comment", comment(RERUN, comment__user=None, issue__user=None))
    assert reason == "Only who opened a pull request and collaborators may ask for a new run of it."


@pytest.mark.parametrize("payload", [check_run("rerequested"), check_run("requested_action", "rerun-fresh")])
def test_a_check_run_is_asked_for_again(payload: Payload) -> None:
    found = asked("check_run", payload)
    assert (found.action, found.sha, found.pull_request, found.fresh) == (Action.CHECK, HEAD, 2, True)


def test_a_check_suite_is_asked_for_again() -> None:
    found = asked("check_suite", example("check_suite", "rerequested"))
    assert (found.action, found.sha, found.pull_request, found.fresh) == (Action.CHECK, HEAD, 2, True)
    assert found.author == "octocoders-linter[bot]"


@pytest.mark.parametrize(
    "place, value",
    [
        ("check_run.pull_requests", []),
        ("check_run.head_sha", "c" * 40),
        ("repository.id", 1),
    ],
)
def test_a_pull_request_of_a_fork_an_older_commit_or_elsewhere_is_not_taken_for_that_of_a_check(
    place: str, value: object
) -> None:
    assert asked("check_run", changed(check_run("rerequested"), place, value)).pull_request is None


def test_a_drop_is_approved_by_a_button() -> None:
    found = asked("check_run", check_run("requested_action", "approve-drop"))
    assert (found.action, found.run_id, found.sha, found.author) == (Action.APPROVE, 12, HEAD, "Codertocat")


@pytest.mark.parametrize(
    "event, payload, reason",
    [
        ("ping", example("ping"), "GitHub only asks whether anybody is here."),
        ("star", example("star", "created"), "Nothing is done for the event 'star'."),
        ("push", push("refs/tags/v1"), "Only pushes to branches are checked."),
        ("push", push(deleted=True, after="0" * 40), "This push deleted its branch."),
        ("push", push(after="0" * 40), "This push deleted its branch."),
        ("pull_request", example("pull_request", "labeled"), "A pull request that is labeled asks for nothing."),
        ("issue_comment", comment(RERUN, action="deleted"), "A comment that is deleted asks for nothing."),
        ("issue_comment", example("issue_comment", "created"), "This comment is on an issue, not on a pull request."),
        ("check_suite", example("check_suite", "requested"), "A check suite that is requested asks for nothing."),
        ("check_run", check_run("completed"), "A check run that is completed asks for nothing."),
        ("check_run", check_run("requested_action", "x"), "No button of ours is called 'x'."),
        ("check_run", check_run("requested_action"), "No button of ours is called ''."),
        (
            "push",
            changed(push(), "repository.full_name", "you/fork"),
            "you/fork is not on the list, which has codertocat/hello-world, openaddresses/openaddresses.",
        ),
    ],
)
def test_what_asks_for_nothing_says_why(event: str, payload: Payload, reason: str) -> None:
    assert why_not(event, payload) == reason


@pytest.mark.parametrize(
    "event, payload, place, value",
    [
        ("push", push(), "ref", 7),
        ("push", push(), "ref", "refs/heads/../../x"),
        ("push", push(), "after", "b" * 39),
        ("push", push(), "after", "b" * 40 + "\n"),
        ("push", push(), "before", "../../../"),
        ("push", push(), "repository", None),
        ("push", push(), "repository.full_name", "openaddresses/../openaddresses"),
        ("push", push(), "repository.full_name", "a" * 201),
        ("push", push(), "sender.login", "a b"),
        ("push", push(), "sender.login", "../x"),
        ("pull_request", example("pull_request", "opened"), "number", -1),
        ("pull_request", example("pull_request", "opened"), "number", 2**31),
        ("pull_request", example("pull_request", "opened"), "number", 10**30),
        ("pull_request", example("pull_request", "opened"), "number", "2"),
        ("pull_request", example("pull_request", "opened"), "action", "x" * 51),
        ("pull_request", example("pull_request", "opened"), "pull_request.head.sha", "0" * 40),
        ("issue_comment", comment(RERUN), "comment.body", ["Re-run this please"]),
        ("check_run", check_run("rerequested"), "check_run.head_sha", None),
        ("check_run", check_run("requested_action", "approve-drop"), "check_run.external_id", "12; drop"),
        ("check_run", check_run("requested_action", "approve-drop"), "check_run.external_id", ""),
        ("check_run", check_run("requested_action", "approve-drop"), "check_run.external_id", "9" * 19),
        ("check_run", check_run("requested_action", "approve-drop"), "check_run.external_id", "१२"),
        ("check_run", check_run("requested_action", "approve-drop"), "check_run.external_id", None),
    ],
)
def test_names_and_ids_that_can_be_none_are_refused(event: str, payload: Payload, place: str, value: object) -> None:
    assert isinstance(read(event, payload, KNOWN), Asked), "it is what is changed that makes the difference"
    assert len(why_not(event, changed(payload, place, value))) < 400


def test_a_list_of_repositories_that_cannot_be_read_is_told() -> None:
    found = read("push", push(), ["nonsense"])
    assert isinstance(found, Ignored) and "'nonsense' is no repository" in found.reason


def test_every_example_of_github_is_answered() -> None:
    found = {event: [read(event, each, KNOWN) for each in payloads] for event, payloads in examples().items()}
    assert {event for event, answers in found.items() if any(isinstance(each, Asked) for each in answers)} == {
        "push", "pull_request", "check_suite",
    }  # fmt: skip
    unusable = [each for answers in found.values() for each in answers if "no usable" in str(each)]
    assert unusable == []


def test_no_address_of_a_payload_comes_through() -> None:
    for event, payload in [
        ("push", push()),
        ("pull_request", example("pull_request", "opened")),
        ("issue_comment", comment(RERUN)),
        ("check_run", check_run("rerequested")),
        ("check_suite", example("check_suite", "rerequested")),
    ]:
        everywhere = json.loads(json.dumps(payload).replace("https://", "https://canary.example/"))
        assert asked(event, everywhere) == asked(event, payload)
        assert "canary" in json.dumps(everywhere) and "canary" not in repr(asked(event, everywhere))


def test_what_is_nested_deeply_is_answered() -> None:
    deep: dict[str, Any] = {}
    for _ in range(2_000):
        deep = {"a": deep}
    assert asked("issue_comment", comment(RERUN, issue__pull_request=deep))


TEXT = st.text(st.characters(exclude_categories=()))
"""With halves of surrogate pairs."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*READ, "ping", "other"]), st.dictionaries(TEXT, JSON, max_size=3))
def test_any_json_is_answered(event: str, payload: Payload) -> None:
    assert isinstance(read(event, payload, KNOWN), Ignored)


def places(payload: object, way: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The ways to everything in a payload."""
    inner = payload.items() if isinstance(payload, dict) else ()
    return [place for name, value in inner for place in [(*way, name), *places(value, (*way, name))]]


ASKING = [
    ("push", json.dumps(push())),
    ("pull_request", json.dumps(example("pull_request", "closed"))),
    ("issue_comment", json.dumps(comment(RERUN))),
    ("check_run", json.dumps(check_run("requested_action", "approve-drop"))),
    ("check_suite", json.dumps(example("check_suite", "rerequested"))),
]


@given(st.sampled_from(ASKING), st.data())
def test_any_json_in_the_place_of_a_part_is_answered(asking: tuple[str, str], data: st.DataObject) -> None:
    event, text = asking
    payload = json.loads(text)
    place = data.draw(st.sampled_from([way for way in places(payload) if way[0] in READ_OF[event]]))
    read(event, changed(payload, ".".join(place), data.draw(JSON)), KNOWN)


READ_OF = {
    "push": ("ref", "before", "after", "deleted", "repository", "sender"),
    "pull_request": ("action", "number", "pull_request", "repository", "sender"),
    "issue_comment": ("action", "issue", "comment", "repository", "sender"),
    "check_run": ("action", "check_run", "requested_action", "repository", "sender"),
    "check_suite": ("action", "check_suite", "repository", "sender"),
}
"""The members of payloads that are looked into."""
