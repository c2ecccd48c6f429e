-- One process alone signs a closing off.
select from copq.period where plant = $1 and month = $2 for update
