-- name: publish
insert into collections (name, key, sha256, bytes, rows, manifest)
values (%(name)s, %(key)s, %(sha256)s, %(bytes)s, %(rows)s, %(manifest)s)
on conflict (name) do update set
    created_at = excluded.created_at,
    key = excluded.key,
    sha256 = excluded.sha256,
    bytes = excluded.bytes,
    rows = excluded.rows,
    manifest = excluded.manifest
returning *

-- name: get
select * from collections where name = %(name)s

-- name: published
select * from collections order by name
