insert into copq.closing_figure (
    plant, month, closing, of_month, line, product, element, category, currency, entries,
    quantity, gross, recovered, allowed, net, seconds, base, good, ungraded, digest)
select
    $1, $2, $3, of_month, line, product, element, category, currency, entries,
    quantity, gross, recovered, allowed, net, seconds, base, good, ungraded, digest
from copq.period_figures($1, $2, $4)
