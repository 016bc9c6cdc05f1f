"""Folders that appear whole or not at all; what a person finds on the disk after each way it can go."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from openaddr.errors import Code, ProblemError
from openaddr.outputs.folder import atomic_folder, disk_problem


def build(target: Path, text: str = "new") -> None:
    with atomic_folder(target) as folder:
        (folder / "file").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_new_folder_appears_with_its_parents_and_nothing_else(tmp_path: Path) -> None:
    build(tmp_path / "a" / "b")
    assert names(tmp_path) == ["a", "a/b", "a/b/file"]


def test_nothing_is_seen_before_the_end(tmp_path: Path) -> None:
    target = tmp_path / "run"
    with atomic_folder(target):
        assert not target.exists()
        assert all(path.name.startswith(".") for path in tmp_path.iterdir())


def test_an_older_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "run" / "stale").mkdir(parents=True)
    build(tmp_path / "run")
    assert names(tmp_path) == ["run", "run/file"]


def test_a_failure_leaves_the_older_folder_and_no_scraps(tmp_path: Path) -> None:
    build(tmp_path / "run", "old")
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "run") as folder:
        (folder / "file").write_text("new")
        raise KeyboardInterrupt
    assert names(tmp_path) == ["run", "run/file"]
    assert (tmp_path / "run" / "file").read_text() == "old"


def test_the_older_folder_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path / "run", "old")
    rename: Callable[[Path, Path], Path] = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name.startswith(".new-"):
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(ProblemError) as caught:
        build(tmp_path / "run")
    assert caught.value.problem.code is Code.DISK_FULL
    assert names(tmp_path) == ["run", "run/file"]
    assert (tmp_path / "run" / "file").read_text() == "old"


def test_a_file_or_a_link_in_the_place_of_the_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "one").symlink_to(tmp_path / "kept")
    (tmp_path / "other").write_text("")
    build(tmp_path / "one")
    build(tmp_path / "other")
    assert names(tmp_path) == ["kept", "one", "one/file", "other", "other/file"]


def test_the_folder_has_the_rights_of_any_new_folder(tmp_path: Path) -> None:
    build(tmp_path / "run")
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "run").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_where_a_folder_should_be_is_a_named_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProblemError) as caught:
        build(tmp_path / "file" / "run")
    assert caught.value.problem.code is Code.OUTPUT_NOT_WRITABLE
    assert str(tmp_path / "file") in caught.value.problem.message


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, Code.DISK_FULL),
        (errno.EDQUOT, Code.DISK_FULL),
        (errno.EACCES, Code.OUTPUT_NOT_WRITABLE),
        (errno.EROFS, Code.OUTPUT_NOT_WRITABLE),
        (errno.ENOTDIR, Code.OUTPUT_NOT_WRITABLE),
        (errno.ECONNRESET, None),
    ],
)
def test_errors_of_the_disk_have_codes(tmp_path: Path, number: int, code: Code | None) -> None:
    problem = disk_problem(OSError(number, os.strerror(number), str(tmp_path / "x" / "y")), tmp_path / "x")
    assert (problem and problem.code) == code


def test_refused_access_elsewhere_is_not_about_the_output(tmp_path: Path) -> None:
    assert disk_problem(PermissionError(errno.EACCES, "Permission denied", "/etc/shadow"), tmp_path) is None
    assert disk_problem(PermissionError(errno.EACCES, "Permission denied"), tmp_path) is None
