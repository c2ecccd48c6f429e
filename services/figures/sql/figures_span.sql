-- The first and the last production day with figures of a plant, line, product and element.
select min(day) as first, max(day) as last from copq.rollup
where grain = 'day'
    and ($1::text is null or plant = $1)
    and ($2::text is null or line = $2)
    and ($3::text is null or product = $3)
    and ($4::text is null or element = $4)
