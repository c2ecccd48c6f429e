-- The months that were ever closed.
select plant, month from copq.period
