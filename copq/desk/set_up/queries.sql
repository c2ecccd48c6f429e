-- name: kept_draft
-- The newest draft of a person.
select data from copq.upload where who = :who and name = :name order by kept_at desc limit 1

-- name: keep_draft
-- Keep what a person has typed so far.
insert into copq.upload (key, who, name, data) values (gen_random_uuid()::text, :who, :name, :data)

-- name: drop_draft
-- Remove what a person has typed, once it is done.
delete from copq.upload where who = :who and name = :name
