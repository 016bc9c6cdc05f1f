"""How long we wait for GitHub, and for what."""

from dataclasses import dataclass
from typing import Any, Self

from github.GithubException import RateLimitExceededExceedsMaxWait, RateLimitExceededException
from github.GithubRetry import GithubRetry
from urllib3.exceptions import MaxRetryError


@dataclass(frozen=True)
class Limits:
    """What one answer may take. Times are in seconds."""

    answer_seconds: int = 30
    """For a connection, and for the next bytes."""
    tries: int = 4
    wait_seconds: float = 60.0
    """The longest pause between two tries: what GitHub says about rate limits is often a matter of seconds."""
    pause_seconds: float = 0.1
    """Between two requests of ours: GitHub wants them one after the other, and no crowd of them."""
    archive_seconds: float = 900.0
    archive_bytes: int = 500_000_000
    """The archive of OpenAddresses has 20 million."""


LIMITS = Limits()
AT_ONCE = Limits(tries=1, wait_seconds=0.0)
"""For what is kept in the outbox, which tries again by itself."""


class Patience(GithubRetry):
    """Tries again after a server's error, and when a rate limit ends soon; PyGithub knows which answers say so.

    What PyGithub leaves open is a `Retry-After`, by which a server can have us sleep for hours.
    """

    @classmethod
    def within(cls, limits: Limits, pause: float) -> Self:
        """As often and as long as the limits say; `pause` is the first one, in seconds, and doubles each time."""
        return cls(
            total=limits.tries - 1,
            secondary_rate_wait=limits.wait_seconds,
            max_rate_limit_wait=limits.wait_seconds,
            backoff_factor=pause,
            backoff_max=limits.wait_seconds,
            # The last answer is more use than the news that there were too many.
            raise_on_status=False,
            redirect=False,
        )

    def increment(self, method: Any = None, url: Any = None, response: Any = None, *more: Any, **named: Any) -> Any:
        """The patience that is left after an answer or error. Raises GithubException when it asks for too much."""
        wait = self.get_retry_after(response) if response is not None else None
        if wait is not None and self.max_rate_limit_wait is not None and wait > self.max_rate_limit_wait:
            headers = dict(response.headers)
            response.close()
            raise RateLimitExceededExceedsMaxWait(response.status, None, headers, wait=wait)
        try:
            return super().increment(method, url, response, *more, **named)
        except MaxRetryError:
            if response is None or response.status != 403:
                raise
            # Of these PyGithub tries limits only again, and has read the body, which is where the limit was told.
            raise RateLimitExceededException(response.status, None, dict(response.headers)) from None
