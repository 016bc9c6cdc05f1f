"""A set by three machines of which two are killed: every run comes to its end, each exactly once."""

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from deployments.embedded.service import ROOT

KILLS = int(os.environ.get("OPENADDR_KILLS", "0"))


@pytest.mark.slow
@pytest.mark.timeout(2_700)
@pytest.mark.skipif(KILLS < 20, reason="takes a quarter of an hour: only in the whole proof")
@pytest.mark.proves("I2", "I9", kind="machines of a fleet killed")
def test_a_set_of_three_hundred_runs_outlives_two_of_three_machines(
    record_property: Callable[[str, object], None],
) -> None:
    command = [sys.executable, "-m", "tests.fleet.proof"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    for line in done.stdout.splitlines():
        record_property("told", line)
    killed = re.findall(r"(\d+) processes killed", done.stdout)
    record_property("faults", sum(map(int, killed)))
