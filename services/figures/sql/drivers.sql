-- The $16 worst losses of each currency, and what all of the currency come to: how many there are, their
-- net cost, and whether any lacks an exchange rate. A combination that earned money is not a loss.
-- $1 to $15 as in losses.sql.
with {losses},
ranked as (
    select
        *,
        row_number() over worst as rank, sum(net) over worst as cumulative,
        sum(net) over (partition by currency) as total,
        count(*) over (partition by currency) as losses,
        bool_or(unconverted > 0) over (partition by currency) as lacking
    from loss
    where net > 0 or unconverted > 0
    window worst as (
        partition by currency
        order by net desc, element collate "C", stage collate "C", defect_code collate "C",
            work_unit collate "C"
        rows unbounded preceding)
)
select * from ranked
where rank <= $16
order by currency collate "C", rank
