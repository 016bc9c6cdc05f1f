"""Numbers, times and texts in words, the same on every page and in every answer on GitHub.

What a stranger wrote is bounded and made printable.
"""

import math
from datetime import UTC, datetime
from typing import TypeGuard
from urllib.parse import urlsplit

from openaddr.run import printable

NONE = "–"
LONGEST = 400
"""Characters of a stranger's text that is shown; the record has the whole."""
UNITS = ("B", "kB", "MB", "GB", "TB")


def shown(text: object, most: int = LONGEST) -> str:
    """A stranger's text on one line, with controls and changes of direction as escapes, cut where nobody reads on."""
    found = printable(str(text)[: most + 1])
    return found if len(found) <= most else f"{found[: most - 1]}…"


def known(value: float | None) -> TypeGuard[float]:
    """Whether a number is one that can be shown."""
    return value is not None and math.isfinite(value)


def number(value: float | None) -> str:
    """`1,234,567`, a dash for what is not known."""
    return f"{value:,.0f}" if known(value) else NONE


def short(value: int) -> str:
    """`1,234`, `56.7 k`, `8.9 million`, `1.2 billion`."""
    for size, word in ((1_000_000_000, "billion"), (1_000_000, "million"), (10_000, "k")):
        if value >= size:
            return f"{value / (1_000 if word == 'k' else size):.1f} {word}"
    return f"{value:,}"


def size(count: float | None) -> str:
    """`0 B`, `12.3 kB`, `1.2 GB`, in steps of 1,000."""
    if not known(count):
        return NONE
    for unit in UNITS[:-1]:
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1_000
    return f"{count:,.1f} {UNITS[-1]}"


def duration(seconds: float | None) -> str:
    """`0.04 s`, `12 s`, `3 min 20 s`, `2 h 05 min`."""
    if not known(seconds):
        return NONE
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60:02} min"


def percent(share: float) -> str:
    """`0 %`, `0.4 %`, `87 %`: only nothing is 0 and only all is 100."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{share:.1%}".replace("%", " %") if 0 < share < 0.1 else f"{share:.0%}".replace("%", " %")


def change(before: int | None, now: int | None) -> str:
    """`+3.2 %`, `−12 %`, '' where there is nothing to compare."""
    if not before or now is None or before == now:
        return ""
    share = (now - before) / before
    return f"{'+' if share > 0 else '−'}{percent(abs(share))}"


def moment(time: datetime) -> str:
    """`24 Nov 2026, 08:39 UTC`."""
    return f"{time.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def day(time: datetime) -> str:
    """`24 Nov 2026`."""
    return f"{time.astimezone(UTC):%-d %b %Y}"


def iso(time: datetime) -> str:
    """`2026-11-24T08:39:31Z`."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 run`, `1,234 runs`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def web(address: object) -> str:
    """An address that may be linked to: http or https with a host, '' for everything else."""
    if not isinstance(address, str) or len(address) > 2_000 or not address.isprintable():
        return ""
    try:
        parts = urlsplit(address.strip())
        return address.strip() if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""
