-- name: put
-- A new id for a new payload: whoever is sending the old one cannot mark the new one as sent. When to try next stays, for
-- a server that asked us to wait means every message.
insert into outbox (kind, key, payload) values (%(kind)s, %(key)s, %(payload)s)
on conflict (kind, key) where sent_at is null and parked_at is null do update set
    id = default,
    payload = excluded.payload,
    created_at = excluded.created_at,
    tries = 0,
    error = null
returning id

-- name: get
select * from outbox where id = %(message_id)s

-- name: hold
select pg_try_advisory_lock(1129270867, 0)

-- name: due
-- Handing out counts as a try, so a message that kills its sender is parked, too.
with due as (
    select id from outbox
    where sent_at is null and parked_at is null and next_try_at <= clock_timestamp()
      and (%(key)s::text is null or key = %(key)s)
    order by next_try_at, id
    limit %(limit)s
    for update skip locked
), handed_out as (
    update outbox set
        tries = least(tries + 1, %(most)s),
        next_try_at = clock_timestamp() + make_interval(secs => %(hold_seconds)s),
        parked_at = case when tries < %(most)s then null else clock_timestamp() end,
        error = case when tries < %(most)s then error else coalesce(error, 'Its sender never answered.') end
    where id in (select id from due)
    returning *
)
select * from handed_out where parked_at is null order by id

-- name: is_waiting
select exists (select from outbox where key = %(key)s and sent_at is null and parked_at is null)

-- name: sent
update outbox set sent_at = clock_timestamp(), error = null
where id = %(message_id)s and sent_at is null and parked_at is null

-- name: hurry
-- The one that took the place of a message that has just been sent: whoever sent that held it, too.
update outbox set next_try_at = clock_timestamp()
where kind = %(kind)s and key = %(key)s and sent_at is null and parked_at is null

-- name: failed
-- One minute, then four times as much each time: the last try is an hour and a half after the first.
update outbox set
    error = %(error)s,
    next_try_at = clock_timestamp()
        + make_interval(secs => greatest(%(retry_after)s::double precision, 60 * 4 ^ (tries - 1))),
    parked_at = case when tries < %(most)s then null else clock_timestamp() end
where id = %(message_id)s and sent_at is null and parked_at is null
