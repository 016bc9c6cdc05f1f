"""What the gate knows of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from openaddr.run import Record, Run


@dataclass(frozen=True)
class Figures:
    """The figures of one run, and the `day` of it.

    `fills` counts the rows in which an attribute is not empty, `outside` those that lie where the source does not say
    it is, None when that cannot be told.
    """

    rows: int
    fills: Mapping[str, int] = field(default_factory=dict)
    outside: int | None = None
    day: str = ""

    def share(self, attribute: str) -> float:
        """In which share of the rows an attribute is filled, 0 to 1."""
        return self.fills.get(attribute, 0) / self.rows if self.rows else 0.0

    @property
    def share_outside(self) -> float:
        """Which share of the rows lies outside, 0 to 1; 0 when that cannot be told."""
        return (self.outside or 0) / self.rows if self.rows else 0.0


def figures_of(run: Run | Record, day: str = "") -> Figures:
    """The figures of a run, or of the record of an earlier one."""
    return Figures(run.account.kept, run.fills, run.misplaced.outside, day)
