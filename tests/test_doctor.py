"""`openaddr doctor` itself: whatever a check does, it ends, and it is told. What it finds is tested with its parts."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.embedded.service import ROOT
from openaddr.doctor.checks import Check, as_json, as_text
from openaddr.doctor.libraries import libraries, lock
from openaddr.doctor.parts import Look, Part, examine
from openaddr.errors import Code, ProblemError

WELL = Check("well", True, "as it should be")


def well() -> Iterator[Check]:
    yield WELL


def ill() -> Iterator[Check]:
    yield WELL
    raise ZeroDivisionError("division\n  by zero")


def refused() -> Iterator[Check]:
    yield from ()
    raise ProblemError(Code.STORAGE_UNSET, "There is none.")


def told(*parts: Part) -> list[tuple[str, bool | None, str]]:
    return [(check.name, check.holds, check.found) for check in examine(parts)]


def test_an_exception_is_told_by_the_name_of_its_look_and_concerns_no_other() -> None:
    assert told(Part("one", [Look("sick", ill), Look("next", well)]), Part("two", [Look("other", well)])) == [
        ("well", True, "as it should be"),
        ("sick", False, "ZeroDivisionError: division by zero"),
        ("well", True, "as it should be"),
        ("well", True, "as it should be"),
    ]


def test_a_problem_is_told_in_its_words_with_its_hint_unless_the_look_has_a_better_one() -> None:
    plain, better = examine([Part("one", [Look("sick", refused), Look("sick", refused, "Do this.")])])
    assert (plain.found, better.found, better.fix) == ("There is none.", "There is none.", "Do this.")
    assert "OPENADDR_STORAGE_FOLDER" in plain.fix


def test_who_gives_no_answer_is_not_waited_for() -> None:
    never = threading.Event()

    def silent() -> Iterator[Check]:
        yield WELL
        never.wait()

    try:
        found = told(Part("one", [Look("silent", silent, seconds=0.2)]), Part("two", [Look("other", well)]))
    finally:
        never.set()
    assert found[1] == ("silent", False, "no answer in 0.2 seconds")
    assert [name for name, _, _ in found] == ["well", "silent", "well"]


def test_looks_are_made_side_by_side() -> None:
    all_here = threading.Barrier(4, timeout=20)

    def meeting() -> Iterator[Check]:
        all_here.wait()
        yield WELL

    two = [Look("one", meeting), Look("other", meeting)]
    assert {holds for _, holds, _ in told(Part("one", two), Part("two", two))} == {True}


def test_what_makes_no_sense_without_the_first_is_not_tried() -> None:
    assert told(Part("one", [Look("second", ill)], first=Look("first", refused))) == [
        ("first", False, "There is none."),
        ("second", None, "not checked without: first"),
    ]


def test_nothing_that_is_found_holds_what_is_to_be_hidden() -> None:
    parts = [Part("one", [Look("sick", refused)]), Part("two", [Look("well", well)])]
    found = examine(parts, lambda text: text.replace("none", "…").replace("should", "…"))
    assert [check.found for check in found] == ["There is ….", "as it … be"]


def test_the_table_has_groups_marks_fixes_and_a_count() -> None:
    checks = [
        Check("one", True, "is", "never shown", "First"),
        Check("two", False, "is not", "Mend it.", "First"),
        Check("three", None, "Set X.", group="Second"),
    ]
    lines = as_text(checks).splitlines()
    assert lines[0] == "First" and lines[1].split() == ["✓", "one", "is"]
    assert lines[2].split() == ["✗", "two", "is", "not"] and lines[3] == "      Mend it."
    assert lines[4:6] == ["", "Second"] and lines[6].split() == ["–", "three", "Set", "X."]
    assert lines[-1] == "1 hold, 1 do not, 1 were not checked"
    objects = [json.loads(line) for line in as_json(checks).splitlines()]
    assert [each["holds"] for each in objects] == [True, False, None]
    assert [each["fix"] for each in objects] == ["", "Mend it.", ""]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A distribution that needs an old numpy, a library that nobody has, and for operators two that are not there."""
    folder = tmp_path / "ill-1.0.dist-info"
    folder.mkdir()
    needs = ["numpy<1", "nobody-has-this", "pytest", "also-not>1; extra == 'operate'", "nor-this; extra == 'operate'"]
    lines = ["Metadata-Version: 2.1", "Name: ill", "Version: 1.0", *(f"Requires-Dist: {need}" for need in needs)]
    (folder / "METADATA").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "ill"


def test_libraries_that_are_missing_or_of_another_version_are_told(installed: str) -> None:
    plain, extra = libraries(installed)
    assert plain.holds is False and "numpy is 2." in plain.found and "needed is <1" in plain.found
    assert "nobody-has-this is missing" in plain.found and "pytest" not in plain.found
    assert extra.holds is None and "pip install 'openaddr-machine[operate]'" in extra.fix


def test_a_program_that_python_does_not_know_is_told() -> None:
    (check,) = libraries("nobody-has-this")
    assert check.holds is False and "make setup" in check.fix


def test_versions_beside_the_lock_are_told(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    path.write_text("numpy==0.1 \\\n    --hash=sha256:0\nnobody-has-this==1\n")
    (check,) = lock(path)
    assert check.holds and "numpy 2." in check.found and "(lock: 0.1)" in check.found and "1 of 2" in check.found


def test_contributors_have_the_table_and_a_line_on_how_to_get_the_rest() -> None:
    hidden = "import sys; sys.modules['psycopg'] = sys.modules['prefect'] = None; from openaddr.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "doctor"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ box: read a file" in done.stdout and "✓ tippecanoe" in done.stdout
    assert "pip install 'openaddr-machine[operate]'" in done.stdout and "Database\n" not in done.stdout
