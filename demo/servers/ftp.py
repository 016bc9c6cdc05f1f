"""An FTP server for the files of a folder."""

import logging
import warnings
from pathlib import Path
from typing import Any, ClassVar

from demo.servers.background import Background

with warnings.catch_warnings():
    # pyftpdlib imports asyncore, which Python 3.11 calls deprecated; from 3.12 on it brings its own.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.filesystems import AbstractedFS
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer as Pyftpd

# With a handler of its own pyftpdlib does not write its log to stderr; `commands` is the log here.
logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())


class FtpServer(Background):
    """Read-only files of `folder`, for everybody or for one user; `commands` logs what was asked.

    `masquerade` is an address that PASV names instead of the real one; `without` lists commands that it does not
    know, such as SIZE; `sizes` makes SIZE answer something else for a path. The first transfers end after as many
    bytes as `cuts` says, one after the other.
    """

    def __init__(
        self,
        folder: Path,
        user: tuple[str, str] | None = None,
        masquerade: str | None = None,
        without: tuple[str, ...] = (),
        sizes: dict[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.commands: list[tuple[str, str]] = []
        self.cuts: list[int] = []
        self._loop = IOLoop()
        self._server = Pyftpd(
            ("127.0.0.1", 0), _handler(self, _authorizer(folder, user), masquerade, without, sizes or {}), self._loop
        )

    @property
    def port(self) -> int:
        """The port, known from the start."""
        return int(self._server.address[1])

    @property
    def url(self) -> str:
        """Scheme, address and port, without a slash at the end."""
        return f"ftp://127.0.0.1:{self.port}"

    def work(self) -> None:
        """Serve."""
        while not self.ending.is_set():
            self._loop.loop(timeout=0.02, blocking=False)
        self._server.close_all()


def _authorizer(folder: Path, user: tuple[str, str] | None) -> Any:
    authorizer = DummyAuthorizer()
    if user is None:
        authorizer.add_anonymous(str(folder))
    else:
        authorizer.add_user(*user, str(folder))
    return authorizer


class _CutFile:
    """A file that ends after `left` bytes of reading."""

    def __init__(self, opened: Any, left: int) -> None:
        self._opened = opened
        self._left = left
        self.name = opened.name
        self.seek, self.tell, self.close = opened.seek, opened.tell, opened.close

    @property
    def closed(self) -> bool:
        return bool(self._opened.closed)

    def read(self, size: int) -> Any:
        block = self._opened.read(min(size, self._left))
        self._left -= len(block)
        return block


def _handler(
    server: FtpServer, authorizer: Any, masquerade: str | None, without: tuple[str, ...], sizes: dict[str, int]
) -> Any:
    class Handler(FTPHandler):  # type: ignore[misc]
        proto_cmds: ClassVar[dict[str, Any]] = {
            name: known for name, known in FTPHandler.proto_cmds.items() if name not in without
        }

        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            server.commands.append((cmd, arg))
            super().pre_process_command(line, cmd, arg)

        class abstracted_fs(AbstractedFS):  # type: ignore[misc]
            def open(self, filename: str, mode: str) -> Any:
                opened = super().open(filename, mode)
                return _CutFile(opened, server.cuts.pop(0)) if server.cuts else opened

        def ftp_SIZE(self, path: str) -> None:
            name = "/" + str(Path(path).relative_to(self.fs.root))
            if name in sizes:
                self.respond(f"213 {sizes[name]}")
            else:
                super().ftp_SIZE(path)

    Handler.authorizer = authorizer
    Handler.auth_failed_timeout = 0
    Handler.masquerade_address = masquerade
    return Handler
