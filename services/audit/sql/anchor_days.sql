-- The days of the anchors that have their digests, in the order in which the digest is over them.
select anchor, kind, plant, day, rows, digest
from copq.anchor_day
where anchor in (select anchor from copq.anchor_digest)
order by anchor, kind, plant, day
