-- From when until when the whole stop lasted that each of these is a piece of.
update copq.stop as s set began_at = w.began_at, over_at = w.over_at
from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as w (event_id, began_at, over_at)
where s.event_id = w.event_id
