"""One file over FTP, passive and binary, its data connection bound to the address that the guard let through."""

import ftplib
import io
import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from openaddr.download import guard
from openaddr.download.address import Address
from openaddr.download.allowance import Allowance
from openaddr.download.metered import MeteredReader
from openaddr.download.names import extension
from openaddr.download.part import Part, Whole
from openaddr.download.retries import PassingError, patiently
from openaddr.download.store import BLOCK, require_room
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.stages import Downloaded, Edition, Progress

MAX_SAID = 1_000_000
CHANGED = re.compile(r"213 ([0-9]{14}(?:\.[0-9]{1,9})?)")


class _GuardedFtp(ftplib.FTP):
    """An FTP session on a socket of the guard.

    The data connection goes to the peer of the control connection, whatever address the answer to PASV names.
    """

    trust_server_pasv_ipv4_address = False

    def __init__(self, opened: socket.socket, host: str, allowance: Allowance) -> None:
        super().__init__(timeout=allowance.patience(host, allowance.settings.read_seconds))
        opened.settimeout(self.timeout)
        self.sock = opened
        self.af = opened.family
        reader = io.BufferedReader(MeteredReader(opened, host, allowance))
        self.file = io.TextIOWrapper(reader, encoding=self.encoding, errors="surrogateescape")
        self._said = 0

    def getline(self) -> str:
        """One line of a reply; replies may go on over many lines, but not for ever."""
        line = super().getline()
        self._said += len(line)
        if self._said > MAX_SAID:
            raise ftplib.error_reply(f"more than {MAX_SAID:,} characters")
        return line


def download_ftp(address: Address, folder: Path, settings: Settings, progress: Progress, known: Edition) -> Downloaded:
    """Fetch the address into `folder/data<ext>`, going on where an earlier attempt was cut off.

    Raises ProblemError: FTP_REFUSED with the reply of the server, TRUNCATED, DATA_EMPTY, TIMED_OUT, TOO_SLOW,
    TOO_LARGE, CONNECT_FAILED and what the guard raises.
    """
    allowance, part = Allowance(settings), Part(folder)
    allowance.keep(address.host, part.size)
    fetch = _Fetch(address, part, allowance, progress, known)
    return patiently(fetch.attempt, lambda: part.tally.size, allowance)


class _Fetch:
    """Attempts at one file, each of which goes on where the one before it ended."""

    def __init__(self, address: Address, part: Part, allowance: Allowance, progress: Progress, known: Edition) -> None:
        self._address = address
        self._host = address.host
        self._part = part
        self._allowance = allowance
        self._progress = progress
        self._known = known

    def attempt(self) -> Downloaded:
        """The whole file, or the news that it is the edition known. Raises ProblemError."""
        address, part = self._address, self._part
        with _session(address, self._allowance) as session:
            now = _describe(session, address)
            edition = _edition_of(now)
            if edition != Edition() and edition == self._known:
                return Downloaded((), "", 0, edition=edition, unchanged=True)
            self._retrieve(session, now)
        if not part.tally.size:
            raise ProblemError(Code.DATA_EMPTY, f"{self._host} sent 0 bytes over FTP.")
        name = "data" + extension(address.path, False, {}, part.tally.head)
        return Downloaded((part.finish(name),), part.tally.md5, part.tally.size, edition=edition)

    def _retrieve(self, session: ftplib.FTP, now: Whole) -> None:
        """Put the file, or what is missing of it, into the part."""
        if not (self._part.whole and now.is_same(self._part.whole)):
            self._part.begin(now if now.size is not None else None)
        if now.size is not None:
            self._allowance.require(self._host, now.size - self._part.size)
            require_room(self._part.folder, now.size - self._part.size)
        with self._opened(session) as connection:
            blocks = self._blocks(connection, now.size)
            self._part.save(blocks, lambda done: self._progress("download", done, now.size, "bytes"))
        received = self._part.tally.size
        if now.size is not None and received < now.size:
            raise _truncated(self._host, received, now.size)
        self._part.require_whole(self._host)
        if now.size is None:
            self._require_completion(session)

    def _opened(self, session: ftplib.FTP) -> socket.socket:
        """A data connection that brings the file from where the part ends, or all of it where REST is not known."""
        command = f"RETR {self._address.path}"
        if self._part.size:
            try:
                return session.transfercmd(command, self._part.size)
            except ftplib.error_perm:
                self._part.begin(self._part.whole)
        return session.transfercmd(command)

    def _blocks(self, connection: socket.socket, promised: int | None) -> Iterator[bytes]:
        reader = MeteredReader(connection, self._host, self._allowance)
        with closing(reader):
            try:
                while block := reader.read(BLOCK):
                    self._allowance.keep(self._host, len(block))
                    yield block
            except ConnectionError:
                raise _truncated(self._host, self._part.tally.size, promised) from None

    def _require_completion(self, session: ftplib.FTP) -> None:
        """Hear from the server that this was all.

        Not asked where the size is known: control connections that idle during a long transfer get dropped on the way.
        """
        try:
            session.voidresp()
        except ftplib.Error as error:
            message = f"{self._host} stopped after {self._part.tally.size:,} bytes over FTP: {_reply(error)!r}."
            raise ProblemError(Code.TRUNCATED, message) from None


