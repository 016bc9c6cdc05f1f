"""`openaddr lint` and `openaddr test` as people and programs call them."""

import json
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from openaddr.cli import app
from openaddr.cli_operators import db
from openaddr.errors import ExitCode
from openaddr.lint.formats import FORMATS
from tests.lint.sources import ENTRY, GONE, conform, coverage, csv, entry, source

Openaddr = Callable[..., Result]
GOOD = source()
HINTED = source(conform(id="OBJECTID"))
BUG = source(conform(postcode={"function": "regexp", "field": "A", "pattern": "(IL)", "replace": "$1"}))
MENDABLE = coverage(country="US")


@pytest.fixture
def openaddr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Openaddr:
    """The command, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result  # type: ignore[return-value]

    return run


def write(name: str, value: Any) -> Path:
    """A source file below `sources/us/ca`."""
    path = Path("sources/us/ca", f"{name}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=4), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("value", "code"),
    [(GOOD, ExitCode.DONE), (HINTED, ExitCode.DONE), (BUG, ExitCode.FINDINGS), ("{", ExitCode.FINDINGS)],
    ids=["nothing", "a hint", "a bug", "no JSON"],
)
@pytest.mark.parametrize("form", FORMATS)
def test_only_a_bug_makes_it_fail(openaddr: Openaddr, value: Any, code: ExitCode, form: str) -> None:
    result = openaddr("lint", str(write("alameda", value)), "--format", form)
    assert result.exit_code == code
    assert bool(result.stdout) == (value is not GOOD or form == "sarif")
    assert result.stderr.startswith("1 file: ")


def test_json_is_a_format_with_a_name_of_its_own(openaddr: Openaddr) -> None:
    path = write("alameda", BUG)
    assert openaddr("lint", str(path), "--json").stdout == openaddr("lint", str(path), "--format", "json").stdout


def test_of_a_folder_the_sources_are_looked_at(openaddr: Openaddr) -> None:
    write("alameda", HINTED)
    write("a/b", "{")
    Path("package.json").write_text("{}")
    for place in (".", "sources"):
        objects = [json.loads(line) for line in openaddr("lint", place, "--json").stdout.splitlines()]
        assert [one["file"] for one in objects] == ["sources/us/ca/a/b.json", "sources/us/ca/alameda.json"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to look at"),
        (("empty",), "no source files in empty"),
        (("--staged", "--changed"), "--staged"),
        (("--staged", "--fix"), "--fix"),
        (("--changed",), "needs a git repository"),
        (("sources", "--format", "xml"), "xml"),
        (("--nonsense",), "nonsense"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(
    openaddr: Openaddr, arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    Path("empty").mkdir()
    result = openaddr("lint", *arguments)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert words in result.stderr


def test_a_file_that_does_not_exist_is_a_finding(openaddr: Openaddr) -> None:
    result = openaddr("lint", "nowhere.json", "--json")
    assert result.exit_code == ExitCode.FINDINGS
    assert json.loads(result.stdout)["rule"] == "SOURCE_NOT_FOUND"


def test_fix_mends_the_file_and_a_second_time_has_nothing_to_do(openaddr: Openaddr) -> None:
    path = write("alameda", MENDABLE)
    before = path.read_text()
    assert "--fix mends 1 of them" in openaddr("lint", str(path)).stderr
    result = openaddr("lint", str(path), "--fix")
    assert (result.exit_code, result.stdout) == (ExitCode.DONE, "")
    assert "1 place mended" in result.stderr
    after = path.read_text()
    assert after == before.replace('"US"', '"us"')
    assert "mended" not in openaddr("lint", str(path), "--fix").stderr
    assert path.read_text() == after


def test_fix_leaves_alone_what_it_cannot_read(openaddr: Openaddr) -> None:
    path = write("alameda", "{ ")
    assert openaddr("lint", str(path), "--fix").exit_code == ExitCode.FINDINGS
    assert path.read_text() == "{ "


def commit(*arguments: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def test_staged_looks_at_what_is_staged_and_changed_at_what_is_on_the_disk(openaddr: Openaddr) -> None:
    write("kept", "{")
    commit("init", "-b", "master")
    commit("add", ".")
    commit("commit", "-m", "first")
    assert openaddr("lint", "--changed").exit_code == ExitCode.DONE
    path = write("alameda", BUG)
    commit("add", ".")
    write("alameda", GOOD)
    assert openaddr("lint", "--staged").exit_code == ExitCode.FINDINGS
    assert openaddr("lint", "--changed").exit_code == ExitCode.DONE
    commit("add", str(path))
    assert openaddr("lint", "--staged").exit_code == ExitCode.DONE


def promising(**expected: Any) -> dict[str, Any]:
    """A source whose test has these expectations of an address."""
    case = {"description": "a unit", "inputs": {"A": "5 Main St #3"}, "expected": expected}
    street = {"function": "postfixed_street", "field": "A", "may_contain_units": True}
    rules = {"number": {"function": "prefixed_number", "field": "A"}, "street": street}
    tests = {"description": "units", "acceptance-tests": [case, case | {"expected": {"number": "5"}}]}
    return source(conform(**rules, city=GONE, postcode=GONE) | {"test": tests})


def test_tests_that_pass_are_named(openaddr: Openaddr) -> None:
    result = openaddr("test", str(write("alameda", promising(number="5", street="Main St"))))
    assert result.exit_code == ExitCode.DONE
    assert result.stdout.splitlines() == ["✓ us/ca/alameda/addresses/county: a unit"] * 2
    assert result.stderr == "1 file, 2 tests, 0 failed\n"


def test_a_test_that_fails_shows_what_was_expected_above_what_came(openaddr: Openaddr) -> None:
    path = write("alameda", promising(street="Main Street", number="5", unit="#3", nothing="x"))
    result = openaddr("test", str(path))
    assert result.exit_code == ExitCode.FINDINGS
    # The line before that of the description is the one of the test.
    line = path.read_text().split("\n").index(" " * 28 + '"description": "a unit",')
    assert result.stdout == (
        f"✗ us/ca/alameda/addresses/county: a unit ({path}:{line})\n"
        '    street   expected "Main Street"\n'
        '             got      "Main St"\n'
        '    unit     expected "#3"\n'
        '             got      ""\n'
        '    nothing  expected "x"\n'
        "             got      nothing: there is no such attribute\n"
        "✓ us/ca/alameda/addresses/county: a unit\n"
    )


def test_tests_as_json(openaddr: Openaddr) -> None:
    objects = [
        json.loads(line)
        for line in openaddr("test", str(write("a", promising(street="x"))), "--json").stdout.splitlines()
    ]
    assert [one["passed"] for one in objects] == [False, True]
    assert objects[0]["differences"] == [{"attribute": "street", "expected": "x", "got": "Main St"}]


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (GOOD, ExitCode.DONE, ""),
        ("{", ExitCode.SOURCE, "SOURCE_JSON_INVALID"),
        (source(entry(protocol="gopher"), ENTRY), ExitCode.SOURCE, "PROTOCOL_UNKNOWN"),
        (promising() | {"layers": {"addresses": [csv(unit={"function": "regexp", "field": "A", "pattern": "("})
            | {"test": promising()["layers"]["addresses"][0]["test"]}]}}, ExitCode.SOURCE, "REGEX_INVALID"),
        (promising(number=5, unit=None), ExitCode.DONE, "✓"),
    ],
    ids=["no tests", "no JSON", "a broken entry", "a bad pattern", "a number and nothing"],
)  # fmt: skip
def test_a_source_that_cannot_be_tried_is_at_fault(openaddr: Openaddr, value: Any, code: ExitCode, words: str) -> None:
    result = openaddr("test", str(write("alameda", value)))
    assert result.exit_code == code
    assert words in result.stdout


def test_a_file_without_any_is_not_an_error_but_a_folder_without_files_is(openaddr: Openaddr) -> None:
    Path("empty").mkdir()
    assert openaddr("test", "empty").exit_code == ExitCode.USAGE
    assert openaddr("test").exit_code == ExitCode.USAGE
    assert openaddr("test", "nowhere.json").exit_code == ExitCode.SOURCE


COMMANDS = [
    *(command.callback.__name__ for command in app.registered_commands if command.callback),
    *(f"db {command.callback.__name__}" for command in db.registered_commands if command.callback),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_begins_with_examples(openaddr: Openaddr, command: str) -> None:
    result = openaddr(*command.split(), "--help")
    text = result.stdout.split("\n\n", 1)[1]
    assert result.exit_code == ExitCode.DONE
    assert re.match(rf"\s*Examples?:\n\s+.*openaddr {command}", text)


def in_a_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)


def test_help_answers_at_once() -> None:
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "lint" in in_a_process("-m", "openaddr", "--help").stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.3


def test_help_loads_nothing_of_the_work() -> None:
    code = "import sys; from openaddr.cli import app; print(*sys.modules)"
    loaded = set(in_a_process("-c", code).stdout.split())
    assert not loaded & {"polars", "pyarrow", "jsonschema_rs", "rich.console", "openaddr.lint", "openaddr.process"}


def test_a_shell_can_complete_names_of_commands() -> None:
    program = "import sys; from openaddr.cli import app; sys.argv[0] = 'openaddr'; app(prog_name='openaddr')"
    asked = {"_OPENADDR_COMPLETE": "complete_bash", "COMP_WORDS": "openaddr li", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=asked, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["lint"]


def test_the_hooks_of_pre_commit_call_commands_that_there_are() -> None:
    hooks = Path(__file__).parents[2].joinpath(".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"^  entry: openaddr (\S+)", hooks, re.M)
    assert entries == ["lint", "test"] and set(entries) <= set(COMMANDS)
    assert re.findall(r"^  files: (.*)", hooks, re.M) == [r"^sources/.*\.json$"] * 2
