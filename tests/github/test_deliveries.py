"""What the stand-in tells webhooks, held against GitHub's own examples and schemas of deliveries."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from demo.servers.github import NOTHING, CheckRun, Deliveries, Delivery, Hosted, signatures

PACKAGES = Path(__file__).parents[2] / "node_modules/@octokit"
EXAMPLES = PACKAGES / "webhooks-examples/api.github.com/index.json"
SCHEMAS = PACKAGES / "webhooks-schemas/schema.json"
MOMENT = "2026-01-01T00:00:00Z"
CANARY = "http://canary.test:81"
installed = pytest.mark.skipif(not SCHEMAS.exists() or not EXAMPLES.exists(), reason="node_modules is not there")


def repository() -> Hosted:
    """A repository with two commits on a branch, a tag, a check of it, and two pull requests, one of a fork."""
    hosted = Hosted("openaddresses/openaddresses")
    hosted.commit({"a.json": b"1\n2\n", "b.json": b"b"})
    hosted.change({"a.json": b"1\n3\n"}, "own")
    sha = hosted.change({"c.json": b"b", "b.json": None}, "own")
    hosted.tags["v1"] = sha
    hosted.checks.append(CheckRun(7, sha, "machine", "completed", "failure", MOMENT, MOMENT, summary="s"))
    hosted.open_pull("own", author="maintainer")
    fork = hosted.fork("stranger/openaddresses")
    fork.change({"d.json": b"d"}, "fix", author="stranger")
    hosted.open_pull("fix", fork, author="stranger")
    return hosted


def own(told: Deliveries) -> Any:
    """The pull request of a branch of the repository itself."""
    return next(iter(told.hosted.pulls.values()))


def strange(told: Deliveries) -> Any:
    """The pull request of a fork."""
    return list(told.hosted.pulls.values())[1]


def closed(told: Deliveries) -> Delivery:
    """Somebody closes a pull request."""
    told.hosted.close(strange(told))
    return told.pull_request("closed", strange(told))


def merged(told: Deliveries) -> Delivery:
    """Somebody merges a pull request."""
    told.hosted.merge(own(told))
    return told.pull_request("closed", own(told))


def orphaned(told: Deliveries) -> Delivery:
    """The fork of a pull request is deleted."""
    strange(told).head = None
    return told.pull_request("reopened", strange(told))


def tip(told: Deliveries) -> str:
    """The last commit of the branch."""
    return told.hosted.branches["own"]


TOLD: dict[str, Callable[[Deliveries], Delivery]] = {
    "ping": Deliveries.ping,
    "push": lambda told: told.push("own"),
    "push of a new branch": lambda told: told.push("own", NOTHING),
    "push of the first commit": Deliveries.push,
    "push of a tag": lambda told: told.tag("v1"),
    "branch deleted": lambda told: told.deleted("own", tip(told)),
    "pull request opened": lambda told: told.pull_request("opened", own(told)),
    "pull request of a fork": lambda told: told.pull_request("opened", strange(told)),
    "pull request pushed to": lambda told: told.pull_request("synchronize", strange(told)),
    "pull request closed": closed,
    "pull request merged": merged,
    "pull request without its fork": orphaned,
    "pull request renamed": lambda told: told.pull_request("edited", own(told)),
    "comment": lambda told: told.issue_comment(told.hosted.comment(own(told).number, "re-run this please")),
    "check run again": lambda told: told.check_run(told.hosted.checks[0]),
    "check run pressed": lambda told: told.check_run(told.hosted.checks[0], "requested_action", "full"),
    "check suite again": lambda told: told.check_suite(tip(told)),
    "check suite of a fork": lambda told: told.check_suite(strange(told).head_sha),
}


OPTIONAL = {"organization", "installation", "repository", "sender"}
"""What the schemas do not ask for in every delivery."""


@cache
def validator(event: str, action: str) -> jsonschema_rs.Validator:
    """What tests deliveries of an event."""
    schemas = json.loads(SCHEMAS.read_bytes())
    del schemas["oneOf"]
    return jsonschema_rs.validator_for({**schemas, "$ref": f"#/definitions/{event}%24{action}"})


@installed
@pytest.mark.parametrize("to_app", [False, True], ids=["to a webhook", "to an app"])
@pytest.mark.parametrize("name", TOLD)
def test_a_delivery_is_as_the_schemas_say(name: str, to_app: bool) -> None:
    delivery = TOLD[name](Deliveries(repository(), to_app))
    found = validator(delivery.event, delivery.payload.get("action", "event"))
    assert [f"{error.instance_path}: {error.message}" for error in found.iter_errors(delivery.payload)] == []
    for missing in delivery.payload.keys() - OPTIONAL:
        less = {key: value for key, value in delivery.payload.items() if key != missing}
        assert not found.is_valid(less), missing


def leaves(item: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every path in a payload with the kind of what is there; members of lists have one path."""
    if isinstance(item, dict):
        for name, inner in item.items():
            yield from leaves(inner, f"{path}/{name}")
    elif isinstance(item, list):
        for inner in item:
            yield from leaves(inner, f"{path}/*")
    yield path, "number" if type(item) in (int, float) else type(item).__name__


