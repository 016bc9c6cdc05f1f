"""GeoJSON, shapefiles, geodatabases, GeoPackages, GML, KML and ESRI pages that lie, swell, or lead elsewhere."""

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

from openaddr.errors import Code
from tests.hostile import geodata, geojson
from tests.hostile.case import HERE, SOME_ROWS, Case, World, case, source
from tests.hostile.geodata import ROWS, changed, patched, valid, with_file, with_sql

FAMILY = "gis"
UNREADABLE, NO_COLUMN, REJECTED = Code.DATA_UNREADABLE, Code.FIELD_NOT_FOUND, Code.ROWS_REJECTED
ALL = f"{ROWS} rows"
DAMAGED = (
    SOME_ROWS,
    UNREADABLE,
    NO_COLUMN,
    REJECTED,
    Code.NO_ROWS,
    Code.CRS_UNKNOWN,
    Code.CRS_MISSING,
    Code.LAYER_NOT_FOUND,
    Code.ENCODING,
    Code.FILE_NOT_IN_ARCHIVE,
    Code.TRUNCATED,
    Code.MEMORY_LIMIT,
    Code.READER_CRASHED,
    Code.TIME_LIMIT,
)
"""What may come of a file with bits turned over: rows, a problem of the data, or the end of its reader."""
FORMATS = {"shp": "shapefile", "gpkg": "gpkg", "gdb": "gdb", "gml": "xml", "kml": "xml"}


def cases(world: World) -> Iterator[Case]:
    """All of them."""
    yield from geojson.cases(FAMILY)
    yield from _shapefiles(world)
    yield from _dressed_up(world)
    yield from _xml(world)
    yield from _geopackages(world)
    yield from _geodatabases()
    yield from _damaged()
    yield from _esri()


def _file(name: str, form: str, ending: str, make: Any, *expected: str, **conform: Any) -> Case:
    rules = {"format": form, "number": "no", "street": "street"} | conform
    return case(FAMILY, name, source(f"{HERE}/data.{ending}", rules), *expected, **{f"data__{ending}": make})


def _shape(name: str, make: Callable[[], bytes], *expected: str, **conform: Any) -> Case:
    return _file(f"a shapefile {name}", "shapefile", "zip", make, *expected, **conform)


def _shapefiles(world: World) -> Iterator[Case]:
    big, little = struct.Struct(">i").pack, struct.Struct("<i").pack
    for name, file, offset, content, expected in (
        ("whose first record says 2 GB", "town.shp", 104, big(0x3FFFFFFF), UNREADABLE),
        ("whose first record says less than nothing", "town.shp", 104, big(-5), UNREADABLE),
        ("whose length says 4 GB", "town.shp", 24, big(0x7FFFFFFF), UNREADABLE),
        ("whose length says less than nothing", "town.shp", 24, big(-1), UNREADABLE),
        ("of a kind that is not known", "town.shp", 32, little(99), ALL),
        ("of points with a record of polygons", "town.shp", 108, little(5), ALL),
        ("whose index points beyond it", "town.shx", 100, big(0x3FFFFFF0), UNREADABLE),
        ("whose index points before it", "town.shx", 100, big(-50), ALL),
        ("whose index has records of 2 GB", "town.shx", 104, big(0x3FFFFFFF), UNREADABLE),
        ("whose table has four billion rows", "town.dbf", 4, little(-1), UNREADABLE),
        ("whose table has no rows", "town.dbf", 4, little(0), Code.NO_ROWS),
        ("whose table has a header of 0 bytes", "town.dbf", 8, b"\0\0", NO_COLUMN),
        ("whose table has a header of 64 KB", "town.dbf", 8, b"\xff\xff", UNREADABLE),
        ("whose table has rows of 0 bytes", "town.dbf", 10, b"\0\0", NO_COLUMN),
        ("whose table has a column of 255 bytes", "town.dbf", 48, b"\xff", NO_COLUMN),
        ("whose table has a column of kind Z", "town.dbf", 43, b"Z", ALL),
        ("whose table has names of control characters", "town.dbf", 32, b"\x1b\x07\x01", ALL),
    ):
        yield _shape(name, changed("shp", file, patched(offset, content)), expected)
    for name, file, made, expected in (
        ("without an index", "town.shx", None, ALL),
        ("without a table", "town.dbf", None, NO_COLUMN),
        ("without a system", "town.prj", None, Code.CRS_MISSING),
        ("with an empty index", "town.shx", b"", UNREADABLE),
        ("with an empty table", "town.dbf", b"", NO_COLUMN),
        ("with nothing in its main file", "town.shp", b"", UNREADABLE),
        ("with a head alone", "town.shp", valid("shp")["town.shp"][:100], UNREADABLE),
        ("with half an index", "town.shx", valid("shp")["town.shx"][:105], ALL),
        ("with a system of 20 MB", "town.prj", b"GEOGCS[" * 3_000_000, UNREADABLE),
        ("with a system in a file", "town.prj", _extension(world), Code.CRS_UNKNOWN),
        ("with a system from the network", "town.prj", world.canary_url.encode(), Code.CRS_MISSING),
        ("with an encoding of nonsense", "town.cpg", b"../../etc/passwd", ALL),
        ("with an encoding of 10 MB", "town.cpg", b"9" * 10_000_000, ALL),
        ("with the encoding of NULs", "town.cpg", bytes(64), ALL),
        ("with the encoding utf-7", "town.cpg", b"UTF-7", ALL),
        ("with a spatial index of nonsense", "town.qix", b"SQT" + bytes(99), ALL),
        ("with a spatial index of ESRI that is none", "town.sbn", bytes(999), ALL),
        ("with metadata of XML entities", "town.shp.xml", _laughs("metadata"), ALL),
        ("with a VRT beside it", "town.vrt", _vrt(world), ALL),
    ):
        yield _shape(name, with_file("shp", file, made), expected)
    for told, layer in (
        ("a file", str(world.canary)),
        ("GDAL's network", f"/vsicurl/{world.canary_url}"),
        ("SQL", "SELECT 1"),
    ):
        yield _shape(f"whose layer is {told}", with_file("shp", "a.txt", b""), Code.LAYER_NOT_FOUND, layer=layer)
    yield _shape("whose layer is a million", with_file("shp", "a.txt", b""), Code.LAYER_NOT_FOUND, layer=1_000_000)


