-- Whether corrections are among the events that are tried next; null where none is to be tried.
select bool_or(event_type = 'correction')
from (
    select event_type from copq.unpriced
    where tried_revision < $1
    order by tried_revision, event_id
    limit $2
) as page
