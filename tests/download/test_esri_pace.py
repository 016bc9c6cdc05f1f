"""How fast a server is asked: the rules with a clock of our own, and the requests that a server sees."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from benchmarks.esri import measure
from demo.servers.esri import EsriServer, address_layer
from demo.servers.serving import Request, Response
from openaddr.download.esri.pace import HOPELESS, Pace
from openaddr.stages import Downloaded
from tests.download.conftest import SETTINGS

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Clock:
    """Tells the time that it is given."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def answered(pace: Pace, clock: Clock, seconds: float, times: int = 1) -> list[int]:
    """Answers that take so long; the width after each."""
    widths = []
    for _ in range(times):
        started = clock.now
        clock.now += seconds
        pace.answered(started)
        widths.append(pace.width)
    return widths


def test_it_starts_wide_and_never_gets_wider() -> None:
    clock = Clock()
    assert answered(Pace(4, 1.0, clock), clock, 0.2, 20) == [4] * 20


def test_trouble_halves_it_down_to_one_at_a_time_and_good_answers_bring_it_back_slowly() -> None:
    clock = Clock()
    pace = Pace(4, 1.0, clock)
    widths = []
    for _ in range(4):
        clock.now += 1
        pace.failed(clock.now, is_overloaded=True)
        widths.append(pace.width)
    assert widths == [2, 1, 1, 1]
    assert answered(pace, clock, 0.2, 8) == [2, 2, 2, 3, 3, 3, 4, 4]


def test_requests_that_were_under_way_when_it_was_halved_do_not_halve_it_again() -> None:
    clock = Clock()
    pace = Pace(4, 1.0, clock)
    started = clock.now
    clock.now += 1
    for _ in range(4):
        pace.failed(started, is_overloaded=True)
    assert pace.width == 2


def test_answers_that_take_much_longer_than_the_best_are_trouble() -> None:
    clock = Clock()
    pace = Pace(4, 1.0, clock)
    answered(pace, clock, 0.5)
    assert answered(pace, clock, 2.9) == [4]
    assert answered(pace, clock, 3.5, 2) == [2, 1]


def test_a_server_that_stays_slow_is_not_asked_one_by_one_for_ever() -> None:
    clock = Clock()
    pace = Pace(4, 1.0, clock)
    answered(pace, clock, 0.5)
    widths = answered(pace, clock, 5, 400)
    assert (min(widths), widths[-1]) == (1, 4)


def test_failures_that_are_no_overload_leave_the_width() -> None:
    clock = Clock()
    pace = Pace(4, 1.0, clock)
    pace.failed(clock.now, is_overloaded=False)
    assert pace.width == 4


def failed(pace: Pace, clock: Clock, rounds: int, at_once: int = 3) -> list[float]:
    """Rounds of requests that all fail; the pause after each."""
    pauses = []
    for _ in range(rounds):
        started = clock.now
        clock.now += 0.1
        for _ in range(at_once):
            pace.failed(started, is_overloaded=False)
        pauses.append(pace.seconds_to_wait())
        clock.now += pauses[-1]
        assert pace.seconds_to_wait() == 0
    return pauses


def test_pauses_double_with_each_round_of_failures_up_to_a_limit_and_begin_anew_after_success() -> None:
    clock = Clock()
    pace = Pace(4, 1.0, clock)
    assert failed(pace, clock, 7) == pytest.approx([1, 2, 4, 8, 16, 16, 16])
    answered(pace, clock, 0.2)
    assert failed(pace, clock, 2) == pytest.approx([1, 2])


def test_the_longest_pause_counts() -> None:
    clock = Clock()
    pace = Pace(4, 1.0, clock)
    pace.failed(clock.now, is_overloaded=True, retry_after=30)
    pace.failed(clock.now, is_overloaded=True, retry_after=5)
    assert pace.seconds_to_wait() == 30


def test_a_server_is_given_up_after_rounds_without_any_good_answer() -> None:
    clock = Clock()
    pace = Pace(4, 1.0, clock)
    failed(pace, clock, HOPELESS - 1)
    answered(pace, clock, 0.2)
    failed(pace, clock, HOPELESS - 1)
    assert not pace.is_hopeless
    failed(pace, clock, 1)
    assert pace.is_hopeless


def test_a_server_that_takes_very_long_to_fail_is_given_up_sooner() -> None:
    clock = Clock()
    pace = Pace(4, 1.0, clock)
    hopeless = []
    for _ in range(6):
        started = clock.now
        clock.now += 200
        pace.failed(started, is_overloaded=True)
        hopeless.append(pace.is_hopeless)
        clock.now += pace.seconds_to_wait()
    assert hopeless == [False] * 4 + [True] * 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [False, True])
def test_nothing_is_asked_before_the_time_that_the_server_says(
    fetch: Callable[..., Downloaded], status: int, as_date: bool
) -> None:
    asked: list[float] = []

    def trouble(request: Request, number: int) -> Response | None:
        asked.append(monotonic())
        # A date has whole seconds, so that it may say almost one less.
        told = format(datetime.now(UTC) + timedelta(seconds=2), "%a, %d %b %Y %H:%M:%S GMT") if as_date else "1"
        return Response(b"busy", status=status, headers={"Retry-After": told}) if number == 3 else None

    with EsriServer({0: address_layer(25, max_record_count=10)}, trouble) as server:
        fetch(server.layer_url(), "ESRI", replace(SETTINGS, esri_connections=1))
    assert len(asked) == 6
    assert asked[3] - asked[2] > 0.9


@pytest.mark.parametrize("connections", [1, 2, 4])
def test_no_more_requests_are_open_than_allowed(fetch: Callable[..., Downloaded], connections: int) -> None:
    with EsriServer({0: address_layer(120, max_record_count=10)}, seconds=0.05) as server:
        fetch(server.layer_url(), "ESRI", replace(SETTINGS, esri_connections=connections))
    assert server.most_open == connections


def test_four_at_once_are_three_times_as_fast_as_one_after_the_other() -> None:
    one, four = (measure(pages=48, seconds=0.06, connections=connections) for connections in (1, 4))
    assert (one.rows, four.rows) == (480, 480)
    assert (one.most_open, four.most_open) == (1, 4)
    assert one.seconds / four.seconds >= 3


def test_the_pages_do_not_depend_on_who_comes_first(fetch: Callable[..., Downloaded]) -> None:
    """Early pages take longest, so that they come last."""

    def trouble(request: Request, number: int) -> Response | None:
        server.seconds = 0.05 / number
        return None

    found = set()
    for connections in (1, 4):
        with EsriServer({0: address_layer(100, max_record_count=10)}, trouble) as server:
            got = fetch(server.layer_url(), "ESRI", replace(SETTINGS, esri_connections=connections))
            found.add((got.fingerprint, len(got.files)))
    assert len(found) == 1
