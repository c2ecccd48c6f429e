-- name: claim
-- Claim the sending of a pack for :seconds. Returns a row if it is ours to send: it was not sent, and
-- nobody else is sending it.
insert into copq.pack_sent as p (delivery, plant, month, way, claimed_until)
values (
    :delivery, :plant, :month, :way, clock_timestamp() + make_interval(secs => :seconds))
on conflict (delivery, plant, month, way) do update
set claimed_until = excluded.claimed_until, attempts = p.attempts + 1
where p.sent_at is null and p.claimed_until <= clock_timestamp()
returning attempts

-- name: mark_sent
-- Mark a claimed pack as sent.
update copq.pack_sent
set sent_at = clock_timestamp(), sent_to = :sent_to, digest = :digest, fault = null
where delivery = :delivery and plant = :plant and month = :month and way = :way

-- name: mark_failed
-- Keep why a claimed pack was not sent. It may be claimed again after :seconds.
update copq.pack_sent
set fault = :fault, claimed_until = clock_timestamp() + make_interval(secs => :seconds)
where delivery = :delivery and plant = :plant and month = :month and way = :way

-- name: sent
-- The packs of these months that were sent.
select delivery, plant, month, way from copq.pack_sent
where sent_at is not null and month >= :since

-- name: is_signed
-- Whether a month of a plant is closed or locked.
select exists (
    select from copq.period where plant = :plant and month = :month and state <> 'open')
