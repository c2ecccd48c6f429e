-- Whether the line or product ($2) named $3 has figures in plant $1, or in any.
select exists (
    select from copq.rollup
    where grain = 'month' and ($1::text is null or plant = $1)
        and case $2::text when 'line' then line else product end = $3)
