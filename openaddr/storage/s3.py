"""A bucket as a storage. Credentials are found by boto3 in its usual places and are never looked at here.

Every request carries the SHA-256 of its body, which S3 compares before it keeps anything. Large files go in parts.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import file_digest
from hashlib import sha256 as sha256_of
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import botocore.session
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import create_loader

from openaddr.errors import Code, ProblemError
from openaddr.storage.keys import as_path, aside_of, checked, checked_prefix
from openaddr.storage.objects import ABSENT, About, ConflictError, Listed, MissingError, Stored, Stream, Writer
from openaddr.storage.s3_headers import WRITER, Headers, conditions, headers, stored_of
from openaddr.storage.s3_problems import is_conflict, is_missing, named
from openaddr.storage.s3_upload import PART, Parts, Upload, put_bytes

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

CONNECT_SECONDS, READ_SECONDS = 10, 60
AT_ONCE = 16
"""Small objects that are on their way at once."""
MOST_DELETED = 1_000
"""Objects that S3 deletes by one request."""
ATTEMPTS = 4
"""Of each request; boto3 waits up to 1, 2 and 4 s in between. What fails for longer, the flow tries again."""
COPY_AT_ONCE = 256 << 20
"""Bytes that S3 copies well within READ_SECONDS. Larger objects are copied in parts, for which only our own look at
the condition counts; what is switched by conditions is small."""

_MODELS = create_loader()
"""What botocore knows of services, read once: each session of its own would read it for a tenth of a second again."""
COPY_IN_PARTS = TransferConfig(multipart_threshold=COPY_AT_ONCE, multipart_chunksize=COPY_AT_ONCE, max_concurrency=4)


class S3:
    """Keeps objects in a bucket of Amazon S3 or of another server that speaks the same; see `objects.Storage`."""

    def __init__(
        self,
        bucket: str,
        endpoint_url: str = "",
        region: str = "us-east-1",
        public_url: str = "",
        attempts: int = ATTEMPTS,
    ) -> None:
        self.bucket = bucket
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=AT_ONCE,
            retries={"mode": "standard", "total_max_attempts": attempts},
            # We send checksums of our own; the extra ones of boto3 are in a form that not every server knows.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if endpoint_url else "auto"},
        )
        try:
            # A session of our own: the one that boto3 shares keeps credentials and is not safe for threads.
            session = botocore.session.get_session()
            session.register_component("data_loader", _MODELS)
            found = boto3.Session(region_name=region, botocore_session=session)
            self._client = found.client("s3", endpoint_url=endpoint_url or None, config=config)
        except (BotoCoreError, ValueError) as error:
            raise ProblemError(Code.STORAGE_REFUSED, f"The bucket {bucket!r} cannot be used: {error}.") from error
        self._endpoint = str(self._client.meta.endpoint_url)
        self._public = public_url.rstrip("/") or f"{self._endpoint}/{bucket}"

    def put(
        self, key: str, content: Path | bytes, about: About, *, match: str | None = None, sha256: str = ""
    ) -> Stored:
        """One request up to PART bytes, parts above."""
        checked(key)
        if isinstance(content, Path) and content.stat().st_size <= PART:
            content = content.read_bytes()
        digest = _digest(content)
        if digest != (sha256 or digest):
            message = f"{key} to be sent has sha256 {digest}, expected was {sha256}."
            raise ProblemError(Code.STORAGE_CORRUPT, message)
        self._check(key, match)
        fields = headers(about, digest)
        with self._writing(key, match, fields):
            if isinstance(content, bytes):
                put_bytes(self._client, self.bucket, key, content, fields, match)
            else:
                Upload(self._client, self.bucket, key).send(content, digest, fields, match)
        return self._arrived(key)

    @contextmanager
    def write(self, key: str, about: About) -> Iterator[Writer]:
        """One request up to PART bytes; above, parts aside, which S3 then copies: only now is the checksum known."""
        checked(key)
        aside = aside_of(key)
        with self._named():
            parts = Parts(Upload(self._client, self.bucket, aside), headers(about, ""))
            with parts:
                yield parts
                parts.finish()
            fields = headers(about, parts.digest.hexdigest())
            if not parts.is_begun:
                put_bytes(self._client, self.bucket, key, parts.rest, fields, None)
                return
            try:
                self._copied(aside, key, fields, None)
            finally:
                self._client.delete_object(Bucket=self.bucket, Key=aside)
        self._arrived(key)

    def put_many(self, objects: Iterable[tuple[str, bytes, About]]) -> None:
        """Several requests at once; the first that fails is raised when those under way have ended."""
        waiting: deque[Future[None]] = deque()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for key, content, about in objects:
                waiting.append(pool.submit(self._put_small, checked(key), content, about))
                # Not more in memory than are sent soon.
                if len(waiting) >= 4 * AT_ONCE:
                    waiting.popleft().result()
            for each in waiting:
                each.result()

    def _put_small(self, key: str, content: bytes, about: About) -> None:
        with self._named():
            put_bytes(self._client, self.bucket, key, content, headers(about, _digest(content)), None)

    def redirect(self, key: str, target: str, stub: bytes, about: About) -> None:
        """An object that sends readers of the website of the bucket to another one."""
        if self._head(target) is None:
            raise MissingError(target)
        fields = headers(about, _digest(stub)) | {"WebsiteRedirectLocation": self.url(target)}
        with self._named():
            put_bytes(self._client, self.bucket, checked(key), stub, fields, None)

    def head(self, key: str) -> Stored | None:
        """What is known of an object."""
        found = self._head(key)
        return stored_of(key, found) if found else None

    def _head(self, key: str) -> Headers | None:
        checked(key)
        with self._named():
            try:
                return {**self._client.head_object(Bucket=self.bucket, Key=key)}
            except ClientError as error:
                if is_missing(error):
                    return None
                raise

    @contextmanager
    def open(self, key: str, start: int = 0) -> Iterator[Stream]:
        """The content of an object."""
        checked(key)
        part: Headers = {"Range": f"bytes={start}-"} if start else {}
        with self._named():
            try:
                body = self._client.get_object(Bucket=self.bucket, Key=key, **part)["Body"]
            except ClientError as error:
                if is_missing(error):
                    raise MissingError(key) from None
                raise
            with body:
                yield body

    def copy(self, source: str, key: str, about: About, *, match: str | None = None) -> Stored:
        """Store the content of another object inside S3; above COPY_AT_ONCE bytes in parts."""
        checked(key)
        known = self.head(source)
        if known is None:
            raise MissingError(source)
        self._copied(source, key, headers(about, known.sha256), match)
        return self._arrived(key)

    def _copied(self, source: str, key: str, fields: Headers, match: str | None) -> None:
        known = self.head(source)
        if known is None:
            raise MissingError(source)
        self._check(key, match)
        place: Headers = {"Bucket": self.bucket, "Key": key, "CopySource": {"Bucket": self.bucket, "Key": source}}
        with self._writing(key, match, fields):
            if known.bytes < COPY_AT_ONCE:
                replaced: Headers = {"MetadataDirective": "REPLACE", "CopySourceIfMatch": known.etag}
                self._client.copy_object(**place, **replaced, **fields, **conditions(match))
            else:
                self._client.copy(**place, ExtraArgs=fields, Config=COPY_IN_PARTS)

    def list(self, prefix: str) -> Iterator[Listed]:
        """Objects below a prefix."""
        with self._named():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=checked_prefix(prefix)):
                if (page.get("Name"), page.get("Prefix", "")) != (self.bucket, prefix):
                    # An empty answer would pass for an empty list, and what is not listed is taken for gone.
                    message = f"{self._endpoint} was asked what is below {prefix!r} and answers something else."
                    raise ProblemError(Code.STORAGE_UNREACHABLE, message)
                for item in page.get("Contents", []):
                    yield Listed(item["Key"], item["Size"], item["LastModified"])

    def delete(self, key: str) -> None:
        """Remove an object."""
        with self._named():
            self._client.delete_object(Bucket=self.bucket, Key=checked(key))

    def delete_many(self, keys: Iterable[str]) -> None:
        """Up to MOST_DELETED in one request."""
        waiting = iter(keys)
        while some := list(islice(waiting, MOST_DELETED)):
            objects: list[ObjectIdentifierTypeDef] = [{"Key": checked(key)} for key in some]
            with self._named():
                answer = self._client.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})
            if left := answer.get("Errors"):
                first = f"{left[0].get('Code', 'an error')} to {left[0].get('Key', 'a key')}"
                message = f"{len(left):,} of {len(some):,} objects of {self.bucket!r} were not deleted: {first}."
                raise ProblemError(Code.STORAGE_REFUSED, message)

    def abort_leftovers(self, older_than: timedelta) -> int:
        """Abort uploads in parts that nobody finished; their parts cost money and are seen in no listing."""
        before, count = datetime.now(UTC) - older_than, 0
        with self._named():
            pages = self._client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket):
                for upload in page.get("Uploads", []):
                    found = Upload(self._client, self.bucket, upload["Key"], upload["UploadId"])
                    # A stream may go on for hours: what counts is when its last part came.
                    if upload["Initiated"] < before and found.newest(upload["Initiated"]) < before:
                        found.abort()
                        count += 1
        return count

    def url(self, key: str) -> str:
        """A web address."""
        return f"{self._public}/{as_path(checked(key))}"

    @property
    def client(self) -> "S3Client":
        """What speaks to the server, for what is no business of a storage; see `s3_setup`."""
        return self._client

    @contextmanager
    def _named(self) -> Iterator[None]:
        with named(self.bucket, self._endpoint):
            yield

    def _check(self, key: str, match: str | None) -> None:
        """Notice a conflict before anything is sent, also with servers that do not know every condition."""
        if match is not None:
            found = self.head(key)
            if match != (found.etag if found else ABSENT):
                raise ConflictError(key)

    @contextmanager
    def _writing(self, key: str, match: str | None, fields: Headers) -> Iterator[None]:
        """A write that S3 refuses because of what is there is a conflict, unless our own first try put it there."""
        with self._named():
            try:
                yield
            except ClientError as error:
                found = self._head(key) if is_conflict(error) else None
                if found and found["Metadata"].get(WRITER) == fields["Metadata"][WRITER]:
                    return
                if match is not None and is_conflict(error):
                    raise ConflictError(key) from None
                raise

    def _arrived(self, key: str) -> Stored:
        stored = self.head(key)
        if stored is None:
            raise ProblemError(Code.STORAGE_CORRUPT, f"{key} was stored in {self.bucket} and is not there.")
        return stored


def _digest(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return sha256_of(content).hexdigest()
    with content.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
