"""Words of strangers as names of folders and keys."""

import re
from hashlib import sha256

FAILED = ".failed"
"""What the record of a failed run ends with."""
MAX_NAME_BYTES = 200
"""File systems take 255 bytes; the digits and FAILED come on top."""


def plain_name(text: str) -> str:
    """Text as the name of one folder: letters, digits and `._-` in any script, no dot in front, at most 80.

    A name that had to change gets a few digits of its own, so that no two names become one. So does one that ends
    like the records of failed runs. An empty name gets words: without a name of its own, a run would take the folder
    of its whole layer.
    """
    plain = re.sub(r"[^\w.-]", "_", text).lstrip(".")[:80].encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    if plain == text and text and not text.endswith(FAILED):
        return text
    return f"{plain or 'unnamed'}-{digits_of(text)}"


def digits_of(text: str) -> str:
    """Eight digits that another text most likely does not have."""
    return sha256(text.encode()).hexdigest()[:8]
