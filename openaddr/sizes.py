"""How much one layer source may take. Whose sources get which class is for those who run it to say."""

from dataclasses import dataclass

MB, GB = 10**6, 10**9
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class SizeClass:
    """Limits of one run: bytes of the download and of what it unpacks to, seconds of the stages, bytes of memory."""

    download_bytes: int
    download_seconds: float
    unpacked_bytes: int
    convert_seconds: float
    memory_bytes: int


SIZE_CLASSES = {
    "small": SizeClass(500 * MB, 15 * MINUTE, 5 * GB, 15 * MINUTE, 1 * GB),
    "medium": SizeClass(5 * GB, 2 * HOUR, 25 * GB, 2 * HOUR, 1 * GB),
    # The largest sources known have 26 million rows and come from servers that take hours to hand them out.
    "large": SizeClass(50 * GB, 12 * HOUR, 100 * GB, 6 * HOUR, 1 * GB),
}
"""`small` is for strangers, `medium` for most sources, `large` for all that are known."""
