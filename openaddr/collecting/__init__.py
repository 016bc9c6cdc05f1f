"""Collections: the last good runs of many sources in one file, by area and by what one may do with them.

`members` says what there is, `areas` where it belongs, `plans` which collections that makes; `checking` looks at the
files of each run once, `making` writes one collection and puts it on the record.
"""
