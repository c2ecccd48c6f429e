-- Items of revisions after $1, each with when the next of its key begins; `is_new`: its key had none.
select
    i.kind, i.content ->> 'plant' as plant, i.effective_from,
    (
        select min(n.effective_from) from copq.rate_item as n
        where n.kind = i.kind and n.key = i.key and n.effective_from > i.effective_from
    ) as next_from,
    not exists (
        select from copq.rate_item as o
        where o.kind = i.kind and o.key = i.key and o.revision <= $1
    ) as is_new
from copq.rate_item as i
where i.revision > $1
