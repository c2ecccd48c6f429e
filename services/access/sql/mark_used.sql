-- To the minute: whoever asks which tokens are in use needs no more.
update copq.token set last_used_at = now()
where name = any($1::text[])
    and (last_used_at is null or last_used_at < now() - interval '1 minute')
