"""Who is connected to, told by the packets themselves."""

import ipaddress
import socket
import struct
import threading

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 3, 0x0800, 0x86DD
TCP, UDP = 6, 17
SYN, ACK = 0x02, 0x10
Packet = tuple[str, int, int]
"""Address and port that a packet goes to, and the port that it comes from."""


class Witness:
    """Reads along every packet that leaves through any interface; `syns` are tries to connect, `datagrams` are UDP.

    Both change under the lock of `noted`, which then is notified.
    """

    def __init__(self, noted: threading.Condition) -> None:
        self._noted = noted
        self.syns: set[Packet] = set()
        self.datagrams: set[Packet] = set()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            packet, (_, protocol, direction, *_) = self._socket.recvfrom(65536)
            if direction == socket.PACKET_OUTGOING:
                with self._noted:
                    self._note(packet, protocol)
                    self._noted.notify_all()

    def _note(self, packet: bytes, protocol: int) -> None:
        if protocol == ETH_P_IP:
            kind, start, address = packet[9], (packet[0] & 15) * 4, packet[16:20]
        elif protocol == ETH_P_IPV6:
            kind, start, address = packet[6], 40, packet[24:40]
        else:
            return
        if kind not in (TCP, UDP):
            return
        source, target = struct.unpack_from("!HH", packet, start)
        told = (str(ipaddress.ip_address(address)), target, source)
        if kind == UDP:
            self.datagrams.add(told)
        elif packet[start + 13] & (SYN | ACK) == SYN:
            self.syns.add(told)
