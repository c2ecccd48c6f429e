-- Anchors without their digests yet, with the end of the one before and its digest.
select
    a.anchor, a.until, b.until as since, coalesce(d.digest, '') as before
from copq.anchor as a
left join copq.anchor as b on b.anchor = a.anchor - 1
left join copq.anchor_digest as d on d.anchor = a.anchor - 1
where not exists (select from copq.anchor_digest as own where own.anchor = a.anchor)
order by a.anchor
limit 1
