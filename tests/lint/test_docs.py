"""The page of the lint says what the code does."""

from pathlib import Path

from openaddr.errors import EXPLANATIONS, Code
from openaddr.lint.catalogue import CHECKS
from openaddr.lint.findings import Severity
from openaddr.lint.rules.problems import FOUND
from openaddr.lint.rules.shape import schema
from tests.golden import assert_golden

ROOT = Path(__file__).parents[2]
TOP = f"""\
# Lint

`openaddr lint` says what is wrong with a source file without looking at its data: where, what was found, and what to
write instead. This page is made from `openaddr/lint` by `make golden`.

```sh
openaddr lint sources/us/ca/alameda.json          # for people; in colours, with the line, on a terminal
openaddr lint sources --fix                       # mend what can be mended safely
openaddr lint --changed --format github           # annotations on a pull request
openaddr lint --staged                            # what the next commit will have
openaddr lint sources --format sarif > lint.sarif # for code scanning
```

A **bug** loses data or fails the run, and makes the exit code 1. A **warning** most likely is a mistake. A **hint** is
worth a look. In a source that is skipped everything is a hint. A rule that fires on every third file would tell nobody
anything: each is held against the real source files.

`--fix` changes the words of a key or of a value and not a character elsewhere. It leaves a file alone that it cannot
read, and has nothing left to do the second time. `--changed` looks at what differs from where the branch left the
default one, files that are not committed or added yet too; `--staged` at what the next commit will have.

## Formats

`--format text` is for people and `grep`. `github` are workflow commands of GitHub Actions, `sarif` is SARIF 2.1.0.
`json` (or `--json`) prints one object a finding, one on a line:

| member | what it is |
|---|---|
| `file` | the file, as it was named |
| `line`, `column`, `end_line`, `end_column` | where, counted from 1 in characters; the end is behind the last one |
| `rule`, `severity` | the rule of the tables below; `bug`, `warning` or `hint` |
| `pointer` | the value, as an RFC 6901 pointer |
| `message`, `instead` | what was found, and what to write instead |
| `fixable` | whether `--fix` mends it |

## Before a commit

In `.pre-commit-config.yaml` of a repository of source files (https://pre-commit.com):

```yaml
repos:
  - repo: https://github.com/openaddresses/machine
    rev: main
    hooks:
      - id: openaddr-lint
      - id: openaddr-test
```

## In an editor

`openaddr/lint/schema.json` is a JSON Schema in one file that explains every key, published as
<{schema()["$id"]}>. In `.vscode/settings.json`:

```json
{{
  "json.schemas": [
    {{ "fileMatch": ["/sources/**/*.json"], "url": "{schema()["$id"]}" }}
  ]
}}
```
"""


def page() -> str:
    """`docs/lint.md`: how to use it, every rule, and the problems of a run that are found already here."""
    lines = ["## Rules", "", "✎ = `--fix` mends it where there is one right answer."]
    for severity in Severity:
        lines += ["", f"### {severity.value.capitalize()}s", "", "| rule | what it finds | what to write instead |"]
        lines.append("|---|---|---|")
        lines += [
            f"| `{check.code}`{' ✎' if check.mends else ''} | {_cell(check.title)} | {_cell(check.instead)} |"
            for check in CHECKS
            if check.severity is severity
        ]
    lines += ["", "### Problems of a run", "", "What a run would refuse or warn of is found under the same code"]
    lines += ["([problems.md](problems.md)) as a bug or a warning.", "", "| rule | what it finds | what to do |"]
    lines.append("|---|---|---|")
    lines += [f"| `{code}` | {EXPLANATIONS[code].title} | {EXPLANATIONS[code].hint} |" for code in FOUND]
    return f"{TOP}\n" + "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def test_the_page_says_what_the_code_does() -> None:
    assert_golden(ROOT / "docs/lint.md", page())


def test_the_problems_found_are_codes_of_the_source_itself() -> None:
    assert len(set(FOUND)) == len(FOUND) and Code.TEST_FAILED not in FOUND
