"""The box, from outside: what a child cannot do, and that whatever it does ends in something with a name."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.servers.files import FileServer
from openaddr.box import Box, BoxedError, Confinement
from openaddr.box.messages import BadMessageError
from openaddr.box.servers import POOL
from openaddr.errors import Code, Problem, ProblemError, RowReason
from openaddr.settings import Settings
from openaddr.stages import Downloaded, Edition, RejectedRow, RowAccount

Call = Callable[..., Any]
MB = 1_000_000
SLEEP = Path(shutil.which("sleep") or "sleep")


@pytest.fixture
def rules(tmp_path: Path) -> Confinement:
    folder = tmp_path / "inside"
    folder.mkdir()
    return Confinement(folder, seconds=30, memory_bytes=300 * MB, file_bytes=50 * MB)


@pytest.fixture
def box() -> Box:
    return Box(Settings())


@pytest.fixture
def call(box: Box, rules: Confinement) -> Call:
    """Have a deed done in the box; members of the confinement may be changed by name."""

    def call(deed: str, *arguments: Any, returns: Any = Any, **changes: Any) -> Any:
        return box.call(f"tests.box.deeds:{deed}", *arguments, returns=returns, confinement=replace(rules, **changes))

    return call


def problem_of(call: Call, deed: str, **changes: Any) -> Problem:
    with pytest.raises(ProblemError) as caught:
        call(deed, **changes)
    return caught.value.problem


def test_nothing_can_be_done_to_a_file_outside(call: Call, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "secret.txt"
    outside.parent.mkdir()
    outside.write_text("secret")
    before = outside.stat()
    refused = call("with_files", outside)
    assert [name for name, was_refused in refused.items() if not was_refused] == []
    assert outside.read_text() == "secret" and outside.stat() == before
    assert [path.name for path in outside.parent.iterdir()] == ["secret.txt"]


def test_its_own_folder_is_all_its_own(call: Call) -> None:
    assert call("with_its_own_folder") == "text"


def test_what_it_was_given_to_read_it_reads_and_cannot_change(call: Call, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "a.txt").write_text("data")
    assert call("reading", given / "a.txt", readable=(given,)) == "data"
    assert (given / "a.txt").read_text() == "data"


def test_a_stage_without_network_gets_no_socket_of_any_kind(call: Call) -> None:
    assert set(call("with_sockets").values()) == {True}


def test_a_download_gets_sockets_of_the_internet_only_and_serves_nobody(call: Call) -> None:
    refused = call("with_sockets", network=True)
    assert {name for name, was_refused in refused.items() if not was_refused} == {"ipv4", "ipv6", "names"}


def test_other_processes_are_out_of_reach(call: Call) -> None:
    refused = call("with_processes", os.getpid())
    assert [name for name, was_refused in refused.items() if not was_refused] == []


def test_no_secret_of_the_environment_gets_in(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    POOL.close()
    monkeypatch.setenv("OPENADDR_TEST_SECRET", "hunter2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    known = call("environment")
    assert "hunter2" not in known.values()
    assert "PATH" in known


LIMITS = {
    "memory bit by bit": ("grow", {}, Code.MEMORY_LIMIT, "300 MB"),
    "memory at once": ("ask_for_too_much", {}, Code.MEMORY_LIMIT, "memory"),
    "an import without memory": ("import_without_memory", {}, Code.MEMORY_LIMIT, "memory"),
    "time in Python": ("spin", {"seconds": 0.5}, Code.TIME_LIMIT, "12,345 rows"),
    "time in a call": ("wait_deaf", {"seconds": 0.5}, Code.TIME_LIMIT, "seconds"),
    "a crash": ("crash", {}, Code.READER_CRASHED, "SIGSEGV"),
    "an end without a word": ("leave", {}, Code.READER_CRASHED, "exit code 7"),
}


@pytest.mark.parametrize(("deed", "changes", "code", "words"), LIMITS.values(), ids=LIMITS)
def test_what_goes_beyond_a_limit_is_named(
    call: Call, deed: str, changes: dict[str, Any], code: Code, words: str
) -> None:
    found = problem_of(call, deed, **changes)
    assert found.code is code and words in found.message
    assert call("give", 5) == 5, "the box works on"


def test_a_file_without_end_is_stopped(call: Call, rules: Confinement) -> None:
    with pytest.raises(BoxedError, match="File too large"):
        call("fill_disk")
    assert (rules.writable / "endless").stat().st_size <= rules.file_bytes


def test_what_a_child_used_is_known(call: Call, box: Box) -> None:
    call("give", 5)
    assert 5 * MB < box.use.peak_bytes < 300 * MB
    assert 0 < box.use.cpu_seconds < 5


def test_a_problem_comes_out_as_it_was_raised(call: Call) -> None:
    found = problem_of(call, "refuse")
    assert (found.code, found.message, found.hint, found.pointer) == (
        Code.CRS_UNKNOWN,
        "It is \ud800.",
        "Look.",
        "/layers",
    )


def test_a_surprise_comes_out_with_its_traceback(call: Call) -> None:
    with pytest.raises(BoxedError, match="KeyError: 'surprise'") as caught:
        call("stumble")
    assert "in stumble" in "".join(caught.value.__notes__)


def test_records_come_out_as_they_went_in(call: Call, rules: Confinement) -> None:
    page = rules.writable / "b\udcff.csv"
    page.touch()
    warning = Problem(Code.TLS_UNVERIFIED, "Read \udcff without it.", pointer="/a")
    got = Downloaded((page,), "00ff", 12, ("a", "b"), (warning,), Edition("e", "m", "l"))
    assert call("give", got, returns=Downloaded) == got
    account = RowAccount(3, 2)
    account.reject(RowReason.ROW_ENCODING, 1, [(7, "caf\udce9")])
    assert call("give", account, returns=RowAccount) == account
    assert account.examples == [RejectedRow(RowReason.ROW_ENCODING, 7, "caf\udce9")]


def test_a_path_that_leads_outside_is_not_believed(call: Call, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    for deed in ("point_elsewhere", "give"):
        with pytest.raises(BadMessageError):
            call(deed, secret, returns=Path)
    with pytest.raises(BadMessageError):
        call("give", tmp_path / "inside" / ".." / "secret.txt", returns=Path)


def test_a_result_of_another_type_is_not_believed(call: Call) -> None:
    with pytest.raises(BadMessageError, match="the result is no"):
        call("give", "text", returns=int)


@pytest.mark.parametrize("block", [b"x" * 1_000_000, b"{}\n", b'["Log",1]\n', b"[" * 100_000 + b"\n"])
def test_nonsense_instead_of_messages_ends_the_child(call: Call, block: bytes) -> None:
    with pytest.raises(BadMessageError):
        call("shout", block)
    assert call("give", 5) == 5


def is_gone(process: int) -> bool:
    """Whether a process ends within ten seconds."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