UNSHOWN = re.compile(
    r"/(has_discussions|allow_forking|deliveries_url|timeline_url|state_reason|secret|app/permissions/\w+)$"
    r"|^/(changes|issue/pull_request)\b|^/pull_request/merged_by/|/(added|modified|removed|app/events)/\*$"
)
"""What examples do not show, because they are old or of other apps and cases; the schemas know all but the apps."""


@cache
def examples(event: str, action: str | None) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    """All paths in the examples of an event, with the kinds of what is there, and those that all of an action have."""
    entries = json.loads(EXAMPLES.read_bytes())
    shown = [example for entry in entries if entry["name"] == event for example in entry["examples"]]
    same = [
        {path for path, _ in leaves(example) if not UNSHOWN.search(path)}
        for example in shown
        if example.get("action") == action
    ]
    known = frozenset(leaf for example in shown for leaf in leaves(example))
    return known, frozenset(set.intersection(*same) if same else ())


@installed
@pytest.mark.parametrize("name", TOLD)
def test_a_delivery_is_like_the_examples(name: str) -> None:
    delivery = TOLD[name](Deliveries(repository(), to_app=True))
    known, shared = examples(delivery.event, delivery.payload.get("action"))
    paths = {path for path, _ in known}
    found = {path: kind for path, kind in leaves(delivery.payload) if not UNSHOWN.search(path)}
    assert sorted(found.keys() - paths) == []
    # Of what was empty in all examples nobody can tell what it is otherwise.
    full = {path for path, kind in known if kind != "NoneType"}
    assert {leaf for leaf in found.items() if leaf[0] in full and leaf not in known and leaf[1] != "NoneType"} == set()
    told = {path for path, kind in found.items() if kind == "dict"}
    assert sorted(path for path in shared - found.keys() if path.rpartition("/")[0] in told) == []


PUSHES: dict[str, tuple[Callable[[Deliveries], Delivery], tuple[bool, bool, bool], list[list[list[str]]]]] = {
    "two commits": (
        lambda told: told.push("own", told.hosted.branches["master"]),
        (False, False, False),
        [[[], ["a.json"], []], [["c.json"], [], ["b.json"]]],
    ),
    "the last one": (lambda told: told.push("own"), (False, False, False), [[["c.json"], [], ["b.json"]]]),
    "a new branch": (
        lambda told: told.push("own", NOTHING),
        (True, False, False),
        [[[], ["a.json"], []], [["c.json"], [], ["b.json"]]],
    ),
    "no branch any more": (lambda told: told.deleted("own", tip(told)), (False, True, False), []),
    "by force": (lambda told: told.push("master", tip(told)), (False, False, True), []),
    "a tag": (lambda told: told.tag("v1"), (True, False, False), []),
}


@pytest.mark.parametrize("name", PUSHES)
def test_what_a_push_tells(name: str) -> None:
    make, flags, commits = PUSHES[name]
    payload = make(Deliveries(repository())).payload
    assert (payload["created"], payload["deleted"], payload["forced"]) == flags
    assert [[commit[kind] for kind in ("added", "modified", "removed")] for commit in payload["commits"]] == commits
    assert (payload["head_commit"] is None) == payload["deleted"]


@pytest.mark.parametrize("name", TOLD)
def test_all_addresses_of_a_payload_may_lead_elsewhere(name: str) -> None:
    hosted = repository()
    text = json.dumps(TOLD[name](Deliveries(hosted, elsewhere=CANARY)).payload)
    assert set(re.findall(r'(\w+://[^/"]+|git@[^"/]+?(?=:open|:stra))', text)) <= {
        CANARY,
        "git://canary.test:81",
        "git@canary.test:81",
    }
    assert "github.com" not in text.replace("users.noreply.github.com", "")


def test_a_delivery_is_signed_as_github_does() -> None:
    # The example of GitHub's documentation.
    headers = signatures(b"Hello, World!", "It's a Secret to Everybody")
    assert headers["X-Hub-Signature-256"].startswith(
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )
    delivery = Deliveries(repository()).ping()
    body, first = delivery.signed("secret")
    assert (json.loads(body), first["X-GitHub-Event"]) == (delivery.payload, "ping")
    assert delivery.signed("secret") == (body, first), "a delivery that comes again has the same id"
    assert Deliveries(repository()).ping().id != delivery.id
