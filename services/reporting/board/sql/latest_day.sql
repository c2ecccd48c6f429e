-- The newest production day that has figures, of one plant or of each.
select plant, max(day) as day from copq.rollup
where grain = 'month' and ($1::text is null or plant = $1)
group by plant