def _extension(world: World) -> bytes:
    canary = world.canary.with_suffix(".prj")
    return (
        'GEOGCS["x",DATUM["x",SPHEROID["GRS 1980",6378137,298.257222101]],PRIMEM["Greenwich",0],'
        'UNIT["degree",0.0174532925199433],'
        f'EXTENSION["PROJ4","+proj=longlat +ellps=GRS80 +nadgrids={canary} +no_defs"]]'
    ).encode()


def _vrt(world: World) -> bytes:
    layer = f'<OGRVRTLayer name="town"><SrcDataSource>{world.canary}</SrcDataSource></OGRVRTLayer>'
    return f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>".encode()


def _dressed_up(world: World) -> Iterator[Case]:
    """What GDAL would open as something else, if it could."""
    wfs = f"<OGRWFSDataSource><URL>{world.canary_url}</URL></OGRWFSDataSource>".encode()
    service = f'<WFS_Capabilities xmlns="http://x"><Get href="{world.canary_url}"/></WFS_Capabilities>'
    found = {
        "a VRT": _vrt(world),
        "a service of WFS": wfs,
        "the capabilities of a service": service.encode(),
        "a list of tiles": b'<GDAL_WMS><Service name="TMS"/></GDAL_WMS>',
        "a database": valid("gpkg")["town.gpkg"],
        "a table": valid("shp")["town.dbf"],
        "a PDF": b"%PDF-1.7\n",
        "a program": b"\x7fELF" + bytes(200),
        "a connection": f"PG:host=127.0.0.1 {world.canary_url}".encode(),
        "GeoJSON": b'{"type": "FeatureCollection"}',
        "a path": f"/vsicurl/{world.canary_url}/a.shp".encode(),
    }
    for name, content in found.items():
        yield _shape(f"that is {name}", with_file("shp", "town.shp", content), UNREADABLE)
        if name != "a database":
            yield _file(f"a GeoPackage that is {name}", "gpkg", "gpkg", content, UNREADABLE)
        yield _file(f"a GML that is {name}", "xml", "gml", content, UNREADABLE)
    inside = {"town.gdb/a00000001.gdbtable": _vrt(world), "town.gdb/gdb": b""}
    yield _file("a geodatabase that is a VRT", "gdb", "zip", lambda: geodata.packed(inside), UNREADABLE)


def _laughs(root: str, body: str = "") -> bytes:
    entities = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY a0 "ha">{entities}]><{root}>{body}&a9;</{root}>'.encode()


GML = (
    '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {more}>'
    "{members}</wfs:FeatureCollection>"
)
MEMBER = (
    '<gml:featureMember><town fid="town.{at}"><gml:pointProperty><gml:Point srsName="EPSG:4326"><gml:coordinates>'
    "10,50</gml:coordinates></gml:Point></gml:pointProperty><no>{no}</no><street>Main St</street></town>"
    "</gml:featureMember>"
)


