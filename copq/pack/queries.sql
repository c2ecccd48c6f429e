-- name: note_due
-- Keep that a pack is due, until it is sent.
insert into copq.pack_sent (delivery, plant, month, way, claimed_until, attempts)
values (:delivery, :plant, :month, :way, '-infinity', 0)
on conflict do nothing

-- name: unsent
-- The packs that were due and are not sent.
select delivery, plant, month, way from copq.pack_sent
where sent_at is null
order by month, delivery, plant, way

-- name: claim
-- Claim the sending of a pack for :seconds. Returns a row if it is ours to send: it was not sent, and
-- nobody else is sending it.
insert into copq.pack_sent as p (delivery, plant, month, way, claimed_until)
values (
    :delivery, :plant, :month, :way, clock_timestamp() + make_interval(secs => :seconds))
on conflict (delivery, plant, month, way) do update
set claimed_until = excluded.claimed_until, attempts = p.attempts + 1
where p.sent_at is null and p.claimed_until <= clock_timestamp()
returning attempts, sent_to

-- name: mark_sent
-- Mark a claimed pack as sent.
update copq.pack_sent
set sent_at = clock_timestamp(), sent_to = :sent_to, digest = :digest, fault = :fault
where delivery = :delivery and plant = :plant and month = :month and way = :way

-- name: mark_failed
-- Keep why a claimed pack was not sent, or not to all, and to whom it was. It may be claimed again
-- after :seconds.
update copq.pack_sent
set fault = :fault, sent_to = :sent_to, claimed_until = clock_timestamp() + make_interval(secs => :seconds)
where delivery = :delivery and plant = :plant and month = :month and way = :way

-- name: release
-- Give up a claim on a pack that is not to be sent yet.
update copq.pack_sent set claimed_until = '-infinity', attempts = attempts - 1
where delivery = :delivery and plant = :plant and month = :month and way = :way

-- name: is_signed
-- Whether a month of a plant is closed or locked.
select exists (
    select from copq.period where plant = :plant and month = :month and state <> 'open')
