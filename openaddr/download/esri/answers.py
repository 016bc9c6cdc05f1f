"""What an ESRI server answers: JSON, or one of the many ways in which it says that something is wrong.

Errors mostly come with HTTP status 200 as `{"error": {"code", "message", "details"}}`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from openaddr.download.http import retry_after, status_problem
from openaddr.download.kinds import Kind, kind_of, page_title
from openaddr.download.retries import PassingError
from openaddr.download.web import Answer
from openaddr.errors import Code, ProblemError

TOKEN_CODES = (498, 499)
TOKEN_TEXT = re.compile(r"token required|invalid token", re.I)
NOT_FOUND_TEXT = re.compile(
    r"(service|layer)\b.*\b(not (found|started|exist|available)|stopped)|does not exist|invalid (url|layer)",
    re.I | re.S,
)
NO_QUERY_TEXT = re.compile(r"operation (is )?not supported|not support.*\bquery", re.I | re.S)
TEXT_SHOWN = 300
BUSY = (408, 429, 503)
LONGEST_PAUSE = 300.0


class NotJsonError(ProblemError):
    """The body is no JSON, as happens when a server is overloaded; the same request may well succeed next time."""


class BusyError(PassingError):
    """The server has too much to do, and says after how many seconds to come back (0 = it does not say)."""


class OversizedError(ProblemError):
    """The answer is larger than we keep in memory; the same request will fail again."""


def read_object(answer: Answer, body: bytes) -> dict[str, Any]:
    """The JSON object of an answer that has one. Raises ProblemError for every other answer."""
    value, status = decoded(body), answer.response.status
    if status in BUSY or error_code(value) in BUSY:
        raise _busy(answer, value)
    problem = error_in(value, answer.address.host)
    if problem is not None and (status < 500 or problem.problem.code != Code.ESRI_ERROR):
        raise problem
    if status == 404:
        raise ProblemError(Code.ESRI_SERVICE_NOT_FOUND, status_problem(answer).problem.message)
    if status != 200:
        raise status_problem(answer)
    if isinstance(value, dict):
        return value
    raise _not_json(answer.address.host, body)


def decoded(body: bytes) -> object:
    """The JSON value of a body, None when it is none. NaN is taken, as older servers send it for empty points."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def error_in(value: object, host: str) -> ProblemError | None:
    """The problem that an answer says it has, None when it has none."""
    if not isinstance(value, dict):
        return None
    error = value.get("error")
    if isinstance(error, dict):
        return _problem(error, host)
    if error or value.get("status") == "error":
        return _problem({"message": error, "details": value.get("messages")}, host)
    return None


def error_code(value: object) -> object:
    """The code of the error that an answer says it has."""
    error = value.get("error") if isinstance(value, dict) else None
    return error.get("code") if isinstance(error, dict) else None


def _busy(answer: Answer, value: object) -> BusyError:
    said = error_in(value, answer.address.host) or status_problem(answer)
    code = Code.ESRI_ERROR if answer.response.status == 200 else status_problem(answer).problem.code
    return BusyError(code, said.problem.message, min(retry_after(answer.response.headers), LONGEST_PAUSE))


def _not_json(host: str, body: bytes) -> ProblemError:
    kind = kind_of(body[:4096])
    if kind == Kind.HTML:
        title = page_title(body[:4096])
        titled = f" titled {title!r}" if title else ""
        message = f"{host} sent a web page{titled} of {len(body):,} bytes instead of JSON."
        return NotJsonError(Code.HTML_INSTEAD_OF_DATA, message)
    what = "broken JSON" if kind == Kind.JSON else kind.value
    return NotJsonError(Code.ESRI_ERROR, f"{host} sent {len(body):,} bytes of {what} instead of a JSON object.")


def _problem(error: Mapping[str, Any], host: str) -> ProblemError:
    code, text = error.get("code"), _text(error)
    message = f"{host} answered with error {code}: {text}."
    if code in TOKEN_CODES or TOKEN_TEXT.search(text):
        return ProblemError(Code.ESRI_TOKEN_REQUIRED, message)
    if code == 404 or NOT_FOUND_TEXT.search(text):
        return ProblemError(Code.ESRI_SERVICE_NOT_FOUND, message)
    if NO_QUERY_TEXT.search(text):
        return ProblemError(Code.ESRI_NO_QUERY, message)
    return ProblemError(Code.ESRI_ERROR, message)


def _text(error: Mapping[str, Any]) -> str:
    """Message and details in one line; details that only repeat the message are left out."""
    details = error.get("details")
    listed = details if isinstance(details, list) else [details]
    texts = [str(item).strip() for item in (error.get("message"), *listed) if item]
    joined = " ".join(" ".join(dict.fromkeys(texts)).split())
    return joined.rstrip(".")[:TEXT_SHOWN] or "no message"
