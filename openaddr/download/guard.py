"""Which addresses may be fetched, decided on the resolved address, which is then the one connected to.

A host is resolved once for each connection. Every address it resolves to has to be public; checking a name first
and letting a library resolve it again would let a name server answer differently the second time.
"""

import ipaddress
import socket

from openaddr.download.allowance import Allowance
from openaddr.errors import Code, ProblemError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_TRIED = 8
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")  # RFC 9637, newer than our oldest Python
NOT_REALLY_PUBLIC = (
    # Protocol assignments (RFC 6890), of which Python 3.11 knows a part; Oracle's cloud keeps secrets at .192.
    ipaddress.IPv4Network("192.0.0.0/24"),
    # Looks public and is the host below a virtual machine in Azure.
    ipaddress.IPv4Network("168.63.129.16/32"),
)


def connect(host: str, port: int, allowance: Allowance) -> socket.socket:
    """A connected TCP socket to a public address of the host, or to any address of a host in `settings.allow_hosts`.

    Each of the first MAX_TRIED addresses gets `settings.connect_seconds`. Raises ProblemError: ADDRESS_REFUSED,
    HOST_NOT_FOUND, TIMED_OUT or CONNECT_FAILED.
    """
    found = _resolve(host, port)
    if host.lower() not in {name.strip("[]").lower() for name in allowance.settings.allow_hosts}:
        for address in found:
            if not is_public(ipaddress.ip_address(address)):
                raise _refused(host, address)
    return _first_open(host, port, allowance, found[:MAX_TRIED])


def is_public(address: IPAddress) -> bool:
    """Whether the address is one of the open internet, also inside its translated and tunnelled forms."""
    if isinstance(address, ipaddress.IPv4Address):
        special = address.is_multicast or address.is_reserved or any(address in each for each in NOT_REALLY_PUBLIC)
        return address.is_global and not special
    inner = _embedded(address)
    if inner:
        return all(is_public(each) for each in inner)
    return address in GLOBAL_UNICAST and address.is_global and address not in DOCUMENTATION


def _embedded(address: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...]:
    """IPv4 addresses that packets to this address end up at: mapped, 6to4, Teredo (server and client), NAT64."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in NAT64:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def _resolve(host: str, port: int) -> list[str]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        message = f"The host {host} cannot be found: {error.strerror}."
        raise ProblemError(Code.HOST_NOT_FOUND, message) from None
    except UnicodeError:
        raise ProblemError(Code.HOST_NOT_FOUND, f"The host {host[:80]!r} cannot be a name on the internet.") from None
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _first_open(host: str, port: int, allowance: Allowance, addresses: list[str]) -> socket.socket:
    """The addresses in turn, as resolved; when none takes the connection, the last reason is given."""
    problem = ProblemError(Code.HOST_NOT_FOUND, f"The host {host} has no address.")
    for address in addresses:
        seconds = allowance.patience(host, allowance.settings.connect_seconds)
        try:
            opened = socket.create_connection((address, port), seconds)
        except TimeoutError:
            message = f"{host} port {port} ({address}) took no connection within {seconds:g} seconds."
            problem = ProblemError(Code.TIMED_OUT, message)
        except OSError as error:
            message = f"{host} port {port} ({address}) takes no connection: {error.strerror or error}."
            problem = ProblemError(Code.CONNECT_FAILED, message)
        else:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
    raise problem


def _refused(host: str, address: str) -> ProblemError:
    told = host if host == address else f"{host} ({address})"
    return ProblemError(Code.ADDRESS_REFUSED, f"{told} is not a public address of the internet, so it is not fetched.")
