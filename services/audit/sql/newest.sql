-- The newest rows: $1 of this table, $2 by this person, $3 from this instant on.
select
    seq, at, who, db_user, db_role, client, application, action, subject, old::text, new::text,
    why, hash
from copq.audit
where ($1::text is null or subject = $1)
    and ($2::text is null or who = $2)
    and ($3::timestamptz is null or at >= $3)
order by seq desc
limit $4
