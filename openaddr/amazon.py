"""CloudWatch and SNS: numbers under the names that the predecessor gave them, and notices by mail or whatever listens.

boto3 finds credentials and region in its usual places; where there is no region it is that of the bucket.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from openaddr.db.metrics import Metrics
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import MetricDatumTypeDef

BRIEFLY = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 2})
"""Whoever waits for it has other things to do."""
LONGEST_SUBJECT = 79
"""Characters; SNS takes up to 99 of ASCII, and the predecessor's readers know no more."""


def numbers_of(record: Metrics) -> dict[str, int]:
    """What is told to CloudWatch: those names are what alarms and auto-scaling groups follow."""
    return {
        "tasks queue": record.tasks_waiting,
        # There it was results that nobody had passed on yet.
        "done queue": record.messages_waiting,
        "due queue": record.tasks_due,
        "expected results": record.expected_results,
        "active workers": record.active_workers,
    }


def put_numbers(settings: Settings, record: Metrics) -> None:
    """Send the numbers to the namespace of the settings. Raises ProblemError."""
    with _named("CloudWatch"):
        client = boto3.client("cloudwatch", region_name=_region(settings), config=BRIEFLY)
        data: list[MetricDatumTypeDef] = [
            {"MetricName": name, "Value": value, "Unit": "Count"} for name, value in numbers_of(record).items()
        ]
        client.put_metric_data(Namespace=settings.cloudwatch_namespace, MetricData=data)


def publish(settings: Settings, subject: str, text: str) -> None:
    """Publish a notice to the topic of the settings. Raises ProblemError."""
    with _named("SNS"):
        region = settings.notice_topic.split(":")[3]
        client = boto3.client("sns", region_name=region, config=BRIEFLY)
        plain = subject.encode("ascii", "replace").decode()[:LONGEST_SUBJECT]
        client.publish(TopicArn=settings.notice_topic, Subject=plain, Message=text)


def _region(settings: Settings) -> str:
    return boto3.Session().region_name or settings.s3_region


@contextmanager
def _named(service: str) -> Iterator[None]:
    """What goes wrong inside becomes a ProblemError, without what boto3 may quote of a request."""
    try:
        yield
    except ClientError as error:
        answer = error.response.get("Error", {})
        told = f"{answer.get('Code', 'an error')}: {answer.get('Message', '')}"[:300]
        raise ProblemError(Code.AMAZON_REFUSED, f"{service} answers {told}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise ProblemError(Code.AMAZON_REFUSED, f"{service} cannot be asked: {type(error).__name__}.") from error
