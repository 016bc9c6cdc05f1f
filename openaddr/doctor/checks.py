"""What a check says, and how it is told to people and to programs."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

MARKS = {True: "✓", False: "✗", None: "–"}
WIDEST = 34


@dataclass(frozen=True)
class Check:
    """One thing that holds, does not, or was not checked (None); `fix` says what to do about it."""

    name: str
    holds: bool | None
    found: str
    fix: str = ""
    group: str = ""

    def __str__(self) -> str:
        """The check as people read it."""
        told = f"  {MARKS[self.holds]} {self.name:<{WIDEST}} {self.found}"
        return told if self.holds or not self.fix else f"{told}\n      {self.fix}"


def as_text(checks: Iterable[Check]) -> str:
    """The table for a terminal, under the names of the groups, and how many of what there were."""
    lines: list[str] = []
    group, counts = "", dict.fromkeys(MARKS, 0)
    for check in checks:
        if check.group != group:
            group = check.group
            lines += ["", group] if lines else [group]
        lines.append(str(check))
        counts[check.holds] += 1
    left_out = f", {counts[None]} were not checked" if counts[None] else ""
    return "\n".join([*lines, "", f"{counts[True]} hold, {counts[False]} do not{left_out}"])


def as_json(checks: Iterable[Check]) -> str:
    """One JSON object a check, one on a line; `holds` is null for what was not checked."""
    return "\n".join(json.dumps(asdict(check) | ({"fix": ""} if check.holds else {})) for check in checks)
