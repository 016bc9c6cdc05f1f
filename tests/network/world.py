"""The whole internet in one network namespace: every address that there is answers, and notes who asks.

Run inside the namespace as `python -m tests.network.world FOLDER`; writes FOLDER/seen.json.
"""

import ipaddress
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseRequestHandler, StreamRequestHandler, ThreadingTCPServer
from typing import Any, ClassVar

from tests.network.cases import CASES, filled, public, public6
from tests.network.names import NameServer
from tests.network.witness import Packet, Witness

CSV = b"no,street,x,y\n5,Main St,10.5,50.25\n"
CONFORM = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street"}
LAYER = {
    "id": 0, "name": "Addresses", "type": "Feature Layer", "geometryType": "esriGeometryPoint", "maxRecordCount": 1000,
    "capabilities": "Map,Query,Data", "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID"}],
}  # fmt: skip
PROBED = ["10.66.255.1", "169.254.169.254", "127.0.0.1", "8.8.8.8", "::1", "fd00:ec2::254", "2606:4700::1"]
ALLOWED = "10.66.254.1"
MARKER = "93.184.255.255"
SECONDS = 100

noted = threading.Condition()
accepted: set[Packet] = set()
redirects: dict[tuple[str, str], tuple[int, str]] = {}
passive: dict[str, str] = {}


def plain(address: str) -> str:
    """An address as a packet has it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


class Everywhere(ThreadingTCPServer):
    """Listens on one port of every address of both families."""

    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def get_request(self) -> tuple[socket.socket, Any]:
        opened, peer = super().get_request()
        host, port, *_ = opened.getsockname()
        with noted:
            accepted.add((plain(host), port, peer[1]))
            noted.notify_all()
        return opened, peer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may leave."""


class Web(BaseHTTPRequestHandler):
    """Data, redirects, and an ESRI layer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Whatever is asked for."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        host, path = plain(self.connection.getsockname()[0]), self.path.partition("?")[0]
        self.close_connection = True
        status, location = redirects.get((host, path), (200, ""))
        if path == "/hang-up":
            return
        body = json.dumps(LAYER).encode() if path.endswith("MapServer/0") else CSV
        known = location or path in ("/data.csv", "/MapServer/0")
        self.send_response(status if known else 404)
        if location:
            self.send_header("Location", location.encode().decode("latin-1"))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Ftp(StreamRequestHandler):
    """One file, behind what the case wants PASV and EPSV to say."""

    answers: ClassVar[dict[str, str]] = {
        "USER": "331 Password?", "PASS": "230 In", "TYPE": "200 Fine", "SIZE": f"213 {len(CSV)}", "MDTM": "502 No",
        "RETR": "150 Coming\r\n226 Done",
    }  # fmt: skip

    def handle(self) -> None:
        """A session."""
        host = plain(self.connection.getsockname()[0])
        said = passive.get(host, "")
        if said.startswith("421"):
            self._say(said)
            return
        self._say("220 Hello")
        own = {"PASV": f"227 Entering ({host.replace('.', ',')},8,73)", "EPSV": "229 Entering (|||2121|)"}
        for line in self.rfile:
            command = line.decode().split()[0].upper()
            answer = said if said and command in own else (self.answers | own).get(command, "502 No")
            self._say(answer)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class Data(BaseRequestHandler):
    """The data connection of FTP."""

    def handle(self) -> None:
        """The file."""
        self.request.sendall(CSV)


HANDLERS: dict[int, type[BaseRequestHandler]] = {80: Web, 21: Ftp, 2121: Data, 2122: Web, 443: Data, 22: Data}


def set_up(folder: Path) -> None:
    """Make every address one of this machine, and our name server the only one."""
    for arguments in ("link set lo up", "route add local 0.0.0.0/0 dev lo", "-6 route add local ::/0 dev lo"):
        subprocess.run(["ip", *arguments.split()], check=True)
    resolver = folder / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", str(resolver), os.path.realpath("/etc/resolv.conf")], check=True)


def prepare(folder: Path) -> list[Path]:
    """Sources of all cases and what answers them."""
    names: dict[str, Sequence[Sequence[str]]] = {}
    sources = []
    for number, case in enumerate(CASES.values()):
        sources.append(write_source(folder, f"case{number}", filled(case.data, number), case.protocol))
        for path, (status, target) in case.redirects.items():
            for host in (public(number), public6(number), "93.184.1.1"):
                redirects[host, filled(path, number)] = (status, filled(target, number))
        for name, answers in case.names.items():
            names[filled(name, number)] = [[filled(each, number) for each in records] for records in answers]
        for host in (public(number), public6(number)):
            passive[host] = filled(case.passive, number)
    NameServer(names)
    return sources


def write_source(folder: Path, name: str, data: str, protocol: str) -> Path:
    """A source file with one entry."""
    entry = {"name": "town", "protocol": protocol, "data": data, "conform": CONFORM}
    path = folder / "sources" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    coverage = {"country": "xx", "geometry": {}}
    path.write_text(json.dumps({"schema": 2, "coverage": coverage, "layers": {"addresses": [entry]}}))
    return path


def process(folder: Path, sources: Sequence[Path], **changes: str) -> dict[str, Any]:
    """The command itself, over all sources at once: by name of the file, the code of the problem or None."""
    environment = os.environ | {
        "OPENADDR_ALLOW_HOSTS": "", "OPENADDR_CONNECT_SECONDS": "2", "OPENADDR_READ_SECONDS": "2",
        "OPENADDR_RETRY_SECONDS": "0.01", 
    } | changes  # fmt: skip
    command = [sys.executable, "-m", "openaddr", "process", *map(str, sources), "--output", str(folder / "out")]
    answer = subprocess.run(
        [*command, "--json", "--no-tiles", "--no-preview"],
        env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    runs = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(runs) == len(sources), answer.stderr[-2000:]
    return {path.stem: run["problem"] for path, run in zip(sources, runs, strict=True)}


def probe(address: str, port: int = 80) -> None:
    """Connect without any guard."""
    with socket.create_connection((address, port), 2):
        pass


def noted_so_far(witness: Witness) -> dict[str, list[Packet]]:
    """What listeners and witness have noted, both up to now: each first has to note one more connection to a port."""
    for port in HANDLERS:
        probe(MARKER, port)

    def is_noted() -> bool:
        return all(len({port for host, port, _ in each if host == MARKER}) == len(HANDLERS) for each in both)

    both = (accepted, witness.syns)
    with noted:
        if not noted.wait_for(is_noted, 10):
            raise TimeoutError(f"not noted: {MARKER}")
        found = {"accepted": accepted, "syns": witness.syns, "datagrams": witness.datagrams}
        answer = {name: [packet for packet in each if packet[0] != MARKER] for name, each in found.items()}
        for each in found.values():
            each.clear()
    return answer


def main(folder: Path) -> None:
    """Everything, in the order in which it is shown."""
    set_up(folder)
    witness = Witness(noted)
    for port, handler in HANDLERS.items():
        server = Everywhere(("::", port), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sources = prepare(folder)
    seen: dict[str, Any] = {"problems": process(folder, sources)}
    seen |= noted_so_far(witness)
    for address in PROBED:
        probe(address)
    allowed = write_source(folder, "allowed", f"http://{ALLOWED}/data.csv", "http")
    seen["allowed"] = process(folder, [allowed], OPENADDR_ALLOW_HOSTS=ALLOWED)["allowed"]
    seen["provoked"] = noted_so_far(witness)
    (folder / "seen.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
