"""Text of strangers."""

import hypothesis.strategies as st
from hypothesis import given

from openaddr.db.values import LONGEST_WORD, storable, word

TEXT = st.text(st.characters() | st.sampled_from("\0\ud800\udfff\\"))


@given(TEXT)
def test_what_is_stored_has_no_nul_and_no_half_pairs(text: str) -> None:
    stored = storable(text)
    assert "\0" not in stored
    assert stored.encode().decode() == stored


@given(st.text())
def test_usual_text_stays_as_it_is(text: str) -> None:
    assert storable(text) == text.replace("\0", "\\x00")


@given(st.text(min_size=LONGEST_WORD + 1), st.text(min_size=LONGEST_WORD + 1))
def test_long_names_are_cut_and_still_told_apart(one: str, other: str) -> None:
    assert len(word(one)) <= LONGEST_WORD
    assert (word(one) == word(other)) is (storable(one) == storable(other))


def test_a_name_of_usual_length_is_that_name() -> None:
    assert word("a" * LONGEST_WORD) == "a" * LONGEST_WORD
