-- name: has_migrations
select to_regclass('migrations') is not null

-- name: without_rights
-- What our programs do with every table of ours; backups read the last number of each sequence.
select relname
from pg_class
where relnamespace = current_schema()::regnamespace
    and relkind = 'r'
    and not (
        has_table_privilege(oid, 'select')
        and has_table_privilege(oid, 'insert')
        and has_table_privilege(oid, 'update')
        and has_table_privilege(oid, 'delete')
    )
    or relnamespace = current_schema()::regnamespace
    and relkind = 'S'
    and not has_sequence_privilege(oid, 'select')
order by relname

-- name: may_migrate
-- Migrations make and alter tables: who owns them may, and who may make new ones.
select has_schema_privilege(current_schema(), 'create') and coalesce(
    (
        select bool_and(pg_has_role(relowner, 'usage'))
        from pg_class
        where relnamespace = current_schema()::regnamespace and relkind = 'r'
    ),
    true
)

-- name: clock
select extract(epoch from clock_timestamp())::double precision

-- name: began
select min(applied_at) from migrations
