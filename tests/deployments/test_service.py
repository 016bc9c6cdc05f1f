"""A kept program ends when asked, comes back when it falls, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.embedded.service import ROOT, Program, Service, free_port
from openaddr.errors import Code, ProblemError
from tests.deployments.processes import eventually, is_alive

CHILD_IN_ITS_OWN_SESSION = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
DEAF = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True)"


def program(tmp_path: Path, code: str) -> Program:
    return Program("The program", [sys.executable, "-c", code], tmp_path / "program.log", patience=1)


def told(log: Path) -> list[int]:
    """The process ids that a program has printed so far."""
    return [int(word) for word in log.read_text().split() if word.isdigit()] if log.exists() else []


def test_what_a_program_has_started_ends_with_it_even_in_a_session_of_its_own(tmp_path: Path) -> None:
    service = Service(program(tmp_path, CHILD_IN_ITS_OWN_SESSION))
    pids = eventually(lambda: told(tmp_path / "program.log"))
    assert all(map(is_alive, pids))
    service.stop()
    assert len(pids) == 2 and not any(map(is_alive, pids))


def test_a_program_that_is_killed_is_started_again_without_what_it_left(tmp_path: Path) -> None:
    service = Service(program(tmp_path, CHILD_IN_ITS_OWN_SESSION))
    first, child = eventually(lambda: told(tmp_path / "program.log"))
    os.kill(first, signal.SIGKILL)
    again, _ = eventually(lambda: told(tmp_path / "program.log")[2:4])
    assert is_alive(again) and not is_alive(child) and service.is_kept
    service.stop()


def test_a_program_that_does_not_stay_up_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    service = Service(program(tmp_path, "raise SystemExit('the port is taken')"))
    with pytest.raises(ProblemError, match=r"does not stay up.*the port is taken") as caught:
        service.wait_until(lambda: False, 60)
    assert caught.value.problem.code is Code.STACK_FAILED


def test_a_program_that_is_not_ready_in_time_is_a_problem(tmp_path: Path) -> None:
    service = Service(program(tmp_path, CHILD_IN_ITS_OWN_SESSION))
    with pytest.raises(ProblemError, match="not ready after 0 seconds"):
        service.wait_until(lambda: False, 0)
    service.stop()


def test_a_program_that_does_not_listen_is_ended_by_force(tmp_path: Path) -> None:
    service = Service(program(tmp_path, f"{DEAF}; time.sleep(600)"))
    (pid,) = eventually(lambda: told(tmp_path / "program.log"))
    service.stop()
    assert not is_alive(pid)


def test_a_program_does_not_outlive_whoever_started_it(tmp_path: Path) -> None:
    starter = f"""
import os, signal
from pathlib import Path
from tests.deployments.test_service import *
Service(program(Path({str(tmp_path)!r}), CHILD_IN_ITS_OWN_SESSION))
eventually(lambda: told(Path({str(tmp_path)!r}, "program.log")))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", starter], cwd=ROOT, check=False)
    pids = told(tmp_path / "program.log")
    assert len(pids) == 2
    eventually(lambda: not any(map(is_alive, pids)))


def test_a_port_is_kept_while_it_is_free(tmp_path: Path) -> None:
    port = free_port(tmp_path / "port")
    assert free_port(tmp_path / "port") == port


def test_a_port_that_was_taken_meanwhile_is_another(tmp_path: Path) -> None:
    port = free_port(tmp_path / "port")
    with socket.create_server(("127.0.0.1", port)):
        assert free_port(tmp_path / "port") != port
