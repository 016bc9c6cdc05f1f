"""What the documents tell operators to type exists: commands with these options, deployments, queues, queries."""

import pkgutil
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from deployments.prefect_file import read
from openaddr.cli import app
from openaddr.db.connections import connect
from openaddr.db.records import RunStatus
from openaddr.db.runs import release_expired
from openaddr.settings import Settings, variable
from tests.db.conftest import Rows, found

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNBOOKS = (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^ *```(sh|sql)\n(.*?)^ *```", re.M | re.S)
INLINE = re.compile(r"`((?:[A-Z_]+=\S+ )*(?:openaddr|prefect|make) [^`]+)`")
SETTING = re.compile(r"\bOPENADDR_[A-Z0-9_]+\b")
PARTS = ("You notice", "Do", "It is over")
TITLES = {
    "A set is late",
    "A source hangs",
    "The storage is full",
    "GitHub is down",
    "A secret leaked",
    "The database is lost",
    "Prefect's database is lost",
    "A worker machine died",
    "A wrong collection was published",
    "The site is stale",
}
NO_SETTINGS = {"OPENADDR_KILLS", "OPENADDR_TEST_DATABASE_URL", "OPENADDR_CONSUMERS_PYTHON", "OPENADDR_REWRITE_GOLDEN"}
"""Of tests."""
OF_DUCKDB = {"README.md", "deduplicated.md"}
"""Pages whose queries are for our files."""


def blocks(kind: str) -> list[tuple[str, str]]:
    """What is in all blocks of a kind, with the name of their page."""
    texts = ((path.name, path.read_text(encoding="utf-8")) for path in PAGES)
    return [(name, body) for name, text in texts for found, body in BLOCK.findall(text) if found == kind]


def commands(program: str) -> list[tuple[str, list[str]]]:
    """Every time that a program is called, with the name of the page: its words after its name."""
    called = [(name, line.strip()) for name, body in blocks("sh") for line in body.replace("\\\n", " ").splitlines()]
    for path in PAGES:
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
        called += [(path.name, found.replace("\n", " ")) for found in INLINE.findall(text)]
    known = []
    for name, line in called:
        words = shlex.split(line, comments=True)
        while words and re.match(r"[A-Z_0-9]+=", words[0]):
            words = words[1:]
        if words and words[0] == program:
            known.append((name, words[1:]))
    return known


def options(words: list[str]) -> set[str]:
    """The options among words, without their values."""
    return {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}


def test_every_command_of_ours_exists_with_its_options() -> None:
    called = commands("openaddr")
    assert len(called) > 60
    wrong = [f"{page}: openaddr {' '.join(words)}: {fault}" for page, words in called if (fault := _fault(words))]
    assert wrong == []


def _fault(words: list[str]) -> str:
    command: Any = typer.main.get_command(app)
    known: set[str] = {"--help"}
    while True:
        known |= {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        if not hasattr(command, "commands") or not words or words[0].startswith("-"):
            break
        if words[0] not in command.commands:
            return f"no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    return ", ".join(f"no option {option}" for option in sorted(options(words) - known))


@cache
def _options_of_prefect(*names: str) -> frozenset[str]:
    group = names[0].replace("-", "_")
    command = pkgutil.resolve_name(f"prefect.cli.{group}:{group}_app")
    for name in names[1:]:
        command = command[name]
    return frozenset(name for argument in command.assemble_argument_collection() for name in argument.names)


def test_every_command_of_prefect_exists_with_its_options() -> None:
    called = [(page, words) for page, words in commands("prefect") if len(words) > 1]
    assert len(called) > 10
    deployments = {f"{each.name}/{each.name}" for each in read(ROOT / "prefect.yaml").deployments}
    for page, words in called:
        names = words[: 3 if words[1] == "schedule" else 2]
        assert options(words) <= _options_of_prefect(*names), f"{page}: prefect {' '.join(words)}"
        asked = {word for word in words if re.fullmatch(r"[a-z-]+/[a-z-]+", word)}
        assert asked <= deployments, f"{page}: {asked}"


def test_flows_and_queues_that_are_named_exist() -> None:
    file = read(ROOT / "prefect.yaml")
    flows = set(re.findall(r"--flow-name ([\w-]+)", RUNBOOKS))
    assert flows and flows <= {each.name for each in file.deployments}
    assert set(re.findall(r"work-queue \w+ (\w+) --pool", RUNBOOKS)) <= {"ci", "scheduled", "batch", "upkeep"}


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    called = {word for _, words in commands("make") for word in words if word.isalpha()}
    assert called and called <= targets


def test_every_setting_that_is_named_exists() -> None:
    known = {variable(name) for name in Settings.__dataclass_fields__} | NO_SETTINGS
    named = {name for path in PAGES for name in SETTING.findall(path.read_text(encoding="utf-8"))}
    # `OPENADDR_KEEP_…_DAYS` and `OPENADDR_GATE_…` mean several.
    assert {name for name in named - known if not name.endswith("_")} == set()


def test_every_query_is_one_for_our_tables(url: str) -> None:
    bodies = [body for page, body in blocks("sql") if page not in OF_DUCKDB]
    queries = [query for body in bodies for query in body.split(";") if query.strip()]
    assert len(queries) > 12
    with connect(url) as conn:
        for query in queries:
            conn.execute(f"explain {query}".encode())


def test_every_runbook_says_how_it_begins_what_to_do_and_how_it_ends() -> None:
    _, *parts = re.split(r"^## ", RUNBOOKS, flags=re.M)
    assert {part.partition("\n")[0] for part in parts} == TITLES
    assert [part.partition("\n")[0] for part in parts if not all(f"**{word}**" in part for word in PARTS)] == []


@pytest.mark.parametrize(("is_final", "status"), [(True, RunStatus.LOST), (False, RunStatus.QUEUED)])
def test_a_run_that_hangs_is_ended_as_the_runbook_says(url: str, is_final: bool, status: RunStatus) -> None:
    (query,) = re.findall(r"^update runs set attempt = 3.*?;", RUNBOOKS, re.M | re.S)
    query = query if is_final else query.replace("attempt = 3,", "")
    with connect(url) as conn:
        lease = Rows(conn).claimed()
        conn.execute(query.replace("1234", f"{lease.run_id}").encode())
        release_expired(conn)
        assert found(conn, lease.run_id).status is status
