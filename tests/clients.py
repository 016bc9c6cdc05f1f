"""Clients of Prefect leave their connections to the garbage collector."""

import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture
def connections_of_prefect() -> Iterator[None]:
    """Nothing of Prefect's is left for the tests after this one to be blamed for."""
    yield
    collect()


def collect() -> None:
    """Have the garbage collector close what is left, without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