@contextmanager
def _session(address: Address, allowance: Allowance) -> Iterator[ftplib.FTP]:
    """A session that is logged in and binary; what goes wrong in it is a problem."""
    host = address.host
    opened = guard.connect(host, address.port, allowance)
    try:
        # Closed without QUIT: its reply may never come, or be the one of a transfer that failed before.
        with opened, closing(_GuardedFtp(opened, host, allowance)) as session:
            session.welcome = session.getresp()
            session.login(address.user or "anonymous", address.password or "anonymous@")
            session.voidcmd("TYPE I")
            yield session
    except ftplib.Error as error:
        raise _refused(host, error) from None
    except TimeoutError:
        seconds = allowance.settings.read_seconds
        raise ProblemError(Code.TIMED_OUT, f"{host} said nothing for {seconds:g} seconds over FTP.") from None
    except (EOFError, ConnectionError) as error:
        message = f"{host} closed the FTP connection: {error or 'no reason given'}."
        raise ProblemError(Code.CONNECT_FAILED, message) from None


def _refused(host: str, error: ftplib.Error) -> ProblemError:
    message = f"{host} answered {_reply(error)!r} over FTP."
    # Replies that begin with a 4 are about the moment: too many users, no data connection (RFC 959, 4.2.1).
    passes = isinstance(error, ftplib.error_temp)
    return PassingError(Code.FTP_REFUSED, message) if passes else ProblemError(Code.FTP_REFUSED, message)


def _truncated(host: str, received: int, promised: int | None) -> ProblemError:
    of_all = "" if promised is None else f" of {promised:,}"
    return ProblemError(Code.TRUNCATED, f"{host} stopped after {received:,}{of_all} bytes over FTP.")


def _describe(session: ftplib.FTP, address: Address) -> Whole:
    """What SIZE and MDTM answer (RFC 3659), nothing from a server that does not know them."""
    size, changed = None, ""
    try:
        size = session.size(address.path)
        found = CHANGED.match(session.sendcmd(f"MDTM {address.path}"))
        changed = found[1] if found else ""
    except (ftplib.error_perm, ValueError):
        pass
    return Whole.at(address, "", changed, size)


def _edition_of(now: Whole) -> Edition:
    """Time of change and size together; neither alone tells that a file is still the same."""
    if now.size is None or not now.last_modified:
        return Edition()
    return Edition(last_modified=f"{now.last_modified} {now.size}")


def _reply(error: ftplib.Error) -> str:
    return str(error).encode("utf-8", "replace").decode()[:300]
