select
    retention, ordered_at, ordered_by, why, subject, before, plant, dropped, bytes, finished_at
from copq.retention
order by retention desc
