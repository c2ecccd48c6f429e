-- name: kept_draft
-- What a person has typed within a day.
select data from copq.upload where key = 'draft/' || :who and kept_at > now() - interval '1 day'

-- name: keep_draft
-- Keep what a person has typed so far.
insert into copq.upload (key, who, name, data) values ('draft/' || :who, :who, 'set-up', :data)

-- name: drop_draft
-- Remove what a person has typed, once it is done.
delete from copq.upload where key = 'draft/' || :who
