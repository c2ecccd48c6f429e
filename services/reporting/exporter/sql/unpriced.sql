select plant, line, count(*) as events from copq.unpriced group by plant, line
