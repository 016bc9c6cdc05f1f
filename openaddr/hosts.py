"""Which hosts are one server park: the limit of requests at once is for a park, whatever its machines are called."""

FAMILIES = {
    # 1,144 of 4,600 sources; services1 to services9 are one company's, and it answers 429 when asked too fast.
    "arcgis.com": 8,
    # Our own cache of uploads.
    "openaddresses.io": 8,
    "gouv.fr": 4,
    "geonorge.no": 4,
    "github.com": 4,
    "githubusercontent.com": 4,
    "amazonaws.com": 8,
    # One machine each with many counties on it.
    "gisworkshop.com": 2,
    "districtiii.org": 2,
    "kcsgis.com": 2,
    "webgis.net": 2,
    "1stdistrict.org": 2,
    "39dn.com": 2,
    "sgrcmaps.com": 2,
    "wisc.edu": 2,
    "uiowa.edu": 2,
    "nconemap.gov": 2,
    "floridarevenue.com": 2,
    "mississippi.edu": 2,
}
"""Runs that may fetch from a well-known family of hosts at once."""


def family(host: str) -> str:
    """The family that a host belongs to, itself when that is nobody well known."""
    name = host.lower().rstrip(".")
    labels = name.split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels)))
    return next((parent for parent in parents if parent in FAMILIES), name)


def limit_name(host: str) -> str:
    """The name of the global concurrency limit for a host."""
    return f"host:{family(host)}"
