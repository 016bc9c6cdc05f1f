"""What is promised whatever happens, in a sentence each, and the table of what was tried and which of them held."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from textwrap import shorten

from tests.proof.evidence import Breach, Evidence

PROMISES = {
    "I1": "A delivery that was answered is on the record: done, waiting, or passed over with its reason.",
    "I2": "Every run comes to exactly one end, in time; whoever is late changes nothing.",
    "I3": "A job that said 'pending' says how it ended, or the record says why GitHub would not hear it.",
    "I4": "A message that cannot be handled is put aside after five tries; those behind it go on.",
    "I5": "Pages, collections and the dot map are the old ones or the new ones, never something in between.",
    "I6": "What is not good takes the place of nothing; no collection shrinks without saying so.",
    "I7": "Only what is on the default branch is published as the latest, collected or on the map.",
    "I8": "Rows in are rows out and rows rejected with a reason; of a service, as many as it announced.",
    "I9": "Done twice, or by two at once, it comes to the same.",
    "I10": "No source changes what becomes of another.",
    "I11": "No secret is in a file, a page, a log, a row or a list of processes.",
    "I12": "What a crash leaves on the disk is gone within the hour.",
}
LEAST_INPUTS, LEAST_FAULTS, LEAST_KINDS = 1_000, 300, 15
"""With fewer the proof has not been made."""
LINE = "{:<4} {:>7} {:>8}  {}"
FACT = "{:<42} {}"


def table(evidence: Sequence[Evidence]) -> Iterator[str]:
    """The promises, the facts, and every breach."""
    broken = defaultdict[str, list[Breach]](list)
    for breach in breaches(evidence):
        broken[breach.promise].append(breach)
    yield LINE.format("", "tried", "breaches", "promise")
    for promise, says in PROMISES.items():
        tried = sum(item.tried for item in evidence if promise in item.promises)
        yield LINE.format(promise, f"{tried:,}", len(broken[promise]), says)
    yield ""
    yield from (FACT.format(*fact) for fact in facts(evidence))
    yield from (f"BREACH of {breach.promise}: {shorten(breach.seen, 400)}" for breach in breaches(evidence))


def facts(evidence: Sequence[Evidence]) -> Iterator[tuple[str, str]]:
    """What the proof has measured, by name."""
    inputs, faults = (sum(getattr(item, name) for item in evidence) for name in ("inputs", "faults"))
    bad = sum(len(item.breaches) for item in evidence if item.inputs)
    hurt = sum(len(item.breaches) for item in evidence if item.faults)
    kinds = {item.kind for item in evidence if item.faults}
    yield "bad inputs tried, and handled", f"{inputs:,}, {max(inputs - bad, 0):,}"
    yield (
        "most memory and time of one of them",
        (
            f"{max((item.memory for item in evidence), default=0) / 1e6:,.0f} MB, "
            f"{max((item.slowest for item in evidence), default=0):.1f} s"
        ),
    )
    yield "canaries read, asked for or written", f"{sum(item.touched for item in evidence)}"
    yield f"faults of {len(kinds)} kinds injected, and survived", f"{faults:,}, {max(faults - hurt, 0):,}"
    yield "runs without an end", f"{sum(item.endless for item in evidence)}"
    yield (
        "deliveries answered, and lost",
        (f"{sum(item.deliveries for item in evidence):,}, {sum(item.lost for item in evidence)}"),
    )
    halves = sum(breach.promise == "I5" for breach in breaches(evidence))
    yield "looks of polling readers, and half states", f"{sum(item.looks for item in evidence):,}, {halves}"


def breaches(evidence: Sequence[Evidence]) -> list[Breach]:
    """All that was broken."""
    return [breach for item in evidence for breach in item.breaches]


def shortfalls(evidence: Sequence[Evidence]) -> Iterator[str]:
    """What was not tried, or not often enough, for the proof to be one."""
    for promise in PROMISES:
        if not any(promise in item.promises for item in evidence):
            yield f"nothing was tried for {promise}"
    found = {
        "bad inputs": (sum(item.inputs for item in evidence), LEAST_INPUTS),
        "faults": (sum(item.faults for item in evidence), LEAST_FAULTS),
        "kinds of faults": (len({item.kind for item in evidence if item.faults}), LEAST_KINDS),
    }
    yield from (
        f"{count} {name}, which should be {least} at least" for name, (count, least) in found.items() if count < least
    )
