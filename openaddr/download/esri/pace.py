"""How fast a server is asked: more at once while it answers well, half as much and a pause when it does not."""

import math
import time
from collections.abc import Callable

SLOW_FACTOR = 4.0
SLOW_SECONDS = 1.0
"""An answer is slow when it takes more than so many times the best one, and so many seconds more."""
FORGETTING = 1.01
"""The best time grows by this with each answer: what was possible in a quiet hour is no measure for ever."""
HOPELESS = 20
"""So many rounds of requests without a single good answer, and the server counts as out of order."""
HOPELESS_SECONDS = 900.0
FEWEST_ROUNDS = 5
"""So many rounds are enough for a server that takes so long to fail, as silent ones do."""
MOST_DOUBLED = 2**4


class Pace:
    """Requests that may be open at once, from 1 to `most`, and when the next may start.

    Starts at `most`, halves on trouble, and gets back one step for each round of good answers. What was already
    under way when it was halved says nothing new. A pause takes `retry_seconds`, then twice as long, and so on.
    """

    def __init__(self, most: int, retry_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = max(1, most)
        self._width = float(self._most)
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._best = math.inf
        self._halved_at = -math.inf
        self._not_before = -math.inf
        self._failed_at = -math.inf
        self._failed_rounds = 0
        self._good_at = clock()

    @property
    def width(self) -> int:
        """How many requests may be open at once."""
        return int(self._width)

    def seconds_to_wait(self) -> float:
        """Until the next request may start; 0 when it may at once."""
        return max(0.0, self._not_before - self._clock())

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing good has come for long."""
        is_late = self._clock() - self._good_at > HOPELESS_SECONDS
        return self._failed_rounds >= (FEWEST_ROUNDS if is_late else HOPELESS)

    def answered(self, started: float) -> None:
        """A good answer came to what was asked at `started`."""
        self._failed_rounds = 0
        self._good_at = self._clock()
        seconds = self._good_at - started
        self._best = min(self._best * FORGETTING, seconds)
        if seconds > SLOW_FACTOR * self._best + SLOW_SECONDS:
            self._halve(started)
        else:
            self._width = min(self._most, self._width + 1 / self._width)

    def failed(self, started: float, *, is_overloaded: bool, retry_after: float = 0.0) -> None:
        """No good answer came to what was asked at `started`; the server may have said how long to leave it alone."""
        now = self._clock()
        if started > self._failed_at:
            self._failed_at = now
            self._failed_rounds += 1
        if is_overloaded:
            self._halve(started)
        pause = self._retry_seconds * min(MOST_DOUBLED, 2 ** max(0, self._failed_rounds - 1))
        self._not_before = max(self._not_before, now + max(pause, retry_after))

    def _halve(self, started: float) -> None:
        if started >= self._halved_at:
            self._width = max(1.0, self._width / 2)
            self._halved_at = self._clock()
