-- From when and until when each item is in force, of those that no later revision has corrected.
select
    revision, effective_from,
    least(
        (content ->> 'effective_to')::timestamptz,
        lead(effective_from) over (partition by kind, key order by effective_from)
    ) as until
from (
    select distinct on (kind, key, effective_from) *
    from copq.rate_item
    order by kind, key, effective_from, revision desc
) as newest
