-- The lines that have stops, or downtime in the ledger.
select plant, line from copq.stop
union
select plant, line from copq.ledger where element in ('downtime', 'planned_stop')
order by plant, line
