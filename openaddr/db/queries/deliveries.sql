-- name: receive
insert into deliveries (id, event, payload) values (%(delivery_id)s, %(event)s, %(payload)s)
on conflict do nothing

-- name: get
select * from deliveries where id = %(delivery_id)s

-- name: waiting
-- Those that never failed come first: one that cannot be handled stands in nobody's way.
select id from deliveries
where status = 'waiting' and next_try_at <= clock_timestamp()
order by tries, received_at
limit %(limit)s

-- name: stale
select id from deliveries
where status = 'started' and started_at < clock_timestamp() - make_interval(secs => %(seconds)s)
order by started_at
limit %(limit)s

-- name: started
update deliveries set status = 'started', flow_run_id = %(flow_run_id)s, started_at = clock_timestamp()
where id = %(delivery_id)s and status = 'waiting'

-- name: begin
-- Beginning counts as a try, so a delivery that kills whoever works on it is parked, too.
update deliveries set
    tries = tries + 1,
    status = (case when tries < %(most)s then 'started' else 'parked' end)::delivery_status,
    reason = case when tries < %(most)s or reason <> '' then reason else 'Whoever worked on it never answered.' end,
    flow_run_id = coalesce(%(flow_run_id)s, flow_run_id),
    started_at = clock_timestamp()
where id = %(delivery_id)s and status in ('waiting', 'started')
returning *

-- name: handled
update deliveries set status = 'handled', reason = %(told)s
where id = %(delivery_id)s and status in ('waiting', 'started')

-- name: ignore
update deliveries set status = 'ignored', reason = %(reason)s
where id = %(delivery_id)s and status in ('waiting', 'started')

-- name: postpone
update deliveries set
    status = 'waiting',
    tries = greatest(tries - 1, 0),
    reason = %(error)s,
    next_try_at = clock_timestamp() + make_interval(secs => %(seconds)s)
where id = %(delivery_id)s and status in ('waiting', 'started')

-- name: failed
update deliveries set
    reason = %(error)s,
    status = (case when tries < %(most)s then 'waiting' else 'parked' end)::delivery_status,
    next_try_at = clock_timestamp() + make_interval(secs => 10 * 4 ^ tries)
where id = %(delivery_id)s and status in ('waiting', 'started')
