"""Lines over time and histograms, as SVG with words, coloured by the stylesheet."""

from collections.abc import Callable, Sequence
from datetime import datetime
from math import floor, log10

from markupsafe import Markup, escape

WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 26
BINS = 20
STEPS = 4
Words = Callable[[float], str]


def line(points: Sequence[tuple[datetime, float]], label: str, words: Words) -> Markup:
    """Values over time with a scale from 0; '' for fewer than two."""
    if len(points) < 2:
        return Markup("")
    top = nice_top(max(value for _, value in points))
    begin, end = points[0][0].timestamp(), points[-1][0].timestamp()
    span = (end - begin) or 1.0
    places = [(_across((when.timestamp() - begin) / span), _down(value / top)) for when, value in points]
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)
    ends = ((LEFT, "start", points[0][0]), (WIDTH - RIGHT, "end", points[-1][0]))
    dates = "".join(
        f'<text x="{x}" y="{HEIGHT - 8}" text-anchor="{anchor}">{when:%-d %b %Y}</text>' for x, anchor, when in ends
    )
    newest = f"{label}: {words(points[-1][1])} on {points[-1][0]:%-d %b %Y}, {words(points[0][1])} at first"
    return _plot(newest, f'{_scale(top, words)}<polyline class="line" points="{drawn}"/>{dots}{dates}')


def histogram(values: Sequence[float], most: float, label: str, words: Words) -> Markup:
    """How many values there are of each size up to `most`, larger ones in the last bar; '' for none."""
    if not values:
        return Markup("")
    counts = binned(values, most)
    top = nice_top(max(counts))
    step = (WIDTH - LEFT - RIGHT) / len(counts)
    bars = []
    for place, count in enumerate(counts):
        height = count / top * (HEIGHT - TOP - BOTTOM)
        bars.append(
            f'<rect class="bar" x="{LEFT + place * step + 1:.1f}" y="{HEIGHT - BOTTOM - height:.1f}" '
            f'width="{step - 2:.1f}" height="{height:.1f}"/>'
        )
    ends = (
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(words(0))}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{escape(words(most))} and more</text>'
    )
    return _plot(f"{label}: {len(values):,} runs", f"{_scale(top, '{:,.0f}'.format)}{''.join(bars)}{ends}")


def binned(values: Sequence[float], most: float) -> list[int]:
    """Counts of so many equal bins, and of what is beyond."""
    counts = [0] * (BINS + 1)
    for value in values:
        counts[min(int(max(value, 0.0) / most * BINS), BINS)] += 1
    return counts


def nice_top(most: float) -> float:
    """The smallest of 1, 2, 4, 5, 8 and 10 times a power of ten that is not below `most`."""
    if most <= 0:
        return 1.0
    power = 10.0 ** floor(log10(most))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= most * (1 - 1e-9))


def _across(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _down(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _scale(top: float, words: Words) -> str:
    """Lines with their values at the left."""
    lines = []
    for step in range(0, STEPS + 1, 2):
        y = _down(step / STEPS)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(words(top * step / STEPS))}</text>'
        )
    return "".join(lines)


def _plot(label: str, inner: str) -> Markup:
    return Markup(
        f'<svg class="plot" role="img" aria-label="{escape(label)}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}">{inner}</svg>'
    )
