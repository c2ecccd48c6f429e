-- How much is held back from the figures.
select
    (select count(*) from copq.unpriced) as unpriced,
    (select count(*) from copq.correction where applied_at is null) as corrections
