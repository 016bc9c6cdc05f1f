"""Trying again, with growing pauses, where what went wrong may pass."""

import time
from collections.abc import Callable
from typing import TypeVar

from openaddr.download.allowance import Allowance
from openaddr.errors import Code, ProblemError

TRIES = 4
"""Attempts in a row that bring nothing new."""
MOST_TRIES = 20
"""Attempts of one download, each of which got further than those before it."""
TRIES_OF_A_NAME = 2
LONGEST_PAUSE = 120.0
MAY_PASS = (Code.CONNECT_FAILED, Code.TIMED_OUT, Code.TRUNCATED)
Result = TypeVar("Result")


class PassingError(ProblemError):
    """A server that says itself that a later request may go better, and perhaps after how many seconds."""

    def __init__(self, code: Code, message: str, seconds: float = 0.0) -> None:
        super().__init__(code, message)
        self.seconds = seconds


def patiently(attempt: Callable[[], Result], reached: Callable[[], int], allowance: Allowance) -> Result:
    """The result of the first attempt that succeeds; `reached` tells how many bytes there are so far.

    The pause is `settings.retry_seconds`, doubled each time, or as long as the server asks for, but no longer than
    LONGEST_PAUSE. Raises ProblemError: what may not pass at once, the last one otherwise.
    """
    failures, furthest = 0, reached()
    for _ in range(MOST_TRIES - 1):
        try:
            return attempt()
        except ProblemError as error:
            failures = 1 if reached() > furthest else failures + 1
            furthest = max(furthest, reached())
            pause = _pause(error, failures, allowance.settings.retry_seconds)
            if failures >= _tries(error) or pause >= allowance.seconds_left:
                raise
        time.sleep(pause)
    return attempt()


def _tries(error: ProblemError) -> int:
    if isinstance(error, PassingError) or error.problem.code in MAY_PASS:
        return TRIES
    return TRIES_OF_A_NAME if error.problem.code is Code.HOST_NOT_FOUND else 0


def _pause(error: ProblemError, failures: int, first: float) -> float:
    asked = error.seconds if isinstance(error, PassingError) else 0.0
    return min(LONGEST_PAUSE, max(asked, first * 2.0 ** (failures - 1)))
