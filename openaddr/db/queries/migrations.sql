-- name: take_time
-- Until the transaction ends: tables can be large, and whoever migrates at the moment has work to do.
select set_config('statement_timeout', '0', true), set_config('lock_timeout', '10min', true)

-- name: wait_for_others
-- The lock ends with the transaction.
select pg_advisory_xact_lock(1129270866)

-- name: prepare
create table if not exists migrations (
    number integer primary key,
    name text not null,
    applied_at timestamptz not null default clock_timestamp()
)

-- name: is_prepared
select to_regclass('migrations') is not null

-- name: applied
select number from migrations

-- name: note
insert into migrations (number, name) values (%(number)s, %(name)s)
