"""What whoever makes collections has at hand: the storage, what is known of the files of runs, and what is broken."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from openaddr.collecting.checking import Checked
from openaddr.collecting.members import Member
from openaddr.collecting.plans import Plan
from openaddr.errors import Code, Problem, ProblemError
from openaddr.storage.objects import Storage


@dataclass(frozen=True)
class Shelf:
    """`checked` is by the run whose files it is about, `broken` by that and the kind of collection.

    `work` is a folder for files of one run. `breathe` is called between members: it raises when there is no more time.
    """

    storage: Storage
    work: Path
    checked: dict[int, Checked] = field(default_factory=dict)
    broken: dict[tuple[int, str], Problem] = field(default_factory=dict)
    breathe: Callable[[], None] = lambda: None

    def broke(self, member: Member, kind: str, error: ProblemError) -> ProblemError:
        """Note that the files of a run are not what they were; whoever gets this begins again."""
        self.broken[member.run, kind] = error.problem
        return error


def incomplete(plan: Plan, problem: Problem) -> ProblemError:
    """Why a collection cannot be made without becoming smaller."""
    message = f"{plan.name} is not made: no earlier one has what is missing. {problem.message}"
    return ProblemError(Code.COLLECTION_INCOMPLETE, message)
