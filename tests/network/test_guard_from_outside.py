"""The address guard, seen from outside: in a network where every address answers, only public ones are asked.

The command runs in a network namespace, in which all addresses of both families are served by listeners that note
each connection. Beside them, a witness reads along the packets.
"""

import ipaddress
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from openaddr.download.guard import is_public
from tests.network.cases import CASES, CONTROLS, HOSTILE, OTHER_PUBLIC, public, public6
from tests.network.witness import Packet

ROOT = Path(__file__).parents[2]
WAYS_IN = (
    ["unshare", "--net", "--mount"],
    ["unshare", "--user", "--map-root-user", "--net", "--mount"],
)
NUMBERS = {name: number for number, name in enumerate(CASES)}


@cache
def way_in() -> list[str] | None:
    """How to get into a namespace of one's own, None where that cannot be done."""
    if not (shutil.which("unshare") and shutil.which("ip") and shutil.which("mount")):
        return None
    trial = ["sh", "-c", "ip link set lo up && ip -6 route add local ::/0 dev lo"]
    tries = (way for way in WAYS_IN if subprocess.run([*way, *trial], capture_output=True, check=False).returncode == 0)
    return next(tries, None)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the world saw of one run over all cases."""
    way = way_in()
    if way is None:
        pytest.skip("network namespaces cannot be made here")
    folder = tmp_path_factory.mktemp("world")
    command = [*way, sys.executable, "-m", "tests.network.world", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads((folder / "seen.json").read_text())
    return found


def packets(seen: dict[str, Any], what: str) -> set[Packet]:
    """What was noted, as sets of packets."""
    return {(address, port, source) for address, port, source in seen[what]}


def test_there_are_many_ways_to_be_hostile() -> None:
    assert len(HOSTILE) >= 100
    assert len(CASES) == len(HOSTILE) + len(CONTROLS) <= 256


@pytest.mark.parametrize("name", CASES)
def test_each_source_ends_as_it_has_to(seen: dict[str, Any], name: str) -> None:
    problem = seen["problems"][f"case{NUMBERS[name]}"]
    assert (problem and problem["code"]) == CASES[name].code, problem


@pytest.mark.parametrize("name", CASES)
def test_its_public_server_is_asked_where_the_way_leads_there(seen: dict[str, Any], name: str) -> None:
    own = {public(NUMBERS[name]), public6(NUMBERS[name])}
    assert any(address in own for address, _, _ in packets(seen, "syns")) == CASES[name].reaches


def test_nobody_but_public_servers_is_connected_to(seen: dict[str, Any]) -> None:
    asked = {address for address, _, _ in packets(seen, "accepted") | packets(seen, "syns")}
    expected = {OTHER_PUBLIC} | {each for number in NUMBERS.values() for each in (public(number), public6(number))}
    assert asked <= expected
    assert all(is_public(ipaddress.ip_address(address)) for address in asked)


def test_the_listeners_and_the_packets_tell_the_same(seen: dict[str, Any]) -> None:
    assert packets(seen, "accepted") == packets(seen, "syns")


def test_no_datagram_goes_anywhere_but_to_the_name_server_and_back(seen: dict[str, Any]) -> None:
    assert packets(seen, "datagrams")
    assert [packet for packet in packets(seen, "datagrams") if packet[0] != "127.0.0.1" or 53 not in packet] == []


def test_a_connection_to_a_private_address_would_have_been_seen(seen: dict[str, Any]) -> None:
    """The world notes what is connected to without the guard, and through it where an operator allows it."""
    provoked = seen["provoked"]
    noted = {address for address, _, _ in packets(provoked, "accepted")}
    assert noted == {
        "10.66.255.1", "10.66.254.1", "169.254.169.254", "127.0.0.1", "8.8.8.8", "::1", "fd00:ec2::254", "2606:4700::1",
    }  # fmt: skip
    assert packets(provoked, "accepted") == packets(provoked, "syns")
    assert seen["allowed"] is None
