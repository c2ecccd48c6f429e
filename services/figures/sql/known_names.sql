-- Lines and products that have figures, of one plant or of all.
select distinct plant, line, product from copq.rollup
where grain = 'month' and ($1::text is null or plant = $1)
