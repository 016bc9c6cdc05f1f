"""Work that only one does at a time: the others leave."""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.services import Services
from openaddr.db import keeping
from openaddr.db.keeping import Work


@contextmanager
def alone(opened: Services, what: Work) -> Iterator[bool]:
    """Be the only one who does something; whether that is so."""
    with opened.pool.connection() as holding:
        # Held by this connection until it is let go or ends, however that happens.
        is_ours = keeping.hold(holding, what)
        holding.commit()
        try:
            yield is_ours
        finally:
            if is_ours:
                keeping.release(holding, what)
