"""Small pictures made on the server: SVG without a style of its own, so that the stylesheet colours them.

Only numbers go in, so there is nothing to escape but the words of the label.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 240, 44
MOST_BARS = 60


@dataclass(frozen=True)
class Bar:
    """One run in a sparkline: its rows, None when it has none to show, and the status that colours it."""

    rows: int | None
    kind: str


def sparkline(bars: Sequence[Bar], label: str) -> Markup:
    """Rows over runs, oldest first; a run without rows is a short mark at the bottom. '' for fewer than two runs."""
    bars = bars[-MOST_BARS:]
    if len(bars) < 2:
        return Markup("")
    step = min(12.0, WIDTH / len(bars))
    most = max((bar.rows or 0 for bar in bars), default=0) or 1
    parts = []
    for index, bar in enumerate(bars):
        height = max(3.0, (bar.rows or 0) / most * HEIGHT) if bar.rows is not None else 3.0
        parts.append(
            f'<rect class="{bar.kind}" x="{index * step:.1f}" y="{HEIGHT - height:.1f}" '
            f'width="{max(step - 2, 1):.1f}" height="{height:.1f}" rx="1"/>'
        )
    return _picture("spark", step * len(bars), HEIGHT, "".join(parts), label)


def share(value: float, label: str, kind: str = "") -> Markup:
    """A bar filled to a share of 0 to 1."""
    filled = max(0.0, min(1.0, value)) * 120
    kind = f" {kind}" if kind else ""
    inner = f'<rect class="track" width="120" height="8" rx="4"/><rect class="fill{kind}" width="{filled:.1f}" '
    return _picture("share", 120, 8, f'{inner}height="8" rx="4"/>', label)


def stacked(parts: Sequence[tuple[str, int]], label: str) -> Markup:
    """One bar of several kinds by their numbers; '' when all are 0."""
    total = sum(count for _, count in parts)
    if not total:
        return Markup("")
    found, begin = [], 0.0
    for kind, count in parts:
        width = count / total * 480
        if count:
            found.append(f'<rect class="{kind}" x="{begin:.1f}" width="{max(width - 1, 1):.1f}" height="12"/>')
        begin += width
    return _picture("stacked", 480, 12, "".join(found), label)


def _picture(kind: str, width: float, height: float, inner: str, label: str) -> Markup:
    return Markup(
        f'<svg class="{kind}" role="img" aria-label="{escape(label)}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" preserveAspectRatio="none">{inner}</svg>'
    )
