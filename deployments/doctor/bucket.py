"""What a bucket has to do for maps: give parts of objects, and to pages of other origins."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from openaddr.doctor.checks import Check
from openaddr.settings import Settings
from openaddr.storage.keys import aside_of
from openaddr.storage.s3 import S3
from openaddr.storage.s3_problems import named
from openaddr.storage.s3_setup import lacking_rules

RANGE = "Maps read tiles by parts of files: use a server of S3 that answers `Range` with 206."
CORS = (
    "`openaddr storage setup` sets it; by hand: AllowedOrigins *, AllowedMethods GET and HEAD, AllowedHeaders Range, "
    "ExposeHeaders ETag."
)
LIFECYCLE = "`openaddr storage setup` sets it: without, parts of uploads that were broken off are paid for unseen."
NO_RULES, NOT_KNOWN = "NoSuchCORSConfiguration", {"NotImplemented", "AccessDenied", "MethodNotAllowed"}
METHODS, HEADER = {"GET", "HEAD"}, "range"
CONTENT, FIRST, LAST = b"0123456789", 2, 5


@cache
def opened(settings: Settings) -> S3:
    """The bucket, by a client that tries once: a look has no time for more."""
    place = settings.s3_bucket, settings.s3_endpoint_url, settings.s3_region, settings.s3_public_url
    return S3(*place, attempts=1)


def in_parts(settings: Settings) -> Iterator[Check]:
    """Whether a part of an object can be had by itself."""
    place: dict[str, Any] = {"Bucket": settings.s3_bucket, "Key": aside_of("parts.txt")}
    with named(settings.s3_bucket, settings.s3_endpoint_url):
        asked = opened(settings).client
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
            rules = opened(settings).client.get_bucket_cors(Bucket=settings.s3_bucket)["CORSRules"]
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


def lifecycle(settings: Settings) -> Iterator[Check]:
    """Whether what nobody needs any more goes by itself."""
    with named(settings.s3_bucket, settings.s3_endpoint_url):
        try:
            lacking = lacking_rules(opened(settings))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code not in NOT_KNOWN:
                raise
            yield Check("lifecycle", None, f"the server does not tell its rules ({code})", LIFECYCLE)
            return
    told = f"it lacks {', '.join(lacking)}" if lacking else "leftovers go by themselves"
    yield Check("lifecycle", not lacking, told, LIFECYCLE)


def _lacking(rule: Mapping[str, Any]) -> list[str]:
    """What a rule does not allow."""
    lacking = [] if "*" in rule.get("AllowedOrigins", ()) else ["origin *"]
    lacking += sorted(METHODS - set(rule.get("AllowedMethods", ())))
    lacking += [] if _has(rule.get("AllowedHeaders", ()), HEADER) else ["header Range"]
    return lacking + ([] if _has(rule.get("ExposeHeaders", ()), "etag") else ["exposed ETag"])


def _has(names: Sequence[str], wanted: str) -> bool:
    return any(name == "*" or name.lower() == wanted for name in names)
