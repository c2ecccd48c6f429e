with {spans},
{counted},
losses as (
    select concat_ws(' ', element, stage, defect_code) as cause, sum(net * part) as net
    from counted
    where category like '%_failure'
    group by 1
    having sum(net * part) > 0
)
select
    cause, copq.rounded(net::numeric, '$currency') as net, net / sum(net) over () as share,
    sum(net) over (order by net desc, cause) / sum(net) over () as running_share
from losses
order by losses.net desc, cause
limit 20
