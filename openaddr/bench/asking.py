"""Questions on the terminal, each with an answer that is suggested; for scripts, that answer without the question."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openaddr.errors import Code, ProblemError
from openaddr.run import printable

NOTHING = "-"
"""What is answered where something is suggested and nothing is meant."""
YES, NO = ("y", "yes"), ("n", "no")


@dataclass(frozen=True)
class Asker:
    """Asks on standard error, hears on standard input; with `takes_all` nobody is asked."""

    takes_all: bool

    def text(self, question: str, suggested: str = "", fits: Callable[[str], bool] = lambda answer: True) -> str:
        """An answer in words that `fits`, '' for none; asked again until it does.

        Raises ProblemError(ANSWER_NEEDED) where the answers have come to an end, or what is suggested does not fit.
        """
        if self.takes_all:
            if not fits(suggested):
                raise ProblemError(Code.ANSWER_NEEDED, f"There is nothing to suggest for this: {question}.")
            return suggested
        while True:
            answer = self._heard(f"{question} [{suggested}]: " if suggested else f"{question}: ", question)
            found = "" if answer == NOTHING else answer or suggested
            if fits(found):
                return found

    def confirmed(self, question: str) -> bool:
        """Yes or no; yes is suggested."""
        while not self.takes_all:
            answer = self._heard(f"{question} [Y/n]: ", question).lower()
            if answer in (*YES, ""):
                return True
            if answer in NO:
                return False
        return True

    def choice(self, question: str, options: Sequence[str], suggested: int | None) -> int:
        """The place of one of several options, from 0. Raises ProblemError(ANSWER_NEEDED) where none is suggested."""
        if len(options) == 1:
            return 0
        if self.takes_all:
            if suggested is None:
                raise ProblemError(Code.ANSWER_NEEDED, f"{question}? There are {len(options):,}: {_listed(options)}.")
            return suggested
        default = "" if suggested is None else str(suggested + 1)
        numbers = {str(number) for number in range(1, len(options) + 1)}
        return int(self.text(f"{question}, 1 to {len(options)}", default, numbers.__contains__)) - 1

    def _heard(self, prompt: str, question: str) -> str:
        print(printable(prompt), end="", file=sys.stderr, flush=True)
        try:
            return input().strip()
        except EOFError:
            print(file=sys.stderr)
            hint = "With --yes all suggestions are taken without a question."
            message = f"Standard input ended before this was answered: {question}."
            raise ProblemError(Code.ANSWER_NEEDED, message, hint=hint) from None


def _listed(options: Sequence[str], most: int = 10) -> str:
    rest = f" and {len(options) - most:,} more" if len(options) > most else ""
    return ", ".join(options[:most]) + rest
