-- name: freeze
set transaction isolation level repeatable read, read only

-- name: take_time
select set_config('statement_timeout', '0', true)

-- name: tables
-- Tables of a schema with their columns, as they are written into it.
select
    relname as name,
    array(
        select attname::text from pg_attribute
        where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = ''
        order by attnum
    ) as columns
from pg_class
where relnamespace = to_regnamespace(%(schema)s) and relkind = 'r' and relname <> 'migrations'
order by relname

-- name: references
-- Pairs of a table and another one that has to have its rows before.
select distinct referring.relname as name, referred.relname as before
from pg_constraint
join pg_class as referring on referring.oid = conrelid
join pg_class as referred on referred.oid = confrelid
where connamespace = to_regnamespace(%(schema)s) and contype = 'f' and conrelid <> confrelid

-- name: numbers
-- Columns that number their rows by themselves.
select relname as name, attname as column
from pg_attribute join pg_class on pg_class.oid = attrelid
where relnamespace = to_regnamespace(%(schema)s) and attidentity <> '' and not attisdropped
order by 1, 2

-- name: last_number
-- The last one that was given, 0 when none was.
select coalesce(pg_sequence_last_value(pg_get_serial_sequence(%(name)s, %(column)s)), 0)

-- name: set_number
select setval(pg_get_serial_sequence(%(name)s, %(column)s), greatest(%(last)s, 1), %(last)s > 0)

-- name: types
select typname::text from pg_type where typnamespace = to_regnamespace(%(schema)s) and typtype = 'e' order by 1
