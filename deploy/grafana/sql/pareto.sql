with losses as (
    select concat_ws(' ', element, stage, defect_code) as what, currency, sum(net) as net
    from copq.ledger
    where $__timeFilter(occurred_at) and plant ~ '^(${plant:regex})$' and line ~ '^(${line:regex})$' and category like '%_failure'
    group by 1, 2
    having sum(net) > 0
)
select what, currency, net,
    sum(net) over (partition by currency order by net desc, what)
        / sum(net) over (partition by currency) as cumulative
from losses
order by net desc
limit 20
