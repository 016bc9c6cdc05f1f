"""How much one layer source may take. Whose sources get which class is for those who run it to say."""

from dataclasses import dataclass

MB, GB = 10**6, 10**9
MINUTE, HOUR = 60.0, 3600.0
MEMORY = 800 * MB
"""A stage takes up to 350 MB for any number of rows. With what it takes between two looks, a run stays below 1 GB."""


@dataclass(frozen=True)
class SizeClass:
    """Limits of one run: bytes of the download and of what it unpacks to, seconds of the stages, bytes of memory."""

    download_bytes: int
    download_seconds: float
    unpacked_bytes: int
    convert_seconds: float
    memory_bytes: int


SIZE_CLASSES = {
    "small": SizeClass(500 * MB, 15 * MINUTE, 5 * GB, 15 * MINUTE, MEMORY),
    "medium": SizeClass(5 * GB, 2 * HOUR, 25 * GB, 2 * HOUR, MEMORY),
    # The largest sources known have 26 million rows and come from servers that take hours to hand them out.
    "large": SizeClass(50 * GB, 12 * HOUR, 100 * GB, 6 * HOUR, MEMORY),
}
"""`small` is for strangers, `medium` for most sources, `large` for all that are known."""
