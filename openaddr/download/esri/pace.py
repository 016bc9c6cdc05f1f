"""How fast a server is asked: more at once while it answers well, half as much and a pause when it does not."""

import math
import time
from collections.abc import Callable

SLOW_FACTOR = 4.0
SLOW_SECONDS = 1.0
"""An answer is slow when it takes more than so many times the best one, and so many seconds more."""
FORGETTING = 1.01
"""The best time grows by this with each answer: what was possible in a quiet hour is no measure for ever."""


class Pace:
    """Requests that may be open at once, from 1 to `most`, and when the next may start.

    Starts at `most`, halves on trouble, and gets back one step for each round of good answers. What was already
    under way when it was halved says nothing new.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = max(1, most)
        self._width = float(self._most)
        self._clock = clock
        self._best = math.inf
        self._halved_at = -math.inf
        self._not_before = -math.inf

    @property
    def width(self) -> int:
        """How many requests may be open at once."""
        return int(self._width)

    def seconds_to_wait(self) -> float:
        """Until the next request may start; 0 when it may at once."""
        return max(0.0, self._not_before - self._clock())

    def answered(self, started: float) -> None:
        """A good answer came to what was asked at `started`."""
        seconds = self._clock() - started
        self._best = min(self._best * FORGETTING, seconds)
        if seconds > SLOW_FACTOR * self._best + SLOW_SECONDS:
            self.halve(started)
        else:
            self._width = min(self._most, self._width + 1 / self._width)

    def halve(self, started: float) -> None:
        """The server has too much to do, as the answer to what was asked at `started` shows."""
        if started >= self._halved_at:
            self._width = max(1.0, self._width / 2)
            self._halved_at = self._clock()

    def pause(self, seconds: float) -> None:
        """Start nothing for so long."""
        self._not_before = max(self._not_before, self._clock() + seconds)
