select distinct on (kind, key, effective_from) kind, key, effective_from, content
from copq.rate_item
order by kind, key, effective_from, revision desc