def _gml(members: str = MEMBER.format(at=1, no=5), more: str = "", before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}{GML.format(members=members, more=more)}'.encode()


def _kml(body: str, before: str = "") -> bytes:
    point = "<Point><coordinates>10,50</coordinates></Point>"
    place = f"<Placemark><name>5</name><description>Main St</description>{point}</Placemark>"
    kml = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{place}{body}</Document></kml>'
    return f'<?xml version="1.0"?>{before}{kml}'.encode()


def _xml(world: World) -> Iterator[Case]:
    file, net = f"file://{world.canary.with_suffix('.xml')}", f"{world.canary_url}/a.xml"
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "{}">]>'
    parameter = '<!DOCTYPE x [<!ENTITY % e SYSTEM "{}"> %e;]>'
    doctype = '<!DOCTYPE x SYSTEM "{}">'
    told = MEMBER.format(at=1, no="&e;")
    for place, where in (("a file", file), ("the network", net)):
        yield _file(f"GML with an entity from {place}", "xml", "gml", _gml(told, before=entity.format(where)), "1 rows")
        yield _file(f"GML with a DTD from {place}", "xml", "gml", _gml(before=doctype.format(where)), "1 rows")
        yield _file(f"GML with a parameter from {place}", "xml", "gml", _gml(before=parameter.format(where)), "1 rows")
        schema = f'xsi:schemaLocation="http://x {where}"'
        yield _file(f"GML with a schema from {place}", "xml", "gml", _gml(more=schema), "1 rows")
        link = MEMBER.format(at=1, no=5).replace("<gml:Point ", f'<gml:Point xlink:href="{where}#a" ')
        yield _file(f"GML with a link to {place}", "xml", "gml", _gml(link), "1 rows")
        linked = MEMBER.format(at=1, no=5).replace("<no>", f'<no xlink:href="{where}">')
        yield _file(f"GML with a property linked to {place}", "xml", "gml", _gml(linked), "1 rows")
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{where}" parse="text"/>'
        yield _file(f"GML that includes {place}", "xml", "gml", _gml(MEMBER.format(at=1, no=include)), "1 rows")
        names = {"number": "Name", "street": "description"}
        network = f"<NetworkLink><Link><href>{where}</href></Link></NetworkLink>"
        yield _file(f"KML with a link to {place}", "xml", "kml", _kml(network), "1 rows", **names)
        overlay = f"<GroundOverlay><Icon><href>{where}</href></Icon></GroundOverlay>"
        yield _file(f"KML with a picture from {place}", "xml", "kml", _kml(overlay), "2 rows", **names)
        style = f"<styleUrl>{where}#a</styleUrl>"
        yield _file(
            f"KML with a style from {place}",
            "xml",
            "kml",
            _kml(f"<Placemark>{style}</Placemark>"),
            "2 rows",
            **names,
        )
        yield _file(
            f"KML with an entity from {place}", "xml", "kml", _kml("&e;", entity.format(where)), UNREADABLE, **names
        )
    yield _file("a billion laughs in GML", "xml", "gml", _laughs("gml", GML.format(members="", more="")), UNREADABLE)
    yield _file("a billion laughs in KML", "xml", "kml", _laughs("kml"), UNREADABLE)
    quadratic = f'<!DOCTYPE x [<!ENTITY e "{"a" * 100_000}">]>'
    yield _file(
        "a quadratic blow-up in GML",
        "xml",
        "gml",
        lambda: _gml(MEMBER.format(at=1, no="&e;" * 10_000), before=quadratic),
        UNREADABLE,
    )
    yield from _large_xml()


