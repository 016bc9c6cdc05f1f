"""A limit on the processor time of one call, without giving up Python's own regular expressions.

`re` looks for pending signals while it searches, so a timer that raises can stop a pattern that runs away. (The
`regex` module has time limits of its own, but was measured to differ from `re` on `\\w`, `\\b` and empty matches.) The
timer counts processor time, so a slow machine condemns nobody. Signals reach the main thread only: in any other thread
the call runs without this limit, and the limits of the process have to do.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")


class _Timer:
    """The one timer of the process."""

    armed = False
    installed = False


def _ring(_signal: int, _frame: FrameType | None) -> None:
    # A signal may be delivered just after the call has ended; then nobody is to be stopped any more.
    if _Timer.armed:
        raise TimeoutError


def limited(seconds: float, call: Callable[[], Result]) -> Result:
    """Run a call that may take `seconds` of processor time. Raises TimeoutError. Calls cannot be nested."""
    if threading.current_thread() is not threading.main_thread():
        return call()
    if not _Timer.installed:
        signal.signal(signal.SIGVTALRM, _ring)
        _Timer.installed = True
    try:
        _Timer.armed = True
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        return call()
    finally:
        _Timer.armed = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
