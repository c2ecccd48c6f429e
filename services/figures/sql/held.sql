-- How much is held back from the figures of plant $1, line $2 and product $3 (null: of all). What a
-- correction that waits is about is not known yet, so it counts whatever the product.
select
    (select count(*) from copq.unpriced
    where ($1::text is null or plant = $1) and ($2::text is null or line = $2)
        and ($3::text is null or coalesce(product, '') = $3)) as unpriced,
    (select count(*) from copq.correction
    where state = 'waiting' and ($1::text is null or plant = $1)
        and ($2::text is null or line = $2)) as corrections
