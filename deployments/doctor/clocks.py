"""Whether the clocks agree: leases go by the database, schedules by Prefect, signatures of an App by GitHub."""

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

import urllib3
from urllib3.exceptions import HTTPError

from openaddr.db import examining
from openaddr.db.connections import connect
from openaddr.doctor.checks import Check
from openaddr.doctor.parts import Look, Part
from openaddr.errors import ProblemError
from openaddr.settings import GITHUB_API_URL, Settings

MOST_SECONDS = 10.0
"""GitHub takes signatures of up to 60 s ago. `Date` has whole seconds, and a busy server takes some."""
ASK_SECONDS = 8.0
FIX = "Have both clocks set from the network (`timedatectl set-ntp true`), and look which one is wrong: `date -u`."


def part(settings: Settings) -> Part:
    """What is looked at: each clock that is set up, against that of this machine."""
    looks = []
    if url := settings.database_url:
        looks.append(_look("clock of the database", lambda: _of_database(url)))
    if api := settings.prefect_api_url:
        looks.append(_look("clock of Prefect", lambda: date_of(f"{api.rstrip('/')}/health")))
    if settings.github_token or settings.github_app_id or settings.github_api_url != GITHUB_API_URL:
        looks.append(_look("clock of GitHub", lambda: date_of(f"{settings.github_api_url.rstrip('/')}/rate_limit")))
    unset = "" if looks else "Set DATABASE_URL, PREFECT_API_URL or GITHUB_TOKEN, and their clocks are compared."
    return Part("Clocks", looks, unset=unset)


def _look(name: str, ask: Callable[[], float]) -> Look:
    def look() -> Iterator[Check]:
        before = time.time()
        try:
            there = ask()
        except (ProblemError, HTTPError):
            yield Check(name, None, "not checked: the server does not answer")
            return
        # Somewhere between question and answer; the benefit of the doubt is the server's.
        after = time.time()
        ahead = 0.0 if before <= there <= after else min(there - before, there - after, key=abs)
        told = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours" if abs(ahead) >= 1 else "as ours"
        yield Check(name, abs(ahead) <= MOST_SECONDS, told, FIX)

    return Look(name, look)


def _of_database(url: str) -> float:
    with connect(url) as conn:
        return examining.clock(conn)


def date_of(address: str) -> float:
    """The time of a server by the `Date` of an answer, whatever that is; urllib3's errors, ValueError without one."""
    with urllib3.PoolManager(retries=False, timeout=ASK_SECONDS) as pool:
        date = pool.request("GET", address).headers.get("Date", "")
    return parsedate_to_datetime(date).timestamp()
