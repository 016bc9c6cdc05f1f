"""What is said to whoever asks: JSON, always."""

from collections.abc import Mapping

from starlette.responses import JSONResponse


class Refusal(Exception):
    """A request that is not done: the status, a word for programs and a sentence for people."""

    def __init__(self, status: int, word: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.word, self.sentence = status, word, sentence

    def answer(self, headers: Mapping[str, str] | None = None) -> JSONResponse:
        """The refusal as it is sent."""
        return JSONResponse({"error": self.word, "message": self.sentence}, self.status, headers)
