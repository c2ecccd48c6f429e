"""An example event of this plant. Its names are in the rate book, so it has a price."""

from copq.rates.book import RateBook
from copq.reporting.board.view import View


def example(book: RateBook, view: View) -> dict[str, str] | None:
    """The line, product and stage of a defect. None if no cost table in the plant's currency is in
    force now."""
    line = view.line or next(iter(sorted(book.sites[view.plant].lines)), None) or "L1"
    for product in sorted({*book.products[view.plant]}):
        table = book.cost_table(view.plant, product, view.now)
        if table is None or table.item.currency != view.currency:
            continue
        if table.item.stages:
            return {"line": line, "product": product, "stage": table.item.stages[-1].stage}
    return None
