"""Retries and time limits, each with its reason. The flows say only their names."""

from openaddr.settings import Settings

LEASE_SECONDS = 120.0
"""A run whose worker has said nothing for so long is somebody else's: four renewals may get lost."""
RENEW_SECONDS = 30.0
LOG_SECONDS, LOG_END_SECONDS = 10.0, 5.0
"""How often the log of a run that goes on is stored, and how long its end waits for that."""
PATIENCE_SECONDS = 600.0
"""Of a database a restart takes seconds, a failover minutes; the work of hours is worth waiting for."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
UPLOAD_SECONDS = 3600.0
"""50 GB at 15 MB a second."""
RUN_RETRIES = 0
"""Downloads retry what may pass by themselves; the sweep queues runs again whose worker died."""
BATCH_SECONDS = 4 * 24 * 3600.0
"""The set of a week has to leave the weekdays to the next one."""
BATCH_POLL_SECONDS = 1.0
HANDED_AT_ONCE = 4
"""Runs of a set that Prefect is asked for at once: while it writes one, the record is asked for the next."""
BUNDLE_RUNS, BUNDLE_SECONDS, BUNDLE_GUESS = 25, 300.0, 10.0
"""Small runs that one flow run has at most, seconds that they may take together by what they took the last time, and
what is taken for that where nobody knows. The start of a flow run takes 4 s of processor time."""
BUNDLE_SHARES, BUNDLE_LEAST = 12, 4
"""So many parts what is left of a set is cut into, as long as they have so many runs: the last ones are small, so that
all of a fleet have work until the end."""
LISTING_PAUSES = (30.0, 120.0, 600.0, 1200.0, 1800.0)
"""Seconds between tries to get at the source files of a set: rate limits of GitHub end within the hour, and so do most
of its outages; a set of a week is worth waiting for."""
FOLLOW_SECONDS = 5.0
"""How often the progress of a run is shown: a run has thousands of steps, and each word to Prefect takes 20 ms."""
SWEEP_SECONDS = 240.0
"""It comes every minute; what takes longer, such as a storage that does not answer, only one of them waits for."""
JOB_SECONDS = 900.0
"""To find out what changed, with archives of two commits; the runs have limits of their own."""
JOB_PAUSE_SECONDS, JOB_PATIENCE_SECONDS = 20.0, 3 * 3600.0
"""GitHub that is away is asked again, each time after as long as a push has waited; most outages are over by then."""
COLLECTION_SECONDS = 8 * 3600.0
"""The world with its parts and countries: 3 times 600 million rows; the next one begins a day after."""
COLLECTION_RETRIES, COLLECTION_RETRY_SECONDS = 3, 300.0
"""What is made by then stays made, so a storage that was away for minutes costs one collection."""
DEDUPLICATED_SECONDS = 10 * 3600.0
"""600 million rows at 40,000 a second take four; the next one begins a day after."""
DOTMAP_SECONDS = 20 * 3600.0
"""Six hours of tippecanoe for 600 million points, and as much again to fetch and to count them."""
DOTMAP_RETRIES = 2
DOTMAP_RETRY_SECONDS = 600.0
"""Storage and database may be away for a while; the map of the week before stays as long."""
RETENTION_SECONDS = 4 * 3600.0
"""The first time it has years to remove: a million keys take a thousand requests, a folder some hours."""
RETENTION_RETRIES, RETENTION_RETRY_SECONDS = 2, 600.0
"""What is removed by then stays removed."""
TURN_SECONDS = 2.0
"""How often is asked whether it is our turn to render: after one run that takes two."""
BACKUP_SECONDS = 2 * 3600.0
"""Ten million rows take minutes."""
BACKUP_RETRIES, BACKUP_RETRY_SECONDS = 3, 600.0
"""Storage and database may be away for a moment; a day without a backup is too long."""
SITE_SECONDS = 600.0
SITE_RETRIES = 2
"""Storage and database may be away for a moment; the pages are made from scratch each time."""
SITE_RETRY_SECONDS = 10.0
NOTICE_SECONDS = 120.0
NOTICE_RETRIES, NOTICE_RETRY_SECONDS = 2, 60.0
"""Whoever takes notices may be away for a minute; what still is not told is in Prefect as a flow run that failed."""
NOTICE_PAUSE_SECONDS = 3600.0
"""The same trouble is told once in so long: people stop reading what comes every minute."""
UNCLAIMED_SECONDS = 60.0
"""A run that nobody began so long after it was handed over may have no flow run any more: that is looked up."""
PENDING_SECONDS = 120.0
"""A flow run that a worker took so long ago and did not start has lost its worker: a start takes 3 to 8 s, on a busy
machine 30. Prefect would wait for ever."""
CLUSTER_PENDING_SECONDS = 900.0
"""The same where each flow run waits for a machine of its own: an image is fetched, a node may have to be started."""
WORK_PREFIX = "openaddr-run-"
"""What folders of runs that are worked on are called, wherever they are."""
KEPT_HOURS = 1.0
"""What killed writers left is gone within an hour (I12)."""


def deadline_seconds(settings: Settings) -> float:
    """How long a run may take in all: its download, its conversion twice (rows and outputs), and its upload."""
    size = settings.size
    return size.download_seconds + 2 * size.convert_seconds + UPLOAD_SECONDS
