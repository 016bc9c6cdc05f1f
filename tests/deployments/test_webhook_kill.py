"""Webhook and Postgres are killed in the middle of deliveries: what was answered 2xx is on the record."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.webhook import alone, at_rate, report, under_kills

pytestmark = pytest.mark.timeout(120)


def test_what_was_answered_is_on_the_record_whoever_is_killed(tmp_path: Path) -> None:
    with alone(tmp_path) as place:
        sent, lost = asyncio.run(under_kills(place, 600, kills=1))
        answers = Counter(each.status for each in sent)
        assert lost == [] and place.count() == 600
        assert answers[202] == 600 and len(sent) > 600, "nobody was killed while there was something to lose"
        assert set(answers) <= {0, 202, 503}
        assert report(place, asyncio.run(at_rate(place, 20, 1))), "the benchmark works"
