"""Collections that are made by processes that die: `python -m tests.collecting.victims WHAT KILLS PAIRS SEED`.

Has its own process so that it can fork before any thread is there: each round begins in a few milliseconds.
"""

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from prefect.client.schemas.objects import State

from flows.collection import collect_alone
from flows.deduplicated import deduplicate_alone
from flows.services import Services, services

MAKERS: dict[str, Callable[[Services, threading.Event], State[Any]]] = {
    "collection": collect_alone,
    "deduplicated": deduplicate_alone,
}
"""What the flows do."""
FLIP = """
update last_good set run_id = other.id from runs as mine, runs as other
where mine.id = last_good.run_id and other.id <> mine.id and other.status = 'succeeded'
    and (other.source_id, other.layer, other.name) = (mine.source_id, mine.layer, mine.name)
"""
"""Make the other run of each source the last good one."""


def main(what: str, kills: int, pairs: int, seed: int) -> None:
    """Be killed somewhere so many times, each with another choice of good runs; then two at once, so many times.

    Prints what became of each.
    """
    chance = random.Random(seed)
    # The first time takes longer; twice, so that readers have seen both.
    _ends(_begun(lambda: _made(what, flip=True)))
    begun = time.monotonic()
    _ends(_begun(lambda: _made(what, flip=True)))
    took = time.monotonic() - begun
    done = 0
    while done < kills:
        child = _begun(lambda: _made(what, flip=True, tells=False))
        time.sleep(chance.uniform(0, took))
        os.kill(child, signal.SIGKILL)
        if os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            done += 1
            print("killed", flush=True)
        else:
            took *= 0.9
    for _ in range(pairs):
        _ends(_begun(_flip))
        for child in [_begun(lambda: _made(what)) for _ in range(2)]:
            _ends(child)
    _ends(_begun(lambda: _made(what)))


def _made(what: str, flip: bool = False, tells: bool = True) -> None:
    if flip:
        _flip()
    with services() as opened:
        name = MAKERS[what](opened, threading.Event()).name
    if tells:
        print(name, flush=True)


def _flip() -> None:
    with services() as opened, opened.pool.connection() as conn:
        conn.execute(FLIP)


def _begun(action: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return child


def _ends(child: int) -> None:
    if os.waitpid(child, 0)[1]:
        raise SystemExit("it failed")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
