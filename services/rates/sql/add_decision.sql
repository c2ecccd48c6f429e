insert into copq.rate_decision (
    document, decision, revision, decided_by, decided_as, why, alone, concerns)
values ($1, $2, $3, $4, $5, $6, $7, $8)
