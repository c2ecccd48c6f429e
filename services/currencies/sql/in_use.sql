-- Whether rates or entries are in the reporting currency.
select exists (select from copq.exchange_rate)
    or exists (select from copq.ledger where exchange_rate is not null)
