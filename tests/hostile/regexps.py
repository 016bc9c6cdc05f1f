"""Regular expressions that run away, swell, or are none, on the data that hurts them most."""

from collections.abc import Iterator
from typing import Any

from openaddr.errors import Code
from tests.hostile.case import CONFORM, HEADER, Case, World, case, source

FAMILY = "regexps"
INVALID = Code.REGEX_INVALID
LATE = "2 rows, 1 FUNCTION_TIMED_OUT"
"""Two harmless rows and the one that the pattern runs away on; `é` keeps the value from the engine that cannot."""
RUNAWAYS: dict[str, tuple[str, str]] = {
    "a repetition of a repetition": ("^(a+)+$", "a" * 40 + "!é"),
    "a repetition of a choice": ("(a|aa)+$", "é" + "a" * 60 + "!"),
    "a repetition of equal choices": ("(a|a)*$", "é" + "a" * 40 + "!"),
    "repetitions in repetitions": ("((a*)*)*$b", "é" + "a" * 60),
    "a lazy repetition of a lazy repetition": ("(a+?)+?$", "é" + "a" * 40 + "!"),
    "a repetition of anything and a letter": ("(.*a){20}$", "é" + "a" * 60 + "!"),
    "words and blanks": (r"^(\w+\s?)*$", "é" + "word " * 20 + "!"),
    "letters of Unicode": (r"^([^\W\d_]+)*$", "é" * 40 + "!"),
    "a runaway in a lookahead": ("(?=(a+)+$)", "a" * 40 + "!"),
    "a runaway behind a lookahead": ("(?!x)(a+)+$", "a" * 40 + "!"),
    "a reference to a repeated group": (r"(a+)+\1$", "a" * 40 + "!"),
    "many references": (r"(a*)(a*)(a*)(a*)\1\2\3\4b", "a" * 300),
    "five anythings": (".*.*.*.*.*=é", "é" + "a" * 3000),
    "a reference that goes on and on": (r"(.+)\1+$", "é" + "ab" * 20_000 + "c"),
    "a street with units that runs away": (r"^((?:\d+\s*)+)+x$", "1 " * 40 + "é"),
}
"""Patterns and the value that they take for ever on."""
NONE = {
    "an open group": "(a",
    "an open class": "[a",
    "nothing to repeat": "*a",
    "a repetition of a repetition": "a**",
    "a group that is not there": r"(a)\5",
    "a name that is not there": "(?P=name)",
    "two groups of one name": "(?P<n>a)(?P<n>b)",
    "an unknown escape": r"\q",
    "an unknown extension": "(?~a)",
    "a range the wrong way": "[z-a]",
    "bounds the wrong way": "a{5,2}",
    "a lookbehind without an end": "(?<=a+)b",
    "a flag in the middle": "a(?i)b",
    "an unknown flag": "(?k)a",
    "a bound beyond integers": "a{99999999999999999999}",
    "10,000 open groups": "(" * 10_000,
    "an unfinished escape": "\\",
    "a condition on no group": "(?(9)a|b)",
    "a property of Unicode": r"\p{L}+",
}
"""Patterns that are not valid."""


def cases(_: World) -> Iterator[Case]:
    """All of them."""
    for name, (pattern, value) in RUNAWAYS.items():
        yield _regexp(f"a runaway: {name}", {"pattern": pattern}, [value], LATE)
    for name, pattern in NONE.items():
        yield _regexp(f"no pattern: {name}", {"pattern": pattern}, ["a"], INVALID)
    yield from _large()
    yield from _replacements()
    yield from _many()


def _regexp(name: str, members: dict[str, Any], values: list[str], *expected: str) -> Case:
    return _rule(name, {"function": "regexp", "field": "street", **members}, values, *expected)


def _rule(name: str, rule: Any, values: list[str], *expected: str) -> Case:
    lines = "".join(f'5,"{value}",10,50\n' for value in ["Main St", "Broad St", *values])
    return case(
        FAMILY, name, source(conform={**CONFORM, "street": rule}), *expected, data__csv=(HEADER + lines).encode()
    )


