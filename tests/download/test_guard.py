"""Only the open internet is fetched, whatever a name, an address or a translation of it pretends to be."""

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.servers.files import FileServer
from openaddr.download.allowance import Allowance
from openaddr.download.guard import connect, is_public
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings

REFUSED = [
    "127.0.0.1", "127.255.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "168.63.129.16",
    "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1",
    "100::1", "5f00::1", "64:ff9b:1::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::",
    "2002:a00:1::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:0:7f00:1::1", "2001:0:808:808:0:5601:80ff:fffe",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
PRIVATE_V4 = st.sampled_from(
    ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]
).flatmap(lambda network: st.ip_addresses(v=4, network=network))


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_inside_some_network_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(PRIVATE_V4)
def test_no_translation_makes_a_private_address_public(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    mapped, nat64 = (0xFFFF << 32) | number, (0x64FF9B << 96) | number
    six_to_four = (0x2002 << 112) | (number << 80) | 1
    for form in (mapped, nat64, six_to_four):
        assert not is_public(ipaddress.IPv6Address(form)), form


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "::1"])
def test_this_machine_is_refused_however_it_is_spelt(host: str) -> None:
    with pytest.raises(ProblemError) as caught:
        connect(host, 80, allowing())
    assert caught.value.problem.code == Code.ADDRESS_REFUSED
    assert host in caught.value.problem.message
    assert "127.0.0.1" in caught.value.problem.message or "::1" in caught.value.problem.message


def test_a_host_is_refused_when_only_one_of_its_addresses_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    _name_server(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(ProblemError) as caught:
        connect("two.example", 80, allowing())
    assert "two.example (10.0.0.1)" in caught.value.problem.message


def test_a_name_is_resolved_once_and_that_address_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer() as server:
        asked = _name_server(monkeypatch, ["127.0.0.1"])
        with connect("allowed.example", server.port, allowing("ALLOWED.example")) as opened:
            assert opened.getpeername()[0] == "127.0.0.1"
    assert asked == ["allowed.example"]


def test_the_next_address_is_tried_when_the_first_takes_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer() as server:
        _name_server(monkeypatch, ["127.99.99.99", "127.0.0.1"])
        with connect("allowed.example", server.port, allowing("allowed.example")) as opened:
            assert opened.getpeername()[0] == "127.0.0.1"


def test_allowing_a_host_allows_no_other_name_of_the_same_machine() -> None:
    with pytest.raises(ProblemError) as caught:
        connect("localhost", 80, allowing("127.0.0.1"))
    assert caught.value.problem.code == Code.ADDRESS_REFUSED


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example", "a..b"])
def test_a_host_without_address_is_not_found(host: str) -> None:
    with pytest.raises(ProblemError) as caught:
        connect(host, 80, allowing())
    assert caught.value.problem.code == Code.HOST_NOT_FOUND


def test_a_closed_port_is_a_failed_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ProblemError) as caught:
            connect("127.0.0.1", unused.getsockname()[1], allowing("127.0.0.1"))
    assert caught.value.problem.code == Code.CONNECT_FAILED
    assert "Connection refused" in caught.value.problem.message


def allowing(*hosts: str) -> Allowance:
    """What a download may take that may fetch these hosts too."""
    return Allowance(Settings(allow_hosts=hosts, connect_seconds=1))


def _name_server(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> list[str]:
    """Answer every name with these addresses; gives the list of names asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, port: int, *arguments: Any, **keywords: Any) -> list[Any]:
        if host.replace(".", "").isdigit():
            return real(host, port, *arguments, **keywords)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked
