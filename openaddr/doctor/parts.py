"""Makes checks: all parts side by side, each look in a thread of its own that nobody waits for beyond its time.

Whatever a look raises is a check of its own name that does not hold: doctors do not fall ill.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from openaddr.doctor.checks import Check
from openaddr.errors import ProblemError

SECONDS = 20.0
"""What one look may take."""

Words = Callable[[str], str]


@dataclass(frozen=True)
class Look:
    """One look, which gives one check or several; `name` is what is named when it gives none."""

    name: str
    look: Callable[[], Iterable[Check]]
    fix: str = ""
    """What to do when it fails or does not end."""
    seconds: float = SECONDS


@dataclass(frozen=True)
class Part:
    """The looks at one thing. They make sense only where `first` holds; none is made of what is not set up."""

    group: str
    looks: Sequence[Look] = ()
    first: Look | None = None
    unset: str = ""
    """What would have it checked, where it is not set up."""


@dataclass
class _Looking:
    """A look under way; `found` grows while it lasts."""

    look: Look
    hide: Words
    found: list[Check] = field(default_factory=list)

    def __post_init__(self) -> None:
        # A thread that hangs must not keep the program from its end.
        self._thread = threading.Thread(target=self._run, daemon=True, name=self.look.name)
        self._ends = monotonic() + self.look.seconds
        self._thread.start()

    def _run(self) -> None:
        try:
            for check in self.look.look():
                self.found.append(replace(check, found=self.hide(check.found)))
        except ProblemError as error:
            self._fail(error.problem.message, self.look.fix or error.problem.explanation.hint)
        except Exception as error:
            told = " ".join(str(error).split())
            self._fail(f"{type(error).__name__}: {told}" if told else type(error).__name__, self.look.fix)

    def _fail(self, found: str, fix: str) -> None:
        self.found.append(Check(self.look.name, False, self.hide(found), fix))

    def result(self) -> list[Check]:
        """What was found until its time was up."""
        self._thread.join(max(0.0, self._ends - monotonic()))
        found = list(self.found)
        if self._thread.is_alive():
            found.append(Check(self.look.name, False, f"no answer in {self.look.seconds:g} seconds", self.look.fix))
        return found


def examine(parts: Sequence[Part], hide: Words = str) -> list[Check]:
    """All checks, in the order of the parts; `hide` takes out of what is found what nobody may read."""
    results: list[list[Check]] = [[] for _ in parts]

    def run(number: int, part: Part) -> None:
        results[number] = _examined(part, hide)

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(parts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [replace(check, group=part.group) for part, found in zip(parts, results, strict=True) for check in found]


def _examined(part: Part, hide: Words) -> list[Check]:
    if part.unset:
        return [Check("not checked", None, part.unset)]
    found = _Looking(part.first, hide).result() if part.first else []
    if part.first and not all(check.holds for check in found):
        return [*found, *(Check(look.name, None, f"not checked without: {part.first.name}") for look in part.looks)]
    looking = [_Looking(look, hide) for look in part.looks]
    return found + [check for each in looking for check in each.result()]