def test_programs_that_a_stage_left_behind_end_with_it(call: Call) -> None:
    assert is_gone(call("start_program", SLEEP, programs=(SLEEP,)))


PARENT = """
import sys
from pathlib import Path
from demo.servers.files import FileServer
from openaddr.box import Box, Confinement
from openaddr.settings import Settings
print("started", flush=True)
Box(Settings()).call(
    "tests.box.deeds:spin_beside", Path(sys.argv[2]), returns=None,
    confinement=Confinement(Path(sys.argv[1]), programs=(Path(sys.argv[2]),)),
    progress=lambda *_: print("told", flush=True),
)
"""


def descendants(process: int) -> list[int]:
    tree = [int(name) for name in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return [*tree, *(below for child in tree for below in descendants(child))]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_the_parent_dies_so_do_its_children(rules: Confinement, number: signal.Signals) -> None:
    arguments = [sys.executable, "-c", PARENT, str(rules.writable), str(SLEEP)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        while parent.stdout.readline().strip() != "told":
            assert parent.poll() is None
        below = descendants(parent.pid)
        assert len(below) == 3, "the fork server, its child, and the program that this one runs"
        parent.send_signal(number)
    assert all(is_gone(process) for process in below)


SOURCE = (
    '{"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [{"name": "a", "protocol": "http",'
    ' "data": "http://127.0.0.1:9/a.csv", "conform": {"format": "csv", "lon": "x", "lat": "y"}}]}}'
)

WITHOUT_LANDLOCK = """
import ctypes, os, sys
from openaddr.box import calls, kernel
steps = [calls._step(calls.LOAD, 0), *calls._refuse(444, 38), calls._step(calls.RETURN, calls.ALLOW)]
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
code = b"".join(steps)
kernel.prctl(kernel.PR_SET_SECCOMP, 2, ctypes.byref(calls._Filter(len(steps), code)))
os.execv(sys.executable, [sys.executable, "-m", "openaddr", *sys.argv[1:]])
"""


def on_an_old_kernel(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command on a kernel whose Landlock answers as if it were not there."""
    command = [sys.executable, "-c", WITHOUT_LANDLOCK, *arguments]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_without_a_layer_the_command_refuses_and_says_how_to_go_on(tmp_path: Path) -> None:
    source = tmp_path / "town.json"
    source.write_text(SOURCE)
    arguments = ("process", str(source), "--output", str(tmp_path / "out"), "--no-tiles", "--no-preview")
    refused = on_an_old_kernel(*arguments)
    assert refused.returncode == 6
    assert "BOX_MISSING: The box has no files: the kernel has no Landlock" in refused.stderr
    assert "OPENADDR_ALLOW_UNSANDBOXED=1" in refused.stderr
    allowed = on_an_old_kernel(*arguments, OPENADDR_ALLOW_UNSANDBOXED="1")
    assert "ADDRESS_REFUSED" in allowed.stderr and "BOX_MISSING" not in allowed.stderr


AS_ANYBODY = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


@pytest.mark.parametrize("user", [[], AS_ANYBODY], ids=["as we are", "as an ordinary user"])
def test_the_command_works_in_its_box(user: list[str], tmp_path: Path, web: FileServer) -> None:
    source = tmp_path / "town.json"
    source.write_text(SOURCE.replace("http://127.0.0.1:9", web.url))
    (tmp_path / "web" / "a.csv").write_text("x,y\n1,2\n")
    command = [*user, sys.executable, "-m", "openaddr"]
    environment = os.environ | {"OPENADDR_ALLOW_HOSTS": "127.0.0.1"}
    arguments = ["process", str(source), "--output", str(tmp_path / "out"), "--json"]
    done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 1
    healthy = subprocess.run([*command, "doctor"], capture_output=True, text=True, check=False)
    assert (healthy.returncode, "✗" in healthy.stdout) == (0, False), healthy.stdout


def test_the_doctor_tells_what_is_active_and_what_is_not() -> None:
    command = [sys.executable, "-m", "openaddr", "doctor"]
    well = subprocess.run(command, capture_output=True, text=True, check=False)
    assert well.returncode == 0 and "✗" not in well.stdout
    assert "✓ box: read a file " in well.stdout
    ill = on_an_old_kernel("doctor", OPENADDR_ALLOW_UNSANDBOXED="1")
    assert ill.returncode == 6
    assert "✗ box: files" in ill.stdout and "the kernel has no Landlock" in ill.stdout
    assert "✗ box: read a file " in ill.stdout, "tried, and found open"
