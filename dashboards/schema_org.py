"""What search engines for data read: a `Dataset` of schema.org for each source with data."""

from typing import TYPE_CHECKING

from dashboards import links
from dashboards.snapshot import Snapshot
from openaddr.words import iso, shown

if TYPE_CHECKING:
    from dashboards.sources import LayerView, SourceView

MEDIA_TYPES = {
    "csv_zip": "application/zip",
    "geoparquet": "application/vnd.apache.parquet",
    "geojsonl": "application/geo+json-seq",
    "pmtiles": "application/vnd.pmtiles",
}
PUBLISHER = {"@type": "Organization", "name": "OpenAddresses", "url": "https://openaddresses.io"}


def dataset(seen: Snapshot, view: "SourceView") -> dict[str, object]:
    """The source and what can be downloaded of it."""
    with_data = [layer for layer in view.layers if layer.downloads]
    kinds = ", ".join(shown(layer.layer, 40) for layer in with_data)
    found: dict[str, object] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": f"OpenAddresses {shown(view.source_id, 120)}",
        "description": f"{kinds} of {shown(view.source_id, 120)}, conformed to one schema from what a government "
        "publishes, with the number of rows, checks and history of each.",
        "isAccessibleForFree": True,
        "creator": PUBLISHER,
        "distribution": [part for layer in with_data for part in _distribution(seen, layer)],
    }
    licences = sorted({layer.facts.licence.url for layer in with_data} - {""})
    if licences:
        found["license"] = licences[0] if len(licences) == 1 else licences
    if seen.site_url:
        found["url"] = links.address(seen.site_url, links.source(view.source_id))
    if changed := max(
        (layer.state.good_at for layer in with_data if layer.state and layer.state.good_at), default=None
    ):
        found["dateModified"] = iso(changed)
    return found


def _distribution(seen: Snapshot, layer: "LayerView") -> list[dict[str, object]]:
    return [
        {
            "@type": "DataDownload",
            "name": f"{shown(layer.layer, 40)} {shown(layer.name, 80)}, {download.file.title}",
            "contentUrl": links.address_of_file(seen.files_at, seen.site_url, download.key),
            "encodingFormat": MEDIA_TYPES[download.file.kind],
            "contentSize": f"{download.file.bytes} B",
            "sha256": download.file.sha256,
        }
        for download in layer.downloads
        if download.file.kind in MEDIA_TYPES
    ]