def _large_xml() -> Iterator[Case]:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    yield _file("GML 100,000 deep", "xml", "gml", lambda: _gml(MEMBER.format(at=1, no=deep)), NO_COLUMN)
    folders = "<Folder>" * 50_000 + "</Folder>" * 50_000
    yield _file("KML 50,000 deep", "xml", "kml", lambda: _kml(folders), UNREADABLE, number="Name", street="description")
    long = "a" * 10_000_000
    yield _file("GML with a value of 10 MB", "xml", "gml", lambda: _gml(MEMBER.format(at=1, no=long)), REJECTED)
    attributes = " ".join(f'a{at}="1"' for at in range(50_000))
    yield _file("GML with 50,000 attributes", "xml", "gml", lambda: _gml(more=attributes), UNREADABLE)
    many = "".join(f"<p{at}>1</p{at}>" for at in range(20_000))
    wide = MEMBER.format(at=1, no=5).replace("<street>", f"{many}<street>")
    yield _file("GML with 20,000 columns", "xml", "gml", lambda: _gml(wide), "1 rows")
    numbers = " ".join("10,50" for _ in range(1_000_000))
    points = MEMBER.format(at=1, no=5).replace("10,50", numbers)
    yield _file("GML with a point of a million places", "xml", "gml", lambda: _gml(points), Code.CRS_MISSING)
    yield _file("GML that is cut", "xml", "gml", _gml()[:-20], UNREADABLE)
    yield _file(
        "GML with its end in a comment", "xml", "gml", _gml()[:-24] + b"<!-- </wfs:FeatureCollection> -->", UNREADABLE
    )
    yield _file("GML with a NUL", "xml", "gml", _gml().replace(b"Main", b"Ma\0n"), Code.CRS_MISSING)
    yield _file("GML of UTF-16", "xml", "gml", _gml().decode().encode("utf-16"), UNREADABLE)
    yield _file(
        "GML of an unknown encoding", "xml", "gml", _gml().replace(b'"1.0"', b'"1.0" encoding="evil"'), UNREADABLE
    )


