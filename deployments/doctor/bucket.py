"""What a bucket has to do for maps: give parts of objects, and to pages of other origins."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from openaddr.doctor.checks import Check
from openaddr.settings import Settings
from openaddr.storage.keys import aside_of
from openaddr.storage.s3_problems import named

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

RANGE = "Maps read tiles by parts of files: use a server of S3 that answers `Range` with 206."
CORS = (
    "Set CORS of the bucket (`aws s3api put-bucket-cors`): AllowedOrigins *, AllowedMethods GET and HEAD, "
    "AllowedHeaders Range, ExposeHeaders ETag."
)
NO_RULES, NOT_KNOWN = "NoSuchCORSConfiguration", {"NotImplemented", "AccessDenied", "MethodNotAllowed"}
METHODS, HEADER = {"GET", "HEAD"}, "range"
CONTENT, FIRST, LAST = b"0123456789", 2, 5


@cache
def client(settings: Settings) -> "S3Client":
    """A client that is not patient."""
    config = Config(
        connect_timeout=5,
        read_timeout=8,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path" if settings.s3_endpoint_url else "auto"},
    )
    session = boto3.Session(region_name=settings.s3_region)
    return session.client("s3", endpoint_url=settings.s3_endpoint_url or None, config=config)


def in_parts(settings: Settings) -> Iterator[Check]:
    """Whether a part of an object can be had by itself."""
    place: dict[str, Any] = {"Bucket": settings.s3_bucket, "Key": aside_of("parts.txt")}
    with named(settings.s3_bucket, settings.s3_endpoint_url):
        asked = client(settings)
        asked.put_object(**place, Body=CONTENT)
        try:
            answer = asked.get_object(**place, Range=f"bytes={FIRST}-{LAST}")
            body = answer["Body"].read()
        finally:
            asked.delete_object(**place)
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    is_part = status == 206 and body == CONTENT[FIRST : LAST + 1]
    yield Check("Range", is_part, f"{status} with {len(body)} of the 4 bytes asked for", RANGE)


def cors(settings: Settings) -> Iterator[Check]:
    """Whether pages of any origin may read it with `Range`."""
    with named(settings.s3_bucket, settings.s3_endpoint_url):
        try:
            rules = client(settings).get_bucket_cors(Bucket=settings.s3_bucket)["CORSRules"]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in NOT_KNOWN:
                yield Check("CORS", None, f"the server does not tell its rules ({code})", CORS)
                return
            if code != NO_RULES:
                raise
            rules = []
    if not rules:
        yield Check("CORS", False, "the bucket has no rules", CORS)
        return
    lacking = min((_lacking(rule) for rule in rules), key=len)
    told = f"the best rule lacks {' and '.join(lacking)}" if lacking else "GET and HEAD with Range, from anywhere"
    yield Check("CORS", not lacking, told, CORS)


def _lacking(rule: Mapping[str, Any]) -> list[str]:
    """What a rule does not allow."""
    lacking = [] if "*" in rule.get("AllowedOrigins", ()) else ["origin *"]
    lacking += sorted(METHODS - set(rule.get("AllowedMethods", ())))
    lacking += [] if _has(rule.get("AllowedHeaders", ()), HEADER) else ["header Range"]
    return lacking + ([] if _has(rule.get("ExposeHeaders", ()), "etag") else ["exposed ETag"])


def _has(names: Sequence[str], wanted: str) -> bool:
    return any(name == "*" or name.lower() == wanted for name in names)
