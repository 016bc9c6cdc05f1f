"""Bytes on their way into a bucket, compared with what arrived."""

import hashlib
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from openaddr.errors import Code, ProblemError
from openaddr.storage.s3_headers import Headers, conditions

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PART = 16 << 20
"""Bytes of one part, held in memory."""
MAX_PARTS = 10_000


def put_bytes(client: "S3Client", bucket: str, key: str, body: bytes, fields: Headers, match: str | None) -> None:
    """Store an object with one request."""
    place: dict[str, Any] = {"Bucket": bucket, "Key": key}
    answer = client.put_object(**place, Body=body, ChecksumSHA256=_base64(body), **fields, **conditions(match))
    if damaged(answer["ETag"], str(answer.get("ServerSideEncryption", "")), body):
        client.delete_object(**place)
        raise ProblemError(Code.STORAGE_CORRUPT, f"{key} arrived with other bytes than its {len(body):,}.")


@dataclass
class Upload:
    """A file on its way in parts: seen by nobody until the last step."""

    client: "S3Client"
    bucket: str
    key: str
    upload_id: str = ""

    def send(self, path: Path, digest: str, fields: Headers, match: str | None) -> None:
        """Send all parts and complete them; whatever happens, no part stays behind, unless the process is killed."""
        self.begin(fields)
        try:
            self.complete(self._sent(path, digest), match)
        except BaseException:
            with suppress(BotoCoreError, ClientError):
                self.abort()
            raise

    def begin(self, fields: Headers) -> None:
        """Ask for an upload in parts."""
        begun = self.client.create_multipart_upload(
            Bucket=self.bucket, Key=self.key, ChecksumAlgorithm="SHA256", ChecksumType="COMPOSITE", **fields
        )
        self.upload_id = begun["UploadId"]

    def complete(self, parts: list[Any], match: str | None) -> None:
        """Make an object of all parts."""
        self.client.complete_multipart_upload(
            Bucket=self.bucket,
            Key=self.key,
            UploadId=self.upload_id,
            MultipartUpload={"Parts": parts},
            **conditions(match),
        )

    def newest(self, begun: datetime) -> datetime:
        """When the last part came."""
        pages = self.client.get_paginator("list_parts").paginate(
            Bucket=self.bucket, Key=self.key, UploadId=self.upload_id
        )
        return max((part["LastModified"] for page in pages for part in page.get("Parts", [])), default=begun)

    def abort(self) -> None:
        """Remove what was sent."""
        self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=self.upload_id)

    def _sent(self, path: Path, digest: str) -> list[Any]:
        whole = hashlib.sha256()
        parts: list[Any] = []
        size = max(PART, -(-path.stat().st_size // MAX_PARTS))
        with path.open("rb") as file:
            while body := file.read(size):
                whole.update(body)
                parts.append(self.part(len(parts) + 1, body))
        if whole.hexdigest() != digest:
            raise ProblemError(Code.STORAGE_CORRUPT, f"{path.name} changed while it was sent to {self.key}.")
        return parts

    def part(self, number: int, body: bytes) -> dict[str, Any]:
        """Send one part, and compare what arrived."""
        checksum = _base64(body)
        answer = self.client.upload_part(
            Bucket=self.bucket,
            Key=self.key,
            UploadId=self.upload_id,
            PartNumber=number,
            Body=body,
            ChecksumSHA256=checksum,
        )
        if damaged(answer["ETag"], str(answer.get("ServerSideEncryption", "")), body):
            message = f"Part {number} of {self.key} arrived with other bytes than its {len(body):,}."
            raise ProblemError(Code.STORAGE_CORRUPT, message)
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}


class Parts:
    """A stream that goes in parts as soon as it is larger than one; what fails takes all parts with it."""

    def __init__(self, upload: Upload, fields: Headers) -> None:
        self._upload, self._fields = upload, fields
        self._parts: list[Any] = []
        self._buffer = bytearray()
        self.digest = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None and self.is_begun:
            with suppress(BotoCoreError, ClientError):
                self._upload.abort()

    @property
    def is_begun(self) -> bool:
        """Whether parts were sent; otherwise all there is is the `rest`."""
        return bool(self._upload.upload_id)

    @property
    def rest(self) -> bytes:
        """What was not sent."""
        return bytes(self._buffer)

    def write(self, block: bytes, /) -> int:
        """Take more bytes, and send those that fill a part."""
        self.digest.update(block)
        self._buffer += block
        while len(self._buffer) > PART:
            self._send(bytes(self._buffer[:PART]))
            del self._buffer[:PART]
        return len(block)

    def finish(self) -> None:
        """Send what is left, and make an object of it all, if any part was sent."""
        if self.is_begun:
            self._send(self.rest)
            self._upload.complete(self._parts, None)

    def _send(self, body: bytes) -> None:
        if not self.is_begun:
            self._upload.begin(self._fields)
        self._parts.append(self._upload.part(len(self._parts) + 1, body))


def damaged(etag: str, encryption: str, body: bytes) -> bool:
    """Whether the etag shows that other bytes arrived: it is their md5, unless a key service encrypts them.

    S3 itself compares the checksum that comes with a body; other servers keep it without a look.
    """
    return not encryption.startswith("aws:kms") and etag.strip('"') != hashlib.md5(body).hexdigest()


def _base64(body: bytes) -> str:
    return b64encode(hashlib.sha256(body).digest()).decode()
