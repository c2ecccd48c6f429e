insert into copq.closing_figure (
    plant, month, closing, of_month, line, product, element, category, currency, entries,
    quantity, gross, recovered, allowed, net, hours, base, good, digest)
select
    $1, $2, $3, of_month, line, product, element, category, currency, entries,
    quantity, gross, recovered, allowed, net, hours, base, good, digest
from copq.period_figures($1, $2, $4)
