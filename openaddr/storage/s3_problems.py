"""Errors of boto3 as problems. Messages name bucket and server and what it answered, never a credential."""

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ResponseStreamingError,
)
from botocore.exceptions import (
    ConnectionError as NoConnectionError,
)
from urllib3.exceptions import HTTPError

from openaddr.errors import Code, ProblemError

_FULL = {"QuotaExceeded", "EntityTooLarge", "InsufficientStorage", "XMinioStorageFull", "ServiceQuotaExceeded"}
_DAMAGED = {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}
_CUT = (NoConnectionError, HTTPClientError, IncompleteReadError, ResponseStreamingError, HTTPError)


@contextmanager
def named(bucket: str, server: str) -> Iterator[None]:
    """What goes wrong inside becomes a ProblemError."""
    place = f"the bucket {bucket!r}" + (f" at {server}" if server else "")
    try:
        yield
    except ClientError as error:
        raise ProblemError(_code(error), f"{_answer(error)} from {place}.") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ProblemError(Code.STORAGE_REFUSED, f"There are no complete credentials for {place}.") from error
    except _CUT as error:
        raise ProblemError(Code.STORAGE_UNREACHABLE, f"No answer from {place}: {type(error).__name__}.") from error
    except (BotoCoreError, Boto3Error) as error:
        raise ProblemError(Code.STORAGE_REFUSED, f"{place} cannot be used: {error}.") from error


def is_missing(error: ClientError) -> bool:
    """Whether there is no such object. A bucket that is missing says so elsewhere, but not to HEAD."""
    return error.response.get("Error", {}).get("Code") in {"404", "NoSuchKey"}


def is_conflict(error: ClientError) -> bool:
    """Whether a write was refused because of what is or is not there, such as an upload that is complete already."""
    code = error.response.get("Error", {}).get("Code")
    return _status(error) in {409, 412} or code in {"NoSuchKey", "NoSuchUpload"}


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _code(error: ClientError) -> Code:
    code, status = str(error.response.get("Error", {}).get("Code", "")), _status(error)
    if code in _FULL or status == 507:
        return Code.STORAGE_FULL
    if code in _DAMAGED:
        return Code.STORAGE_CORRUPT
    return Code.STORAGE_UNREACHABLE if status >= 500 or status in {408, 429} else Code.STORAGE_REFUSED


def _answer(error: ClientError) -> str:
    """What the server said, in its own code; its words may hold the name of a key and are left out."""
    found = error.response.get("Error", {}).get("Code", "an error")
    return f"{found} ({_status(error)}) to {error.operation_name}"
