-- The trail in order; as text what was sealed as text.
select
    seq, at, who, db_user, db_role, client, application, action, subject, old::text, new::text,
    why, hash
from copq.audit
order by seq
