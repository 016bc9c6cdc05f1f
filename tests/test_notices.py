"""Notices and numbers that leave us: what gets there, and what becomes of those that do not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from demo.servers.files import FileServer
from demo.servers.serving import Response
from deployments.embedded.service import ROOT
from openaddr import amazon, notices
from openaddr.db.metrics import Metrics
from openaddr.errors import Code, ProblemError
from openaddr.settings import SettingError, Settings, load
from openaddr.troubles import ADVICE, MANUAL, Kind, Trouble, ago, in_record
from tests.buckets import credentials, s3_port

__all__ = ["credentials", "s3_port"]

QUIET = Metrics(
    tasks_waiting=0,
    task_waiting_seconds=None,
    active_workers=0,
    tasks_due=0,
    idle_seconds=None,
    done_in_hour={},
    done_in_day={},
    layer_sources=0,
    layer_sources_without_success=0,
    oldest_success_seconds=None,
    problems={},
    newest_set_seconds=None,
    open_set_seconds=None,
    latest_bytes=0,
    collection_bytes=0,
    collection_seconds=None,
    collections_in_trouble=0,
    deliveries_waiting=0,
    delivery_waiting_seconds=None,
    delivery_overdue_seconds=None,
    deliveries_parked=0,
    messages_waiting=0,
    message_waiting_seconds=None,
    message_overdue_seconds=None,
    messages_parked=0,
)
STILL: dict[str, Any] = {"tasks_waiting": 12, "task_waiting_seconds": 7_300.0}
DAY = 86_400.0


@pytest.fixture
def amazons(s3_port: int, credentials: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """A server that stands for Amazon, where boto3 asks it; gives its address."""
    address = f"http://127.0.0.1:{s3_port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    return address


@pytest.fixture
def topic(amazons: str) -> Iterator[tuple[str, str]]:
    """A topic, and the address of a queue that gets what is published there."""
    sns: Any = boto3.client("sns", region_name="us-west-2")
    sqs: Any = boto3.client("sqs", region_name="us-west-2")
    arn = sns.create_topic(Name="notices")["TopicArn"]
    queue = sqs.create_queue(QueueName="readers")["QueueUrl"]
    there = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=there)
    yield arn, queue
    sqs.delete_queue(QueueUrl=queue)
    sns.delete_topic(TopicArn=arn)


@pytest.mark.parametrize(
    "changes, told",
    [
        ({}, ""),
        (STILL, "12 runs wait, and nobody works on any; one has waited for 2 hours."),
        (STILL | {"idle_seconds": 1_900.0}, "12 runs wait, and nobody works on any; one has waited for 2 hours."),
        (STILL | {"idle_seconds": 60.0}, ""),
        (STILL | {"active_workers": 1}, ""),
        (STILL | {"task_waiting_seconds": 1_700.0}, ""),
        (
            {"deliveries_waiting": 1, "delivery_overdue_seconds": 1_801.0},
            "1 delivery of GitHub is not handled; one has been overdue for 30 minutes.",
        ),
        ({"deliveries_waiting": 1, "delivery_waiting_seconds": DAY, "delivery_overdue_seconds": None}, ""),
        (
            {"messages_waiting": 3, "message_overdue_seconds": 5 * DAY},
            "3 messages are not sent; one has been overdue for 5 days.",
        ),
        (
            {"open_set_seconds": 2.5 * DAY, "tasks_waiting": 7, "active_workers": 2},
            "A set has been under way for 2 days; 9 runs to go.",
        ),
        ({"open_set_seconds": DAY, "newest_set_seconds": DAY}, ""),
        ({"newest_set_seconds": 10 * DAY}, "No set has been completed for 10 days; 9 days are allowed."),
    ],
)
def test_what_stands_still_is_told_with_its_numbers(changes: dict[str, Any], told: str) -> None:
    found = list(in_record(replace(QUIET, **changes), Settings()))
    assert " ".join(trouble.sentence for trouble in found) == told


def test_a_late_set_is_nobodys_trouble_where_there_are_to_be_none() -> None:
    assert list(in_record(replace(QUIET, newest_set_seconds=100 * DAY), Settings(set_late_days=0))) == []


@pytest.mark.parametrize(
    "seconds, words",
    [(59, "0 minutes"), (60, "1 minute"), (7_199, "119 minutes"), (7_200, "2 hours"), (172_800, "2 days")],
)
def test_times_are_in_words(seconds: float, words: str) -> None:
    assert ago(seconds) == words


def test_every_kind_has_advice_and_a_heading_in_the_manual() -> None:
    manual = (ROOT / "docs/notices.md").read_text()
    headings = [line[3:].lower().replace(" ", "-") for line in manual.splitlines() if line.startswith("## ")]
    assert MANUAL.endswith("docs/notices.md")
    assert headings == [kind.value for kind in Kind] and set(ADVICE) == set(Kind)


def test_a_notice_is_posted_as_slack_takes_it_and_strangers_call_nobody(web: FileServer) -> None:
    web.responses["/services/canary"] = Response(b"ok")
    settings = Settings(notice_webhook_url=f"{web.url}/services/canary", github_token="ghp_canary")
    sentence = "The last, xx/<!channel> & co\x1b[31m, said: ghp_canary"
    assert notices.tell(settings, Trouble(Kind.FLOW_CRASHED, sentence, "sweep")) == []
    asked = web.requests[-1]
    title, told, advice, link = json.loads(asked.body)["text"].splitlines()
    assert (asked.method, asked.headers["content-type"]) == ("POST", "application/json")
    assert title == "*A flow crashed: sweep*"
    assert told == "The last, xx/&lt;!channel&gt; &amp; co\\x1b[31m, said: •••"
    assert advice == ADVICE[Kind.FLOW_CRASHED]
    assert link == "https://github.com/openaddresses/machine/blob/main/docs/notices.md#a-flow-crashed"


def test_a_notice_is_published_to_a_topic_in_the_region_of_that(topic: tuple[str, str]) -> None:
    arn, queue = topic
    assert ":us-west-2:" in arn
    assert notices.tell(Settings(notice_topic=arn), Trouble(Kind.SET_LATE, "Ein Satz mit ü.", "ü" * 200)) == []
    sqs = boto3.client("sqs", region_name="us-west-2")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    found = json.loads(message["Body"])
    assert found["Subject"].startswith("OpenAddresses: A set is late: ??") and len(found["Subject"]) == 79
    assert found["Message"].startswith("Ein Satz mit ü.\nLook at the page of the set")


@pytest.mark.parametrize(
    "response, told",
    [
        (Response(status=404), "127.0.0.1 answers a notice with 404."),
        (Response(hangs_up=True), "No answer from 127.0.0.1"),
    ],
)
def test_a_notice_that_is_not_taken_is_a_problem_without_the_address(
    web: FileServer, response: Response, told: str
) -> None:
    web.responses["/services/canary"] = response
    settings = Settings(notice_webhook_url=f"{web.url}/services/canary")
    with pytest.raises(ProblemError, match=told) as caught:
        notices.tell(settings, Trouble(Kind.SET_LATE, "It is so."))
    assert caught.value.problem.code is Code.NOTICE_UNSENT and "canary" not in repr(caught.value)


def test_one_way_that_fails_does_not_keep_a_notice_from_the_other(web: FileServer, amazons: str) -> None:
    web.responses["/hook"] = Response(b"ok")
    gone = "arn:aws:sns:us-east-1:123456789012:gone"
    settings = Settings(notice_webhook_url=f"{web.url}/hook", notice_topic=gone)
    (problem,) = notices.tell(settings, Trouble(Kind.SET_LATE, "It is so."))
    assert "SNS answers NotFound" in problem and len(web.requests) == 1


def test_numbers_are_in_cloudwatch_under_the_names_that_scaling_follows(amazons: str) -> None:
    record = replace(QUIET, tasks_waiting=5, active_workers=2, tasks_due=1, messages_waiting=4)
    amazon.put_numbers(Settings(cloudwatch_namespace="openaddr.ci"), record)
    cloudwatch = boto3.client("cloudwatch", region_name="us-east-1")
    listed = cloudwatch.list_metrics(Namespace="openaddr.ci")["Metrics"]
    names = {metric["MetricName"]: metric["Dimensions"] for metric in listed}
    assert names == {
        "tasks queue": [],
        "done queue": [],
        "due queue": [],
        "expected results": [],
        "active workers": [],
    }
    found = {name: _value(cloudwatch, name) for name in names}
    assert found == {
        "tasks queue": [5, "Count"],
        "done queue": [4, "Count"],
        "due queue": [1, "Count"],
        "expected results": [7, "Count"],
        "active workers": [2, "Count"],
    }


def _value(cloudwatch: Any, name: str) -> list[Any]:
    found = cloudwatch.get_metric_statistics(
        Namespace="openaddr.ci",
        MetricName=name,
        StartTime="2026-01-01",
        EndTime="2100-01-01",
        Period=10**9,
        Statistics=["Maximum"],
    )
    (point,) = found["Datapoints"]
    return [point["Maximum"], point["Unit"]]


def test_cloudwatch_that_is_away_is_a_problem(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(ProblemError, match="CloudWatch cannot be asked: EndpointConnectionError") as caught:
        amazon.put_numbers(Settings(cloudwatch_namespace="openaddr.ci"), QUIET)
    assert caught.value.problem.code is Code.AMAZON_REFUSED


@pytest.mark.parametrize(
    "name, value",
    [
        ("OPENADDR_NOTICE_WEBHOOK_URL", "hooks.slack.com/canary"),
        ("OPENADDR_NOTICE_WEBHOOK_URL", "https://hooks.slack.com/canary more"),
        ("OPENADDR_NOTICE_TOPIC", "notices"),
        ("OPENADDR_LOG_FORMAT", "xml"),
    ],
)
def test_what_notices_and_logs_cannot_use_is_said_without_secrets(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name) as caught:
        load({name: value})
    assert "canary" not in str(caught.value)
