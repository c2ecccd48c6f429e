insert into copq.line_heard (plant, line, occurred_at)
select plant, line, max(occurred_at) from copq.ledger group by plant, line