def _large() -> Iterator[Case]:
    for name, pattern in (
        ("a million repetitions", "a{1,1000000}"),
        ("a repetition of a hundred thousand", "(ab?){1,100000}$"),
        ("repetitions that multiply", "((a{1,100}){1,100}){1,100}"),
        ("repetitions that multiply to ten billion", "((a{0,99999}){0,99999})"),
        ("ten thousand choices", "|".join(f"a{at}" for at in range(10_000))),
        ("a thousand groups", "(a?)" * 1_000),
        ("a class of everything", "[^a]{1,1000}[\\s\\S]*"),
        (
            "a class of many ranges",
            "[" + "".join(f"\\u{code:04x}-\\u{code + 1:04x}" for code in range(256, 9000, 3)) + "]",
        ),
        ("a pattern of 90 KB", "a?" * 45_000),
        ("lookbehinds of ten thousand letters", "(?<=" + "a" * 10_000 + ")b"),
        ("a pattern that matches nothing everywhere", "(?:)"),
        ("a hundred groups in each other", "(" * 90 + "a" + ")" * 90),
    ):
        yield _regexp(f"a large pattern: {name}", {"pattern": pattern}, ["a" * 50, "é" + "a" * 50], "4 rows", INVALID)
    yield _regexp("a large pattern: 1 MB", {"pattern": "a?" * 500_000}, ["a"], INVALID)
    slow = ["ab" * 1_000 + f"é{at}" for at in range(300)]
    yield _regexp("a pattern just below the limit on 300 values", {"pattern": r"(\w+)+?\1x"}, slow, Code.REGEX_TOO_SLOW)
    states = [f"{at}" + "ab" * 30_000 for at in range(30)]
    yield _regexp(
        "a pattern of many states on 2 MB",
        {"pattern": "((?:(?:[ab]{1,100}){1,100}){1,2}x)"},
        states,
        "32 rows",
        Code.REGEX_TOO_SLOW,
        Code.ROWS_REJECTED,
    )
    choices = "|".join("a" * length for length in range(1, 440))
    yield _regexp("ten thousand states that all match", {"pattern": f"(?:{choices})+x"}, states, "32 rows")
    yield _regexp("choices that may be empty on 2 MB", {"pattern": "(?:a?b?){1,900}$"}, states, Code.REGEX_TOO_SLOW)
    yield _regexp("a pattern of many unanchored states on 2 MB", {"pattern": "a.{900}x.{900}y"}, states, "32 rows")


def _replacements() -> Iterator[Case]:
    def replaced(name: str, pattern: str, replace: str, value: str, *expected: str) -> Case:
        return _regexp(f"a replacement: {name}", {"pattern": pattern, "replace": replace}, [value], *expected)

    too_long = "2 rows, 1 VALUE_TOO_LONG"
    yield replaced("of a group that is not there", "(a)", "$2", "a", INVALID)
    yield replaced("of a group beyond integers", "(a)", "$" + "9" * 999, "a", INVALID)
    yield replaced("of a name that is not there", "(a)", r"\g<name>", "a", INVALID)
    yield replaced("of an escape that means nothing", "(a)", r"\q", "a", INVALID)
    yield replaced("that repeats the value 500 times", "(.+)", "$1" * 500, "a" * 500, too_long)
    yield replaced("that repeats the value 500 times beyond ASCII", "(.+)", "$1" * 500, "é" * 500, too_long)
    yield replaced("that swells every letter", "(.)", "$1" * 500, "a" * 60_000, too_long)
    yield replaced("that swells every letter beyond ASCII", "(.)", "$1" * 500, "é" * 3_000, too_long)
    yield replaced("of nothing at every place", "", "ab" * 100, "a" * 1_000, too_long)
    yield replaced("of 100 KB", "(a)", "b" * 100_000, "a", Code.FUNCTION_INVALID)
    yield replaced("of 1,000 letters at every place", "(?:)", "b" * 1_000, "a" * 100, too_long)
    yield replaced("of dollars", "(a)", "$$$", "a", "3 rows")
    yield replaced("in the syntax of another engine", "(a)", "${name} $& $`", "a", "3 rows")


def _many() -> Iterator[Case]:
    runaway = {"pattern": "^(a+)+$"}
    values = ["a" * 40 + f"!é{at}" for at in range(30)]
    yield _regexp("a runaway on 30 values", runaway, values, Code.REGEX_TOO_SLOW)
    step = {"function": "regexp", "field": "oa:v", "pattern": "^(a+)+$", "replace": "$1"}
    first = {"function": "regexp", "field": "street", "pattern": "(.*)"}
    chain = {"function": "chain", "variable": "v", "functions": [first, *[step] * 63]}
    yield _rule("a runaway in every step of a chain", chain, ["a" * 40 + "!é"], LATE)
    grow = {"function": "regexp", "field": "oa:v", "pattern": "^(.*)$", "replace": "$1$1"}
    growing = {"function": "chain", "variable": "v", "functions": [first, *[grow] * 63]}
    yield _rule("a chain that doubles 63 times", growing, ["a"], Code.ROWS_REJECTED)
    yield _rule("a chain that doubles 63 times beyond ASCII", growing, ["é"], Code.ROWS_REJECTED)
    join = {"function": "join", "fields": ["oa:v"] * 200, "separator": ""}
    joining = {"function": "chain", "variable": "v", "functions": [first, *[join] * 20]}
    yield _rule("a chain that joins itself 200 times", joining, ["a"], Code.ROWS_REJECTED)
    form = {"function": "format", "fields": ["oa:v"], "format": "$1" * 64}
    formed = {"function": "chain", "variable": "v", "functions": [first, *[form] * 20]}
    yield _rule("a chain of templates of 64 fields", formed, ["a"], Code.ROWS_REJECTED)
    for function in ("prefixed_number", "postfixed_street", "postfixed_unit"):
        long = ["1 " * 30_000 + "é", "1-" * 30_000 + "é", "é" + " " * 60_000 + "x", "#" * 60_000 + "é"]
        yield _rule(f"60 KB for {function}", {"function": function, "field": "street"}, long, "6 rows")
    units = {"function": "postfixed_street", "field": "street", "may_contain_units": True}
    long = ["é" + " UNIT" * 12_000, "é" + " #" * 30_000, "é" + " " * 60_000]
    yield _rule("60 KB for postfixed_street with units", units, long, "4 rows, 1 FUNCTION_TIMED_OUT")
