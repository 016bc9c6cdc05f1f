"""What `openaddr diff` answers: for people as text, for programs as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from openaddr.comparison.rows import RowDiff, Side
from openaddr.run import printable
from openaddr.source.changes import Change, Kind

SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~", Kind.SAME: "="}
LONGEST = 60


def rows_as_text(found: RowDiff) -> str:
    """Numbers first, then what they are made of, with examples."""
    old, new = found.old, found.new
    lines = [f"- {old.path}: {old.rows:,} rows", f"+ {new.path}: {new.rows:,} rows{_change(old.rows, new.rows)}"]
    same = new.rows - found.added - found.changed
    lines.append(f"{found.added:,} added, {found.removed:,} removed, {found.changed:,} changed, {same:,} the same")
    lines += _fills(old, new)
    if old.bounds != new.bounds:
        lines += [f"bounds  {_corners(old)}  →  {_corners(new)}"]
    lines += _examples(found)
    return "\n".join(map(printable, lines))


def rows_as_json(found: RowDiff) -> dict[str, object]:
    """All of it, as one object."""
    return asdict(found) | {"old": _side(found.old), "new": _side(found.new)}


def changes_as_text(found: list[Change]) -> str:
    """Each layer source with what became of it, and the values that are not what they were."""
    lines = []
    for change in found:
        lines.append(f"{SIGNS[change.kind]} {change.layer}/{change.name}: {change.kind}")
        for difference in change.differences:
            was, now = difference.before, difference.after
            lines.append(f"    {difference.pointer or '/'}: {was or 'nothing'} → {now or 'nothing'}")
    return "\n".join(map(printable, lines))


def changes_as_json(found: list[Change]) -> dict[str, object]:
    """All of it, as one object."""
    return {"layer_sources": [asdict(change) for change in found]}


def _side(side: Side) -> dict[str, object]:
    return {"path": str(side.path), "rows": side.rows, "fills": dict(side.fills), "bounds": side.bounds}


def _change(old: int, new: int) -> str:
    return f" ({100 * (new - old) / old:+.1f} %)" if old and new != old else ""


def _fills(old: Side, new: Side) -> Iterator[str]:
    """Attributes whose share of filled rows is not the same."""
    for name, count in new.fills.items():
        was, now = _share(old.fills.get(name, 0), old.rows), _share(count, new.rows)
        if was != now:
            yield f"filled  {name} {was} → {now}"


def _share(count: int, rows: int) -> str:
    return f"{100 * count / rows:.1f} %" if rows else "no rows"


def _corners(side: Side) -> str:
    return ", ".join(f"{value:.4f}" for value in side.bounds) if side.bounds else "none"


def _examples(found: RowDiff) -> Iterator[str]:
    for sign, rows in (("+", found.added_rows), ("-", found.removed_rows)):
        for row in rows:
            yield f"  {sign} {_row(row)}"
    for changed in found.changed_rows:
        parts = (f"{name} {_cut(was)!r} → {_cut(now)!r}" for name, (was, now) in changed.values.items())
        yield f"  ~ {changed.id}: {', '.join(parts) or 'the shape'}"


def _row(row: Mapping[str, str]) -> str:
    said = (_cut(value) for name, value in row.items() if name not in ("hash", "place"))
    return f"{row['hash']}: {', '.join(said)} at {row.get('place', 'no place')}"


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
