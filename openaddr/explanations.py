"""What codes mean of where source files come from, of the record, collections and maps; `errors` has the others."""

from openaddr.codes import Code, ExitCode, Explanation


def explain(
    exit_code: ExitCode, rows: dict[Code, tuple[str, str]], retry: frozenset[Code] = frozenset()
) -> dict[Code, Explanation]:
    """The explanations of codes that have one exit code, from a title and a hint each."""
    return {code: Explanation(title, exit_code, hint, code in retry) for code, (title, hint) in rows.items()}


_OURS = explain(
    ExitCode.CONFIGURATION,
    {
        Code.SOURCES_MISSING: (
            "There are no source files where they should be",
            "Name a repository or a folder, or set OPENADDR_REPOSITORIES or OPENADDR_SOURCES_FOLDER; source files are "
            "in a folder `sources` and end in .json.",
        ),
        Code.SOURCES_CHANGED: (
            "The source files of a set are not those it began with, so the rest of it cannot be done",
            "Start a new set.",
        ),
        Code.GITHUB_REPOSITORY_REFUSED: (
            "The repository is none of those that may be asked for",
            "Correct the name, or add it to OPENADDR_REPOSITORIES.",
        ),
        Code.GITHUB_REPOSITORY_NOT_FOUND: (
            "GitHub has no such repository, or does not show it to us",
            "Correct the name; a private repository needs a GITHUB_TOKEN that may read it.",
        ),
        Code.GITHUB_COMMIT_UNKNOWN: (
            "The repository has no such commit",
            "Give the whole id of a commit or the name of a branch; none means the newest of the default branch.",
        ),
        Code.GITHUB_REFUSED: (
            "GitHub refuses what was asked of it",
            "Check that GITHUB_TOKEN is valid and may read the contents of the repository.",
        ),
        Code.GITHUB_ARCHIVE_TOO_LARGE: (
            "The archive of the commit is larger than any collection of source files should be",
            "Look for what does not belong into the repository.",
        ),
    },
)

_RECORD = explain(
    ExitCode.CONFIGURATION,
    {
        Code.DATABASE_OLDER: (
            "The database lacks what this release needs",
            "Stop the workers, make a backup (`openaddr backup`), then `openaddr db migrate`, and start again.",
        ),
        Code.DATABASE_NEWER: (
            "The database is of a newer release than this one",
            "Install that release here too, or name another database by DATABASE_URL.",
        ),
        Code.BACKUP_UNSET: (
            "No place for backups is named",
            "Set OPENADDR_BACKUP_BUCKET to a bucket that nobody else may read, or OPENADDR_BACKUP_FOLDER.",
        ),
        Code.BACKUP_MISSING: (
            "There is no such backup",
            "Name a file of this machine, or one of what `openaddr backup --list` shows.",
        ),
        Code.BACKUP_BAD: (
            "The backup is not whole, or not what it was when it was made",
            "Take an earlier one (`openaddr backup --list`); nothing of the database has changed.",
        ),
        Code.BACKUP_NEWER: (
            "The backup is of a newer release than this one",
            "Install that release, then restore; nothing of the database has changed.",
        ),
        Code.RECORD_NOT_EMPTY: (
            "There is a record already, which the backup would replace",
            "Name an empty database by DATABASE_URL, or say `--replace` when what is there may go.",
        ),
        Code.RESTORE_FAILED: (
            "The database refuses what is to be restored",
            "Do what the message says; nothing of the database has changed.",
        ),
    },
)

_GITHUBS = explain(
    ExitCode.SERVER,
    {
        Code.GITHUB_RATE_LIMITED: (
            "GitHub allows no more requests for now",
            "Try again at the time named; with GITHUB_TOKEN there are 5,000 requests an hour, without it 60.",
        ),
        Code.GITHUB_AWAY: (
            "GitHub does not answer as it should",
            "Try again later; see githubstatus.com, and check GITHUB_API_URL.",
        ),
        Code.GITHUB_ARCHIVE_BAD: ("The archive of the commit did not arrive whole", "Try again later."),
    },
    retry=frozenset({Code.GITHUB_RATE_LIMITED, Code.GITHUB_AWAY, Code.GITHUB_ARCHIVE_BAD}),
)

COLLECTIONS: dict[Code, Explanation] = explain(
    ExitCode.OURS,
    {
        Code.COLLECTION_EMPTY: (
            "There is nothing to collect, so collections stay as they were",
            "Look at the newest complete set: it has to have source files of the default branch with good runs.",
        ),
        Code.COLLECTION_INCOMPLETE: (
            "A source is missing that no earlier collection has either, so the collection stays as it was",
            "See the problem of the source named; have it run again without its cache.",
        ),
        Code.COLLECTION_MEMBER_BAD: (
            "The files of a run cannot be collected, so its rows are kept from the collection before",
            "Have the source run again without its cache, and find out what happened to the files named.",
        ),
    },
)

_MAPS = explain(
    ExitCode.SOURCE,
    {
        Code.COVERAGE_UNKNOWN: (
            "The source says that it covers something that maps do not know",
            "Name a state or county by `US Census`, a country by `ISO 3166`, or give a `geometry`.",
        ),
        Code.COVERAGE_BROKEN: (
            "The geometry that the source covers cannot be drawn",
            "Give a polygon of longitudes and latitudes, in this order.",
        ),
        Code.COVERAGE_WIDE: (
            "The source covers a place without a shape, and its rows are too far apart to show where it is",
            "Look for rows far away from the others, or give a `geometry`.",
        ),
    },
)

ORIGINS: dict[Code, Explanation] = _OURS | _RECORD | _GITHUBS | _MAPS
