"""A full disk is said plainly."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from openaddr.download.store import require_room, save, write
from openaddr.errors import Code, ProblemError


def test_a_full_disk_is_named_with_its_free_bytes() -> None:
    with pytest.raises(ProblemError) as caught:
        write([b"x" * 1000], Path("/dev/full"))
    assert caught.value.problem.code == Code.DISK_FULL
    assert "/dev/full cannot be written: No space left on device" in caught.value.problem.message
    assert "bytes are free" in caught.value.problem.message


def test_a_full_disk_is_noticed_in_the_middle_of_a_large_file() -> None:
    taken = []

    def blocks() -> Iterator[bytes]:
        for number in range(100):
            taken.append(number)
            yield b"x" * 1_000_000

    with pytest.raises(ProblemError):
        save(blocks(), Path("/dev/full"), lambda done: None)
    assert len(taken) < 5


def test_a_limit_on_the_size_of_files_is_a_full_disk(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(ProblemError) as caught:
            write([b"x" * 200_000], tmp_path / "large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.problem.code == Code.DISK_FULL


def test_a_folder_that_is_missing_is_a_surprise_and_no_full_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write([b"x"], tmp_path / "none" / "file")


def test_more_than_is_free_is_refused(tmp_path: Path) -> None:
    require_room(tmp_path, 1)
    with pytest.raises(ProblemError):
        require_room(tmp_path, 10**18)


def test_the_first_bytes_are_kept_for_a_look(tmp_path: Path) -> None:
    told: list[int] = []
    saved = save((bytes([number]) * 3000 for number in range(3)), tmp_path / "file", told.append)
    assert saved.head == b"\0" * 3000 + b"\1" * 1096
    assert told == [3000, 6000, 9000]
