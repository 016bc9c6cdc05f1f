"""A name server on UDP whose answers change from one time to the next."""

import ipaddress
import socket
import struct
import threading
from collections import Counter
from collections.abc import Mapping, Sequence

A, CNAME, AAAA = 1, 5, 28
IN = 1
TTL = 0


class NameServer:
    """Answers for `names`: for each one list of records for each time it is asked, the last one for ever.

    A record is an address, or a name, for which the rest of the list is. Other names do not exist.
    """

    def __init__(self, names: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._names = names
        self._asked: Counter[tuple[str, int]] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            query, sender = self._socket.recvfrom(4096)
            self._socket.sendto(self._answer(query), sender)

    def _answer(self, query: bytes) -> bytes:
        name, end = _read_name(query, 12)
        kind = struct.unpack_from("!H", query, end)[0]
        known = self._names.get(name.lower())
        records = []
        if known:
            turn = min(self._asked[name, kind], len(known) - 1)
            self._asked[name, kind] += 1
            records = _records(name, known[turn], kind)
        code = 0 if known and known[-1] else 3
        head = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(records), 0, 0)
        return head + query[12 : end + 4] + b"".join(records)


def _records(name: str, values: Sequence[str], kind: int) -> list[bytes]:
    """The records of a kind; those behind a name are records of that name."""
    found = []
    for value in values:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            found.append(_record(name, CNAME, _written(value)))
            name = value
            continue
        if kind == (A if address.version == 4 else AAAA):
            found.append(_record(name, kind, address.packed))
    return found


def _record(name: str, kind: int, data: bytes) -> bytes:
    return _written(name) + struct.pack("!HHIH", kind, IN, TTL, len(data)) + data


def _written(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _read_name(message: bytes, place: int) -> tuple[str, int]:
    """A name without compression and the place behind it."""
    labels = []
    while length := message[place]:
        labels.append(message[place + 1 : place + 1 + length].decode())
        place += 1 + length
    return ".".join(labels), place + 1
