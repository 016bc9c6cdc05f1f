"""Whether the libraries are those that we say we need, and those that we are tested with."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from openaddr.doctor.checks import Check

OURS = "openaddr-machine"
EXTRA = "operate"
LOCK = Path(__file__).parents[2] / "requirements" / "runtime.txt"
INSTALL = f"pip install '{OURS}[{EXTRA}]'"
PIN = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.M)
SHOWN = 5


def libraries(distribution: str = OURS) -> Iterator[Check]:
    """What one source takes, and what it takes to run it for everybody."""
    try:
        needed = [Requirement(line) for line in requires(distribution) or ()]
    except PackageNotFoundError:
        fix = f"Install it: `pip install {OURS}`, in a checkout `make setup`."
        yield Check("libraries", False, f"Python does not know {distribution}", fix)
        return
    plain = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    extra = [one for one in needed if one not in plain and one.marker and one.marker.evaluate({"extra": EXTRA})]
    yield _check("libraries", plain, f"pip install --upgrade {OURS}")
    if all(_installed(one) is None for one in extra):
        yield Check("libraries for operators", None, "not installed", f"To run it for everybody: `{INSTALL}`.")
    else:
        yield _check("libraries for operators", extra, INSTALL)


def _check(name: str, needed: list[Requirement], command: str) -> Check:
    wrong = [words for one in needed if (words := _wrong(one))]
    found = f"all {len(needed)} as needed" if not wrong else "; ".join(wrong)
    return Check(name, not wrong, found, f"`{command}`, or what docs and lock files of this release say.")


def _wrong(needed: Requirement) -> str:
    installed = _installed(needed)
    if installed is None:
        return f"{needed.name} is missing"
    fits = needed.specifier.contains(installed, prereleases=True)
    return "" if fits else f"{needed.name} is {installed}, needed is {needed.specifier}"


def _installed(needed: Requirement) -> str | None:
    try:
        return version(needed.name)
    except PackageNotFoundError:
        return None


def lock(path: Path = LOCK) -> Iterator[Check]:
    """How the installed versions differ from those of the lock, where there is one; others may well work."""
    if not path.is_file():
        return
    pins = PIN.findall(path.read_text(encoding="utf-8"))
    other = [f"{name} {found} (lock: {pin})" for name, pin in pins if (found := _found(name)) not in (None, pin)]
    words = f"{', '.join(other[:SHOWN])}{' and others' * (len(other) > SHOWN)}"
    told = f"{len(other)} of {len(pins)} are not those we are tested with: {words}"
    yield Check("lock", True, told if other else f"{len(pins)} versions as in {path.name}")


def _found(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
