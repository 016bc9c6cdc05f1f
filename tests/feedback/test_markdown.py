"""What strangers write, in front of GitHub's own parser."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openaddr.feedback.markdown import APART, code, fenced, fitted, link, picture, sentence, table, text
from openaddr.words import shown
from tests.feedback.github import rendered, seen
from tests.feedback.scenarios import NASTY

ALPHABET = st.sampled_from(list("`*_~[]()<>|\\!#@:$&;-+=.^\"'/ \n\t0123456789abcdefGHw\u00e9\u202e\u200b"))
PIECES = st.sampled_from(
    ["@a", "#1", "GH-1", "://", "http://a.b", "www.a.b", "a@b.c", ":x:", "&amp;", "<b>", "<!--", "![a](b)", "[^1]",
     "``", "\\|", "|", "0a1b2c3d", "- ", "> ", "---", "<span>", "</details>", "$a$", "mailto:", "1. ", "x"]
)  # fmt: skip
WORDS = st.lists(st.one_of(PIECES, ALPHABET, st.characters(codec="utf-8")), max_size=30).map("".join)


def one_line(words: str, most: int = 400) -> str:
    return " ".join(shown(words, most).split())


def plain(words: str) -> str:
    return " ".join(words.replace(APART, "").split())


@given(WORDS)
@example(NASTY)
@example("~~a~~")
@example("~~~")
@example("a_www.a.b")
def test_text_is_read_as_the_plain_text_that_it_is(words: str) -> None:
    found = seen(f"{text(words)}")
    assert plain(found.text) == one_line(words)
    assert set(found.tags) <= {"p", "span"} and not found.links and not found.references


@given(WORDS)
@example("a|b")
@example("`")
def test_code_is_read_as_the_plain_text_that_it_is(words: str) -> None:
    found = seen(f"about {code(words)}, so")
    assert plain(found.text) == " ".join(f"about {one_line(words)}, so".split())
    assert set(found.tags) <= {"p", "code"} and not found.links and not found.references


@given(WORDS, WORDS)
@example("\\", "|")
@example("@a_www.a.b", "")
def test_a_cell_of_a_table_ends_where_it_should(first: str, second: str) -> None:
    found = seen(table(["a", "b"], [[text(first), code(second)], ["last", "cell"]]))
    assert found.tags.count("tr") == 3 and found.tags.count("td") == 4
    assert not found.links and not found.references
    assert rendered(table(["a"], [[text(first)]])).count("<td>") == 1


@given(WORDS)
@example("`a` b `c")
@example("`a|b` c")
@example("` ` 1. a")
@example(":x:``http://a.b")
def test_a_sentence_has_code_where_it_quotes_and_is_plain_elsewhere(words: str) -> None:
    found = seen(sentence(words))
    assert set(found.tags) <= {"p", "span", "code"} and not found.links and not found.references


@given(WORDS)
def test_the_label_of_a_link_opens_no_other(words: str) -> None:
    found = seen(link(text(words), "https://town.example/(a)|b <c>"))
    assert found.links == ["https://town.example/%28a%29%7Cb%20%3Cc%3E"]


@given(st.lists(WORDS, max_size=4))
@example(["```", "</details>", "~~~"])
def test_nothing_in_a_block_of_code_ends_it(lines: list[str]) -> None:
    found = seen(f"{fenced(lines)}\n\nbehind")
    assert found.tags == ["pre", "code", "p"] and found.text.endswith("behind\n")


@given(WORDS)
def test_text_between_tags_of_ours_stays_there(words: str) -> None:
    found = seen(f"<details>\n<summary>{text(words)}</summary>\n\nbody\n\n</details>")
    assert set(found.tags) <= {"details", "summary", "span", "p"} and found.text.endswith("body\n\n")


@pytest.mark.parametrize(
    ("address", "is_linked"),
    [
        ("https://town.example/a", True),
        ("http://town.example", True),
        ("javascript:alert(1)", False),
        ("//town.example", False),
        ("", False),
        ("https://town.example/\u202e", False),
    ],
)
def test_only_addresses_of_the_web_are_linked_or_shown(address: str, is_linked: bool) -> None:
    assert bool(seen(link("label", address)).links) is is_linked
    assert bool(seen(picture(address, "", "A map", 100)).images) is is_linked


def test_what_a_picture_is_about_cannot_leave_its_attribute() -> None:
    found = seen(picture("https://town.example/a.png", "https://town.example/b.png", '"><script>|', 100))
    assert found.tags == ["p", "picture", "source", "img"]


def test_numbers_and_names_stay_readable_in_the_source() -> None:
    assert (
        text("us/ca/alameda addresses city_of_a, 1,234 rows (-3 %)")
        == "us/ca/alameda addresses city_of_a, 1,234 rows (-3 %)"
    )


def test_blocks_that_do_not_fit_give_way_to_a_sentence() -> None:
    assert fitted(["aaaa", "", "bbbb"], 12, "rest") == "aaaa\n\nrest"
    assert fitted(["aaaa", "bbbb"], 16, "rest") == "aaaa\n\nbbbb"
    assert len(fitted(["a" * 50, "b" * 50], 60, "rest")) <= 60
