"""The deduplicated build: all addresses once more, with what tells which rows are the same address.

Rows of the last good runs are read into one DuckDB database on disk (`database`), those with one key (`keys`) at one
place (`places`) become a group whose best row is chosen by a total order, and all rows are written as GeoParquet by
place (`shards`, `writing`). Nothing of it depends on the order in which sources are read: the same runs give the same
bytes. Groups are found by key over the whole world, so the borders of files cut none of them.
"""
