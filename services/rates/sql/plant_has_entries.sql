select exists (select from copq.rollup where plant = $1)
