"""Which size class a layer source gets by what its last good run took."""

from dataclasses import replace
from itertools import pairwise

import pytest

from openaddr.machines import ECS, KUBERNETES, PROCESS, WORK_POOLS, job_variables
from openaddr.settings import Settings
from openaddr.sizes import GB, HOUR, MB, MINUTE, SIZE_CLASSES, Taken, class_for, larger

TOWN = Taken(downloaded=5 * MB, rows=20_000, peak_memory=250 * MB, seconds=20, download_seconds=5)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "small"),
        ({"downloaded": 160 * MB}, "small"),
        ({"downloaded": 170 * MB}, "medium"),
        ({"downloaded": 1 * GB}, "medium"),
        ({"downloaded": 3 * GB}, "large"),
        ({"downloaded": 900 * GB}, "large"),
        ({"rows": 10_000_000}, "small"),
        ({"rows": 26_000_000}, "medium"),
        ({"rows": 60_000_000}, "large"),
        ({"peak_memory": 1600 * MB}, "small"),
        ({"peak_memory": 1800 * MB}, "medium"),
        ({"peak_memory": 3800 * MB}, "large"),
        ({"seconds": 6 * MINUTE}, "medium"),
        ({"seconds": HOUR}, "large"),
        ({"seconds": HOUR, "download_seconds": 59 * MINUTE}, "large"),
        ({"seconds": 30 * MINUTE, "download_seconds": 29 * MINUTE}, "medium"),
    ],
)
def test_a_source_has_the_smallest_class_with_room_for_it_and_for_its_growth(
    changes: dict[str, int], expected: str
) -> None:
    assert class_for(replace(TOWN, **changes)) == expected


def test_what_nobody_knows_is_medium() -> None:
    assert class_for(None) == "medium"


def test_classes_have_an_order_and_each_has_more_of_everything_than_the_one_before() -> None:
    assert [larger(name) for name in SIZE_CLASSES] == ["medium", "large", None]
    sizes = [vars(size) for size in SIZE_CLASSES.values()]
    for below, above in pairwise(sizes):
        assert all(above[name] >= below[name] for name in below)
        assert all(above[name] > below[name] for name in set(below) - {"cpus", "memory_bytes"})


@pytest.mark.parametrize("name", SIZE_CLASSES)
def test_a_machine_has_room_for_all_that_the_box_lets_through(name: str) -> None:
    size = SIZE_CLASSES[name]
    assert size.memory_bytes <= 800 * MB, "a run stays below 1 GB whatever its class"
    assert size.machine_memory >= size.memory_bytes + GB
    assert size.machine_disk >= size.download_bytes + size.unpacked_bytes


def test_each_work_pool_is_told_of_the_machine_in_its_own_words() -> None:
    assert job_variables(PROCESS, "large") == {}
    assert job_variables(KUBERNETES, "medium") == {"cpu": "1", "memory": "4000M", "ephemeral_storage": "60G"}
    assert job_variables(ECS, "small") == {"cpu": 1024, "memory": 2048, "ephemeral_storage": 21}
    assert job_variables(ECS, "large") == {"cpu": 2048, "memory": 8192, "ephemeral_storage": 177}
    assert Settings().work_pool in WORK_POOLS
