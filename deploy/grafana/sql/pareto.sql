with {spans},
{counted},
losses as (
    select concat_ws(' ', element, stage, defect_code) as cause, sum(counted_net) as net
    from counted
    where category like '%_failure'
    group by 1
    having sum(counted_net) > 0
)
select
    cause, copq.rounded(net, '$currency') as net, net / sum(net) over () as share,
    sum(net) over (order by net desc, cause) / sum(net) over () as running_share
from losses
order by losses.net desc, cause
limit 20
