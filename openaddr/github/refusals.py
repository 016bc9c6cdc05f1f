"""Everything that goes wrong with GitHub, as named problems; none of them quotes what was sent, and so no token."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from github.GithubException import GithubException, RateLimitExceededException
from urllib3.exceptions import HTTPError

from openaddr.errors import Code, ProblemError
from openaddr.github import answers

ABSENT = (404, 410, 451)
LATEST = 4_102_444_800
"""The year 2100: no rate limit ends later."""


class RateLimitedError(ProblemError):
    """GITHUB_RATE_LIMITED; `seconds` is how long GitHub wants us to wait, 0 where it does not say."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(Code.GITHUB_RATE_LIMITED, message)
        self.seconds = seconds


@contextmanager
def explained(host: str) -> Iterator[None]:
    """Raises ProblemError in the place of what PyGithub, requests and urllib3 raise."""
    try:
        yield
    except GithubException as error:
        is_limit = isinstance(error, RateLimitExceededException)
        raise refusal(host, error.status, error.headers or {}, error.data, is_limit=is_limit) from None
    except (OSError, RuntimeError, HTTPError) as error:
        # requests' errors are OSErrors; what PyGithub says of redirects to other hosts are RuntimeErrors.
        message = f"{host} gives no usable answer: {innermost(error)}."
        raise ProblemError(Code.GITHUB_AWAY, message) from None


def refusal(
    host: str, status: int, headers: Mapping[str, str], body: object, *, is_limit: bool = False
) -> ProblemError:
    """The problem of an answer that is none. 404 and 422 mean what was asked for: see `client`."""
    known = {name.lower(): value for name, value in headers.items()}
    is_limit = is_limit or status == 429 or known.get("x-ratelimit-remaining") == "0" or "retry-after" in known
    if is_limit and status in (403, 429):
        return RateLimitedError(f"{host} allows no more requests{_until(known)}.", _wait(known))
    code = Code.GITHUB_REFUSED if status in (401, 403) else Code.GITHUB_AWAY
    code = Code.GITHUB_REPOSITORY_NOT_FOUND if status in ABSENT else code
    return ProblemError(code, f"{host} answers {status}{answers.reason(body)}.")


def _until(headers: Mapping[str, str]) -> str:
    """When it may be tried again, as far as the headers say, with how many requests there were."""
    wait = _wait(headers)
    moment = time.time() + wait if wait else 0
    limit = _number(headers.get("x-ratelimit-limit", ""))
    until = f" until {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(moment))} UTC" if 0 < moment < LATEST else ""
    return until + (f" ({limit:,} an hour)" if limit else "")


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds from now, 0 where the headers do not say."""
    if wait := _number(headers.get("retry-after", "")):
        return float(wait)
    moment = _number(headers.get("x-ratelimit-reset", ""))
    return max(0.0, moment - time.time()) if 0 < moment < LATEST else 0.0


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def innermost(error: BaseException) -> str:
    """What the innermost of nested errors says, without addresses of Python objects."""
    inner = error.__cause__ or getattr(error, "reason", None) or (error.args[-1] if error.args else None)
    if isinstance(inner, BaseException):
        return innermost(inner)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rpartition("): ")[2].rstrip(".") or type(error).__name__
