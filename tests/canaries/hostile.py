"""Source files that want to know what is in our environment, and servers that help them."""

import json
from collections.abc import Mapping
from typing import Any

from demo.servers.files import FileServer
from demo.servers.serving import Response

VRT = (
    b'<OGRVRTDataSource><OGRVRTLayer name="environ"><SrcDataSource>/proc/self/environ</SrcDataSource>'
    b"<SrcLayer>environ</SrcLayer><GeometryType>wkbPoint</GeometryType>"
    b'<GeometryField encoding="PointFromColumns" x="x" y="y"/></OGRVRTLayer></OGRVRTDataSource>'
)
WISHES = (
    "{settings.github_token} {0.__class__.__init__.__globals__} {{ settings.github_token }} {% debug %} "
    "${GITHUB_TOKEN} $GITHUB_TOKEN %(GITHUB_TOKEN)s %GITHUB_TOKEN% `env` $(env)"
)
PLAIN: dict[str, Any] = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street"}


def source(data: str, rules: Mapping[str, Any] = PLAIN, protocol: str = "http", **more: Any) -> bytes:
    """The text of a source file with one layer source."""
    entry = {"name": "town", "protocol": protocol, "data": data, "conform": dict(rules), **more}
    return json.dumps({"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [entry]}}).encode()


def good(web: FileServer) -> bytes:
    """A source that is well."""
    return source(f"{web.url}/a.csv")


def proposed(web: FileServer, github_url: str) -> dict[str, bytes]:
    """The files of a pull request, by path."""
    web.responses["/a.vrt"] = Response(VRT)
    web.responses["/a.shp"] = Response(VRT)
    web.responses["/to-a-file"] = Response(status=302, headers={"Location": "file:///proc/self/environ"})
    web.responses["/to-github"] = Response(status=302, headers={"Location": f"{github_url}/user"})
    rows = f"no,street,x,y\n1,{WISHES.replace(',', ' ')},1,50\n"
    web.responses["/wishes.csv"] = Response(rows.encode(), headers={"Content-Type": "text/csv"})
    told: dict[str, Any] = {
        "website": WISHES,
        "attribution": WISHES,
        "note": WISHES,
        "license": {"text": WISHES, "url": WISHES},
    }
    wished = PLAIN | {"street": {"function": "format", "fields": ["street"], "format": "$1 " + WISHES}}
    chained = PLAIN | {"street": {"function": "regexp", "field": "street", "pattern": "(.*)", "replace": WISHES}}
    found = {
        "file": source("file:///proc/self/environ"),
        "path": source("/proc/self/environ", protocol="file"),
        "parent": source("http://127.0.0.1:1/proc/self/environ"),
        "redirect": source(f"{web.url}/to-a-file"),
        "to-github": source(f"{web.url}/to-github", PLAIN | {"format": "json"}),
        "vrt": source(f"{web.url}/a.vrt", PLAIN | {"format": "shapefile"}),
        "shp": source(f"{web.url}/a.shp", {**PLAIN, "format": "shapefile", "file": "../../../../proc/self/environ"}),
        "inside": source(f"{web.url}/a.csv", {**PLAIN, "file": "/proc/self/environ"}),
        "format": source(f"{web.url}/a.csv", wished, **told),
        "pattern": source(f"{web.url}/a.csv", chained),
        "wishes": source(f"{web.url}/wishes.csv", **told),
        "address": source(f"{web.url}/${{GITHUB_TOKEN}}/{{0.github_token}}/%GITHUB_TOKEN%"),
        "driver": source(f"{web.url}/a.csv", PLAIN | {"format": WISHES}),
        "header": source(f"{web.url}/a.csv", request={"headers": {"X-Wish": "${GITHUB_TOKEN}"}}),
        "name": source(f"{web.url}/gone.csv", name=WISHES[:100]),
    }
    return {f"sources/xx/{name}.json": content for name, content in found.items()}
