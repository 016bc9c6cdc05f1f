"""`openaddr site build`: the site by hand, into the storage or into a folder of its own."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

from dashboards.site import PUBLISHED, SITE, publish
from openaddr.db.connections import open_pool
from openaddr.db.migrating import require_current
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.maps.drawing import draw_missing
from openaddr.settings import Settings
from openaddr.storage import open_storage
from openaddr.storage.folder import Folder
from openaddr.storage.objects import About, Listed, MissingError, Storage, Stored, Stream, Writer


def build(settings: Settings, output: Path | None, afresh: bool) -> int:
    """Render what is not published as it should be, or all of it; gives the exit code. Raises ProblemError."""
    if not settings.database_url:
        raise ProblemError(Code.DATABASE_AWAY, "DATABASE_URL is not set: it says where the record is.")
    storage = open_storage(settings)
    if output is not None:
        storage = Elsewhere(storage, Folder(output), settings.site_url)
    with open_pool(settings.database_url) as pool:
        with pool.connection() as conn:
            require_current(conn)
        if output is None:
            with pool.connection() as conn:
                draw_missing(conn, storage)
        done = publish(pool, storage, settings.site_url, afresh=afresh)
    if done is None:
        _say("somebody else renders the site just now, and will do what there is to do")
    else:
        where = storage.url(f"{SITE}index.html")
        _say(f"{done.pages:,} pages, {done.written:,} written, {done.removed:,} removed; {where}")
    return ExitCode.DONE


class Elsewhere:
    """A storage whose pages are written into a folder, and whose files are read, and linked to, where they are."""

    def __init__(self, files: Storage, pages: Folder, site_url: str) -> None:
        self._files, self._pages, self._site_url = files, pages, site_url

    def _of(self, key: str) -> Storage:
        return self._pages if key.startswith((SITE, PUBLISHED)) else self._files

    def put(
        self, key: str, content: Path | bytes, about: About, *, match: str | None = None, sha256: str = ""
    ) -> Stored:
        """Into the folder."""
        return self._pages.put(key, content, about, match=match, sha256=sha256)

    def write(self, key: str, about: About) -> AbstractContextManager[Writer]:
        """Into the folder."""
        return self._pages.write(key, about)

    def put_many(self, objects: Iterable[tuple[str, bytes, About]]) -> None:
        """Into the folder."""
        self._pages.put_many(objects)

    def redirect(self, key: str, target: str, stub: bytes, about: About) -> None:
        """The stub; what has none stays where it is."""
        if not stub:
            raise MissingError(target)
        self._pages.redirect(key, target, stub, about)

    def head(self, key: str) -> Stored | None:
        """Of a page or of a file."""
        return self._of(key).head(key)

    def open(self, key: str, start: int = 0) -> AbstractContextManager[Stream]:
        """A page or a file."""
        return self._of(key).open(key, start)

    def copy(self, source: str, key: str, about: About, *, match: str | None = None) -> Stored:
        """Inside the folder."""
        return self._pages.copy(source, key, about, match=match)

    def list(self, prefix: str) -> Iterator[Listed]:
        """Pages or files."""
        return self._of(prefix).list(prefix)

    def delete(self, key: str) -> None:
        """A page."""
        self._pages.delete(key)

    def delete_many(self, keys: Iterable[str]) -> None:
        """Pages."""
        self._pages.delete_many(keys)

    def abort_leftovers(self, older_than: timedelta) -> int:
        """Of the folder."""
        return self._pages.abort_leftovers(older_than)

    def url(self, key: str) -> str:
        """Of a page in the folder; of a file on the site, where it has an address and files are in a folder."""
        address = self._of(key).url(key)
        is_of_site = self._site_url and not key.startswith(SITE) and address.startswith("file:")
        return f"{self._site_url.rstrip('/')}/{key}" if is_of_site else address


def _say(text: str) -> None:
    print(f"openaddr: {text}", file=sys.stderr)
