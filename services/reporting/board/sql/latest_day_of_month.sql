select max(day) from copq.rollup
where grain = 'day' and plant = $1 and day >= $2 and day < ($2::date + interval '1 month')
