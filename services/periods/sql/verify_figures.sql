-- The figures of a closing, recomputed from the ledger, that are not what was signed off.
select
    of_month, line, product, element, category, currency,
    l.entries as ledger_entries, f.entries as closing_entries,
    l.quantity as ledger_quantity, f.quantity as closing_quantity,
    l.gross as ledger_gross, f.gross as closing_gross,
    l.recovered as ledger_recovered, f.recovered as closing_recovered,
    l.allowed as ledger_allowed, f.allowed as closing_allowed,
    l.net as ledger_net, f.net as closing_net,
    l.seconds as ledger_seconds, f.seconds as closing_seconds,
    l.base as ledger_base, f.base as closing_base,
    l.good as ledger_good, f.good as closing_good,
    l.ungraded as ledger_ungraded, f.ungraded as closing_ungraded,
    l.digest as ledger_digest, f.digest as closing_digest
from copq.period_figures($1, $2, $4) as l
full join (
    select * from copq.closing_figure where plant = $1 and month = $2 and closing = $3
) as f using (of_month, line, product, element, category, currency)
where (l.entries, l.quantity, l.gross, l.recovered, l.allowed, l.net, l.seconds, l.base, l.good, l.ungraded,
        l.digest)
    is distinct from (
        f.entries, f.quantity, f.gross, f.recovered, f.allowed, f.net, f.seconds, f.base, f.good, f.ungraded,
        f.digest)
order by of_month, line, product, element, category, currency
