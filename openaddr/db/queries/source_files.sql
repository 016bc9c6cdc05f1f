-- name: save
insert into source_files (sha, content) values (%(sha)s, %(content)s) on conflict do nothing

-- name: content
select content from source_files where sha = %(sha)s
