-- name: keep_upload
-- Keep a file until it is submitted.
insert into copq.upload (key, who, name, data) values (:key, :who, :name, :data)

-- name: kept_upload
-- A file that the same person has sent.
select name, data from copq.upload where key = :key and who = :who

-- name: forget_uploads
-- Forget files that nobody submitted.
delete from copq.upload where kept_at < now() - interval '1 day'
