"""Which runs of a set go to a fleet together, and which alone."""

from collections.abc import Iterator, Sequence

from flows import policies
from openaddr.db.records import Run
from openaddr.sizes import SMALL


def bundles(found: Sequence[Run]) -> Iterator[list[Run]]:
    """The same runs in the same order: small ones in groups that are worked off in minutes, others each alone.

    What needs a larger machine, or takes long, is to have one of its own and to be nobody's burden when it dies.
    """
    group: list[Run] = []
    seconds = 0.0
    for run in found:
        expected = run.expected_seconds if run.expected_seconds is not None else policies.BUNDLE_GUESS
        is_small = run.size_class == SMALL and expected <= policies.BUNDLE_SECONDS
        if group and (
            not is_small or len(group) == policies.BUNDLE_RUNS or seconds + expected > policies.BUNDLE_SECONDS
        ):
            yield group
            group, seconds = [], 0.0
        if not is_small:
            yield [run]
            continue
        group.append(run)
        seconds += expected
    if group:
        yield group
