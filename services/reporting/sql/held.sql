-- How much is held back from the figures.
select
    (select count(*) from copq.unpriced) as unpriced,
    (select count(*) from copq.correction where state = 'waiting') as corrections
