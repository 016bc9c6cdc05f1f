-- What is asked of the DuckDB database of one build. {columns} are the text columns of an address.

-- name: create
create table members (
    member integer, source varchar, name varchar, run bigint, locality integer, share_alike boolean, licence varchar
);
create table rows (
    member integer, row uinteger, {definitions}, lon double, lat double, curve uinteger, tile uinteger, key ubigint
);
-- Rows of groups, and those whose id would be another one's. `rank` 1 is the best of its group.
create table found (tile uinteger, member integer, row uinteger, dedupe_group varchar, rank integer);
create table lost (reason varchar, winner integer, loser integer, rows bigint);
-- The id of a group: its key, and its row with the lowest id, with its place for publishers who repeat theirs.
create macro row_id(hash, lon, lat) as
    hash || '|' || round(lon * 100000)::bigint || '|' || round(lat * 100000)::bigint;
create macro group_id(key, id) as left(md5(coalesce(key::varchar, '') || '|' || id), 16);

-- name: add
insert into rows
select $member, row, {columns}, lon, lat, curve, tile, md5_number_lower(key)
from batch
where lon is not null

-- name: count
select count(*) from rows

-- name: candidates
-- Of one part of all keys, the rows whose key others have too.
with part as (
    select member, row, tile, key, lon, lat, row_id(hash, lon, lat) as id, postcode = '' as bare
    from rows where key % $parts = $part
)
select * from part semi join (select key from part group by key having count(*) > 1) using (key)

-- name: rank
-- The order is total: whoever comes first is the best, whatever the order of the inputs was.
create or replace temp table ranked as
select
    placed.*,
    members.locality,
    members.run,
    row_number() over best as rank,
    count(*) over (partition by place) as rows,
    min(id) over (partition by place) as lowest
from placed join members using (member)
window best as (partition by place order by bare, locality, run desc, id, member, row)

-- name: note_groups
insert into found
select tile, member, row, group_id(key, lowest), rank from ranked where rows > 1

-- name: note_lost
insert into lost
select
    case
        when other.bare and not best.bare then 'no_postcode'
        when other.member = best.member then 'repeated_in_source'
        when other.locality > best.locality then 'less_local'
        when other.run < best.run then 'older_run'
        else 'higher_id'
    end,
    best.member,
    other.member,
    count(*)
from ranked as other join ranked as best on best.place = other.place and best.rank = 1
where other.rank > 1
group by all

-- name: note_loose
-- Rows without a key that have id and place of another one: they are no group, so each needs an id of its own.
insert into found
select tile, member, row, group_id(null, id || '|' || nth), 1
from (
    select tile, member, row, row_id(hash, lon, lat) as id,
        row_number() over (partition by row_id(hash, lon, lat) order by member, row) as nth
    from rows where key is null
)
where nth > 1

-- name: sort_found
create table answers as select * from found order by tile;
drop table found

-- name: tiles
select tile, count(*) from rows group by tile

-- name: bounds
select min(lon), min(lat), max(lon), max(lat) from rows where tile >= $first and tile < $end

-- name: block
select
    {columns},
    members.source,
    members.name as source_name,
    members.share_alike,
    members.licence,
    coalesce(dedupe_group, group_id(key, row_id(hash, lon, lat))) as dedupe_group,
    coalesce(rank, 1)::integer as dedupe_rank,
    coalesce(rank, 1) = 1 as is_best,
    lon,
    lat
from rows
join members using (member)
left join (select * from answers where tile >= $first and tile < $end) as answers using (member, row)
where rows.tile >= $first and rows.tile < $end
order by curve, lat, lon, member, row

-- name: totals
select
    (select count(*) from rows) as rows,
    (select count(*) from rows where key is null) as without_key,
    (select count(*) from answers where rank = 2) as groups,
    (select coalesce(sum(rows), 0)::bigint from lost) as lost

-- name: reasons
select reason, sum(rows)::bigint from lost group by reason order by reason

-- name: pairs
select winner.source, winner.name, loser.source, loser.name, reason, sum(lost.rows)::bigint as rows
from lost
join members as winner on winner.member = lost.winner
join members as loser on loser.member = lost.loser
group by all
order by rows desc, 1, 2, 3, 4, 5
limit $most
