"""An HTTP server whose answers, right or wrong, are values."""

import ssl
import threading
from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from demo.servers.background import Background


@dataclass(frozen=True)
class Request:
    """What was asked for. Names of headers are in lower case; `client_port` tells connections apart."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    client_port: int = 0

    @property
    def path(self) -> str:
        """The path, decoded, without query."""
        return unquote(urlsplit(self.target).path)

    @property
    def parameters(self) -> dict[str, str]:
        """Query and form together."""
        pairs = parse_qsl(urlsplit(self.target).query, keep_blank_values=True)
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            pairs += parse_qsl(self.body.decode(), keep_blank_values=True)
        return dict(pairs)


@dataclass(frozen=True)
class Response:
    """What is sent, and where the sending goes wrong.

    `stops_after` bytes of the body the connection is closed although more was promised; with `silent` it stays open
    and nothing more comes. `hangs_up` closes it without any answer. `length` promises another number of bytes than
    there are.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    chunked: bool = False
    stops_after: int | None = None
    silent: bool = False
    hangs_up: bool = False
    length: int | None = None


class HttpServer(Background):
    """Serves `answer` on a free port from `__enter__` to `__exit__`; over TLS when given a context."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self._asked = threading.Condition()
        self._tls = tls
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """What to send for a request; to be written by the servers built on this one."""

    @property
    def port(self) -> int:
        """The port, known from the start."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Scheme, address and port, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def work(self) -> None:
        """Serve."""
        self._server.serve_forever(poll_interval=0.02)

    def end(self) -> None:
        """Serve nobody any more."""
        super().end()
        self._server.shutdown()
        self._server.server_close()

    def wait_until(self, enough: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait for requests until it is enough. Raises TimeoutError."""
        with self._asked:
            if not self._asked.wait_for(enough, seconds):
                raise TimeoutError(f"{len(self.requests)} requests in {seconds:g} seconds were not enough")

    def respond(self, request: Request, handler: BaseHTTPRequestHandler) -> None:
        """Log the request and send its answer."""
        with self._asked:
            self.requests.append(request)
            self._asked.notify_all()
        response = self.answer(request)
        if response.hangs_up:
            handler.close_connection = True
            return
        if response.silent and response.stops_after is None:
            self._fall_silent(handler)
            return
        self._send_head(response, handler)
        if request.method == "HEAD":
            return
        self._send_body(response, handler)
        if response.silent:
            self._fall_silent(handler)

    def _fall_silent(self, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.flush()
        self.ending.wait()
        handler.close_connection = True

    def _send_head(self, response: Response, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(response.status, response.reason)
        for name, value in response.headers.items():
            handler.send_header(name, value)
        if response.chunked:
            handler.send_header("Transfer-Encoding", "chunked")
        else:
            length = len(response.body) if response.length is None else response.length
            handler.send_header("Content-Length", str(length))
        handler.end_headers()

    def _send_body(self, response: Response, handler: BaseHTTPRequestHandler) -> None:
        body = response.body if response.stops_after is None else response.body[: response.stops_after]
        if response.chunked:
            for start in range(0, len(body), 1 << 16):
                block = body[start : start + (1 << 16)]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
            if response.stops_after is None:
                handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.wfile.write(body)
        if response.stops_after is not None or response.length is not None:
            handler.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def _handler_of(server: HttpServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are sent apart; waiting to join them costs 40 ms a request.
        disable_nagle_algorithm = True

        def handle(self) -> None:
            # Clients that leave in the middle, or that do not like our certificate, are part of the game.
            with suppress(ConnectionError, ssl.SSLError):
                super().handle()

        def finish(self) -> None:
            with suppress(ConnectionError, ssl.SSLError):
                super().finish()

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.respond(Request(self.command, self.path, headers, body, self.client_address[1]), self)

        do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _any

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr; `requests` is the log."""

    return Handler
