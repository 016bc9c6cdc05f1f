"""Where runs and what is made of them are kept: a bucket of S3 or a folder, with one layout.

    runs/<run id>/<file>                      files of one run; written once, never changed by another run
    latest/<source>/<layer>-<name>.json       which run is the last good one, and its files: the switch, always whole
    latest/<source>/<layer>-<name>.<ext>      copies of its files: `.zip .parquet .geojsonl.gz .pmtiles .png`, others
                                              with their whole name, such as `.manifest.json`
    collections/<name>.zip, .parquet          bundles of many sources
    collections/<name>.manifest.json          what is in such a bundle, with licences and checksum
    tiles/<lon>.0/<lat>.0.zip                 addresses by square degree
    tiles/made.json                           what each of them was made of: only its maker reads it
    dotmap/world.pmtiles                      every address as a dot
    sets/<set id>/<file>                      maps and lists of one set
    site/<path>                               pages; `site/` is the root of the public site
    published/pages.json                      what each of those pages was made of: only the renderer reads it
    cache/uploads/<login>/<hex>/<file>        files of contributors
    aside/<token>/<file>                      complete, but not yet switched into place; nothing links there

Keys have no slash in front. An object is seen whole or not at all. A run that fails, is held or is killed leaves files
below `runs/<its id>/` only: nothing links to them before its row is final. In the folder, three hidden folders stand
beside these: `.incoming` (being written), `.records` (media types and checksums) and `.lock`.
"""

from pathlib import Path

from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.storage.folder import Folder
from openaddr.storage.objects import Storage
from openaddr.storage.s3 import S3


def open_storage(settings: Settings) -> Storage:
    """The storage that the settings name. Raises ProblemError when they name none."""
    if settings.s3_bucket:
        return S3(settings.s3_bucket, settings.s3_endpoint_url, settings.s3_region, settings.s3_public_url)
    if settings.storage_folder:
        return Folder(Path(settings.storage_folder))
    raise ProblemError(Code.STORAGE_UNSET, "Neither OPENADDR_STORAGE_FOLDER nor S3_BUCKET is set.")
