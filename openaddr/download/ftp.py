"""One file over FTP, passive and binary, its data connection bound to the address that the guard let through."""

import ftplib
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from openaddr.download import guard
from openaddr.download.address import Address
from openaddr.download.names import extension
from openaddr.download.store import BLOCK, Saved, require_room, save
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.stages import Downloaded, Edition, Progress


class _GuardedFtp(ftplib.FTP):
    """An FTP session on a socket of the guard.

    The data connection goes to the peer of the control connection, whatever address the answer to PASV names.
    """

    trust_server_pasv_ipv4_address = False

    def __init__(self, opened: socket.socket, seconds: float) -> None:
        super().__init__(timeout=seconds)
        opened.settimeout(seconds)
        self.sock = opened
        self.af = opened.family
        self.file = opened.makefile("r", encoding=self.encoding, errors="surrogateescape")


def download_ftp(address: Address, folder: Path, settings: Settings, progress: Progress, known: Edition) -> Downloaded:
    """Fetch the address into `folder/data<ext>`.

    Raises ProblemError: FTP_REFUSED with the reply of the server, TRUNCATED, DATA_EMPTY, TIMED_OUT, CONNECT_FAILED
    and what the guard raises.
    """
    opened = guard.connect(address.host, address.port, settings.connect_seconds, settings.allow_hosts)
    try:
        # Closed without QUIT: its reply may never come, or be the one of a transfer that failed before.
        with opened, closing(_GuardedFtp(opened, settings.read_seconds)) as session:
            session.welcome = session.getresp()
            session.login(address.user or "anonymous", address.password or "anonymous@")
            saved = _retrieve(session, address, folder, progress)
    except ftplib.Error as error:
        raise ProblemError(Code.FTP_REFUSED, f"{address.host} answered {_reply(error)!r} over FTP.") from None
    except TimeoutError:
        seconds = settings.read_seconds
        raise ProblemError(Code.TIMED_OUT, f"{address.host} said nothing for {seconds:g} seconds over FTP.") from None
    except (EOFError, ConnectionError) as error:
        message = f"{address.host} closed the FTP connection: {error or 'no reason given'}."
        raise ProblemError(Code.CONNECT_FAILED, message) from None
    if not saved.size:
        raise ProblemError(Code.DATA_EMPTY, f"{address.host} sent 0 bytes over FTP.")
    name = "data" + extension(address.path, False, {}, saved.head)
    return Downloaded((saved.path.replace(folder / name),), saved.md5, saved.size)


def _retrieve(session: ftplib.FTP, address: Address, folder: Path, progress: Progress) -> Saved:
    session.voidcmd("TYPE I")
    promised = _size(session, address.path)
    if promised is not None:
        require_room(folder, promised)
    with session.transfercmd(f"RETR {address.path}") as connection:
        blocks = _blocks(connection, address, promised)
        saved = save(blocks, folder / "data.part", lambda done: progress("download", done, promised, "bytes"))
    if promised is not None and saved.size < promised:
        raise _truncated(address, saved.size, promised)
    if promised is None:
        _require_completion(session, address, saved)
    return saved


def _require_completion(session: ftplib.FTP, address: Address, saved: Saved) -> None:
    """Hear from the server that this was all.

    Not asked where the size is known: control connections that idle during a long transfer get dropped on the way.
    """
    try:
        session.voidresp()
    except ftplib.Error as error:
        message = f"{address.host} stopped after {saved.size:,} bytes over FTP: {_reply(error)!r}."
        raise ProblemError(Code.TRUNCATED, message) from None


def _blocks(connection: socket.socket, address: Address, promised: int | None) -> Iterator[bytes]:
    received = 0
    try:
        while block := connection.recv(BLOCK):
            received += len(block)
            yield block
    except ConnectionError:
        raise _truncated(address, received, promised) from None


def _truncated(address: Address, received: int, promised: int | None) -> ProblemError:
    of_all = "" if promised is None else f" of {promised:,}"
    return ProblemError(Code.TRUNCATED, f"{address.host} stopped after {received:,}{of_all} bytes over FTP.")


def _size(session: ftplib.FTP, path: str) -> int | None:
    """What SIZE answers (RFC 3659), None from a server that does not know it."""
    try:
        return session.size(path)
    except (ftplib.error_perm, ValueError):
        return None


def _reply(error: ftplib.Error) -> str:
    return str(error).encode("utf-8", "replace").decode()[:300]
