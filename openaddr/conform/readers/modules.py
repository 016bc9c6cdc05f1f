"""Which module reads which format. Only the one that is needed gets loaded: most sources are small."""

READERS = {
    "csv": "openaddr.conform.readers.delimited",
    "geojson": "openaddr.conform.readers.geojson",
    "shapefile": "openaddr.conform.readers.vector",
    "shapefile-polygon": "openaddr.conform.readers.vector",
    "gdb": "openaddr.conform.readers.vector",
    "gpkg": "openaddr.conform.readers.vector",
    "xml": "openaddr.conform.readers.vector",
}
ESRI_READER = "openaddr.conform.readers.esri"
