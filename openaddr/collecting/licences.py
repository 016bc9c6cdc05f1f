"""README.txt and LICENSE.txt of an archive: what it is, and whom to name for what is in it."""

from collections.abc import Sequence

from openaddr.collecting.members import Member
from openaddr.collecting.plans import Plan
from openaddr.outputs.licence import licence_words
from openaddr.source.model import License
from openaddr.words import shown

UNKNOWN = "Unknown"
SIDES = {
    False: "No source in this archive says that what is made of it has to be under the same licence (share-alike).",
    True: "What is made of the data in this archive has to be under the same licence (share-alike).",
}


def readme(plan: Plan) -> str:
    """README.txt. Its date is that of the newest data, so that the same data gives the same file."""
    newest = max(member.finished_at for member in plan.members)
    where = "".join(f"Source files: {origin}\n" for origin in plan.origins)
    return (
        f"Data collected around {newest:%Y-%m-%d} by OpenAddresses (https://openaddresses.io).\n"
        "\n"
        "OpenAddresses collects address data that governments publish, and gives it away under the licences of its\n"
        "publishers.\n"
        "\n"
        f"{SIDES[plan.share_alike]}\n"
        "Who published what, under which licence, and who has to be named: LICENSE.txt\n"
        f"{where}"
        "\n"
        "<source>.csv has the addresses of a source, UTF-8, longitude and latitude in EPSG:4326; <source>.vrt opens\n"
        "it in QGIS and everything else that uses GDAL. summary/<source>-summary.csv counts them by tenths of a\n"
        "degree. Values are as published. Some may begin with =, +, - or @: import them as text into a spreadsheet.\n"
    )


def licences(members: Sequence[Member]) -> str:
    """LICENSE.txt: each source by its path."""
    parts = ["Data collected by OpenAddresses (https://openaddresses.io), published by:\n"]
    for member in members:
        licence = member.licence
        known = License(_line(licence.text), _line(licence.url))
        parts.append(
            f"{member.path}\n"
            f"Website: {_line(member.website) or UNKNOWN}\n"
            f"License: {licence_words(known) if known != License('', '') else UNKNOWN}\n"
            f"Required attribution: {attribution(licence)}\n"
        )
    return "\n".join(parts)


def attribution(licence: License) -> str:
    """`No`, who has to be named, `Yes` where the source does not say who, or that nobody knows."""
    if licence.attribution_required is False:
        return "No"
    return _line(licence.attribution_name) or ("Yes" if licence.attribution_required else UNKNOWN)


def _line(text: str | None) -> str:
    """Words of a stranger on one line, so that they cannot look like lines of ours."""
    return shown(text or "", 1_000)
