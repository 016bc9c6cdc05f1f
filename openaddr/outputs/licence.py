"""Licence and attribution in words; what a source does not say is called unknown, never left out."""

from datetime import datetime

from openaddr.source.model import LayerSource, License

UNKNOWN = "unknown"


def licence_words(licence: License) -> str:
    """Name and address of the licence in one line."""
    if licence.text and licence.url:
        return f"{licence.text} ({licence.url})"
    return licence.text or licence.url or UNKNOWN


def flag_words(flag: bool | None) -> str:
    """`yes`, `no` or `unknown`."""
    return UNKNOWN if flag is None else "yes" if flag else "no"


def attribution_words(licence: License) -> str:
    """Whether the publisher has to be named, and how."""
    words = flag_words(licence.attribution_required)
    return f"{words}, {licence.attribution_name}" if licence.attribution_name else words


def readme(entry: LayerSource, source_id: str, now: datetime) -> str:
    """README.txt of the zip."""
    name = source_id.replace("/", "-")
    return (
        f"{source_id}, {entry.layer}, {entry.name}\n"
        f"\n"
        f"Published by OpenAddresses (https://openaddresses.io) on {now:%Y-%m-%d}.\n"
        f"Publisher's website: {entry.website or UNKNOWN}\n"
        f"Licence: {licence_words(entry.license)}\n"
        f"Attribution required: {attribution_words(entry.license)}\n"
        f"Share-alike: {flag_words(entry.license.share_alike)}\n"
        f"\n"
        f"{name}.csv has the addresses: UTF-8, longitude and latitude in EPSG:4326, one row each.\n"
        f"{name}.vrt opens it as points in QGIS and everything else that uses GDAL.\n"
        f"Values are as published. Some may begin with =, +, - or @: import them as text into a spreadsheet.\n"
    )


def licence_file(entry: LayerSource, source_id: str) -> str:
    """LICENSE.txt of the zip."""
    licence = entry.license
    lines = [
        f"Source: {source_id}",
        f"Website: {entry.website or UNKNOWN}",
        f"Licence: {licence.text or UNKNOWN}",
        f"Licence URL: {licence.url or UNKNOWN}",
        f"Attribution required: {flag_words(licence.attribution_required)}",
        f"Attribution name: {licence.attribution_name or UNKNOWN}",
        f"Share-alike: {flag_words(licence.share_alike)}",
    ]
    if licence == License():
        lines += ["", "The source does not say under which licence the data is published. Ask the publisher."]
    return "\n".join(lines) + "\n"
