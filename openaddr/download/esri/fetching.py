"""Fetches many pages, several at once, and finds its way around servers that fail.

One thread decides; each request runs in a thread of its own, one try. A page that keeps failing is asked for in
parts, down to single rows.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from queue import Empty, SimpleQueue
from threading import Thread

import msgspec

from openaddr.download.esri.answers import BusyError, NotJsonError, OversizedError
from openaddr.download.esri.checkpoint import Checkpoint, Outcome, Place
from openaddr.download.esri.pace import Pace
from openaddr.download.esri.pages import ALL_FIELDS, Page, PageReader
from openaddr.download.esri.requests import PageRequest
from openaddr.download.esri.row_count import RowCount
from openaddr.download.esri.service import PASSING
from openaddr.download.esri.strategies import MAX_PAGES
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.stages import Progress

TRIES = 5
FEWER_TRIES = 2
"""Tries before a page is asked for in parts: fewer for those parts, after that helped once, and after silence."""
EMPTY_TRIES = 2
TOO_LARGE = 3
"""After so many pages in a row that only came in parts, all are asked for in parts at once."""
SECONDS_TO_END = 30.0
MAX_REQUESTS = 2 * MAX_PAGES
OVERLOADED = (Code.TIMED_OUT, Code.CONNECT_FAILED)
PAGE_PASSING = (*PASSING, Code.ESRI_ERROR, Code.HOST_NOT_FOUND)


@dataclass(frozen=True)
class Task:
    """A page to fetch: where it belongs, how often that failed, and how often it was divided because it failed."""

    at: Place
    request: PageRequest
    failures: int = 0
    divided: int = 0


@dataclass(frozen=True)
class Attempt:
    """What came of one request: a page, the problem, or a surprise."""

    task: Task
    out_fields: str
    started: float
    result: Page | BaseException


class Fetcher:
    """Fetches pages into a checkpoint; `received` counts their rows, `lost` are single rows that could not be had.

    `fields` are the fields to ask for, all when empty.
    """

    def __init__(
        self,
        reader: PageReader,
        checkpoint: Checkpoint,
        fields: Sequence[str],
        settings: Settings,
        tell: Progress,
        announced: int | None,
    ) -> None:
        self.received = RowCount()
        self.lost: list[tuple[PageRequest, ProblemError]] = []
        self.largest = 1
        self._reader = reader
        self._checkpoint = checkpoint
        self._out_fields = checkpoint.out_fields or ",".join(fields) or ALL_FIELDS
        self._pace = Pace(settings.esri_connections, settings.retry_seconds)
        self._tell = tell
        self._announced = announced
        self._numbers = count()
        self._waiting: deque[Task] = deque()
        self._attempts: SimpleQueue[Attempt] = SimpleQueue()
        self._flying = 0
        self._requests = 0
        self._good = 0
        self._too_large = 0
        self._divide = 0

    def fetch(self, requests: Sequence[PageRequest]) -> None:
        """Fetch pages that come after those fetched before. Raises ProblemError."""
        planned = iter([Task((next(self._numbers),), request) for request in requests])
        try:
            while self._has_more(planned):
                with suppress(Empty):
                    attempt = self._attempts.get(timeout=self._pace.seconds_to_wait() or None)
                    self._flying -= 1
                    self._judge(attempt)
        except ProblemError:
            self._let_end()
            raise

    def _let_end(self) -> None:
        """Wait for what is under way: whoever tries again must not find it still open at the server."""
        end = time.monotonic() + SECONDS_TO_END
        with suppress(Empty):
            for _ in range(self._flying):
                self._attempts.get(timeout=max(0.0, end - time.monotonic()))

    def _has_more(self, planned: Iterator[Task]) -> bool:
        """Start what may start now; whether there is anything to wait for."""
        if self._pace.seconds_to_wait():
            return True
        while self._flying < self._pace.width and (task := self._next(planned)):
            self._start(task)
        return self._flying > 0

    def _next(self, planned: Iterator[Task]) -> Task | None:
        """The next page that has to be asked for; those that came in an earlier attempt are passed over."""
        while task := self._waiting.popleft() if self._waiting else next(planned, None):
            if outcome := self._checkpoint.recall(task.at):
                self._recall(task, outcome)
            elif task.divided >= self._divide or not task.request.parts():
                return task
            else:
                self._in_parts(task)
        return None

    def _recall(self, task: Task, outcome: Outcome) -> None:
        body = self._checkpoint.page(outcome)
        if body is not None:
            self._good += 1
            self.largest = max(self.largest, outcome.rows)
            self.received.add(self._reader.oids_in(body))
            self._tell("download", self.received.rows, self._announced, "rows")
        self._follow(task, outcome)

    def _start(self, task: Task) -> None:
        self._requests += 1
        if self._requests > MAX_REQUESTS:
            raise ProblemError(Code.ESRI_PAGING, f"The layer does not end after {MAX_REQUESTS:,} requests.")
        self._flying += 1
        # Nothing waits for these threads when the program is interrupted.
        Thread(target=self._attempt, args=(task, self._out_fields), daemon=True).start()

    def _attempt(self, task: Task, out_fields: str) -> None:
        started = time.monotonic()
        try:
            result: Page | BaseException = self._reader.fetch(task.request, out_fields)
        except BaseException as error:  # the deciding thread raises it
            result = error
        self._attempts.put(Attempt(task, out_fields, started, result))

    def _judge(self, attempt: Attempt) -> None:
        if isinstance(attempt.result, Page):
            self._pace.answered(attempt.started)
        elif not isinstance(attempt.result, ProblemError):
            raise attempt.result
        if attempt.out_fields != self._out_fields:
            self._waiting.append(attempt.task)
        elif isinstance(attempt.result, Page):
            self._take(attempt.task, attempt.result)
        else:
            self._failed(attempt, attempt.result)

    def _take(self, task: Task, page: Page) -> None:
        if not page.oids and task.request.expected and task.failures < EMPTY_TRIES:
            self._waiting.append(replace(task, failures=task.failures + 1))
            return
        if task.divided == self._divide:
            self._too_large = 0
        if not self._good:
            self._checkpoint.ask_for(self._out_fields)
        self._good += 1
        self.largest = max(self.largest, page.rows)
        outcome = Outcome(task.at, page.rows, page.exceeded, page.is_whole)
        if task.request.is_replaced and not page.is_whole and task.request.rest(page.rows, page.exceeded):
            self._checkpoint.note(outcome)
        else:
            # A server that sends the same rows again, whatever it is asked for, would do so for ever.
            is_news = self.received.add(page.oids) > 0
            outcome = msgspec.structs.replace(outcome, is_whole=page.is_whole or not is_news)
            self._checkpoint.keep(outcome, page.body)
            self._tell("download", self.received.rows, self._announced, "rows")
        self._follow(task, outcome)

    def _follow(self, task: Task, outcome: Outcome) -> None:
        """Put what has to be asked for besides in front of what has not begun."""
        if outcome.failed:
            more = task.request.parts()
            divided = task.divided + 1
        else:
            more = () if outcome.is_whole else task.request.rest(outcome.rows, outcome.exceeded)
            divided = task.divided
        self._waiting.extend(Task((*task.at, number), request, 0, divided) for number, request in enumerate(more))

    def _failed(self, attempt: Attempt, error: ProblemError) -> None:
        if not self._may_pass(error):
            raise error
        is_busy = isinstance(error, BusyError)
        self._pace.failed(
            attempt.started,
            is_overloaded=is_busy or error.problem.code in OVERLOADED,
            retry_after=error.seconds if isinstance(error, BusyError) else 0.0,
        )
        if self._pace.is_hopeless or self._reader.seconds_left <= 0:
            raise error
        task = attempt.task
        is_plain = not isinstance(error, (BusyError, NotJsonError))
        if not self._good and self._out_fields != ALL_FIELDS and is_plain and error.problem.code is Code.ESRI_ERROR:
            # Some servers fail on any list of fields, even on one of their own names.
            self._out_fields = ALL_FIELDS
            self._waiting.append(task)
        elif is_busy:
            self._waiting.append(task)
        elif task.failures + 1 < self._tries(task, error):
            self._waiting.append(replace(task, failures=task.failures + 1))
        elif task.request.parts():
            self._too_large += task.divided == self._divide
            if self._too_large >= TOO_LARGE:
                self._divide, self._too_large = self._divide + 1, 0
            self._in_parts(task)
        else:
            self.lost.append((task.request, error))

    def _may_pass(self, error: ProblemError) -> bool:
        # Services that are restarted in between say for a while that they do not exist.
        is_away = self._good > 0 and error.problem.code is Code.ESRI_SERVICE_NOT_FOUND
        return is_away or isinstance(error, (BusyError, NotJsonError)) or error.problem.code in PAGE_PASSING

    def _tries(self, task: Task, error: ProblemError) -> int:
        if isinstance(error, OversizedError):
            return 1
        is_known = task.divided or self._too_large or self._divide
        return FEWER_TRIES if is_known or error.problem.code is Code.TIMED_OUT else TRIES

    def _in_parts(self, task: Task) -> None:
        outcome = Outcome(task.at, failed=True)
        self._checkpoint.note(outcome)
        self._follow(task, outcome)
