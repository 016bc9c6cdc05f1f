"""A process that works as flow runs do, and stops dead at a named point.

    python -m tests.flows.victim POINT RUN [CLOCK]

It says `there` once it has got to the point, and waits to be killed. The code that it stops in knows nothing of it: a
named function is wrapped in this process only, where its caller looks it up.
"""

import importlib
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import time_machine

from flows import policies
from flows.sending import send_due
from flows.services import Services, services
from flows.working import work_on
from openaddr.db.records import RunStatus
from openaddr.stages import silent

STORAGES = {"Folder": "openaddr.storage.folder:Folder", "S3": "openaddr.storage.s3:S3"}
QUEUED, RUNNING, SUCCEEDED = RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.SUCCEEDED


@dataclass(frozen=True)
class Point:
    """Before or after the `nth` call of `module:function` (`STORAGE` = the class of the storage in use).

    `status` is what the record says of the run when its worker dies there. With `stage` only calls for that stage in
    the box count. `sends` = a point of the sweep, which sends what a finished run has left to do.
    """

    place: str
    is_after: bool = False
    nth: int = 1
    status: RunStatus = RUNNING
    stage: str = ""
    sends: bool = False


LISTENING = "openaddr.box.supervisor:_Watch._listen"
POINTS = {
    "the claim is not committed": Point("openaddr.db.runs:claim", is_after=True, status=QUEUED),
    "it is claimed": Point("flows.working:_claimed", is_after=True),
    "its source is written": Point("flows.working:process_source"),
    "its tests are run": Point(LISTENING, stage="openaddr.steps:test"),
    "it downloads": Point(LISTENING, stage="openaddr.steps:fetch"),
    "it conforms": Point(LISTENING, stage="openaddr.steps:convert"),
    "outputs are written": Point(LISTENING, stage="openaddr.steps:package"),
    "its folder is put together": Point("openaddr.process:publish"),
    "it is judged": Point("flows.working:_judge", is_after=True),
    "the upload begins": Point("STORAGE.put"),
    "the upload is half done": Point("STORAGE.put", is_after=True, nth=4),
    "it is uploaded": Point("flows.working:_concluded"),
    "its end is not committed": Point("flows.working:announce", is_after=True),
    "it is finished": Point("flows.working:make_latest_of", status=SUCCEEDED),
    "the pointer is switched": Point("openaddr.storage.latest:settle", status=SUCCEEDED),
    "the copies are half switched": Point("STORAGE.copy", is_after=True, nth=3, status=SUCCEEDED),
    "the latest is switched": Point("flows.working:make_latest", is_after=True, status=SUCCEEDED),
    "messages are taken": Point("flows.sending:send", sends=True, status=SUCCEEDED),
    "a page is written": Point("STORAGE.put", is_after=True, sends=True, status=SUCCEEDED),
    "a message is sent and not noted": Point("openaddr.db.outbox:sent", sends=True, status=SUCCEEDED),
}


NOWHERE = Point("")


def stop_at(point: Point, storage: type) -> None:
    """Have this process stop at a point for good."""
    module, _, path = point.place.replace("STORAGE", STORAGES[storage.__name__]).partition(":")
    *outer, name = path.split(".")
    owner = importlib.import_module(module)
    for each in outer:
        owner = getattr(owner, each)
    setattr(owner, name, _stopping(getattr(owner, name), point))


def _stopping(original: Callable[..., Any], point: Point) -> Callable[..., Any]:
    calls = count(1)

    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        # What stores the log of the run beside it stores something else.
        is_beside = threading.current_thread() is not threading.main_thread()
        counts = not is_beside and (not point.stage or arguments[0].call.function == point.stage)
        is_there = counts and next(calls) == point.nth
        if is_there and not point.is_after:
            _wait_for_death()
        result = original(*arguments, **keywords)
        if is_there:
            _wait_for_death()
        return result

    return wrapped


def _wait_for_death() -> None:
    print("there", flush=True)
    threading.Event().wait()


def main(name: str, run_id: int, clock: float = 0.0) -> None:
    """Work on a run, or send its messages, as far as the point; to the end when it has no name.

    The clock of this process is ahead by so many seconds.
    """
    point = POINTS.get(name, NOWHERE)
    policies.LOG_SECONDS = 0.05
    elsewhen = time_machine.travel(datetime.now(UTC) + timedelta(seconds=clock)) if clock else nullcontext()
    with elsewhen, services() as opened:
        if point is not NOWHERE:
            stop_at(point, type(opened.storage))
        _act(opened, point, run_id)


def _act(opened: Services, point: Point, run_id: int) -> None:
    if point.sends:
        send_due(opened)
    else:
        work_on(opened, run_id, "victim", None, silent)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:]))
