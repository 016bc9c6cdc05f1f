-- name: receive
insert into deliveries (id, event, payload) values (%(delivery_id)s, %(event)s, %(payload)s)
on conflict do nothing

-- name: get
select * from deliveries where id = %(delivery_id)s

-- name: waiting
-- Those that never failed come first: one that cannot be handled stands in nobody's way.
select * from deliveries
where status = 'waiting'
order by tries, received_at
limit %(limit)s
for update skip locked

-- name: to_begin
select id from deliveries
where status = 'waiting'
order by tries, received_at
limit %(limit)s

-- name: started
update deliveries set status = 'started', flow_run_id = %(flow_run_id)s
where id = %(delivery_id)s and status = 'waiting'

-- name: ignore
update deliveries set status = 'ignored', reason = %(reason)s
where id = %(delivery_id)s and status = 'waiting'

-- name: failed
update deliveries set
    tries = tries + 1,
    reason = %(error)s,
    status = (case when tries + 1 < %(most)s then 'waiting' else 'parked' end)::delivery_status
where id = %(delivery_id)s and status = 'waiting'