def _geopackages(world: World) -> Iterator[Case]:
    def gpkg(name: str, make: Any, *expected: str, **conform: Any) -> Case:
        return _file(f"a GeoPackage {name}", "gpkg", "gpkg", make, *expected, **conform)

    view = "UPDATE gpkg_contents SET table_name = 'v'", "UPDATE gpkg_geometry_columns SET table_name = 'v'"
    for name, sql, *expected in (
        (
            "counts to ten million",
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 10000000)"
            " SELECT n AS fid, CAST(n AS TEXT) AS no, NULL AS street, NULL AS geom FROM c WHERE n < 0",
            Code.NO_ROWS,
        ),
        ("makes huge values", _from("hex(zeroblob(20000000))"), REJECTED, Code.MEMORY_LIMIT),
        ("reads a file", _from(f"readfile('{world.canary}')"), UNREADABLE),
        ("loads a program", _from("load_extension('/tmp/evil.so')"), UNREADABLE),
        ("asks the network", _from(f"ogr_geocode('{world.canary_url}')"), UNREADABLE),
        ("does no harm", _from("no"), ALL),
        ("lacks its table", "SELECT * FROM nowhere", UNREADABLE),
    ):
        yield gpkg(f"whose view {name}", with_sql(f"CREATE VIEW v AS {sql}", *view), *expected, layer="v")
    trigger = "CREATE TRIGGER evil AFTER INSERT ON town BEGIN DELETE FROM town; END"
    yield gpkg("with a trigger", with_sql(trigger), ALL)
    virtual = "INSERT INTO sqlite_master VALUES ('table', 'evil', 'evil', 0, 'CREATE VIRTUAL TABLE evil USING {}')"
    path = str(world.canary)
    for told, kind in (
        ("of GDAL", f"VirtualOGR(''{path}'')"),
        ("of a file", f"VirtualText(''{path}'', ''UTF-8'')"),
        ("of a shape", f"VirtualShape(''{path}'', ''UTF-8'', 4326)"),
        ("of a kind that is not there", "evil(1)"),
    ):
        yield gpkg(f"with a virtual table {told}", with_sql(virtual.format(kind)), ALL)
    yield gpkg(
        "whose columns are other columns",
        with_sql("UPDATE gpkg_geometry_columns SET column_name = 'no'"),
        ALL,
    )
    yield gpkg("whose system is not there", with_sql("UPDATE gpkg_geometry_columns SET srs_id = 77"), Code.CRS_MISSING)
    extension = f"UPDATE gpkg_spatial_ref_sys SET definition = '{_extension(world).decode()}', organization = 'X'"
    yield gpkg("whose system is in a file", with_sql(extension), Code.CRS_UNKNOWN)
    yield gpkg("whose geometry is text", with_sql("UPDATE town SET geom = 'POINT (1 1)'"), ALL)
    yield gpkg(
        "whose geometry is 10 MB of nothing",
        with_sql("UPDATE town SET geom = zeroblob(10000000) WHERE fid = 1"),
        ALL,
    )
    counts = b"GP\0\1\xe6\x10\0\0" + b"\1" + struct.pack("<II", 3, 0x7FFFFFFF)
    lie = f"UPDATE town SET geom = x'{counts.hex()}'"
    yield gpkg("whose polygons have two billion rings", with_sql(lie), REJECTED)
    deep = b"GP\0\1\xe6\x10\0\0" + b"\1\7\0\0\0\1\0\0\0" * 10_000 + b"\1" + struct.pack("<Idd", 1, 1, 1)
    yield gpkg("whose geometry is 10,000 deep", with_sql(f"UPDATE town SET geom = x'{deep.hex()}'"), REJECTED)
    yield gpkg(
        "with a value of 50 MB",
        with_sql("UPDATE town SET street = hex(zeroblob(25000000)) WHERE fid = 1"),
        "19 rows, 1 VALUE_TOO_LONG",
    )
    yield gpkg("with 2,000 tables", with_sql(*(f"CREATE TABLE t{at} (a)" for at in range(2_000))), ALL)
    whole = valid("gpkg")["town.gpkg"]
    yield gpkg("that is half a one", lambda: whole[: len(whole) // 2], UNREADABLE)
    yield gpkg("that is its head alone", lambda: whole[:100], UNREADABLE)
    yield gpkg("with pages of 0 bytes", lambda: patched(16, b"\0\0")(whole), UNREADABLE)
    yield gpkg("that asks for its log", lambda: patched(18, b"\2\2")(whole), ALL)
    yield gpkg("of another application", lambda: patched(68, b"EVIL")(whole), ALL)
    yield gpkg("that is encrypted", lambda: whole[:16] + bytes(range(256)) * 300, UNREADABLE)
    yield gpkg("whose layer is SQL", whole, Code.LAYER_NOT_FOUND, layer="town; DROP TABLE town")


def _from(number: str) -> str:
    """A query that gives something else as number."""
    return f"SELECT fid, {number} AS no, street, geom FROM town"


def _geodatabases() -> Iterator[Case]:
    files = valid("gdb")
    tables = sorted(name for name in files if name.endswith(".gdbtable"))
    for name in tables[:8]:
        for told, change in (
            ("is cut", lambda data: data[: len(data) // 2]),
            ("says 2 GB", patched(4, b"\xff\xff\xff\x7f")),
        ):
            yield _file(
                f"a geodatabase whose table {name.split('/')[1]} {told}",
                "gdb",
                "zip",
                changed("gdb", name, change),
                *DAMAGED,
            )
    empty = {name: b"" for name in files}
    yield _file("a geodatabase of empty files", "gdb", "zip", lambda: geodata.packed(empty), UNREADABLE)


def _damaged() -> Iterator[Case]:
    for ending, form in FORMATS.items():
        names = {"number": "Name", "street": "street"} if ending == "kml" else {}
        for number, make in enumerate(geodata.damaged(ending, 16)):
            yield _file(f"a {ending} with bits turned over, number {number}", form, "zip", make, *DAMAGED, **names)


def _esri() -> Iterator[Case]:
    def esri(name: str, answer: Any, *expected: str) -> Case:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        rules = {"format": "geojson", "number": "no", "street": "street"}
        found = source(f"{HERE}/MapServer/0", rules, protocol="ESRI")
        pages = {"MapServer/0": body, "MapServer/0/query": body}
        return Case(FAMILY, f"an ESRI layer {name}", found, frozenset(expected), pages)

    failed = (Code.ESRI_ERROR, Code.ESRI_NO_QUERY, Code.ESRI_PAGING, Code.ESRI_INCOMPLETE, Code.NO_ROWS)
    fields = [{"name": "no", "type": "esriFieldTypeOID"}]
    layer = {"name": "town", "type": "Feature Layer", "capabilities": "Query", "fields": fields, "maxRecordCount": 10}
    yield esri("that answers nothing", b"", *failed, Code.DATA_EMPTY)
    yield esri("that answers with a list", [], *failed)
    yield esri("that answers with a number", 5, *failed)
    yield esri("that answers 100,000 deep", b"[" * 100_000, *failed)
    yield esri("that answers with an error of lists", {"error": []}, *failed)
    yield esri("that answers with an error of 1 MB", {"error": {"code": "x", "message": "m" * 1_000_000}}, *failed)
    yield esri("that has fields of numbers", layer | {"fields": 5}, *failed)
    yield esri("that counts less than nothing", layer | {"count": -5}, *failed)
    yield esri("that counts beyond integers", layer | {"count": 10**30, "features": []}, *failed)
    yield esri("that gives no row at once", layer | {"maxRecordCount": 0, "count": 5, "features": []}, *failed)
    yield esri("that gives less than none at once", layer | {"maxRecordCount": -1, "count": 5, "features": []}, *failed)
    yield esri("that lists a text of ids", layer | {"count": 5, "objectIds": "all"}, *failed)
    yield esri("that sends features of numbers", layer | {"count": 2, "features": [1, 2]}, *failed)
