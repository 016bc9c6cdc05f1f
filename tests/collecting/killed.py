"""Collecting that is killed at random moments: `python -m tests.collecting.killed ROUNDS SEED`.

Has its own process so that it can fork before any thread is there: each round begins in a few milliseconds.
"""

import os
import random
import signal
import sys
import threading
import time

from flows.collection import collect_alone
from flows.services import services


def collect_once() -> None:
    """What the flow does."""
    with services() as opened:
        collect_alone(opened, threading.Event())


def main(rounds: int, seed: int) -> None:
    """Collect so many times, each with another choice of good runs, and be killed somewhere; then to the end."""
    chance = random.Random(seed)
    begun = time.monotonic()
    _in_child(flip_and_collect, None)
    took = time.monotonic() - begun
    for _ in range(rounds):
        _in_child(flip_and_collect, chance.uniform(0, took))
    # Twice, so that readers have seen both.
    _in_child(flip_and_collect, None)
    _in_child(flip_and_collect, None)


def flip_and_collect() -> None:
    """Make the other run of each source the last good one, and collect."""
    with services() as opened, opened.pool.connection() as conn:
        conn.execute("update last_good set run_id = case when run_id % 2 = 0 then run_id - 1 else run_id + 1 end")
    collect_once()


def _in_child(action: object, seconds: float | None) -> None:
    child = os.fork()
    if child == 0:
        assert callable(action)
        action()
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if seconds is None and status:
        raise SystemExit("collecting failed")
    print("round", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
