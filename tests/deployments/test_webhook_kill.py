"""Webhook and Postgres are killed in the middle of deliveries: what was answered 2xx is on the record."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.webhook import alone, at_rate, report, under_kills

KILLS = max(int(os.environ.get("OPENADDR_KILLS", "1")) // 3, 1)
DELIVERIES = 600 * KILLS
pytestmark = pytest.mark.timeout(120 + 60 * KILLS)


@pytest.mark.proves("I1", kind="webhook and database killed under deliveries")
def test_what_was_answered_is_on_the_record_whoever_is_killed(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with alone(tmp_path) as place:
        sent, lost = asyncio.run(under_kills(place, DELIVERIES, KILLS))
        answers = Counter(each.status for each in sent)
        counts = {"faults": 2 * KILLS, "deliveries": DELIVERIES, "lost": len(lost)}
        for name, count in counts.items():
            record_property(name, count)
        assert lost == [] and place.count() == DELIVERIES
        assert answers[202] == DELIVERIES and len(sent) > DELIVERIES, "nobody was killed in the middle"
        assert set(answers) <= {0, 202, 503}
        assert report(place, asyncio.run(at_rate(place, 20, 1))), "the benchmark works"
