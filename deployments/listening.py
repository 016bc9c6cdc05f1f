"""How our servers listen: at one place, within bounds, and with an orderly end."""

import socket

import uvicorn
from starlette.applications import Starlette

from openaddr.errors import Code, ProblemError

END_SECONDS = 3


def listener(host: str, port: int) -> socket.socket:
    """Where requests come in. Raises ProblemError."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        message = f"Nobody can listen at port {port} of {host}: {error.strerror or error}."
        raise ProblemError(Code.STACK_FAILED, message) from error


def server(application: Starlette, connections: int) -> uvicorn.Server:
    """What serves an application to so many connections at once."""
    config = uvicorn.Config(
        application,
        http="h11",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=connections,
        timeout_graceful_shutdown=END_SECONDS,
    )
    return uvicorn.Server(config)
