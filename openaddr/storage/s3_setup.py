"""What a bucket does by itself once it is told: `openaddr storage setup`. Doing it again changes nothing.

Rules of others are left as they are: ours have names that begin with `openaddr-`. Who may read the bucket is for its
owner to say; of the bucket for backups it is nobody.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.storage.keys import ASIDE
from openaddr.storage.s3 import S3
from openaddr.storage.s3_problems import named

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CORSRuleTypeDef, LifecycleRuleTypeDef

OURS = "openaddr-"
READERS = {
    "ID": f"{OURS}readers",
    "AllowedMethods": ["GET", "HEAD"],
    "AllowedOrigins": ["*"],
    "AllowedHeaders": ["Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Range"],
    "ExposeHeaders": ["Accept-Ranges", "Content-Length", "Content-Range", "ETag"],
    "MaxAgeSeconds": 3600,
}
"""Scripts of any site may read all of it and parts of it, as maps read tiles."""
LIFECYCLE: Sequence[dict[str, Any]] = (
    {
        # Their parts cost money and are seen in no listing; the sweep removes them within an hour, where there is one.
        "ID": f"{OURS}unfinished-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
    },
    {
        "ID": f"{OURS}aside",
        "Status": "Enabled",
        "Filter": {"Prefix": ASIDE},
        "Expiration": {"Days": 2},
    },
    {
        # Where versions are kept, what was removed or replaced can be had back for so long, and is then paid no more.
        "ID": f"{OURS}old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    },
)
PRIVATE = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
NOTHING_YET = {"NoSuchLifecycleConfiguration", "NoSuchCORSConfiguration", "NoSuchPublicAccessBlockConfiguration"}


def set_up(settings: Settings) -> Iterator[str]:
    """Tell the buckets of the settings what they are to do, and say what that was. Raises ProblemError."""
    if not settings.s3_bucket and not settings.backup_bucket:
        raise ProblemError(Code.STORAGE_UNSET, "There is no bucket: a folder needs no rules.")
    if settings.s3_bucket:
        bucket = S3(settings.s3_bucket, settings.s3_endpoint_url, settings.s3_region)
        with named(bucket.bucket, settings.s3_endpoint_url):
            yield _told(bucket, "lifecycle", _set_lifecycle(bucket))
            yield _told(bucket, "CORS", _set_cors(bucket))
    if settings.backup_bucket:
        bucket = S3(settings.backup_bucket, settings.s3_endpoint_url, settings.s3_region)
        with named(bucket.bucket, settings.s3_endpoint_url):
            yield _told(bucket, "no public access", _make_private(bucket))
            yield _told(bucket, "lifecycle", _set_lifecycle(bucket))


def lacking_rules(bucket: S3) -> list[str]:
    """Names of the rules of LIFECYCLE that a bucket does not have as they are. Raises ClientError."""
    there = {_plain(rule) for rule in _lifecycle(bucket)}
    return sorted(str(rule["ID"]) for rule in LIFECYCLE if _plain(rule) not in there)


def _told(bucket: S3, what: str, is_changed: bool) -> str:
    return f"{bucket.bucket}: {what} {'set' if is_changed else 'as it should be'}"


def _lifecycle(bucket: S3) -> Sequence[dict[str, Any]]:
    return _existing(lambda: bucket.client.get_bucket_lifecycle_configuration(Bucket=bucket.bucket).get("Rules", []))


def _set_lifecycle(bucket: S3) -> bool:
    there = _lifecycle(bucket)
    wanted = [*_of_others(there), *LIFECYCLE]
    if _same(there, wanted):
        return False
    rules: list[LifecycleRuleTypeDef] = wanted  # type: ignore[assignment]  # plain dictionaries, as they come
    bucket.client.put_bucket_lifecycle_configuration(Bucket=bucket.bucket, LifecycleConfiguration={"Rules": rules})
    return True


def _set_cors(bucket: S3) -> bool:
    there = _existing(lambda: bucket.client.get_bucket_cors(Bucket=bucket.bucket).get("CORSRules", []))
    wanted = [*_of_others(there), READERS]
    if _same(there, wanted):
        return False
    rules: list[CORSRuleTypeDef] = wanted  # type: ignore[assignment]  # plain dictionaries, as they come
    bucket.client.put_bucket_cors(Bucket=bucket.bucket, CORSConfiguration={"CORSRules": rules})
    return True


def _make_private(bucket: S3) -> bool:
    there = _existing(
        lambda: [bucket.client.get_public_access_block(Bucket=bucket.bucket)["PublicAccessBlockConfiguration"]]
    )
    if there == [PRIVATE]:
        return False
    bucket.client.put_public_access_block(Bucket=bucket.bucket, PublicAccessBlockConfiguration=PRIVATE)  # type: ignore[arg-type]
    return True


def _existing(ask: Callable[[], Sequence[Any]]) -> Sequence[dict[str, Any]]:
    """The rules that there are."""
    try:
        return ask()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in NOTHING_YET:
            return []
        raise


def _of_others(rules: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [rule for rule in rules if not str(rule.get("ID", "")).startswith(OURS)]


def _same(there: Sequence[dict[str, Any]], wanted: Sequence[dict[str, Any]]) -> bool:
    """Servers order rules as they like, and may leave out that a prefix is empty."""
    return sorted(map(_plain, there)) == sorted(map(_plain, wanted))


def _plain(rule: dict[str, Any]) -> str:
    return repr(sorted((name, value) for name, value in rule.items() if name != "Filter" or value.get("Prefix")))
