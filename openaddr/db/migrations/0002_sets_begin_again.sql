-- What it takes to list a set again whose flow died before all its runs were there, and an end for one that cannot be.

alter table sets
    add column folder text not null default '',
    add column fresh boolean not null default false,
    add column abandoned_at timestamptz,
    add column problem jsonb,
    add constraint sets_abandoned check (
        (abandoned_at is null) = (problem is null) and (abandoned_at is null or listed_at is null)
    );
drop index sets_one_at_once;
create unique index sets_one_at_once on sets (repository) where completed_at is null and abandoned_at is null;
